"""The table of features counts as it says, and says yes where a test shows it."""

from __future__ import annotations

import re

from tests.pages import ROOT
from tests.test_docs import NAMED_TEST

PAGE = (ROOT / "docs" / "features.md").read_text("utf-8")
HEAD = next(line for line in PAGE.splitlines() if line.startswith("| # |"))
NAMES = [cell.strip() for cell in HEAD.strip("|").split("|")][2:]
ROWS = {
    int(number): [cell.strip() for cell in rest.strip("|").split("|")][1:]
    for number, rest in re.findall(r"^\| (\d+) \|(.+)$", PAGE, re.MULTILINE)
}


def column(name: str) -> list[str]:
    return [row[NAMES.index(name)] for row in ROWS.values()]


def test_every_row_has_a_cell_for_each() -> None:
    assert list(ROWS) == list(range(1, 84))
    assert {len(row) for row in ROWS.values()} == {len(NAMES)}


def test_a_yes_is_shown_by_a_test() -> None:
    """That the tests are there is for tests/test_docs.py to see."""
    assert [
        number for number, row in ROWS.items() if row[0].startswith("[yes]") and not NAMED_TEST.search(row[0])
    ] == []
    assert [number for number, row in ROWS.items() if row[0].lower().startswith("y")] == []


def test_the_page_counts_right() -> None:
    ours = sum(cell.startswith("[yes]") for cell in column("SQLx"))
    theirs = {name: sum(cell.startswith("Y") for cell in column(name)) for name in NAMES[1:]}
    best = max(theirs, key=lambda name: theirs[name])
    elsewhere = sum(cell.startswith("n/a") for cell in column(best))
    assert f"SQLx says yes in {ours} of them. Of the others {best} says it most often, in {theirs[best]}, " in PAGE
    assert f"and {elsewhere} more rows are not for its engine" in PAGE
