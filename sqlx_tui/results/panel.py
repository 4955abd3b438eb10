"""The results of the last run: their names, the grid of the current one, and a line that says what came of it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from sqlx_tui.actions import bindings, of_place, shown_key
from sqlx_tui.cells import glance, text
from sqlx_tui.results.grid import ResultGrid
from sqlx_tui.results.tabs import ResultTabs
from sqlx_tui.results.viewer import CellViewer
from sqlx_tui.session.messages import Completed, Failed, Opened, Paused, RowsArrived, Started
from sqlx_tui.session.outcome import Outcome

SLOWEST = 0.25  # seconds between two changes of the line below, while rows come


class Remark(Static, can_focus=True):
    """Stands where the grid would, and keeps the keys in their place."""


class ResultsPanel(Vertical):
    """Owns the outcomes. Runs tell it what happens; what it has handled goes on to the screen."""

    BINDINGS = bindings("results")

    class CopyAsked(Message):
        """This text is wanted on the clipboard; `what` names it."""

        def __init__(self, copied: str, what: str) -> None:
            super().__init__()
            self.copied = copied
            self.what = what

    class MoreAsked(Message):
        """The rows behind the last are wanted."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.outcomes: list[Outcome] = []
        self.current = 0
        self._cursors: dict[int, tuple[int, int]] = {}
        self._told = 0.0

    def compose(self) -> ComposeResult:
        yield ResultTabs(id="result-tabs")
        yield Remark(_invitation(), id="result-text", markup=False)
        yield ResultGrid(id="grid")
        with Horizontal(id="result-line"):
            yield Static("", id="result-summary", markup=False)
            yield Static("", id="result-cell", markup=False)

    def on_mount(self) -> None:
        self.border_title = " Results "
        self.query_one(ResultTabs).display = False
        self.grid.display = False

    @property
    def grid(self) -> ResultGrid:
        return self.query_one(ResultGrid)

    @property
    def body(self) -> Widget:
        """What has the focus when the results have it."""
        return self.grid if self.grid.display else self.query_one(Remark)

    @property
    def outcome(self) -> Outcome | None:
        """The current one."""
        return self.outcomes[self.current] if self.outcomes else None

    def clear(self) -> None:
        """Make room for the results of another run."""
        self.outcomes = []
        self._cursors = {}
        self.current = 0

    def select(self, number: int) -> None:
        """Show another of the results."""
        if 0 <= number < len(self.outcomes) and number != self.current:
            self._cursors[self.current] = self.grid.cursor
            self.current = number
            self._show()

    # -- what a run tells

    def on_started(self, message: Started) -> None:
        self.outcomes.append(message.outcome)
        self._cursors[self.current] = self.grid.cursor
        self.current = len(self.outcomes) - 1
        self._show()

    def on_opened(self, message: Opened) -> None:
        message.outcome.columns = message.columns
        self._changed(message.outcome)

    def on_rows_arrived(self, message: RowsArrived) -> None:
        outcome = message.outcome
        outcome.rows += message.rows
        outcome.seconds = message.seconds
        outcome.state = "running"
        if outcome is self.outcome:
            self.grid.grow()
            if message.seconds - self._told >= SLOWEST or message.seconds < self._told or len(message.rows) < 100:
                self._told = message.seconds
                self._show_line()

    def on_paused(self, message: Paused) -> None:
        message.outcome.state = "paused"
        self._changed(message.outcome)

    def on_completed(self, message: Completed) -> None:
        outcome = message.outcome
        outcome.state = "abandoned" if message.was_abandoned else "done"
        outcome.rowcount = message.rowcount
        outcome.seconds = message.seconds
        outcome.notices = list(message.notices)
        self._changed(outcome)

    def on_failed(self, message: Failed) -> None:
        outcome = message.outcome
        outcome.state = "cancelled" if message.was_cancelled else "failed"
        outcome.error = message.error
        outcome.seconds = message.seconds
        self._changed(outcome)

    # -- what the user does

    def on_result_grid_moved(self) -> None:
        self._show_cell()

    def on_result_grid_chosen(self) -> None:
        self.action_view_cell()

    def on_result_tabs_picked(self, message: ResultTabs.Picked) -> None:
        self.select(message.number)

    def action_view_cell(self) -> None:
        if (cell := self.grid.cell) is not None:
            self.app.push_screen(CellViewer(*cell))

    def action_copy_cell(self) -> None:
        if (cell := self.grid.cell) is not None:
            self.post_message(self.CopyAsked(text(cell[1]), "the cell"))

    def action_copy_row(self) -> None:
        if self.grid.cell is not None:
            row = self.grid.rows[self.grid.cursor[0]]
            self.post_message(self.CopyAsked("\t".join(text(value) for value in row), "the row"))

    def action_read_more(self) -> None:
        self.post_message(self.MoreAsked())

    def action_previous_result(self) -> None:
        self.select(self.current - 1)

    def action_next_result(self) -> None:
        self.select(self.current + 1)

    def action_first_row(self) -> None:
        self.grid.go(0, self.grid.cursor[1])

    def action_last_row(self) -> None:
        self.grid.go(len(self.grid.rows) - 1, self.grid.cursor[1])

    # -- showing

    def _changed(self, outcome: Outcome) -> None:
        if outcome is self.outcome:
            is_shown = self.grid.display and self.grid.rows is outcome.rows and self.grid.columns
            if outcome.columns is not None and is_shown:
                self.grid.grow()
                self._show_line()
                self.query_one(ResultTabs).show(self.outcomes, self.current)
            else:
                self._show()
        else:
            self.query_one(ResultTabs).show(self.outcomes, self.current)

    def _show(self) -> None:
        outcome = self.outcome
        if outcome is None:
            return
        self.query_one(ResultTabs).show(self.outcomes, self.current)
        has_rows = outcome.columns is not None
        had_focus = self.body.has_focus
        self.grid.display = has_rows
        self.query_one(Remark).display = not has_rows
        if outcome.columns is not None:
            self.grid.show(outcome.columns, outcome.rows, self._cursors.get(self.current, (0, 0)))
        else:
            self.query_one(Remark).update(_without_rows(outcome), layout=False)
        if had_focus:
            self.body.focus()
        self._show_line()

    def _show_line(self) -> None:
        outcome = self.outcome
        if outcome is not None:
            self.query_one("#result-summary", Static).update(_summary(outcome), layout=False)
            self._show_cell()

    def _show_cell(self) -> None:
        cell, outcome = self.grid.cell, self.outcome
        said = ""
        if cell is not None and outcome is not None and outcome.columns is not None:
            row, column = self.grid.cursor
            said = f"row {row + 1}  col {column + 1}/{len(outcome.columns)}  {glance(cell[0].name)} {cell[0].type}"
        self.query_one("#result-cell", Static).update(said, layout=False)


def duration(seconds: float) -> str:
    """`12 ms`, `1.25 s`, `2 min 05 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60:02} s"


def _summary(outcome: Outcome) -> Content:
    parts = [(outcome.summary, "bold $error" if outcome.state in ("failed", "cancelled") else "bold")]
    if outcome.seconds:
        parts.append((f"   {duration(outcome.seconds)}", ""))
    if outcome.state == "paused":
        parts.append(("   m reads on", "$warning"))
    if outcome.notices:
        more = f" (and {len(outcome.notices) - 1} more)" if len(outcome.notices) > 1 else ""
        parts.append((f"   {glance(outcome.notices[0])}{more}", "$warning"))
    return Content.assemble(*parts)


def _without_rows(outcome: Outcome) -> str:
    if outcome.state == "running":
        return f"running: {glance(outcome.statement.title)}"
    if outcome.state == "failed":
        return "the statement failed: what the server said stands below the editor"
    if outcome.state == "cancelled":
        return "cancelled: nothing came back"
    return f"{outcome.summary}: {glance(outcome.statement.title)}"


def _invitation() -> str:
    key = next(shown_key(action.keys[0]) for action in of_place("everywhere") if action.name == "run_statement")
    return f"nothing has been run yet\n\nwrite a statement and press {key},\nor choose a table in the tree and press s"
