"""One cell in a window of its own: all of it, however long."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from sqlx_tui.cells import glance, harmless, text, unfolded
from sqlx_tui.session.outcome import Heading

LONGEST = 1_000_000  # characters that are laid out


class CellViewer(ModalScreen[None]):
    """Shows a value; `c` copies it, `Esc` closes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close"),
        Binding("c,y", "copy", "Copy"),
    ]

    class CopyAsked(Message):
        """The value is wanted on the clipboard."""

        def __init__(self, value: object) -> None:
            super().__init__()
            self.value = value

    def __init__(self, heading: Heading, value: object) -> None:
        super().__init__()
        self._heading = heading
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            if self._value is None:
                yield Static("NULL: there is no value", classes="faint")
            else:
                area = TextArea(
                    harmless(unfolded(self._value)[:LONGEST]), read_only=True, soft_wrap=True, show_line_numbers=False
                )
                area.cursor_blink = False
                yield area
            yield Static(self._legend(), classes="legend", markup=False)

    def on_mount(self) -> None:
        window = self.query_one(".window")
        window.border_title = f"{glance(self._heading.name)} {self._heading.type}".strip().replace("[", r"\[")

    def action_copy(self) -> None:
        self.app.post_message(self.CopyAsked(self._value))
        self.dismiss()

    def _legend(self) -> str:
        length = len(self._value) if isinstance(self._value, bytes) else len(text(self._value))
        size = f"{length:,} {'bytes' if isinstance(self._value, bytes) else 'characters'}"
        cut = ", the beginning is shown" if length > LONGEST else ""
        return f"{size}{cut}   c copy   Esc close"
