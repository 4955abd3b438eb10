"""A question that is answered with one key."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static


class Ask(ModalScreen[str]):
    """`choices` are pairs of a key and what it does; the key pressed is the answer, and Esc the answer ``."""

    def __init__(self, title: str, body: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._body = body
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="window question"):
            yield Static(self._title, classes="title", markup=False)
            yield Static(self._body, markup=False)
            line = Text()
            for key, label in (*self._choices, ("Esc", "leave it")):
                line.append(f" {key} ", "reverse bold").append(f" {label}   ")
            yield Static(line, classes="legend")

    def on_key(self, event: Key) -> None:
        event.stop()
        if event.key in ("escape", "n"):
            self.dismiss("")
        elif event.key in dict(self._choices):
            self.dismiss(event.key)
