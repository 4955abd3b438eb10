"""Rows in a binary format: what is written is read back however it is cut, and what is none is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.kernel.copy_binary import MAX_EXTENSION, MAX_VALUE, BinaryRows, Form
from sqlx.kernel.copy_rows import NamedType
from sqlx.kernel.errors import Misuse, WireError
from sqlx.wire.named_types import type_codecs
from sqlx.wire.registry import load
from sqlx.wire.values import Context
from tests.dbapi.type_values import BYTES, TEXT

PACK = load("postgresql")
FORM = Form(PACK.copy["binary"], PACK.byte_order)
SIGNATURE = b"PGCOPY\n\xff\r\n\0"
HEADER = SIGNATURE + bytes(8)
END = b"\xff\xff"
NAMES = ("int4", "text", "bytea", "numeric[]", "jsonb")
NUMBERS = st.integers(-(10**30), 10**30).map(lambda number: Decimal(number).scaleb(-10))
ROWS = st.lists(
    st.tuples(
        *(
            st.none() | values
            for values in (
                st.integers(-(2**31), 2**31 - 1),
                TEXT,
                BYTES,
                st.lists(st.none() | NUMBERS, max_size=3),
                st.dictionaries(TEXT, st.none() | st.booleans(), max_size=3),
            )
        )
    ),
    max_size=8,
)
Row = tuple[Any, ...]


def rows_of(*names: str, form: Form = FORM) -> BinaryRows:
    named = [NamedType(name, found) for name in names if (found := type_codecs(PACK.types, name, Context()))]
    return BinaryRows(form, named, list)


def written(rows: Iterable[Row], *names: str) -> bytes:
    form = rows_of(*names)
    return b"".join([*map(form.write, rows), form.end()])


def read(parts: Iterable[bytes], *names: str) -> Iterator[Row]:
    form = rows_of(*names)
    for part in parts:
        yield from form.read(part)
    form.finish()


def said(parts: Sequence[bytes], *names: str) -> str:
    with pytest.raises(WireError) as caught:
        list(read(parts, *names))
    assert caught.value.kind == "data"
    return caught.value.message


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    places = sorted(draw(st.sets(st.integers(0, len(data)), max_size=20)) | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


@given(ROWS, st.data())
def test_what_is_written_is_read_back_however_it_is_cut(rows: list[Row], data: st.DataObject) -> None:
    parts = data.draw(cut(written(rows, *NAMES)))
    assert list(read(parts, *NAMES)) == rows


def test_another_format_is_another_rule() -> None:
    """Numbers of other sizes, the other way round, and an end that is no negative number."""
    rule = {"signature": "ROWS", "flags": "u8", "ignored": 0, "extension": "u16", "count": "u16", "length": "i64"}
    form = rows_of("text", "text", form=Form({**rule, "end": 0xFFFF}, "little"))
    data = form.write(("a", None)) + form.end()
    assert data == b"ROWS\0\0\0\2\0\1\0\0\0\0\0\0\0a" + b"\xff" * 8 + b"\xff\xff"
    assert form.read(data) == [("a", None)]
    form.finish()


def test_rows_come_as_soon_as_they_are_whole() -> None:
    """Byte by byte."""
    rows = [(1, "one"), (2, None), (None, "")]
    data = written(rows, "int4", "text")
    form, ends = rows_of("int4", "text"), []
    for place in range(len(data)):
        ends += [place + 1] * len(form.read(data[place : place + 1]))
    form.finish()
    assert ends == [len(HEADER) + 17, len(HEADER) + 31, len(HEADER) + 41]


@given(ROWS, st.data())
def test_what_breaks_off_is_refused(rows: list[Row], data: st.DataObject) -> None:
    """Wherever that is: all rows that came are right, and the last word is an error."""
    whole = written(rows, *NAMES)
    came: list[Row] = []
    with pytest.raises(WireError, match="breaks off"):
        came.extend(read([whole[: data.draw(st.integers(0, len(whole) - 1))]], *NAMES))
    assert came == rows[: len(came)]


@given(ROWS, st.data())
def test_damage_is_refused_or_read(rows: list[Row], data: st.DataObject) -> None:
    """A byte changed, dropped or put in: no error but ours."""
    whole = bytearray(written(rows, *NAMES))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place : place + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    try:
        list(read([bytes(whole)], *NAMES))
    except WireError as error:
        assert error.kind in ("data", "usage")


@given(st.lists(st.binary(max_size=30)), st.booleans())
def test_junk_is_refused(parts: list[bytes], headed: bool) -> None:
    try:
        list(read([HEADER, *parts] if headed else parts, "int4"))
    except WireError as error:
        assert error.kind in ("data", "usage")


ROW = pack(">hii", 1, 4, 7)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PGCOPY\n\xff\r\n\1" + bytes(8) + END, "does not begin as such data does"),
        (SIGNATURE + pack(">Ii", 1 << 16, 0) + END, "flags that are not known here, 0x10000"),
        (SIGNATURE + pack(">Ii", 1 << 31, 0) + END, "flags that are not known here, 0x80000000"),
        (SIGNATURE + pack(">Ii", 0, -1) + END, "extended by -1 bytes"),
        (SIGNATURE + pack(">Ii", 0, MAX_EXTENSION + 1), f"at most {MAX_EXTENSION} are skipped"),
        (HEADER + pack(">h", -2), "one of its rows has -2 columns"),
        (HEADER + ROW + pack(">hiiii", 2, 4, 7, 4, 7), "one of its rows has 2 columns, and the others 1"),
        (HEADER + pack(">hi", 1, -2), "a value of column 1 has -2 bytes"),
        (HEADER + pack(">hi", 1, MAX_VALUE + 1), f"at most {MAX_VALUE} are read"),
        (HEADER + pack(">hih", 1, 2, 7) + END, "column 1 holds no int4"),
        (HEADER + ROW + END + b"\0", "goes on behind its end"),
        (HEADER + ROW, "breaks off before its end"),
        (b"", "breaks off before its end"),
    ],
)
def test_lies_are_refused_by_name(data: bytes, reason: str) -> None:
    assert reason in said([data], "int4")


def test_more_columns_than_types_are_the_caller_s_mistake() -> None:
    with pytest.raises(Misuse, match="the rows have 1 columns, and 2 types are given"):
        list(read([HEADER + ROW + END], "int4", "text"))


def test_what_may_be_passed_over_is() -> None:
    """Flags that change nothing, and an extension, which comes in parts of its own."""
    header = SIGNATURE + pack(">Ii", 0xFFFF, 300)
    assert list(read([header, bytes(299), b"\0" + ROW, END], "int4")) == [(7,)]


def test_a_value_that_is_only_promised_takes_no_memory() -> None:
    form = rows_of("text")
    assert form.read(HEADER + pack(">hi", 1, MAX_VALUE) + b"x") == []
    with pytest.raises(WireError, match="breaks off"):
        form.finish()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("int4", "7", "column 2 is int4, as which no str is written"),
        ("int4", 2**31, "column 2 is int4, as which no int is written: what stands in it does not fit its type"),
        ("text", 7, "column 2 is text, as which no int is written$"),
        (
            "text",
            "\ud800",
            "column 2 is text, as which no str is written: it has a character that utf-8 cannot write, U\\+D800",
        ),
        ("bytea", 7, "column 2 is bytea, as which no int is written"),
        ("bytea", [1, 2], "column 2 is bytea, as which no list is written"),
        ("numeric", "7", "column 2 is numeric, as which no str is written$"),
        ("uuid", "7", "column 2 is uuid, as which no str is written"),
        ("int4[]", 7, "column 2 is int4\\[\\], as which no int is written$"),
        ("int4[]", [1, "2"], "column 2 is int4\\[\\], as which no list is written"),
        ("jsonb", {"a": object()}, "column 2 is jsonb, as which no dict is written"),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_column(name: str, value: Any, reason: str) -> None:
    form = rows_of("int4", name)
    with pytest.raises(WireError, match=reason) as caught:
        form.write((1, value))
    assert (caught.value.kind, caught.value.outcome) == ("data", "not_run")
    assert form.write((1, None)).startswith(HEADER)  # nothing of the other was written


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(Misuse, match="the row has 1 values, and 2 types are given"):
        rows_of("int4", "text").write((1,))


def test_a_type_without_a_binary_form_is_refused() -> None:
    with pytest.raises(WireError, match="values of the type tsvector are not written in binary here"):
        rows_of("int4", "tsvector").write((1, "a"))
    with pytest.raises(WireError, match="values of the type tsvector are not read in binary here"):
        rows_of("int4", "tsvector").read(HEADER)
