"""Ranges, composites, keys and values: out of literals and counted bytes, into one another, and nothing out of lies."""

import pickle
import struct
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx import Array, Box, Multirange, Point, Range, Record
from sqlx.wire.values import Context, binary_decoder, encoder, text_decoder

CONTEXT = Context()
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def text(op: str, raw: bytes) -> Any:
    return text_decoder(op, CONTEXT)(raw)


def binary(op: str, raw: bytes) -> Any:
    return binary_decoder(op, CONTEXT)(raw)


def written(op: str, value: Any) -> bytes:
    return bytes(encoder(op, CONTEXT)(value))


def sized(*values: bytes | None) -> bytes:
    return b"".join(b"\xff" * 4 if value is None else struct.pack(">i", len(value)) + value for value in values)


RANGES = [
    (b"[1,5)", b"\x02" + sized(b"1", b"5"), Range("1", "5")),
    (b"(1,5]", b"\x04" + sized(b"1", b"5"), Range("1", "5", "(]")),
    (b"[1,1]", b"\x06" + sized(b"1", b"1"), Range("1", "1", "[]")),
    (b"(,5)", b"\x08" + sized(b"5"), Range(None, "5")),
    (b"[1,)", b"\x12" + sized(b"1"), Range("1", None)),
    (b"(,)", b"\x18", Range()),
    (b"empty", b"\x01", Range(empty=True)),
    (b'["a ""b"" \\\\,","[x)")', b"\x02" + sized(b'a "b" \\,', b"[x)"), Range('a "b" \\,', "[x)")),
    (b'["",a)', b"\x02" + sized(b"", b"a"), Range("", "a")),
]


@pytest.mark.parametrize(("literal", "counted", "value"), RANGES)
def test_a_range_in_both_formats(literal: bytes, counted: bytes, value: Range) -> None:
    assert text("range(text)", literal) == binary("range(text)", counted) == value
    assert text("range(text)", written("range", value)) == value


def test_a_multirange_in_both_formats() -> None:
    value = Multirange([Range("1", "3"), Range("a b", None)])
    assert text("multirange(text)", b'{[1,3),["a b",)}') == value
    assert (
        binary("multirange(text)", b"\0\0\0\2" + sized(RANGES[0][1][:6] + sized(b"3"), b"\x12" + sized(b"a b")))
        == value
    )
    assert text("multirange(text)", written("multirange", value)) == value
    assert text("multirange(text)", b"{}") == binary("multirange(text)", bytes(4)) == Multirange()


COMPOSITE = "composite('id',text,'it''s',text)"


@pytest.mark.parametrize(
    ("literal", "values"),
    [
        (b"(1,a)", ("1", "a")),
        (b"(,)", (None, None)),
        (b'("","a ""b"" \\\\ (c),d")', ("", 'a "b" \\ (c),d')),
        ("(é,\n)".encode(), ("é", "\n")),
    ],
)
def test_a_composite_in_both_formats(literal: bytes, values: tuple[str | None, ...]) -> None:
    counted = struct.pack(">i", 2) + b"".join(
        b"\0\0\0\x19" + sized(v.encode() if v is not None else None) for v in values
    )
    record = text(COMPOSITE, literal)
    assert record == binary(COMPOSITE, counted) == values
    assert (record._fields, record.id, record["it's"]) == (("id", "it's"), *values)
    assert text(COMPOSITE, written("record", record)) == values


def test_names_of_fields_are_data() -> None:
    """Whatever they are called, and alike or not: nothing is run, nothing of the tuple is hidden."""
    names = ("__class__", "count", "a", "a", "", "def f():", "__init__", "_fields", "'); import os")
    op = f"composite({', '.join(f'''{_quoted(name)},text''' for name in names)})"
    record = text(op, b"(0,1,2,3,4,5,6,7,8)")
    assert (type(record).__mro__[1], record.count("1"), record["count"], record.a) == (Record, 1, "1", "2")
    assert [record[name] for name in names] == ["0", "1", "2", "2", "4", "5", "6", "7", "8"]
    assert record[-1] == "8" and record[:2] == ("0", "1") and record._asdict()["def f():"] == "5"
    with pytest.raises(AttributeError, match="no field 'b'"):
        _ = record.b
    again = pickle.loads(pickle.dumps(record))
    assert again == record and again._fields == names


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


@given(st.lists(st.none() | TEXT, min_size=1))
def test_a_record_of_unknown_fields(values: list[str | None]) -> None:
    read = text("record", written("record", Record(values)))
    assert (type(read), tuple(read)) == (Record, tuple(values))


@pytest.mark.parametrize("literal", [b"", b"1", b"(", b"(1", b"(1,", b"(1)2", b'("1)', b'("1"2)', b"(1,(2))"])
def test_no_record(literal: bytes) -> None:
    with pytest.raises(ValueError, match="record"):
        text("record", literal)


def test_a_record_made_by_hand() -> None:
    record = Record((1, "a"), ("id", "name"))
    assert (record.id, record.name, repr(record)) == (1, "a", "Record((1, 'a'), ('id', 'name'))")
    assert Record((1, 2)) == (1, 2)
    with pytest.raises(ValueError, match="1 values for 2 fields"):
        Record((1,), ("a", "b"))


def test_no_fields_at_all() -> None:
    assert text("composite", b"()") == binary("composite", bytes(4)) == ()


@given(st.dictionaries(TEXT, st.none() | TEXT))
def test_keys_and_values_in_both_formats(value: dict[str, str | None]) -> None:
    counted = struct.pack(">i", len(value)) + b"".join(
        sized(key.encode(), None if item is None else item.encode()) for key, item in value.items()
    )
    assert binary("hstore", counted) == value
    assert text("hstore", written("hstore", value)) == value


def test_keys_and_values_as_the_server_writes_them() -> None:
    assert text("hstore", b'"a"=>"1", "b \\"q\\" \\\\"=>NULL') == {"a": "1", 'b "q" \\': None}
    assert text("hstore", b"") == binary("hstore", bytes(4)) == {}


@given(st.recursive(TEXT | st.none(), lambda inner: st.tuples(inner, inner), max_leaves=20))
def test_values_in_values_keep_their_quotes(value: Any) -> None:
    """Records in records, to any depth that a pack can name."""
    op, wanted = _shape(value, 0)
    if op != "text":
        assert text(op, written("record", wanted)) == wanted


def _shape(value: Any, depth: int) -> tuple[str, Any]:
    if not isinstance(value, tuple) or depth == 8:
        return "text", value if not isinstance(value, tuple) else "x"
    (one, first), (two, second) = (_shape(each, depth + 1) for each in value)
    return f"composite('a',{one},'b',{two})", Record((first, second), ("a", "b"))


def test_everything_in_everything() -> None:
    value = [
        Record((1, [Range(Decimal("1.5"), None), None], Multirange([Range(1, 2)]), True, b"\0\\"), tuple("abcde")),
        None,
    ]
    op = "array(composite('a',int,'b',array(range(decimal)),'c',multirange(int),'d',bool,'e',hex_bytes))"
    assert text(op, written("array", value)) == value
    boxes = [Box(Point(1, 2), Point(0, 0)), Box(Point(3, 4), Point(0, 0))]
    assert text("array(box,';')", written("array", boxes)) == boxes
    assert text("composite('a',array(int))", written("record", Record((Array([1], [5]),), "a")))[0].lower_bounds == (5,)


@pytest.mark.parametrize(
    ("op", "raw"),
    [
        *(("range(text)", raw) for raw in (b"", b"[", b"[1,5", b"1,5)", b"[1)", b"[1,2,3)", b'["a,b)', b"[1,5)x",
                                           b"Empty")),
        *(("multirange(text)", raw) for raw in (b"", b"{", b"}", b"{[1,2)", b"{[1,2),}", b"{,}",
                                                b"{[1,2)[3,4)}", b"{[1,2))")),
        *((COMPOSITE, raw) for raw in (b"", b"(", b"()", b"(1)", b"(1,2,3)", b"(1,2", b"(1,2)x",
                                       b'("1,2)', b"(1,(2))")),
        *(("hstore", raw) for raw in (b"a", b'"a"', b'"a"=>', b'"a"=>1', b'"a"=>"1",',
                                      b'"a"=>"1", ', b'"a"=>"1""b"=>"2"')),
    ],
)  # fmt: skip
def test_literals_that_are_none(op: str, raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"not (a|keys)|ends at"):
        text(op, raw)


MANY = struct.pack(">i", 2**31 - 1)


@pytest.mark.parametrize(
    ("op", "raw"),
    [
        *(("range(text)", raw) for raw in (b"", b"\x20", b"\x02", b"\x02" + MANY, b"\x02" + sized(b"1"), b"\x01x",
                                           b"\x02" + sized(None, b"1"), b"\x02" + sized(b"1", b"2") + b"x", b"\xff")),
        *(("multirange(text)", raw) for raw in (b"", MANY, b"\xff" * 4, b"\0\0\0\1", b"\0\0\0\1" + sized(None),
                                                b"\0\0\0\1" + MANY + b"x", b"\0\0\0\1" + sized(b"\x01") + b"x")),
        *((COMPOSITE, raw) for raw in (b"", MANY, bytes(4), b"\0\0\0\2", b"\0\0\0\2" + bytes(4) + MANY,
                                       b"\0\0\0\2" + (bytes(4) + sized(b"a")) * 3)),
        *(("hstore", raw) for raw in (b"", MANY, b"\xff" * 4, b"\0\0\0\1" + sized(b"a"),
                                      b"\0\0\0\1" + sized(None, b"a"),
                                      b"\0\0\0\1" + sized(b"a", b"b", b"c"), b"\0\0\0\1" + MANY + bytes(4))),
    ],
)  # fmt: skip
def test_counts_that_lie(op: str, raw: bytes) -> None:
    """Before anything is built."""
    with pytest.raises(ValueError, match=r"range|bytes|fields|null"):
        binary(op, raw)


@pytest.mark.parametrize("op", ["range(text)", "multirange(text)", COMPOSITE, "hstore"])
@pytest.mark.parametrize("mark", [b'"', b"\\", b"(", b"[", b'\\"', b'""', b"{", b",", b'["'])
def test_long_literals_end_at_once(op: str, mark: bytes) -> None:
    """No pattern goes back over what it has read."""
    for start in (b"", b"(", b'("', b"[", b'["', b"{[", b'"'):
        with pytest.raises(ValueError):
            text(op, start + mark * 200_000)


def test_what_is_nested_without_end_is_refused() -> None:
    value: Any = Record((1,), ("a",))
    for _ in range(30):
        value = Record((value,), ("a",))
    with pytest.raises(ValueError, match="more than 16 deep"):
        written("record", value)
