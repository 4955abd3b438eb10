"""What a check has to say of a pack."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """`path` is the JSON path of the place, `message` a sentence; a `note` does not keep a pack from running."""

    path: str
    message: str
    severity: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        place = "" if self.path == "$" else f"{self.path}: "
        return f"{place}{'note: ' * (self.severity == 'note')}{self.message}"


def alternatives(word: str, known: Iterable[str], shown: int = 12) -> str:
    """What else could have been meant: the nearest name, or all of them where they are few."""
    from difflib import get_close_matches  # loaded only when something is wrong

    names = list(known)
    close = get_close_matches(word, names, 1)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not names:
        return "; there are none"
    return f"; there are {', '.join(sorted(names))}" if len(names) <= shown else ""
