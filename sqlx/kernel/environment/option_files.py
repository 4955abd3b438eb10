r"""Option files: groups of options for programs (docs/connecting.md has the address of their manual).

    [client]
    user = anna            # a comment
    password = "with # and \\"
    !includedir /folder

Options of the groups that are asked for count in the order in which they stand, the last on top. In names `_` is `-`.
A file that everybody may write is passed over.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator

from sqlx.kernel.environment.text_files import Said, TextFile, expanded, mode_of, read
from sqlx.kernel.errors import Misuse

MAX_DEPTH = 10  # of files that include others
MAX_FILES = 200

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " ", "\\": "\\", '"': '"', "'": "'"}


class OptionFiles:
    """Reads files; `said` is what they say in the groups."""

    def __init__(self, groups: Iterable[str]) -> None:
        self.said: list[Said] = []
        self._groups = frozenset(groups)
        self._count = 0

    def read_usual(self, paths: Iterable[str]) -> None:
        """The files that there are among some. Raises Misuse for one that is wrong."""
        for path in filter(None, map(expanded, paths)):
            self._read(path, 0)

    def read_named(self, path: str) -> None:
        """A file that somebody named. Raises Misuse when it is not there, or everybody may write it."""
        mode = mode_of(path)
        if mode is None or not os.access(path, os.R_OK):
            raise Misuse(f"the option file {path} cannot be read: correct its path, or who may read it")
        if mode & stat.S_IWOTH:
            raise Misuse(f"everybody may write the option file {path}: chmod o-w {path}")
        self._read(path, 0)

    def _read(self, path: str, depth: int) -> None:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_FILES:
            bound = f"{MAX_DEPTH} deep" if depth > MAX_DEPTH else f"{MAX_FILES} in all"
            raise Misuse(f"option files include one another more than {bound}, at {path}")
        file = read(path)
        if file is None or file.mode & stat.S_IWOTH:
            return
        inside, group = False, False
        for number, line in enumerate(file.lines, 1):
            text = line.strip()
            if not text or text[0] in "#;":
                continue
            if text.startswith("!"):
                self._include(text, file.where(number), depth)
            elif text.startswith("["):
                group, inside = True, _group(text, file.where(number)) in self._groups
            elif not group:
                raise Misuse(f"{file.where(number)}: an option stands before the first [group]")
            elif inside:
                self._option(text, file, number)

    def _include(self, text: str, where: str, depth: int) -> None:
        word, _, rest = text.partition(" ")
        path = os.path.expanduser(rest.strip())
        if word not in ("!include", "!includedir") or not os.path.isabs(path):
            raise Misuse(f"{where}: write !include or !includedir, and a whole path")
        for each in [path] if word == "!include" else _option_files_in(path):
            self._read(each, depth + 1)

    def _option(self, text: str, file: TextFile, number: int) -> None:
        word, _, value = _without_comment(text).partition("=")
        name = word.strip().lower().replace("_", "-").removeprefix("loose-")
        self.said.append(Said(name, _value(value.strip()), file.where(number)))


def _group(text: str, where: str) -> str:
    name, bracket, _ = text[1:].partition("]")
    if not bracket:
        raise Misuse(f"{where}: a group is named as in [client], and the ] is missing")
    return name.strip()


def _option_files_in(folder: str) -> Iterator[str]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".cnf"))
    except OSError:
        return
    for name in names:
        yield os.path.join(folder, name)


def _without_comment(text: str) -> str:
    """The text before a # that stands in no quotes."""
    quote, escaped = "", False
    for at, character in enumerate(text):
        if character in "'\"" and not escaped:
            quote = "" if quote == character else quote or character
        if character == "#" and not quote:
            return text[:at]
        escaped = bool(quote) and character == "\\" and not escaped
    return text


def _value(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text)
