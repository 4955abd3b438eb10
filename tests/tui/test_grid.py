"""The grid draws what is seen, however much there is."""

from __future__ import annotations

from time import perf_counter

import pytest
from textual.app import App, ComposeResult

from sqlx_tui.cells import fit, glance, text
from sqlx_tui.results.grid import ResultGrid
from sqlx_tui.session.outcome import Heading, Row

MILLION = 1_000_000


class Watched(ResultGrid):
    """Counts the rows that are drawn."""

    drawn = 0

    def _row(self, number: int):  # type: ignore[no-untyped-def]
        self.drawn += 1
        return super()._row(number)


class GridApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Watched(id="grid")


def first_line(grid: ResultGrid) -> str:
    return grid.render_line(1).text


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [(number, f"name {number}", None) for number in range(MILLION)]


async def test_a_million_rows_scroll(rows: list[Row]) -> None:
    """Each key draws no more than a screenful, at the end as at the start."""
    async with GridApp().run_test(size=(80, 24)) as pilot:
        grid = pilot.app.query_one(Watched)
        started = perf_counter()
        grid.show([Heading("id", "int"), Heading("name", "text"), Heading("note", "")], rows)
        assert perf_counter() - started < 1
        grid.focus()
        await pilot.pause()
        grid.drawn = 0
        await pilot.press("pagedown", "pagedown", "down", "right")
        grid.go(MILLION - 1, 1)
        await pilot.pause()
        await pilot.press("pageup", "up")
        assert grid.drawn < 7 * 24 * 3
        assert grid.cursor == (MILLION - 24, 1)
        assert grid.cell == (Heading("name", "text"), f"name {MILLION - 24}")
        grid.go(MILLION - 1, 1)
        assert f"{MILLION}  {MILLION - 1}  name" in grid.render_line(grid.size.height - 1).text


async def test_growing_draws_nothing_that_is_not_seen(rows: list[Row]) -> None:
    """Rows that arrive below the screen cost no drawing."""
    async with GridApp().run_test(size=(80, 24)) as pilot:
        grid = pilot.app.query_one(Watched)
        kept = rows[:1000]
        grid.show([Heading("id", "int"), Heading("name", "text"), Heading("note", "")], kept)
        await pilot.pause()
        grid.drawn = 0
        kept += rows[1000:1100]
        grid.grow()
        await pilot.pause()
        assert grid.virtual_size.height == 1101
        assert grid.drawn <= 24 * 2  # Textual draws once more where a scroll bar's size changes


async def test_wide_rows_scroll_sideways() -> None:
    """The current column comes into sight, the row numbers stay."""
    async with GridApp().run_test(size=(60, 10)) as pilot:
        grid = pilot.app.query_one(Watched)
        grid.show([Heading(f"column{n}", "int") for n in range(30)], [tuple(range(30))] * 3)
        grid.focus()
        await pilot.press("end")
        await pilot.pause()
        assert first_line(grid).startswith("  1  ")
        assert "29" in first_line(grid)
        assert "column29" in grid.render_line(0).text
        await pilot.press("home")
        await pilot.pause()
        assert "column0" in grid.render_line(0).text


async def test_a_click_chooses_a_cell() -> None:
    async with GridApp().run_test(size=(60, 10)) as pilot:
        grid = pilot.app.query_one(Watched)
        grid.show([Heading("a", ""), Heading("b", "")], [("one", "two"), ("three", "four")])
        await pilot.pause()
        await pilot.click(grid, offset=(13, 2))
        assert grid.cursor == (1, 1)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "NULL"), ("", ""), (True, "true"), (b"\x00\xff", "\\x00ff"), ("a\nb", "a⏎b"), ("\x1b[31m", "\\x1b[31m"),
        ("a\udc80b\u202ec", "a\\udc80b\\u202ec"),
        ({"a": [1, None]}, '{"a": [1, null]}'), (1.5, "1.5"), ("日本", "日本"),
    ],
)  # fmt: skip
def test_a_value_on_one_line(value: object, line: str) -> None:
    assert glance(value) == line


def test_the_whole_value_is_kept_for_the_clipboard() -> None:
    assert text("a\nb") == "a\nb"
    assert text(None) == ""
    assert text("x" * 10_000) == "x" * 10_000


@pytest.mark.parametrize(
    ("line", "width", "right", "fitted"),
    [("ab", 4, False, "ab  "), ("ab", 4, True, "  ab"), ("abcdef", 4, False, "abc…"), ("日本語", 4, False, "日 …"),
     ("日本語", 5, False, "日本…"), ("日本", 5, True, " 日本")],
)  # fmt: skip
def test_cells_are_as_wide_as_they_should_be(line: str, width: int, right: bool, fitted: str) -> None:
    """Measured in cells of the terminal, not in characters."""
    assert fit(line, width, right) == fitted
