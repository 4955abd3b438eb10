"""What the messages of a server make of one reply: its results, their columns, their rows.

A result is opened with columns that the server has just described, or that are known from a preparation; rows fill it;
it is complete, or suspended, when the server says so. Of a reply that nobody reads all is counted, and no row kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlx.wire.columns import Layout, Layouter, Raw
from sqlx.wire.errors import MALFORMED, not_understood
from sqlx.wire.result import Column, Reply, Result


class Results:
    """The results of one conversation, reply by reply. `v` are its variables."""

    def __init__(self, layouter: Layouter, v: list[Any]) -> None:
        self.layouter = layouter
        self.v = v
        self.reply = Reply()
        self.result: Result | None = None  # the open one
        self.layout: Layout | None = None
        self.described: tuple[Raw, str] | None = None  # the columns that came last, and have no result yet
        self.known: tuple[Raw, str] | None = None  # those of the statement that is run
        self.formats: tuple[int, ...] = ()
        self.prepared: dict[str, Any] = {}  # what was said of a statement just prepared
        self.ended = 0  # results, and parts of results, so far
        self.discarding = False
        self.discarded = 0  # bytes
        self.on_complete: Callable[[], None] | None = None

    def start(self, reply: Reply) -> None:
        """What comes now belongs to this reply, and to the result that it has left open."""
        self.reply = reply
        self.described = None
        open_ = reply.results and not reply.results[-1].complete
        self.result, self.layout = (reply.results[-1], reply.layout) if open_ else (None, None)

    # -- results

    def begin(self, rows: str) -> None:
        """Open a result with the columns just read; their rows come in the message `rows`."""
        if self.described is None:
            raise ValueError("a result without columns")
        raw, source = self.reply.described = self.known = self.described
        self.described = None
        self.formats = ()
        self.open(self.layouter.layout(raw, source, rows, (), self.v))

    def begin_prepared(self, rows: str) -> None:
        """Open a result with the columns that are known from the statement's preparation."""
        if self.known is None:
            raise ValueError("a result without columns")
        self.open(self.layouter.layout(*self.known, rows, self.formats, self.v))

    def begin_named(self, columns: list[tuple[str, str]]) -> None:
        """Open a result with columns that the pack names, each with its type."""
        self.reply.results.append(self._open(None, self.layouter.named(columns)))

    def begin_without_rows(self) -> None:
        """Open a result that has no rows and is owed its end, by which alone it is one."""
        self._open(None, None)

    def open(self, layout: Layout) -> None:
        """Open a result whose rows are laid out like this."""
        self.reply.results.append(self._open(layout, layout.columns))
        self.reply.layout = layout
        if layout.unsure:
            self.reply.unsure = True

    def _open(self, layout: Layout | None, columns: Sequence[Column] | None) -> Result:
        if self.result is not None:
            raise ValueError("a result while another is open")
        self.layout = layout
        self.result = result = Result(columns)
        return result

    def complete(self, rowcount: int | None = -1, lastrowid: int | None = None, tag: str = "") -> None:
        """Close the open result, or add one without rows. A result that is kept whole counts its own rows."""
        result = self.result
        if rowcount is None:
            raise ValueError("a number of rows that is null")
        if result is None or result.columns is None:
            result = Result(None)
            self.reply.results.append(result)
            rowcount = max(rowcount, -1)
        elif rowcount < 0:
            rowcount = -1 if self.reply.stream else len(result.rows)
        result.rowcount, result.lastrowid, result.tag = rowcount, lastrowid, tag
        result.complete = True
        self.result = None
        self.ended += 1
        if self.on_complete is not None:
            self.on_complete()

    def fail(self) -> None:
        """An error has ended what was open: it stays incomplete, and what comes next is no part of it."""
        self.result = self.layout = self.described = None

    def suspend(self) -> None:
        """A portal has more rows: its result stays open."""
        if self.reply.portal is None or self.result is None:
            what = "that was asked for as a whole" if self.reply.portal is None else "that has not begun"
            raise ValueError(f"a part of a result {what}")
        self.result = None
        self.ended += 1

    # -- rows

    def take_rows(self, ends: frozenset[int], inbox: bytes, position: int, sequence: int) -> tuple[int, int]:
        """Take all complete rows of a buffer at once; where they end, and the number of the frame that is due there."""
        layout, result = self.layout, self.result
        if layout is None or result is None or position >= len(inbox):
            return position, sequence
        known, append = len(result.rows), result.rows.append
        try:
            return layout.program(ends).run(inbox, position, len(inbox), append, sequence)
        except ValueError:
            if not layout.relax():
                raise
            del result.rows[known:]
            return layout.program(ends).run(inbox, position, len(inbox), append, sequence)

    def take_row(self, ends: frozenset[int], body: bytes, start: int, stop: int) -> None:
        """One row, where many at once could not take it: its frame is split, or may be something else than a row."""
        if self.layout is None or self.result is None:
            raise ValueError("a row without columns")
        try:
            row = self.layout.program(ends).one(body, start, stop)
        except ValueError:
            if not self.layout.relax():
                raise
            row = self.layout.program(ends).one(body, start, stop)
        self.result.rows.append(row)

    def add_row(self, values: list[Any]) -> None:
        """A row that the pack makes of values."""
        if self.result is None:
            raise ValueError("a row without a result")
        if len(values) != len(self.result.columns or ()):
            raise ValueError(f"a row of {len(values)} values in a result of {len(self.result.columns or ())} columns")
        if not self.discarding:
            self.result.rows.append(tuple(values))

    # -- what is prepared

    def note_prepared(self, said: dict[str, Any]) -> None:
        """What the server says of the statement that it prepares."""
        self.prepared.update(said)

    def description(self, described: tuple[Raw, str] | None) -> tuple[list[Column] | None, tuple[int, ...]]:
        """The columns of a statement just prepared, and the format that is best for each; None without columns."""
        if described is None:
            return None, ()
        try:
            return self.layouter.columns(*described, self.v), self.layouter.formats(*described)
        except MALFORMED as error:
            raise not_understood(error) from error
