"""The list of everything that a key can do."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from sqlx_tui.actions import PLACES, of_place, shown_key


class Help(ModalScreen[None]):
    """The keys, place by place."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,f1", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with Vertical(classes="window tall"):
            with VerticalScroll():
                for place in PLACES:
                    yield Static(place if place == "everywhere" else f"in the {place}", classes="title")
                    yield Static(_keys(place))
            yield Static("Esc close", classes="legend")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()


def _keys(place: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for action in of_place(place):  # type: ignore[arg-type]
        table.add_row("  " + " ".join(map(shown_key, action.keys)), action.description)
    return table
