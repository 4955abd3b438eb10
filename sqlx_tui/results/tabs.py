"""The line that names the results of a script, where there is more than one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from sqlx_tui.cells import fit, glance
from sqlx_tui.session.outcome import Outcome

WIDEST = 20  # cells of one name


class ResultTabs(Static):
    """One name a result; those around the current one are seen."""

    class Picked(Message):
        """The result with this number was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._places: list[tuple[int, int]] = []  # a result's number, and where its name ends

    def show(self, outcomes: Sequence[Outcome], current: int) -> None:
        """Name the results, the current one within sight."""
        self.display = len(outcomes) > 1
        if not self.display:
            return
        names = [_name(number, outcome) for number, outcome in enumerate(outcomes, 1)]
        room = self.size.width or self.app.size.width // 2  # not yet laid out the first time
        first = current
        while first and sum(cell_len(name) for name in names[first - 1 : current + 1]) < room:
            first -= 1
        parts: list[tuple[str, str]] = []
        end = 0
        self._places = []
        for number in range(first, len(names)):
            failed = outcomes[number].state in ("failed", "cancelled")
            style = "reverse bold" if number == current else "$error" if failed else "dim"
            parts.append((names[number], style))
            end += cell_len(names[number])
            self._places.append((number, end))
        self.update(Content.assemble(*parts), layout=False)

    def on_click(self, event: Click) -> None:
        number = next((number for number, end in self._places if event.x < end), None)
        if number is not None:
            self.post_message(self.Picked(number))


def _name(number: int, outcome: Outcome) -> str:
    sign = {"failed": "✗ ", "cancelled": "✗ ", "running": "… "}.get(outcome.state, "")
    title = fit(glance(outcome.statement.title), WIDEST).rstrip()
    return f" {number} {sign}{title} "
