"""The IDE as a Textual app: themes, the palette, and what becomes of its own failures."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from sqlx_tui.actions import ACTIONS, Action
from sqlx_tui.results.viewer import CellViewer
from sqlx_tui.studio import StudioScreen
from sqlx_tui.themes import PLAIN, load_themes, preferred

LOOK_AFTER_TERMINAL = 1.0  # seconds
UNLISTED = frozenset({"command_palette", "interrupt"})


class StudioApp(App[None], inherit_bindings=False):
    """The IDE. `url` is opened at once; without one it asks. `password` is for a URL that has none, `pack` the file of
    the wire pack that runs it, whatever its scheme."""

    TITLE = "SQLx"
    CSS_PATH = Path(__file__).with_name("studio.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave", "Quit", show=False, priority=True)]

    def __init__(self, url: str | None = None, *, password: str | None = None, pack: str | None = None) -> None:
        has_colour = not os.environ.get("NO_COLOR")  # https://no-color.org
        if has_colour:
            os.environ.pop("NO_COLOR", None)  # empty means nothing there, but something to Textual
        super().__init__(ansi_color=None if has_colour else True)
        self._themes = load_themes()
        for theme in self._themes.values():
            self.register_theme(theme.colours)
        chosen = preferred() if has_colour else PLAIN
        self.theme = chosen if chosen in self._themes else next(iter(self._themes))
        self.studio = StudioScreen(url, password, self._themes, pack)
        stdin = sys.__stdin__
        self._terminal = stdin.fileno() if stdin is not None and stdin.isatty() else None

    def on_mount(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda _: self.studio.dress())
        if self._terminal is not None:
            self.set_interval(LOOK_AFTER_TERMINAL, partial(self._end_without, self._terminal))

    def _end_without(self, terminal: int) -> None:
        """End when the terminal is gone, as the signal would that not everybody is sent: there is nobody to say goodbye
        to, and Textual would wait for its last words to be written."""
        poll = select.poll()
        poll.register(terminal, 0)
        if poll.poll(0):
            os._exit(128 + signal.SIGHUP)

    def get_default_screen(self) -> Screen[None]:
        return self.studio

    def action_next_theme(self) -> None:
        names = list(self._themes)
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]

    def action_leave(self) -> None:
        if len(self.screen_stack) == 1:
            self.studio.action_quit_studio()
        else:
            self.pop_screen()

    def on_cell_viewer_copy_asked(self, message: CellViewer.CopyAsked) -> None:
        from sqlx_tui.cells import text

        self.studio.copy(text(message.value), "the cell")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette lists: the actions."""
        named: dict[str, Action] = {}
        for action in ACTIONS:
            if action.name not in UNLISTED:
                named.setdefault(action.name, action)
        for action in named.values():
            yield SystemCommand(action.label, action.description, partial(self._perform, action))

    async def _perform(self, action: Action) -> None:
        await self.run_action(action.name, self.studio.widget_at(action.place))

    def _fatal_error(self) -> None:
        """Leave a report instead of a traceback, which says nothing to whoever sits there."""
        from sqlx_tui.session.crash import report

        self.bell()
        assert self._exception is not None
        self.panic(Text(report(self._exception)))
