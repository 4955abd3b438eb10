"""Row programs: one function a result layout, which turns all complete rows of a buffer into tuples.

A message's `row` says how its rows lie:

    {"count": "u16", "value": "i32"}                                 a number of values, each after its length
    {"value": "lenenc"}                                              values after their length, null a length of its own
    {"skip": 1, "bitmap": 2, "value": "lenenc", "bare": true}        a null bitmap, fixed-size values without a length

The program is written for the layout, so no decision is left to the loop. It checks every length against the frame;
where bytes lie, it raises ValueError and has appended only whole rows.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlx.wire.compile import integers
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.framing import LoopHeader
from sqlx.wire.compile.layout import Integer, Layouts, Scalar
from sqlx.wire.values import Context, binary_decoder, fixed_format, text_decoder
from sqlx.wire.values.text import is_text, lenient

# run(buffer, position, end, append, sequence) -> (position, sequence)
Run = Callable[[bytes, int, int, Callable[[tuple[Any, ...]], None], int], tuple[int, int]]
One = Callable[[bytes, int, int], tuple[Any, ...]]


class Cell(NamedTuple):
    """How one column's values are decoded: the operation's name, and whether it is the binary one.

    What a lenient cell cannot read of a text arrives as ServerText.
    """

    operation: str
    binary: bool
    lenient: bool = False


class RowProgram(NamedTuple):
    """`run` consumes the frames of a buffer, `one(body, 0, len(body))` decodes a single body."""

    run: Run
    one: One


class Frames(NamedTuple):
    """What the loop must know of the framing to stay in it."""

    header: LoopHeader
    tag: int | None  # the header's tag of a row; None: told by the body's first byte
    ends: frozenset[int]  # first bytes that may be no row
    split: int  # a body of this size goes on in the next frame; 0: none does


def lie() -> None:
    raise ValueError("a row's values do not fill its frame")


def compile_rows(
    rule: dict[str, Any], cells: Sequence[Cell], frames: Frames | None, layouts: Layouts, context: Context
) -> RowProgram:
    """The program for rows of `cells` under the `row` rule of a message."""

    def single() -> One:
        body = _Body(rule, cells, layouts, context)
        body.source.line("t = e")
        body.emit()
        body.source.line(f"return ({body.row()})")
        function: One = body.source.build("b, p, e")
        return function

    if frames is None:
        return RowProgram(_frame_by_frame, single())
    return RowProgram(_loop(rule, cells, frames, layouts, context), _when_called(single))


def _when_called(make: Callable[[], One]) -> One:
    """What `make` gives, made when it is first called: most results have no row that the loop cannot take."""
    made: list[One] = []

    def one(b: bytes, p: int, e: int) -> tuple[Any, ...]:
        if not made:
            made.append(make())
        return made[0](b, p, e)

    return one


def _frame_by_frame(b: bytes, p: int, e: int, a: Any, s: int) -> tuple[int, int]:
    """Where a header is not of fixed size, rows are read one by one."""
    return p, s


def _loop(rule: dict[str, Any], cells: Sequence[Cell], frames: Frames, layouts: Layouts, context: Context) -> Run:
    body = _Body(rule, cells, layouts, context)
    source = body.source
    header = frames.header
    size = header.codec.size
    source.indent(f"while e - p >= {size}:")
    source.line(f"{', '.join(header.targets)}, = {source.constant(header.codec.unpack_from)}(b, p)")
    if frames.tag is not None:
        source.line(f"if {header.names['tag']} != {frames.tag}: break")
    for line in header.lines:
        source.line(line)
    source.line(f"t = p + {size} + {header.size}")
    source.line("if t > e: break")
    if frames.split:
        source.line(f"if t - p == {size + frames.split}: break")
    if frames.ends:
        source.line(f"if t > p + {size} and b[p + {size}] in {source.constant(frames.ends)}: break")
    if "sequence" in header.names:
        source.line(f"if {header.names['sequence']} != s: break")
        source.line("s = s + 1 & 255")
    source.line(f"p += {size}")
    body.emit()
    source.line(f"a(({body.row()}))")
    source.line("p = t")
    source.dedent()
    source.line("return p, s")
    return source.build("b, p, e, a, s")


class _Body:
    """Writes the decoding of one row body, which stands from `p` to `t`."""

    def __init__(self, rule: dict[str, Any], cells: Sequence[Cell], layouts: Layouts, context: Context) -> None:
        self.source = Source()
        self.rule = rule
        self.cells = cells
        self.layouts = layouts
        self.context = context
        self.columns: list[str] = []
        self.prefix = layouts.integer(rule["value"])
        self.read_length = integers.codec(self.prefix.name, layouts).read if isinstance(self.prefix, Integer) else None
        self.decoders: dict[Cell, Callable[[bytes], Any]] = {}  # those of like cells are one

    def row(self) -> str:
        return "".join(f"{name}, " for name in self.columns)

    def emit(self) -> None:
        source = self.source
        if self.rule.get("skip"):
            source.line(f"p += {self.rule['skip']}")
        if "count" in self.rule:
            self.count()
        if "bitmap" in self.rule:
            width = (len(self.cells) + self.rule["bitmap"] + 7) // 8
            source.line(f"if p + {width} > t: {source.constant(lie)}()")
            source.line(f"m = {source.constant(int.from_bytes)}(b[p:p + {width}], {source.constant('little')})")
            source.line(f"p += {width}")
        for index, cell in enumerate(self.cells):
            self.column(index, cell)
        source.line(f"if p != t: {source.constant(lie)}()")

    def count(self) -> None:
        scalar = self.layouts.integer(self.rule["count"])
        assert isinstance(scalar, Scalar)
        size, unpack = _codec(scalar.order + scalar.letter)
        self.source.line(f"if p + {size} > t: {self.source.constant(lie)}()")
        number = f"{self.source.constant(unpack)}(b, p)[0]"
        self.source.line(f"if {number} != {len(self.cells)}: {self.source.constant(lie)}()")
        self.source.line(f"p += {size}")

    def column(self, index: int, cell: Cell) -> None:
        name = self.source.mint("c")
        self.columns.append(name)
        if "bitmap" in self.rule:
            self.source.line(f"if m & {1 << (index + self.rule['bitmap'])}: {name} = None")
            self.source.indent("else:")
        letter = fixed_format(cell.operation) if cell.binary else None
        if self.rule.get("bare") and letter is not None:
            self.fixed(name, letter)
        elif self.rule.get("bare") and cell.operation.startswith("f32"):
            self.single(name, cell)
        else:
            self.measured(name, cell, letter)
        if "bitmap" in self.rule:
            self.source.dedent()

    def single(self, name: str, cell: Cell) -> None:
        """A float of 4 bytes, which is more than its bytes: the shortest decimal that gives it back."""
        self.source.line("q = p + 4")
        self.source.line(f"if q > t: {self.source.constant(lie)}()")
        self.source.line(f"{name} = {self.source.constant(self.decoder(cell))}(b[p:q]); p = q")

    def fixed(self, name: str, letter: str) -> None:
        """A value of known size, without a length before it."""
        size, unpack = _codec(self.layouts.order + letter)
        self.source.line(f"q = p + {size}")
        self.source.line(f"if q > t: {self.source.constant(lie)}()")
        self.source.line(f"{name}, = {self.source.constant(unpack)}(b, p); p = q")

    def measured(self, name: str, cell: Cell, letter: str | None) -> None:
        """A value after its length."""
        source, prefix = self.source, self.prefix
        if isinstance(prefix, Scalar):
            size, unpack = _codec(prefix.order + prefix.letter)
            source.line(f"n, = {source.constant(unpack)}(b, p); p += {size}")
            source.line(f"if n == -1: {name} = None")
            source.indent("else:")
            source.line("q = p + n")
            source.line(f"if n < 0 or q > t: {source.constant(lie)}()")
            self.take(name, cell, letter, prefix.order)
        elif isinstance(prefix, Integer):
            self.table_length(prefix)
            source.line(f"if n is None: {name} = None")
            source.indent("else:")
            source.line("q = p + n")
            source.line(f"if q > t: {source.constant(lie)}()")
            self.take(name, cell, letter, self.layouts.order)
        source.dedent()

    def table_length(self, prefix: Integer) -> None:
        """The common case of a table-driven length, one byte, is read in place."""
        read = self.source.constant(self.read_length)
        direct = integers.direct(prefix.name, self.layouts)
        self.source.line("n = b[p] if p < t else 256")
        self.source.line(f"if n < {direct}: p += 1")
        self.source.line(f"else: n, p = {read}(b, p, t)")

    def take(self, name: str, cell: Cell, letter: str | None, order: str) -> None:
        """The value from `p` to `q`, decoded."""
        if letter is not None:
            size, unpack = _codec(order + letter)
            self.source.line(f"if n != {size}: {self.source.constant(lie)}()")
            self.source.line(f"{name}, = {self.source.constant(unpack)}(b, p); p = q")
            return
        if cell.operation == "bytes":
            decoded = "b[p:q]"
        elif cell.operation == "text" and not cell.lenient:
            decoded = "b[p:q].decode()"
        else:
            decoded = f"{self.source.constant(self.decoder(cell))}(b[p:q])"
        self.source.line(f"{name} = {decoded}; p = q")

    def decoder(self, cell: Cell) -> Callable[[bytes], Any]:
        known = self.decoders.get(cell)
        if known is None:
            decode = (binary_decoder if cell.binary else text_decoder)(cell.operation, self.context)
            text = not cell.binary or is_text(cell.operation)
            known = self.decoders[cell] = lenient(decode) if cell.lenient and text else decode
        return known


@cache
def _codec(letters: str) -> tuple[int, Callable[..., tuple[Any, ...]]]:
    """The size of one number, and what reads it: always the same, so that columns share it."""
    codec = struct.Struct(letters)
    return codec.size, codec.unpack_from
