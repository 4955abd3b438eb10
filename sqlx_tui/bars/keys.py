"""The last line: the keys that do something here and now."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from sqlx_tui.actions import ACTIONS, Action, Place, shown_key


class KeyLine(Static):
    """What can be done where the focus is comes first, then what can be done everywhere. A click does it too."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--label"}

    class Picked(Message):
        """An action was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._shown: list[tuple[int, Action]] = []  # where it ends, and what it is

    def show(self, place: Place, disabled: frozenset[str]) -> None:
        """Show the keys of a place, and of everywhere, without the actions that are out of the question now."""
        line = Text(no_wrap=True, overflow="ellipsis")
        key, label = (self.get_component_rich_style(f"keys--{name}", partial=True) for name in ("key", "label"))
        self._shown = []
        for here in (place, "everywhere"):
            for action in ACTIONS:
                if action.place == here and action.in_footer and action.name not in disabled:
                    line.append(shown_key(action.keys[0]), key).append(f" {action.label}  ", label)
                    self._shown.append((line.cell_len, action))
        self.update(line, layout=False)

    def on_click(self, event: Click) -> None:
        action = next((action for end, action in self._shown if event.x < end), None)
        if action is not None:
            self.post_message(self.Picked(action))
