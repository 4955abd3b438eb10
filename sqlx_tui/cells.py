"""Values as text: whole, for the clipboard and the cell's own window, and on one line of the grid."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from rich.cells import cell_len, set_cell_size

NULL = "NULL"
GLANCE = 400  # characters of a value that the grid looks at

# What a terminal obeys, what turns the direction of what follows, and what cannot be written as UTF-8.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PICTURES = {**{code: 0x2400 + code for code in range(32)}, 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}
_PICTURES |= dict.fromkeys((*range(0x2028, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)), 0xFFFD)
del _PICTURES[ord("\n")], _PICTURES[ord("\t")]
_SIGNS = {"\n": "⏎", "\r": "", "\t": "→"}


def text(value: Any) -> str:
    """All of a value; None as the empty text, bytes as `\\x00ff`, json and arrays as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=text)
    return str(value)


def glance(value: Any) -> str:
    """The beginning of a value on one line, with nothing in it that a terminal would obey."""
    if value is None:
        return NULL
    if isinstance(value, str | bytes) and len(value) > GLANCE:
        value = value[:GLANCE]
    line = _beginning(value) if isinstance(value, dict | list) else text(value)[:GLANCE]
    return line if line.isprintable() else _CONTROL.sub(_sign, line)


def harmless(whole: str) -> str:
    """A text as long as this one, with a picture (`␛`) for what a terminal would obey; line breaks stay."""
    return whole if whole.isprintable() else whole.translate(_PICTURES)


def spelled_out(message: str) -> str:
    """A message with what a terminal would obey written out; line breaks stay."""
    return _CONTROL.sub(lambda found: found[0] if found[0] == "\n" else _sign(found), message)


def fit(line: str, width: int, to_the_right: bool = False) -> str:
    """Exactly `width` cells: filled up with spaces, or cut, with `…` where something is missing."""
    length = len(line) if line.isascii() else cell_len(line)
    if length > width:
        return set_cell_size(line, width - 1) + "…"
    spaces = " " * (width - length)
    return spaces + line if to_the_right else line + spaces


def is_number(value: Any) -> bool:
    """Whether a value belongs to the right side of its column."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def unfolded(value: Any) -> str:
    """All of a value, laid out for reading: JSON on several lines."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2, default=text)
    whole = text(value)
    if isinstance(value, str) and whole[:1] in ("{", "[") and len(whole) < 1_000_000:
        try:
            return json.dumps(json.loads(whole), ensure_ascii=False, indent=2)
        except (ValueError, RecursionError):
            return whole
    return whole


def _beginning(value: object) -> str:
    """As much of a value's JSON as is looked at: a large document is not written out for each glance."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False, default=text).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length >= GLANCE:
            break
    return "".join(pieces)[:GLANCE]


def _sign(found: re.Match[str]) -> str:
    sign = _SIGNS.get(found[0])
    return found[0].encode("unicode_escape").decode() if sign is None else sign
