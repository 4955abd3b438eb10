"""The colours of a line are those of the whole text, found without reading the whole text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.kernel.options import parse
from sqlx.kernel.scanner import Scanner, scanner_of
from sqlx_tui.editor.highlighter import CHUNK, Highlighter

SCANNERS = {scheme: scanner_of(parse(f"{scheme}://").pack) for scheme in ("postgresql", "mysql", "sqlite")}
PIECES = (
    "SELECT",
    "a",
    "'",
    '"',
    "`",
    "/*",
    "*/",
    "--",
    "\n",
    " ",
    "$$",
    "$f$",
    "1",
    "(",
    ")",
    ";",
    ":n",
    "?",
    "\\",
    "é",
)


def highlighter(scanner: Scanner, lines: list[str]) -> Highlighter:
    return Highlighter(scanner, lines.__getitem__, lines.__len__)


def named(lines: list[str], row: int, spans: object) -> list[tuple[str, str]]:
    return [(lines[row][start:end], kind) for start, end, kind in spans]  # type: ignore[attr-defined]


def test_each_kind_has_its_name() -> None:
    lines = ["SELECT count(*), 'it''s', \"Name\", 42 -- why", "FROM t.select WHERE id = :id /* not", "over */ AND b"]
    seen = highlighter(SCANNERS["postgresql"], lines)
    assert named(lines, 0, seen.spans(0)) == [
        ("SELECT", "keyword"), ("count", "function"), ("(", "operator"), ("*", "operator"), (")", "operator"),
        (",", "operator"), ("'it''s'", "string"), (",", "operator"), ('"Name"', "identifier"), (",", "operator"),
        ("42", "number"), ("-- why", "comment"),
    ]  # fmt: skip
    assert ("select", "keyword") not in named(lines, 1, seen.spans(1))
    assert (":id", "parameter") in named(lines, 1, seen.spans(1))
    assert named(lines, 2, seen.spans(2)) == [("over */", "comment"), ("AND", "keyword")]


@pytest.mark.parametrize("engine", SCANNERS)
@given(
    lines=st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), min_size=1, max_size=200).map(
        lambda parts: "\n".join(parts).split("\n")
    ),
    look=st.lists(st.integers(0, 300), max_size=6),
    edits=st.lists(st.tuples(st.integers(0, 300), st.sampled_from(PIECES)), max_size=6),
)
def test_windowed_is_whole(engine: str, lines: list[str], look: list[int], edits: list[tuple[int, str]]) -> None:
    """Whatever was looked at and edited before, a line's colours are those that a fresh look from the top gives."""
    lines = list(lines)
    seen = highlighter(SCANNERS[engine], lines)
    for row in look:
        seen.spans(row % len(lines))
    for row, piece in edits:
        row %= len(lines)
        lines[row] += piece.strip("\n")
        seen.forget(row)
        seen.spans((row + 30) % len(lines))
    fresh = highlighter(SCANNERS[engine], lines)
    whole = [list(fresh.spans(row)) for row in range(len(lines))]
    assert [list(seen.spans(row)) for row in reversed(range(len(lines)))] == whole[::-1]


def test_an_edit_costs_what_is_seen() -> None:
    """After an edit deep in a long text, no line far above it is read again, nor one far below."""
    lines = ["SELECT a FROM b;"] * 20_000
    read: list[int] = []

    def line(row: int) -> str:
        read.append(row)
        return lines[row]

    seen = Highlighter(SCANNERS["postgresql"], line, lines.__len__)
    seen.spans(15_000)
    read.clear()
    seen.forget(15_000)
    for row in range(14_990, 15_030):
        seen.spans(row)
    assert len(read) <= 2 * CHUNK
    assert min(read) >= 14_990 - CHUNK
