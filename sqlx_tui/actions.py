"""Everything that a key can do, in one table: it feeds the bindings, the footer, the help, the palette and the docs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from textual.binding import Binding, BindingType

Place: TypeAlias = Literal["everywhere", "editor", "results", "tree"]
PLACES: tuple[Place, ...] = ("everywhere", "editor", "results", "tree")


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is the method `action_<name>` of the place's widget (of the screen: everywhere).

    Keys are Textual's; the first is the one that is shown. `is_first`: seen before what has the focus sees the key.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    description: str
    place: Place = "everywhere"
    in_footer: bool = False
    is_first: bool = False


# Keys that every terminal sends, over SSH and inside tmux and screen too; where a nicer one exists it stands beside.
ACTIONS: tuple[Action, ...] = (
    Action("run_statement", ("f5", "ctrl+j", "ctrl+enter"), "Run", "Run the statement at the cursor, or the selection",
           in_footer=True, is_first=True),
    Action("run_all", ("f6",), "Run all", "Run all statements, one by one; the first that fails ends it",
           in_footer=True, is_first=True),
    Action("cancel", ("escape",), "Cancel", "Have the server stop what runs; once more closes the connection",
           in_footer=True, is_first=True),
    Action("interrupt", ("ctrl+c",), "Cancel", "Cancel while something runs; copy otherwise", is_first=True),
    Action("commit", ("f7",), "Commit", "Make the open transaction's work last", in_footer=True, is_first=True),
    Action("rollback", ("f8",), "Roll back", "Undo the open transaction's work", in_footer=True, is_first=True),
    Action("toggle_autocommit", ("f9",), "Autocommit", "Autocommit on or off: each statement a transaction of its own?",
           is_first=True),
    Action("help", ("f1",), "Help", "This list", in_footer=True, is_first=True),
    Action("quit_studio", ("ctrl+q",), "Quit", "Leave; with a transaction open you are asked first",
           in_footer=True, is_first=True),
    Action("go_to_tree", ("f2",), "Tree", "Go to the tree; from the tree: hide it", in_footer=True, is_first=True),
    Action("go_to_editor", ("f3",), "Editor", "Go to the editor", in_footer=True, is_first=True),
    Action("go_to_results", ("f4",), "Results", "Go to the results; from the results: give them the whole height",
           in_footer=True, is_first=True),
    Action("previous_result", ("ctrl+pageup",), "Previous result", "Show the result before this one",
           is_first=True),
    Action("next_result", ("ctrl+pagedown",), "Next result", "Show the result after this one", is_first=True),
    Action("connect", ("ctrl+o",), "Connect", "Connect to a database", is_first=True),
    Action("reconnect", ("ctrl+r",), "Reconnect", "Connect again to the same database", is_first=True),
    Action("next_theme", ("ctrl+t",), "Theme", "The next of the themes"),
    Action("command_palette", ("ctrl+p",), "Commands", "Find anything on this list by its name"),
    Action("toggle_comment", ("ctrl+underscore", "ctrl+slash"), "Comment", "Comment the lines out, or in again",
           "editor"),
    Action("first_line", ("ctrl+home",), "First line", "Go to the start of the text", "editor"),
    Action("last_line", ("ctrl+end",), "Last line", "Go to the end of the text", "editor"),
    Action("view_cell", ("enter", "space"), "View", "The whole cell, in a window of its own", "results", True),
    Action("copy_cell", ("c", "y", "ctrl+c"), "Copy", "Copy the cell to the terminal's clipboard", "results", True),
    Action("copy_row", ("r", "Y"), "Copy row", "Copy the row, its cells parted by tabs", "results", True),
    Action("read_more", ("m",), "More", "Read on where reading paused", "results"),
    Action("previous_result", ("left_square_bracket",), "Previous", "Show the result before this one", "results"),
    Action("next_result", ("right_square_bracket",), "Next", "Show the result after this one", "results"),
    Action("first_row", ("g", "ctrl+home"), "First row", "Go to the first row", "results"),
    Action("last_row", ("G", "ctrl+end"), "Last row", "Go to the last row", "results"),
    Action("show_rows", ("s",), "Rows", "Show the rows of the table", "tree", True),
    Action("insert_name", ("i",), "Insert", "Write the name into the editor", "tree", True),
    Action("refresh", ("r",), "Refresh", "Read the tree anew", "tree", True),
)  # fmt: skip

_SHOWN_KEYS = {
    "escape": "Esc", "left_square_bracket": "[", "right_square_bracket": "]", "underscore": "_", "slash": "/",
    "pageup": "PgUp", "pagedown": "PgDn", "enter": "Enter", "space": "Space", "ctrl": "Ctrl", "home": "Home",
    "end": "End",
}  # fmt: skip


def bindings(place: Place) -> list[BindingType]:
    """The bindings of one place, for the `BINDINGS` of its widget."""
    return [
        Binding(
            ",".join(action.keys),
            action.name,
            action.label,
            show=action.in_footer,
            key_display=shown_key(action.keys[0]),
            priority=action.is_first,
        )
        for action in of_place(place)
    ]


def of_place(place: Place) -> Iterator[Action]:
    return (action for action in ACTIONS if action.place == place)


def shown_key(key: str) -> str:
    """`ctrl+pageup` as `Ctrl+PgUp`, `Y` as `Shift+Y`."""
    if len(key) == 1 and key.isupper():
        return f"Shift+{key}"
    is_plain = len(key) == 1
    return "+".join(_SHOWN_KEYS.get(part, part if is_plain else part.upper()) for part in key.split("+"))


def table() -> str:
    """The keys as a Markdown table, as docs/ide.md has them."""
    lines = ["| Where | Key | |", "|---|---|---|"]
    for place in PLACES:
        for action in of_place(place):
            keys = " ".join(f"`{shown_key(key)}`" for key in action.keys)
            lines.append(f"| {place} | {keys} | {action.description} |")
    return "\n".join(lines)
