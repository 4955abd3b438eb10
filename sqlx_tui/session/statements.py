"""What is about to be run: one statement after another, and which of them cannot be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlx.kernel.scanner import Scanner

SWEEPING = frozenset({"DELETE", "UPDATE"})  # without WHERE they reach every row
DROPPED = frozenset({"TABLE", "DATABASE", "SCHEMA"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, and where it begins in the text of the editor."""

    sql: str
    offset: int

    @property
    def title(self) -> str:
        """Its beginning, on one line."""
        return " ".join(self.sql[:200].split())


def at_cursor(scanner: Scanner, text: str, offset: int) -> list[Statement]:
    """The statement that the cursor means; none in an empty text."""
    span = scanner.statement_at(text, offset)
    return [] if span is None else [Statement(text[span[0] : span[1]], span[0])]


def in_text(scanner: Scanner, text: str, offset: int = 0) -> list[Statement]:
    """All statements of a text that begins at `offset` in the editor."""
    return [Statement(text[start:end], offset + start) for start, end in scanner.statements(text)]


def danger(scanner: Scanner, sql: str) -> str | None:
    """Why somebody should be asked before this is run; None for what can be run at once."""
    first = scanner.words(sql, 2)
    if first[:1] == ["TRUNCATE"] or (first[:1] == ["DROP"] and first[-1] in DROPPED):
        return f"{' '.join(first if first[0] == 'DROP' else first[:1])} cannot be taken back"
    verb = _sweeping(scanner, sql)
    return f"{verb} without WHERE reaches every row" if verb else None


def _sweeping(scanner: Scanner, sql: str) -> str:
    """The first verb that reaches every row of its table.

    A verb stands where a statement may begin: at the start, behind a parenthesis, or behind the CTEs.
    """
    verbs = [""]  # one a level of parentheses, until its WHERE is seen
    before = ""
    for kind, start, end in scanner.tokens(sql):
        if kind == "comment":
            continue
        word = sql[start:end].upper()
        if word == "(":
            verbs.append("")
        elif word == ")" and len(verbs) > 1:
            if verb := verbs.pop():
                return verb
        elif word in SWEEPING and before in ("", "(", ")"):
            verbs[-1] = word
        elif word == "WHERE":
            verbs[-1] = ""
        before = word
    return next(filter(None, verbs), "")
