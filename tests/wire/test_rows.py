"""Row programs: all complete rows of a buffer become tuples, and whatever lies is told."""

from __future__ import annotations

import struct
from time import process_time
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire import registry
from sqlx.wire.columns import Layouter
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.framing import loop_header
from sqlx.wire.compile.layout import Layouts
from sqlx.wire.rows import Cell, Frames, RowProgram, compile_rows
from sqlx.wire.values import Context
from tests.wire.codecs import INTEGERS
from tests.wire.peers import columns

Values = tuple[Any, ...]


class Form(NamedTuple):
    """One way in which rows lie, as a pack says it; `ends` are first bytes that no row has."""

    order: str
    framing: dict[str, Any]
    row: dict[str, Any]
    tag: int | None
    ends: frozenset[int]


COUNTED = Form(
    "big",
    {"header": ["tag:char", "length:i32"], "size": "length - 4"},
    {"count": "u16", "value": "i32"},
    68,
    frozenset(),
)
PREFIXED = Form(
    "little",
    {"header": ["length:u24", "sequence:u8"], "size": "length"},
    {"value": "lenenc"},
    None,
    frozenset({254, 255}),
)
BITMAP = Form(
    "little",
    {"header": ["length:u24", "sequence:u8"], "size": "length"},
    {"skip": 1, "bitmap": 2, "value": "lenenc", "bare": True},
    None,
    frozenset({254, 255}),
)
FORMS = {"counted": COUNTED, "prefixed": PREFIXED, "bitmap": BITMAP}


def program(form: Form, cells: list[Cell], split: int = 0) -> RowProgram:
    layouts = Layouts(form.order, INTEGERS, {})
    header = loop_header(form.framing, layouts)
    assert header is not None
    context = Context(byte_order=form.order)  # type: ignore[arg-type]
    return compile_rows(form.row, cells, Frames(header, form.tag, form.ends, split), layouts, context)


def lenenc(size: int) -> bytes:
    return bytes((size,)) if size < 251 else b"\xfc" + struct.pack("<H", size)


def body(form: Form, values: list[bytes | None], fixed: list[bool]) -> bytes:
    if form is COUNTED:
        parts = [b"\xff\xff\xff\xff" if value is None else struct.pack(">i", len(value)) + value for value in values]
        return struct.pack(">H", len(values)) + b"".join(parts)
    if form is PREFIXED:
        return b"".join(b"\xfb" if value is None else lenenc(len(value)) + value for value in values)
    nulls = sum(1 << (index + 2) for index, value in enumerate(values) if value is None)
    given = [
        value if bare else lenenc(len(value)) + value
        for value, bare in zip(values, fixed, strict=True)
        if value is not None
    ]
    return b"\0" + nulls.to_bytes((len(values) + 9) // 8, "little") + b"".join(given)


def frame(form: Form, content: bytes, sequence: int) -> bytes:
    if form is COUNTED:
        return b"D" + struct.pack(">i", len(content) + 4) + content
    return len(content).to_bytes(3, "little") + bytes((sequence & 255,)) + content


def run(rows: RowProgram, data: bytes, sequence: int = 0) -> tuple[list[Values], int, int]:
    found: list[Values] = []
    position, after = rows.run(data, 0, len(data), found.append, sequence)
    return found, position, after


# A column: its cell, and pairs of a value and its bytes.
TEXTS = st.text(max_size=300).map(lambda text: (text, text.encode()))
NUMBERS = st.integers(-(2**31), 2**31 - 1)


def columns_of(form: Form) -> st.SearchStrategy[tuple[Cell, st.SearchStrategy[Any], bool]]:
    order = ">" if form.order == "big" else "<"
    return st.sampled_from(
        [
            (Cell("text", False), TEXTS, False),
            (Cell("bytes", False), st.binary(max_size=20).map(lambda raw: (raw, raw)), False),
            (Cell("int", False), NUMBERS.map(lambda number: (number, str(number).encode())), False),
            (Cell("i32", True), NUMBERS.map(lambda number: (number, struct.pack(order + "i", number))), True),
            (Cell("f64", True), st.floats(allow_nan=False).map(lambda x: (x, struct.pack(order + "d", x))), True),
        ]
    )


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@given(data=st.data())
def test_rows_are_those_of_a_naive_writer(form: Form, data: st.DataObject) -> None:
    """Whole rows of a buffer are read, in order, whatever else is behind them, and one by one alike."""
    made = data.draw(st.lists(columns_of(form), min_size=1, max_size=10))
    table = data.draw(st.lists(st.tuples(*(st.none() | values for _, values, _ in made)), max_size=6))
    cells, fixed = [cell for cell, _, _ in made], [bare for _, _, bare in made]
    expected = [tuple(None if value is None else value[0] for value in row) for row in table]
    bodies = [body(form, [None if value is None else value[1] for value in row], fixed) for row in table]
    rows = program(form, cells)
    whole = b"".join(frame(form, one, number) for number, one in enumerate(bodies))
    cut = data.draw(st.integers(0, 3))
    found, position, after = run(rows, whole + frame(form, body(form, [None] * len(cells), fixed), len(table))[:cut])
    assert (found, position) == (expected, len(whole))
    assert after == (len(table) if form is not COUNTED else 0)
    assert [rows.one(one, 0, len(one)) for one in bodies] == expected


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@given(data=st.data())
def test_junk_is_refused(form: Form, data: st.DataObject) -> None:
    """Bytes that are no row raise ValueError, and only whole rows have been handed over."""
    cells = [cell for cell, _, _ in data.draw(st.lists(columns_of(form), min_size=1, max_size=4))]
    junk = data.draw(st.binary(max_size=40))
    good = body(form, [None] * len(cells), [False] * len(cells))
    found: list[Values] = []
    buffer = frame(form, good, 0) + frame(form, junk, 1)
    try:
        program(form, cells).run(buffer, 0, len(buffer), found.append, 0)
    except (ValueError, struct.error, IndexError):
        assert found == [(None,) * len(cells)]
    assert all(len(row) == len(cells) for row in found)


ONE = [Cell("text", False)]
LIES = {
    "more values than columns": (COUNTED, ONE, b"\0\2\0\0\0\1a\0\0\0\1b"),
    "fewer values than columns": (COUNTED, ONE * 2, b"\0\1\0\0\0\1a"),
    "no count": (COUNTED, ONE, b"\0"),
    "a length of -2": (COUNTED, ONE, b"\0\1\xff\xff\xff\xfe"),
    "a length beyond the row": (COUNTED, ONE, b"\0\1\0\0\0\2a"),
    "bytes left": (COUNTED, ONE, b"\0\1\0\0\0\1ab"),
    "a number of 3 bytes": (COUNTED, [Cell("i32", True)], b"\0\1\0\0\0\3abc"),
    "a table length beyond the row": (PREFIXED, ONE, b"\5abc"),
    "a table length cut": (PREFIXED, ONE, b"\xfc\1"),
    "a table length that is none": (PREFIXED, ONE * 2, b"\1a\xff"),
    "nothing": (PREFIXED, ONE, b""),
    "more than the columns": (PREFIXED, ONE, b"\1a\1b"),
    "no bitmap": (BITMAP, ONE, b"\0"),
    "a bitmap cut": (BITMAP, ONE * 8, b"\0\0"),
    "a bare number cut": (BITMAP, [Cell("i32", True)], b"\0\0abc"),
    "not null and not there": (BITMAP, ONE, b"\0\0"),
    "null and there": (BITMAP, ONE, b"\0\4\1a"),
}


@pytest.mark.parametrize(("form", "cells", "data"), LIES.values(), ids=LIES.keys())
def test_lies(form: Form, cells: list[Cell], data: bytes) -> None:
    """Also where the next frame's bytes would make the lie true."""
    rows = program(form, cells)
    with pytest.raises((ValueError, struct.error)):
        rows.one(data, 0, len(data))
    for behind in (b"", b"\0" * 40, frame(form, b"\1a" * 20, 1)):
        with pytest.raises((ValueError, struct.error)):
            run(rows, frame(form, data, 0) + behind)


class TestWhereTheLoopStops:
    """What is no row is left for the machine."""

    def test_another_tag(self) -> None:
        first = frame(COUNTED, body(COUNTED, [b"a"], [False]), 0)
        assert run(program(COUNTED, ONE), first + b"C\0\0\0\4") == ([("a",)], len(first), 0)

    @pytest.mark.parametrize("end", [b"\xfe\0\0\2\0\0\0", b"\xff\x01\x02"])
    def test_another_first_byte(self, end: bytes) -> None:
        first = frame(PREFIXED, b"\1a", 3)
        assert run(program(PREFIXED, ONE), first + frame(PREFIXED, end, 4), 3) == ([("a",)], len(first), 4)

    def test_a_sequence_that_jumps(self) -> None:
        first = frame(PREFIXED, b"\1a", 255)
        data = first + frame(PREFIXED, b"\1b", 5)
        assert run(program(PREFIXED, ONE), data, 255) == ([("a",)], len(first), 0)

    def test_a_frame_that_goes_on_in_the_next(self) -> None:
        data = frame(PREFIXED, b"\1a", 0) + frame(PREFIXED, b"\x05bcdef", 1)
        assert run(program(PREFIXED, ONE, split=6), data) == ([("a",)], 6, 1)

    def test_no_frame(self) -> None:
        assert run(program(COUNTED, ONE), b"") == ([], 0, 0)


def test_names_of_columns_are_no_part_of_the_program() -> None:
    """A program is made of operations: an operation that is none is a PackError, not code."""
    with pytest.raises(ValueError, match="there is no text decoder named"):
        program(COUNTED, [Cell("nothing", False)])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_a_program_is_made_of_grows_with_its_kinds_of_columns(form: Form) -> None:
    """Were it one thing more for each column, wide results would take the square of their width to compile."""
    kinds = [Cell("text", False), Cell("int", False), Cell("i32", True), Cell("f32", True), Cell("timestamp", False)]
    few, many = (program(form, kinds * times).run.__defaults__ for times in (1, 100))  # type: ignore[attr-defined]
    assert len(many) == len(few)


def test_many_constants_are_found_in_time() -> None:
    """One by one, this would be two thousand million comparisons."""
    source, values = Source(), [object() for _ in range(60_000)]
    began = process_time()
    names = [source.constant(value) for value in values]
    assert [source.constant(value) for value in values] == names
    assert process_time() - began < 10


def test_layouts_are_remembered_up_to_so_many_bytes_of_definitions() -> None:
    """Each of these has one column, with a name of a megabyte."""
    program = Program(registry.load("postgresql"))
    layouter = Layouter(program)
    for letter in range(97, 106):
        body = struct.pack(">H", 1) + bytes([letter]) * (1 << 20) + b"\0" + columns(25)[-18:]
        layouter.layout((body,), "row_description", "row", (), program.initial())
        kept = sum(len(raw) for (raw,), *_ in layouter._known)
        assert kept <= 4 << 20
