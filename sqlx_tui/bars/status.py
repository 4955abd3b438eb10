"""The line at the bottom: what runs, whom one is connected to, and what becomes of changes."""

from __future__ import annotations

from time import monotonic
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from sqlx_tui.cells import glance

SIGNS = "|/-\\"
BEAT = 0.25  # seconds between two signs: over a slow line each costs a cell

Tone = Literal["plain", "good", "bad"]


class StatusBar(Horizontal):
    """Only the cells that change are sent: the sign, the seconds, the message each are a widget."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._shown: dict[str, str | Content] = {}

    def compose(self) -> ComposeResult:
        for name in ("message", "sign", "seconds", "transaction", "place"):
            yield Static("", id=f"status-{name}", markup=False)

    def on_mount(self) -> None:
        self._timer: Timer = self.set_interval(BEAT, self._beat, pause=True)
        self._started = 0.0
        self._beats = 0

    def begin(self, message: str) -> None:
        """Something runs from now on."""
        self._started, self._beats = monotonic(), 0
        self.say(message)
        self._write("sign", "*")
        self._write("seconds", "")
        self._timer.resume()

    def end(self) -> None:
        """Nothing runs any more."""
        self._timer.pause()
        self._write("sign", " ")
        self._write("seconds", "")

    def say(self, message: str, tone: Tone = "plain") -> None:
        """Tell something in a few words; it stays until there is something else to tell."""
        style = {"plain": "", "good": "$success", "bad": "bold $error"}[tone]
        self._write("message", Content.styled(glance(message), style))

    def show_place(self, place: str) -> None:
        self._write("place", place)

    def show_transaction(self, autocommit: bool, is_open: bool, has_failed: bool) -> None:
        """Whether changes last by themselves, and whether some wait."""
        if has_failed:
            self._write("transaction", Content.styled(" TRANSACTION FAILED: F8 ", "reverse bold $error"))
        elif is_open:
            self._write("transaction", Content.styled(" TRANSACTION OPEN ", "reverse bold $warning"))
        else:
            said = "autocommit on" if autocommit else Content.styled("autocommit OFF", "bold $warning")
            self._write("transaction", said)

    def show_nothing(self) -> None:
        """There is no connection."""
        self._write("transaction", "")
        self._write("place", "not connected")

    def _beat(self) -> None:
        self._beats += 1
        if self.app.animation_level != "none":
            self._write("sign", SIGNS[self._beats % len(SIGNS)])
        if self._beats % 4 == 0:
            self._write("seconds", f"{monotonic() - self._started:.0f} s")

    def _write(self, name: str, text: str | Content) -> None:
        """Change one of the widgets; those whose width is fixed leave the rest of the screen alone."""
        if self._shown.get(name) != text:
            self._shown[name] = text
            self.query_one(f"#status-{name}", Static).update(text, layout=name in ("transaction", "place"))
