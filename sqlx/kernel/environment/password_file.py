"""Passwords by place, database and user: a line each, `host:port:database:user:password`.

The grammar of libpq (docs/connecting.md has the address): `*` is anything, a backslash makes the
character behind it an ordinary one, `#` begins a comment, the first line that fits counts. `localhost` stands for the
socket in the engine's own folder, too; any other socket is meant by its folder.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from sqlx.kernel.environment.text_files import TextFile, mode_of, read
from sqlx.kernel.secret import Secret

FIELDS = 5

_FIELD = re.compile(r"(?:[^:\\]|\\.?)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Wanted(NamedTuple):
    """Whose password is looked for: `hosts` are all the names by which the place goes."""

    hosts: tuple[str, ...]
    port: str
    database: str
    user: str


class Passwords:
    """A password file, read when it is first needed. `unread` says why it, or a line of it, does not count."""

    def __init__(self, path: str) -> None:
        self.unread = ""
        self._path = path
        self._file: TextFile | None = None
        self._looked = False

    def find(self, wanted: Wanted) -> Secret | None:
        """The password for one place. Raises Misuse for a file that is no text."""
        if not self._looked:
            self._looked = True
            self._file = self._trusted()
        for number, line in enumerate(self._file.lines if self._file else (), 1):
            fields = split(line)
            if len(fields) == FIELDS and _fits(fields, wanted):
                return Secret(_plain(fields[-1]), f"{self._path}, line {number}") if fields[-1] else None
            if len(fields) != FIELDS and line.strip() and not line.startswith("#"):
                self.unread = self.unread or f"line {number} of {self._path} has not five fields between colons"
        return None

    def _trusted(self) -> TextFile | None:
        mode = mode_of(self._path)
        if mode is not None and mode & 0o077:
            self.unread = f"{self._path} was not read, for others may read it too: chmod 600 {self._path}"
            return None
        return read(self._path)


def split(line: str) -> list[str]:
    """The fields of a line, still escaped; the last one goes on to its end."""
    if line.startswith("#"):
        return []
    fields: list[str] = []
    at = 0
    while len(fields) < FIELDS - 1:
        match = _FIELD.match(line, at)
        assert match is not None  # it matches nothing at all
        at = match.end()
        if at >= len(line):
            break
        fields.append(match[0])
        at += 1
    return [*fields, line[at:]]


def _fits(fields: list[str], wanted: Wanted) -> bool:
    host, *rest = fields[:-1]
    return (host == "*" or _plain(host) in wanted.hosts) and all(
        field == "*" or _plain(field) == value for field, value in zip(rest, wanted[1:], strict=True)
    )


def _plain(field: str) -> str:
    return _ESCAPED.sub(r"\1", field)


def names_of(host: str | None, socket: str | None, usual_socket: str) -> tuple[str, ...]:
    """The names by which a password file knows a place."""
    if socket is None:
        return (host or "",)
    folder = os.path.dirname(socket)
    usual = folder == os.path.dirname(usual_socket)
    return ("localhost", folder, socket) if usual else (folder, socket)
