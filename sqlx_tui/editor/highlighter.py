"""The colours of SQL, for the lines that are seen and no others.

What a line means depends on what is open where it begins: a string, a comment, a quoted function body. So for each line
the *anchor* is kept: where the token begins that reaches over the line's start, or None. Anchors are found from the top
down, as far as somebody has looked, and an edit forgets those below it. A key costs what is on the screen, whatever the
length of the document.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlx.kernel.scanner import Kind, Scanner
from sqlx_tui.editor.keywords import KEYWORDS

Span: TypeAlias = tuple[int, int, str]  # columns from and to, and the kind of token
Anchor: TypeAlias = tuple[int, int] | None  # line and column

CHUNK = 64  # lines scanned at once

_NAMES: dict[Kind, str] = {
    "string": "string",
    "identifier": "identifier",
    "comment": "comment",
    "executable": "comment",
    "number": "number",
    "mark": "parameter",
    "name": "parameter",
    "numeric": "parameter",
    "native": "parameter",
    "symbol": "operator",
}


class Highlighter:
    """The spans of each line of a document, by one engine's scanner. `line(n)` is the text of line n, `count()` how
    many there are.
    """

    def __init__(self, scanner: Scanner, line: Callable[[int], str], count: Callable[[], int]) -> None:
        self._scanner = scanner
        self._line = line
        self._count = count
        self._anchors: list[Anchor] = [None]  # of the lines from the first on that are known
        self._spans: dict[int, list[Span]] = {}

    def forget(self, first: int) -> None:
        """The document has changed from this line on."""
        del self._anchors[max(first, 1) :]
        self._spans = {line: spans for line, spans in self._spans.items() if line < first}

    def spans(self, line: int) -> Sequence[Span]:
        """What is coloured in a line, from left to right."""
        while line not in self._spans and line < self._count():
            self._scan(min(line, len(self._anchors) - 1))
        return self._spans.get(line, ())

    def _scan(self, first: int) -> None:
        """Find the spans of the lines from `first` on, whose anchor is known, and the anchors behind them."""
        last = min(first + CHUNK, self._count())
        top, column = self._anchors[first] or (first, 0)
        lines = [self._line(number) for number in range(top, last)]
        starts = [0]
        for text in lines:
            starts.append(starts[-1] + len(text) + 1)
        found: list[list[Span]] = [[] for _ in lines]
        anchors: list[Anchor] = [None] * (len(lines) + 1)
        whole = "\n".join(lines) + "\n"
        for kind, start, end in self._scanner.tokens(whole[column:]):
            start, end = start + column, end + column
            name = self._name(kind, whole, start, end)
            row = at = bisect_right(starts, start) - 1
            while at < len(lines) and starts[at] < end:
                if name:
                    found[at].append((max(start - starts[at], 0), min(end, starts[at + 1] - 1) - starts[at], name))
                at += 1
                if start < starts[at] <= end:
                    anchors[at] = (top + row, start - starts[row])
        self._keep(first, top, found, anchors)

    def _keep(self, first: int, top: int, found: list[list[Span]], anchors: list[Anchor]) -> None:
        for number in range(first, top + len(found)):
            self._spans[number] = found[number - top]
            if number + 1 == len(self._anchors):
                self._anchors.append(anchors[number + 1 - top])

    def _name(self, kind: Kind, text: str, start: int, end: int) -> str:
        if kind != "word":
            return _NAMES.get(kind, "")
        if text[start:end].upper() in KEYWORDS and (start == 0 or text[start - 1] != "."):
            return "keyword"
        return "function" if text[end : end + 1] == "(" else ""
