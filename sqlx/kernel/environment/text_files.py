"""Files of other programs: read as a whole, within bounds, and told of by their path and line."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from sqlx.kernel.errors import Misuse

MAX_BYTES = 1 << 20


class Said(NamedTuple):
    """A word and its value, and where they stand: a file and its line, or a variable."""

    word: str
    value: str
    where: str


class TextFile(NamedTuple):
    """A plain file; `mode` says who may read and write it."""

    path: str
    mode: int
    lines: list[str]

    def where(self, number: int) -> str:
        return f"{self.path}, line {number}"


def expanded(path: str) -> str | None:
    """A path with `~` or `$VARIABLE` at its beginning; None where there is no such variable."""
    if not path.startswith("$"):
        return os.path.expanduser(path)
    name, _, rest = path[1:].partition("/")
    folder = os.environ.get(name)
    return os.path.join(folder, rest) if folder else None


def mode_of(path: str) -> int | None:
    """Who may read and write a plain file; None where there is none."""
    found = _plain(path)
    return found and found.st_mode


def _plain(path: str) -> os.stat_result | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def read(path: str) -> TextFile | None:
    """A plain file that this user may read, else None. Raises Misuse for one that cannot be a text."""
    found = _plain(path)
    if found is None:
        return None
    try:
        with open(path, "rb", buffering=0) as file:
            raw = file.read(min(found.st_size, MAX_BYTES) + 1) or b""
    except OSError:
        return None
    if len(raw) > MAX_BYTES:
        raise Misuse(f"{path} has more than {MAX_BYTES} bytes: it is not the file that it should be")
    try:
        return TextFile(path, found.st_mode, raw.decode("utf-8-sig").splitlines())
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
    raise Misuse(f"{path}, line {number}: this is not UTF-8: save the file in UTF-8")
