"""How results are written. Each format takes rows as they come and keeps none of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from sqlx.cli.cells import BOLD, DIM, cut, has_colour, pad, paint, printable, terminal_width, width_of
from sqlx.cli.values import json, text

Row = tuple[Any, ...]

SAMPLE = 1000  # rows whose widths decide those of a table's columns, and that are written at a time
NARROWEST = 6  # cells that a column is left with when a table is wider than the terminal
NULL = "∅"
GAP = " │ "


class Format:
    """One way to write results: `begin`, then `write` for each part of the rows, then `end`, for each result."""

    _between = ""  # stands between two results that have rows

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_first = True

    def begin(self, names: Sequence[str]) -> None:
        """A result with these columns begins."""
        if not self._is_first:
            self._out.write(self._between)
        self._is_first = False

    def write(self, rows: Sequence[Row]) -> None:
        """Some of its rows; the first part has `SAMPLE` of them unless there are fewer."""

    def end(self, note: str) -> None:
        """It is whole; `note` tells how many rows there were."""

    def head(self, number: int) -> None:
        """Another statement's result is to come, the `number`th of a script."""

    def tell(self, note: str) -> None:
        """What a statement did that returned no rows. Where the output is for programs, that is talk."""
        print(note, file=sys.stderr)

    def _lines(self, lines: Iterable[str]) -> None:
        self._out.write("".join([f"{line}\n" for line in lines]))


class Table(Format):
    """For people. On a terminal it is no wider than that, and `…` stands where something was cut."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._limit = terminal_width() if out.isatty() else sys.maxsize
        self._colour = has_colour(out)

    def begin(self, names: Sequence[str]) -> None:
        self._names = [printable(name) for name in names]
        self._widths: list[int] = []
        self._right: list[bool] = []

    def write(self, rows: Sequence[Row]) -> None:
        if not self._names:  # rows without columns, as some servers have them
            return
        cells = [[NULL if value is None else printable(text(value)) for value in row] for row in rows]
        if not self._widths:
            self._right = [_all_numbers(column) for column in zip(*rows, strict=True)] or [False] * len(self._names)
            self._size(cells)
            self._head()
        self._lines([self._line(row, values) for row, values in zip(cells, rows, strict=True)])

    def end(self, note: str) -> None:
        if not self._widths:
            self.write([])
        self.tell(note)

    def head(self, number: int) -> None:
        self._lines(["", paint(f"result {number}", DIM, self._colour)])

    def tell(self, note: str) -> None:
        self._lines([paint(note, DIM, self._colour)])

    def _size(self, cells: Sequence[Sequence[str]]) -> None:
        columns = zip(self._names, *cells, strict=True)
        widths = [max(1, *map(width_of, column)) for column in columns]
        room = self._limit - len(GAP) * (len(widths) - 1) - 2
        most = min(max(widths), room)
        while sum(min(width, most) for width in widths) > room and most > NARROWEST:
            most -= 1
        self._widths = [min(width, max(most, NARROWEST)) for width in widths]

    def _head(self) -> None:
        sized = zip(self._names, self._widths, self._right, strict=True)
        names = [paint(pad(cut(name, width), width, right), BOLD, self._colour) for name, width, right in sized]
        self._lines([f" {GAP.join(names)}".rstrip(), "─┼─".join("─" * width for width in self._widths).join("──")])

    def _line(self, cells: Sequence[str], values: Row) -> str:
        sized = zip(cells, values, self._widths, self._right, strict=True)
        return f" {GAP.join([self._cell(*each) for each in sized])}".rstrip()

    def _cell(self, cell: str, value: Any, width: int, right: bool) -> str:
        if self._limit != sys.maxsize:
            cell = cut(cell, width)
        padded = pad(cell, width, right)
        return paint(padded, DIM, self._colour) if value is None else padded


class Csv(Format):
    """RFC 4180, with lines that end in a newline. NULL is an empty field, the empty text `""`.

    On a terminal, which must not obey a value, control characters are written out.
    """

    _between = "\n"

    def _lines(self, lines: Iterable[str]) -> None:
        super()._lines(map(_shown, lines) if self._out.isatty() else lines)

    def begin(self, names: Sequence[str]) -> None:
        super().begin(names)
        self._lines([",".join(map(_field, names))])

    def write(self, rows: Sequence[Row]) -> None:
        self._lines([",".join(["" if value is None else _field(text(value)) for value in row]) for row in rows])


class JsonLines(Format):
    """One object a row, each on its line."""

    def begin(self, names: Sequence[str]) -> None:
        super().begin(names)
        self._keys = [json(name) + ": " for name in _distinct(names)]

    def write(self, rows: Sequence[Row]) -> None:
        self._lines(map(self._object, rows))

    def _object(self, row: Row) -> str:
        return "{" + ", ".join([key + json(value) for key, value in zip(self._keys, row, strict=True)]) + "}"


class Json(JsonLines):
    """One array of objects for each result."""

    def begin(self, names: Sequence[str]) -> None:
        super().begin(names)
        self._next = "["

    def write(self, rows: Sequence[Row]) -> None:
        if rows:
            self._out.write(f"{self._next}\n  " + ",\n  ".join(map(self._object, rows)))
            self._next = ","

    def end(self, note: str) -> None:
        self._out.write("[]\n" if self._next == "[" else "\n]\n")


class Markdown(Format):
    """A table of GitHub's Markdown. NULL is written as a word."""

    _between = "\n"

    def begin(self, names: Sequence[str]) -> None:
        super().begin(names)
        self._names = names
        self._begun = False

    def write(self, rows: Sequence[Row]) -> None:
        if not self._begun:
            self._begun = True
            right = [_all_numbers(column) for column in zip(*rows, strict=True)] or [False] * len(self._names)
            rule = ["---:" if each else "---" for each in right]
            self._lines([self._line(map(_marked_down, self._names)), self._line(rule)])
        self._lines(self._line("NULL" if value is None else _marked_down(text(value)) for value in row) for row in rows)

    def end(self, note: str) -> None:
        if not self._begun:
            self.write([])

    def _line(self, cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"


FORMATS: dict[str, type[Format]] = {
    "table": Table,
    "csv": Csv,
    "json": Json,
    "jsonl": JsonLines,
    "markdown": Markdown,
}

_TO_QUOTE = re.compile(r'[",\r\n]|^$|^\s|\s$')
_MARKUP = re.compile(r"[\\|<&`*]")


def _shown(line: str) -> str:
    return printable(line, "\n\t")


def _field(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if _TO_QUOTE.search(value) else value


def _marked_down(value: str) -> str:
    return printable(_MARKUP.sub(r"\\\g<0>", value), "\n").replace("\n", "<br>")


def _all_numbers(values: Iterable[Any]) -> bool:
    from decimal import Decimal

    kinds = {type(value) for value in values} - {type(None)}
    return bool(kinds) and kinds <= {int, float, Decimal}


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, those that stood there before with a number: an object would keep only the last of them."""
    taken: dict[str, None] = {}
    for name in names:
        number, key = 1, name
        while key in taken or (number > 1 and key in names):
            number += 1
            key = f"{name}_{number}"
        taken[key] = None
    return list(taken)
