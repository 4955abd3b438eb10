"""The grid: rows are drawn when they are looked at, so that a million cost no more than a screenful."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sqlx_tui.cells import fit, glance, is_number
from sqlx_tui.session.outcome import Heading, Row

SAMPLE = 100  # rows that decide how wide a column is
WIDEST = 40  # cells; what is longer is cut, and read in its own window
GAP = 2  # cells between columns


class ResultGrid(ScrollView, can_focus=True):
    """Shows rows that somebody else keeps, and adds to. `cursor` is the row and the column of the current cell."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--heading",
        "grid--number",
        "grid--null",
        "grid--row",
        "grid--cell",
        "grid--text",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "move(-1, 0)"),
        ("down", "move(1, 0)"),
        ("left", "move(0, -1)"),
        ("right", "move(0, 1)"),
        ("pageup", "page(-1)"),
        ("pagedown", "page(1)"),
        ("home", "column(0)"),
        ("end", "column(-1)"),
    ]

    class Moved(Message):
        """Another cell is the current one."""

    class Chosen(Message):
        """The current cell was clicked twice."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.columns: Sequence[Heading] = ()
        self.rows: Sequence[Row] = ()
        self.cursor = (0, 0)
        self._widths: list[int] = []
        self._numeric: list[bool] = []
        self._margin = 0  # the width of the row numbers
        self._sampled = 0

    # -- content

    def show(self, columns: Sequence[Heading], rows: Sequence[Row], cursor: tuple[int, int] = (0, 0)) -> None:
        """Show another result."""
        self.columns, self.rows = columns, rows
        self._sampled = 0
        self._measure()
        self.cursor = (0, 0)
        self.scroll_to(0, 0, animate=False, immediate=True)
        self.go(*cursor)
        self.refresh()

    def grow(self) -> None:
        """The rows have become more. What is on the screen is drawn again only when it has changed."""
        seen = self.virtual_size.height - 1
        is_seen = seen < self.scroll_offset.y + self.size.height
        if self._sampled < SAMPLE or self._margin_needed() != self._margin:
            self._measure()
            self.refresh()
        else:
            top = self.scroll_offset.y
            if is_seen:
                self._widen(self.rows[top : top + self.size.height])
                self.refresh()
            self._resize()

    @property
    def cell(self) -> tuple[Heading, object] | None:
        """The current column and value; None where there are no rows."""
        row, column = self.cursor
        if not self.columns or row >= len(self.rows):
            return None
        return self.columns[column], self.rows[row][column]

    def _measure(self) -> None:
        """How wide the columns are to begin with, by their names and the first rows, and which of them are numbers."""
        sample = self.rows[:SAMPLE]
        self._sampled = len(sample)
        self._margin = self._margin_needed()
        self._widths = [min(max(cell_len(glance(heading.name)), 1), WIDEST) for heading in self.columns]
        by_column = list(zip(*sample, strict=True)) if sample else [()] * len(self.columns)
        present = [[value for value in values if value is not None] for values in by_column]
        self._numeric = [bool(values) and all(map(is_number, values)) for values in present]
        self._widen(sample)
        self._resize()

    def _widen(self, rows: Sequence[Row]) -> bool:
        """Have the columns wide enough for these rows; whether they have become wider."""
        before = list(self._widths)
        for row in rows:
            for index, value in enumerate(row):
                if self._widths[index] < WIDEST:
                    width = cell_len(glance(value))
                    if width > self._widths[index]:
                        self._widths[index] = min(width, WIDEST)
        return before != self._widths

    def _resize(self) -> None:
        self.virtual_size = Size(self._margin + sum(self._widths) + GAP * len(self._widths), len(self.rows) + 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """What comes into sight may be wider than what was seen before."""
        super().watch_scroll_y(old_value, new_value)
        top = round(new_value)
        if round(old_value) != top and self._widen(self.rows[top : top + self.size.height]):
            self._resize()
            self.refresh()

    def _margin_needed(self) -> int:
        return max(len(str(len(self.rows))), 3) + GAP

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.rich_style
        if not self.columns:
            return Strip.blank(width, base)
        row = self.scroll_offset.y + y - 1
        if y == 0:
            margin, cells = self._heading()
        elif row < len(self.rows):
            margin, cells = self._row(row)
        else:
            return Strip.blank(width, base)
        left = self.scroll_offset.x
        fill = self._row_style(row) if y else self._style("grid--heading")
        shown = Strip(cells).crop_extend(left, left + max(width - self._margin, 0), fill)
        return Strip([margin, *shown]).crop(0, width).apply_style(base).simplify()

    def _heading(self) -> tuple[Segment, list[Segment]]:
        style = self._style("grid--heading")
        cells = [
            Segment(fit(glance(heading.name), width, numeric) + " " * GAP, style)
            for heading, width, numeric in zip(self.columns, self._widths, self._numeric, strict=True)
        ]
        return Segment(" " * self._margin, style), cells

    def _row(self, number: int) -> tuple[Segment, list[Segment]]:
        style = self._row_style(number)
        null = style + self._style("grid--null")
        cells = []
        current = self.cursor[1] if number == self.cursor[0] else -1
        for index, value in enumerate(self.rows[number]):
            width = self._widths[index]
            chosen = null if value is None else style
            text = fit(glance(value), width, self._numeric[index])
            if index == current:
                chosen += self._style("grid--cell" if self.has_focus else "grid--row")
            cells += [Segment(text, chosen), Segment(" " * GAP, style)]
        margin = fit(str(number + 1), self._margin - GAP, True) + " " * GAP
        return Segment(margin, style + self._style("grid--number")), cells

    def _row_style(self, number: int) -> Style:
        return self._style("grid--row" if number == self.cursor[0] else "grid--text")

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    # -- moving

    def action_move(self, rows: int, columns: int) -> None:
        self.go(self.cursor[0] + rows, self.cursor[1] + columns)

    def action_page(self, pages: int) -> None:
        self.go(self.cursor[0] + pages * max(self.size.height - 2, 1), self.cursor[1])

    def action_column(self, column: int) -> None:
        self.go(self.cursor[0], column if column >= 0 else len(self.columns) - 1)

    def go(self, row: int, column: int) -> None:
        """Make another cell the current one, and have it on the screen."""
        before = self.cursor
        self.cursor = (max(min(row, len(self.rows) - 1), 0), max(min(column, len(self.columns) - 1), 0))
        offset = self.scroll_offset
        target = Offset(self._scroll_to_column(offset.x), self._scroll_to_row(offset.y))
        if target != offset:
            self.scroll_to(target.x, target.y, animate=False, immediate=True, force=True)
        for number in {before[0], self.cursor[0]}:
            self.refresh_line(number + 1)
        self.post_message(self.Moved())

    def _scroll_to_row(self, top: int) -> int:
        row, height = self.cursor[0], max(self.scrollable_content_region.height - 1, 1)
        return min(max(top, row - height + 1), row)

    def _scroll_to_column(self, left: int) -> int:
        column = self.cursor[1]
        start = sum(self._widths[:column]) + GAP * column
        end = start + (self._widths[column] + GAP if self._widths else 0)
        room = max(self.scrollable_content_region.width - self._margin, 1)
        return min(max(left, end - room), start)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or not self.columns:
            return
        if at.y > 0 and self.scroll_offset.y + at.y - 1 < len(self.rows):
            self.go(self.scroll_offset.y + at.y - 1, self._column_at(at.x))
            if event.chain == 2:
                self.post_message(self.Chosen())

    def _column_at(self, x: int) -> int:
        x += self.scroll_offset.x - self._margin
        for index, width in enumerate(self._widths):
            x -= width + GAP
            if x < 0:
                return index
        return len(self._widths) - 1
