"""What went wrong, below the editor: the server's words, the place in the statement, what to do."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Static

from sqlx.dbapi.exceptions import Error
from sqlx_tui.cells import glance, spelled_out

GENERAL = "HY000"  # the SQLSTATE that says no more than that something went wrong


class Problem(Static):
    """Shows an error until the next run."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)

    def on_mount(self) -> None:
        self.display = False

    def show(self, error: Error, sql: str = "", lines_before: int = 0) -> None:
        """Tell of an error in a statement that begins after so many lines of the text."""
        self.update(describe(error, sql, max(self.app.size.width - 40, 40), lines_before))
        self.display = True

    def hide(self) -> None:
        self.display = False


def describe(error: Error, sql: str = "", width: int = 70, lines_before: int = 0) -> Content:
    """The lines that tell of an error; `sql` is the text that its position counts in."""
    state = error.code if error.sqlstate in (None, GENERAL) else error.sqlstate
    lines = [(spelled_out(error.message), "bold $error")]
    if state is not None:
        lines.append((f"  {state}", "dim"))
    if sql and error.position:
        line, caret = _excerpt(sql, error.position, width, lines_before)
        lines += [(f"\n{line}", ""), (f"\n{caret}", "bold $error")]
    for name in ("detail", "where", "hint"):
        said = error.fields.get(name)
        if said and said not in error.message:
            lines += [(f"\n{name}: ", "dim"), (spelled_out(said), "")]
    return Content.assemble(*lines)


def _excerpt(sql: str, position: int, width: int, lines_before: int) -> tuple[str, str]:
    """The line of the statement that holds the character at `position` (from 1), and a caret below it."""
    at = min(max(position - 1, 0), len(sql))
    start = sql.rfind("\n", 0, at) + 1
    label = f"line {lines_before + sql.count(chr(10), 0, start) + 1}: "
    first = max(start, at - width // 2)
    before, behind = glance(sql[first:at]), glance(sql[at:].partition("\n")[0])
    line = label + ("…" if first > start else "") + before
    return line + behind[: max(width - len(line), 1)], " " * cell_len(line) + "^"
