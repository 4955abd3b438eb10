"""Layouts run as write, read, read of every beginning, and read with more behind: tables of (fields, values, bytes)."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.compile import expr
from sqlx.wire.compile.layout import Layouts
from sqlx.wire.compile.writing import Writers, scope_of
from sqlx.wire.errors import PackError, WireError
from tests.wire.codecs import INTEGERS, Codec

NO_STRUCTS: dict[str, Any] = {}


class Case(NamedTuple):
    """`open`: the last field takes what there is, so its bytes can be cut without a lie."""

    fields: list[Any]
    values: tuple[Any, ...]
    data: bytes
    open: bool = False
    order: str = "big"
    structs: dict[str, Any] = NO_STRUCTS


PAIR = {"pair": ["key:cstring", "value:cstring"]}
TREE = {"tree": ["name:cstring", "children:tree[u8]"]}
CASES = {
    "integers": Case(
        ["a:u8", "b:i8", "c:u16", "d:i32", "e:u64"],
        (1, -1, 2, -3, 4),
        bytes.fromhex("01ff0002fffffffd0000000000000004"),
    ),
    "little endian": Case(["a:u16", "b:u32"], (1, 2), bytes.fromhex("010002000000"), order="little"),
    "own byte order": Case(["a:u16le", "b:u16be", "c:u24le"], (1, 1, 1), bytes.fromhex("01000001010000")),
    "u24": Case(["a:u24"], (0x010203,), b"\x01\x02\x03"),
    "u24, little": Case(["a:u24", "b:u8"], (0x010203, 9), b"\x03\x02\x01\x09", order="little"),
    "floats": Case(["a:f32", "b:f64"], (0.5, -2.0), bytes.fromhex("3f000000c000000000000000")),
    "char": Case(["a:char", "b:char"], ("Q", "\xff"), b"Q\xff"),
    "varint, one byte": Case(["a:varint"], (127,), b"\x7f"),
    "varint, many": Case(["a:varint", "b:varint"], (300, 2**63), b"\xac\x02" + b"\x80" * 9 + b"\x01"),
    "table, direct": Case(["a:lenenc"], (250,), b"\xfa"),
    "table, u16": Case(["a:lenenc"], (251,), b"\xfc\x00\xfb"),
    "table, u24": Case(["a:lenenc"], (65536,), b"\xfd\x00\x00\x01", order="little"),
    "table, u64": Case(["a:lenenc"], (2**24,), b"\xfe\x00\x00\x00\x01\x00\x00\x00\x00", order="little"),
    "table, null": Case(["a:lenenc"], (None,), b"\xfb"),
    "fixed bytes": Case(["a:bytes[4]", "b:text[2]"], (b"salt", "ab"), b"saltab"),
    "counted bytes": Case(["n:u8", "a:bytes[n - 1]", "b:u8"], (3, b"ab", 7), b"\x03ab\x07"),
    "bytes after a length": Case(["a:bytes[i32]"], (b"ab",), b"\0\0\0\2ab"),
    "null after a length": Case(["a:bytes[i32]", "b:text[i32]"], (None, None), b"\xff" * 8),
    "text after a table": Case(["a:text[lenenc]", "b:text[lenenc]"], ("\u00e9", None), b"\x02\xc3\xa9\xfb"),
    "terminated": Case(["a:cstring", "b:cbytes", "c:line"], ("x", b"\xff", "y z"), b"x\0\xff\0y z\r\n"),
    "rest": Case(["a:u8", "b:bytes"], (1, b"rest"), b"\x01rest", open=True),
    "rest as text": Case(["a:text"], ("r\u00e9st",), "r\u00e9st".encode(), open=True),
    "constant": Case(["a:u8 = 7", "b:cstring = 'x'"], (7, "x"), b"\x07x\0"),
    "padding": Case(["a:u8", "_:bytes[3]", "_:u16", "b:u8"], (1, 2), b"\x01\0\0\0\0\0\x02"),
    "struct": Case(["a:(x:u8 y:cstring)", "b:u8"], ((1, "t"), 2), b"\x01t\0\x02"),
    "named struct": Case(["a:pair"], (("k", "v"),), b"k\0v\0", structs=PAIR),
    "repeat, counted": Case(["n:u8", "a:u16[n]"], (2, [1, 2]), b"\x02\0\x01\0\x02"),
    "repeat after its count": Case(["a:u8[u16]", "b:u8"], ([5, 6], 7), b"\0\x02\x05\x06\x07"),
    "repeat after a table": Case(["a:text[lenenc][lenenc]"], (["a", None],), b"\x02\x01a\xfb"),
    "repeat, nothing": Case(["a:u8[u16]"], ([],), b"\0\0"),
    "repeat until": Case(["a:pair* until 0", "b:u8"], ([("k", "v"), ("l", "")], 9), b"k\0v\0l\0\0\0\x09", structs=PAIR),
    "repeat until, nothing": Case(["a:cstring* until 0"], ([],), b"\0"),
    "repeat to the end": Case(["a:u16*"], ([1, 2],), b"\0\x01\0\x02", open=True),
    "block": Case(["a:(x:cstring y:bytes) in u16", "b:u8"], (("k", b"v"), 3), b"\0\x03k\0v\x03"),
    "block of repeats": Case(["a:text[lenenc]* in lenenc", "b:u8"], (["ab", "c"], 1), b"\x05\x02ab\x01c\x01"),
    "if": Case(["n:u8", {"if": "n > 1", "fields": ["a:u8", "b:cstring"]}, "c:u8"], (2, 3, "x", 4), b"\x02\x03x\0\x04"),
    "if not": Case(["n:u8", {"if": "n > 1", "fields": ["a:u8"]}, "c:u8"], (1, None, 4), b"\x01\x04"),
    "if null": Case(["a:lenenc", {"if": "a = null", "fields": ["b:u8"]}], (None, 5), b"\xfb\x05"),
    "switch on a number": Case(
        ["m:i32", {"switch": "m", "5": ["salt:bytes[2]"], "-1": [], "otherwise": ["rest:bytes"]}],
        (5, b"ab", None),
        b"\0\0\0\x05ab",
    ),
    "switch on a text": Case(
        ["m:char", {"switch": "m", "otherwise": ["b:u16"], "a": ["a:u8"]}], ("a", 1, None), b"a\x01"
    ),
    "switch, otherwise": Case(
        ["m:u8", {"switch": "m", "otherwise": ["b:u16"], "1": ["a:u8"]}], (2, None, 3), b"\x02\0\x03"
    ),
    "switch, only otherwise": Case(["m:u8", {"switch": "m", "otherwise": ["b:u8"]}], (2, 3), b"\x02\x03"),
    "switch, no case": Case(["m:u8", {"switch": "m", "1": ["a:u8"]}, "b:u8"], (2, None, 3), b"\x02\x03"),
    "recursion": Case(["a:tree"], (("r", [("x", []), ("y", [("z", [])])]),), b"r\0\x02x\0\0y\0\x01z\0\0", structs=TREE),
}


def codec_of(case: Case) -> Codec:
    return Codec(case.fields, order=case.order, structs=case.structs)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_written(case: Case) -> None:
    assert codec_of(case).write(case.values) == case.data


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_read(case: Case) -> None:
    assert codec_of(case).read(case.data) == (case.values, len(case.data))


@pytest.mark.parametrize("case", [case for case in CASES.values() if not case.open])
def test_cut_anywhere(case: Case) -> None:
    """A frame that ends too early is told; nothing is read behind its end."""
    codec = codec_of(case)
    for end in range(len(case.data)):
        with pytest.raises(ValueError):
            codec.read(case.data[:end])


@pytest.mark.parametrize("case", [case for case in CASES.values() if not case.open])
def test_more_behind(case: Case) -> None:
    """What stands behind is left, and can be seen to be."""
    assert codec_of(case).read(case.data + b"\0\xff") == (case.values, len(case.data))


@pytest.mark.parametrize(
    ("fields", "data", "reason"),
    [
        (["a:u8 = 7"], b"\x08", "'a' is 8"),
        (["a:cstring = 'x'"], b"y\0", "'a' is 'y'"),
        (["a:bytes[i32]"], b"\xff\xff\xff\xfe", "the frame ends inside 'a'"),
        (["a:bytes[i32]"], b"\x7f\xff\xff\xffab", "the frame ends inside 'a'"),
        (["n:i8", "a:bytes[n]"], b"\xffab", "the frame ends inside 'a'"),
        (["a:u8[i32]"], b"\xff\xff\xff\xff", "the frame ends inside 'a'"),
        (["a:u8[u32]"], b"\xff\xff\xff\xff\x01", "the frame ends inside 'a'"),
        (["a:u8[lenenc]"], b"\xfb", "the frame ends inside 'a'"),
        (["a:lenenc"], b"\xff\0\0", "no integer begins with the byte 255"),
        (["a:lenenc"], b"\xfc\0", "the frame ends inside an integer"),
        (["a:varint"], b"\x80" * 20, "an integer does not end"),
        (["a:cstring"], b"abc", "the frame ends inside 'a'"),
        (["a:line"], b"abc\r", "the frame ends inside 'a'"),
        (["a:bytes in u16"], b"\0\x05ab", "the frame ends inside 'a'"),
        (["a:(x:u32) in u8"], b"\x03\0\0\0\0", "the frame ends inside 'x'"),
        (["n:u8", "a:bytes[n]*"], b"\0\0", "'a' repeats what has no length"),
        (["n:u8", "a:bytes[n]* until 9"], b"\0\0\x09", "'a' repeats what has no length"),
        (["a:nest"], b"\x01" * 100, "a value nests too deep"),
    ],
)
def test_a_lie_is_told(fields: list[Any], data: bytes, reason: str) -> None:
    codec = Codec(fields, structs={"nest": ["a:nest[u8]"]})
    with pytest.raises(ValueError, match=reason):
        codec.read(data)


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        (["a:u8"], (256,)),
        (["a:u8"], (-1,)),
        (["a:i16"], (40000,)),
        (["a:u24"], (2**24,)),
        (["a:u24"], (None,)),
        (["a:u8"], ("x",)),
        (["a:f64"], ("x",)),
        (["a:f32"], (1e300,)),
        (["a:char"], ("ab",)),
        (["a:char"], ("",)),
        (["a:char"], ("\u20ac",)),
        (["a:varint"], (-1,)),
        (["a:lenenc"], (-1,)),
        (["a:lenenc"], (2**64,)),
        (["a:short"], (None,)),
        (["a:short"], (65536,)),
        (["a:cstring"], ("a\0b",)),
        (["a:cbytes"], (b"a\0b",)),
        (["a:line"], ("a\r\nb",)),
        (["a:cstring"], ("\udc80",)),
        (["a:cstring"], (None,)),
        (["a:bytes"], (10**12,)),
        (["a:cstring"], (10**12,)),
        (["a:bytes[4]"], (b"abc",)),
        (["n:u8", "a:bytes[n]"], (2, b"abc")),
        (["n:u8", "a:u8[n]"], (2, [1])),
        (["a:text[u8]"], ("x" * 256,)),
        (["a:text[u8]"], (None,)),
        (["a:u8[u8]"], ([0] * 256,)),
        (["a:u8[u8]"], ([256],)),
        (["a:char[u8]"], (["ab"],)),
        (["a:bytes[2][u8]"], ([b"abc"],)),
        (["a:cstring in u8"], ("x" * 255,)),
        (["n:u32", "_:bytes[n]"], (2**31,)),
    ],
)
def test_what_does_not_fit_is_not_sent(fields: list[Any], values: tuple[Any, ...]) -> None:
    """Nothing is cut to fit, nothing wraps round, nothing can end a field early."""
    with pytest.raises(WireError) as caught:
        Codec(fields).write(values)
    assert (caught.value.kind, caught.value.outcome) == ("data", "not_run")


def message(fields: list[Any], values: dict[str, str], scope: dict[str, str]) -> Any:
    layouts = Layouts("big", INTEGERS, {})
    nodes = {name: expr.parse(text, "$.with") for name, text in values.items()}
    return Writers(layouts).compile(layouts.fields(fields, "$.fields"), nodes, scope_of(scope, "a"), "$.send")


def test_a_message_takes_its_values_from_expressions() -> None:
    write = message(
        ["code:i32 = 80", "names:(key:cstring value:cstring)* until 0", "count:u16"],
        {"names": "table", "count": "len(table)"},
        {"table": "map"},
    )
    assert write([], [{"a": "1", "b": ""}], None) == b"\0\0\0\x50a\x001\0b\0\0\0\0\x02"


def test_parts_of_a_message_depend_on_what_is_known() -> None:
    fields = [
        {"if": "flags & 1", "fields": ["a:u8 = 1"]},
        {"switch": "flags", "2": ["b:u8 = 2"], "otherwise": ["b:u8 = 9"]},
    ]
    write = message(fields, {}, {"flags": "int"})
    assert [write([], [flags], None) for flags in (1, 2, 3)] == [b"\x01\x09", b"\x02", b"\x01\x09"]


@pytest.mark.parametrize(
    ("fields", "values", "reason"),
    [
        (["a:u8"], {}, "the field 'a' has no value: give it one with `with`"),
        (["a:u8"], {"a": "1", "b": "2"}, "the message has no field called 'b'"),
        (["a:u8"], {"a": "'x'"}, "this is a text where an int is expected"),
        (["a:u8[u8]"], {"a": "1"}, "this is an int where a list is expected"),
        (["_:cstring"], {}, "padding is written bytes"),
        (["a:u8[u8][u8]"], {"a": "[]"}, "cannot itself be a list"),
        (["a:bytes[n]"], {"a": "x''"}, "nothing here is called 'n'"),
    ],
)
def test_a_message_that_cannot_be_written_is_refused(fields: list[Any], values: dict[str, str], reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        message(fields, values, {})


def test_variables_of_the_connection_decide_how_a_message_is_read() -> None:
    fields = [{"if": "capabilities & 2", "fields": ["warnings:u16"]}, "rest:bytes"]
    for capabilities, found in ((2, (1, b"x")), (0, (None, b"\0\x01x"))):
        codec = Codec(fields, variables={"capabilities": ("int", capabilities)})
        assert codec.read(b"\0\x01x") == (found, 3)


# -- random layouts: what is written is read back


class Shape(NamedTuple):
    """A type as text, and the values that it holds."""

    text: str
    values: st.SearchStrategy[Any]


def _bits(bits: int, signed: bool) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else st.integers(0, 2**bits - 1)


TEXT = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), max_size=8)
ATOMS = [
    *(Shape(f"u{bits}", _bits(bits, False)) for bits in (8, 16, 24, 32, 64)),
    *(Shape(f"i{bits}le", _bits(bits, True)) for bits in (8, 16, 32, 64)),
    Shape("u24le", _bits(24, False)),
    Shape("f64", st.floats(allow_nan=False)),
    Shape("f32", st.floats(allow_nan=False, width=32)),
    Shape("char", st.characters(max_codepoint=255)),
    Shape("varint", st.integers(0, 2**69)),
    Shape("lenenc", st.integers(0, 2**64 - 1) | st.none()),
    Shape("bytes[3]", st.binary(min_size=3, max_size=3)),
    Shape("bytes[i32]", st.binary(max_size=9) | st.none()),
    Shape("text[lenenc]", TEXT | st.none()),
    Shape("text[u16]", TEXT),
    Shape("cstring", TEXT),
    Shape("cbytes", TEXT.map(str.encode)),
    Shape("line", TEXT),
]


def _inline(parts: list[Shape]) -> Shape:
    text = " ".join(f"f{index}:{part.text}" for index, part in enumerate(parts))
    return Shape(f"({text})", st.tuples(*(part.values for part in parts)))


def _listed(item: Shape, form: str) -> Shape:
    size = {"max_size": 3} if form != "[2]" else {"min_size": 2, "max_size": 2}
    return Shape(item.text + form, st.lists(item.values, **size))


def shapes(depth: int) -> st.SearchStrategy[Shape]:
    atom = st.sampled_from(ATOMS)
    if depth == 0:
        return atom
    inline = st.lists(shapes(depth - 1), min_size=1, max_size=3).map(_inline)
    forms = st.sampled_from(["[u8]", "[lenenc]", "[2]", "* in u16", "* in lenenc"])
    blocked = inline.map(lambda part: Shape(f"{part.text} in u32", part.values))
    return atom | inline | blocked | st.builds(_listed, atom | inline, forms)


@given(st.data(), st.lists(shapes(2), min_size=1, max_size=5), st.sampled_from(["big", "little"]))
def test_what_is_written_is_read_back(data: st.DataObject, parts: list[Shape], order: str) -> None:
    codec = Codec([f"f{index}:{part.text}" for index, part in enumerate(parts)], order=order)
    values = data.draw(st.tuples(*(part.values for part in parts)))
    written = codec.write(values)
    assert codec.read(written) == (values, len(written))


@given(st.lists(shapes(2), min_size=1, max_size=4), st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(parts: list[Shape], data: bytes) -> None:
    """Junk gives values from inside the frame, or a ValueError; nothing else, and never more values than bytes."""
    codec = Codec([f"f{index}:{part.text}" for index, part in enumerate(parts)])
    try:
        _, position = codec.read(data)
    except (ValueError, struct.error):
        return
    assert position <= len(data)
