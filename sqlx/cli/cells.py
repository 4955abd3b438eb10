"""Text on a terminal: how wide it is, where to cut it, what must not reach it, and colour."""

from __future__ import annotations

import os
import re
import shutil
from typing import TextIO

RED, BOLD, DIM, YELLOW = "31;1", "1", "2", "33"
ELLIPSIS = "…"

# Those that turn the direction of writing, too: with them a text can show what it is not (UAX #9).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str, spared: str = "") -> str:
    r"""The text with control characters written out, `\n` or `\x1b`: a terminal must not obey what a server says."""
    if text.isprintable():
        return text
    return _CONTROL.sub(
        lambda found: found[0] if found[0] in spared else found[0].encode("unicode_escape").decode(), text
    )


def width_of(text: str) -> int:
    """How many cells of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """At most `width` cells of the text, ending in `…` where something is missing."""
    if width_of(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1] + ELLIPSIS
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1) + ELLIPSIS


def pad(text: str, width: int, right: bool = False) -> str:
    """The text with spaces behind it, or before it where it belongs to the right."""
    spaces = " " * (width - width_of(text))
    return spaces + text if right else text + spaces


def terminal_width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return shutil.get_terminal_size().columns


def has_colour(stream: TextIO) -> bool:
    """Whether to paint: on a terminal that can, for a user who has not said no (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, code: str, on: bool) -> str:
    """The text in a colour of the terminal, or as it is."""
    return f"\x1b[{code}m{text}\x1b[0m" if on else text
