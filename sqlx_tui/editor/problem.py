"""What went wrong, below the editor: the server's words, the place in the statement, what to do."""

from __future__ import annotations

import re

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from sqlx.dbapi.exceptions import Error
from sqlx_tui.results.cells import glance

GENERAL = "HY000"  # the SQLSTATE that says no more than that something went wrong

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Problem(Static):
    """Shows an error until the next run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)

    def on_mount(self) -> None:
        self.display = False

    def show(self, error: Error, sql: str = "") -> None:
        self.update(describe(error, sql, max(self.app.size.width - 40, 40)))
        self.display = True

    def hide(self) -> None:
        self.display = False


def describe(error: Error, sql: str, width: int) -> Content:
    """The lines that tell of an error; `sql` is the text that its position counts in."""
    state = error.code if error.sqlstate in (None, GENERAL) else error.sqlstate
    lines = [(_clean(error.message), "bold $error")]
    if state is not None:
        lines.append((f"  {state}", "dim"))
    if sql and error.position:
        line, caret = _excerpt(sql, error.position, width)
        lines += [(f"\n{line}", ""), (f"\n{caret}", "bold $error")]
    for name in ("detail", "where", "hint"):
        said = error.fields.get(name)
        if said and said not in error.message:
            lines += [(f"\n{name}: ", "dim"), (_clean(said), "")]
    return Content.assemble(*lines)


def _excerpt(sql: str, position: int, width: int) -> tuple[str, str]:
    """The line of the statement that holds the character at `position` (from 1), and a caret below it."""
    at = min(max(position - 1, 0), len(sql))
    start = sql.rfind("\n", 0, at) + 1
    label = f"line {sql.count(chr(10), 0, start) + 1}: "
    first = max(start, at - width // 2)
    before, behind = glance(sql[first:at]), glance(sql[at:].partition("\n")[0])
    line = label + ("…" if first > start else "") + before
    return line + behind[: max(width - len(line), 1)], " " * cell_len(line) + "^"


def _clean(text: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
