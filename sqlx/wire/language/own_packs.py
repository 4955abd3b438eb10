"""The packs of the user's own folders: SQLX_PACKS names the folders, and each `*.wire.json` in them is a pack.

They are strangers: one is held against the models when its scheme is asked for, and what is wrong with it is said
then. None takes the place of a shipped scheme or name. The working folder is never looked into: what stands there may
be anybody's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from sqlx.wire.errors import PackError
from sqlx.wire.language.check import load_file, read_file
from sqlx.wire.registry import Pack, resolve, shipped_packs, shipped_schemes

VARIABLE = "SQLX_PACKS"
MAX_FILES = 500  # in one folder

_TAKEN = "is a shipped pack's: no other pack takes its place"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of a pack, as far as it can be read: `wrong` says why it cannot be used."""

    path: Path
    name: str = ""
    schemes: tuple[str, ...] = ()
    wrong: PackError | None = None
    taken: tuple[str, ...] = ()  # schemes that it says are its own, and that are a shipped pack's


def files() -> list[OwnFile]:
    """All packs of the user's own, broken ones included. Raises PackError for folders that cannot be meant."""
    return [_look(path) for folder in _folders() for path in _pack_files(folder)]


def pack_of(scheme: str) -> Pack | None:
    """The own pack that has a scheme. Raises PackError when it is broken, and when two packs have the scheme."""
    having = [file for file in files() if scheme in file.schemes]
    if not having:
        return None
    if len(having) > 1:
        told = " and ".join(str(file.path) for file in having[:2])
        raise PackError("$.schemes", f"two packs have the scheme {scheme!r}: {told}; take one of them away")
    return usable(having[0])


def usable(file: OwnFile) -> Pack:
    """The pack of a file, held against the models. Raises PackError."""
    if file.wrong is not None:
        raise file.wrong
    return load(file.path)


def load(path: str | os.PathLike[str]) -> Pack:
    """The pack of a file, read anew when the file has changed. Raises PackError, which names the file."""
    file = Path(path).expanduser()
    try:
        found = file.stat()
    except OSError as error:
        raise PackError("$", f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise PackError("$", f"{str(path)!r} is not a path") from None
    return _load(file, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=64)
def _load(path: Path, *version: int) -> Pack:
    try:
        return load_file(path)
    except PackError as error:
        raise _named(path, error) from None


def _named(path: Path, error: PackError) -> PackError:
    return error if str(path) in error.reason else PackError(error.path, f"{error.reason}\nin {path}")


def _folders() -> list[Path]:
    found = []
    for text in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        folder = Path(text).expanduser()
        if not folder.is_absolute():
            raise PackError("$", f"{VARIABLE} names folders by their whole path, and {text!r} is a part of one")
        found.append(folder)
    return list(dict.fromkeys(found))


def _pack_files(folder: Path) -> list[Path]:
    try:
        found = list(islice(folder.glob("*.wire.json"), MAX_FILES + 1))
    except OSError as error:
        raise PackError("$", f"the folder {folder}, which {VARIABLE} names, cannot be read: {error.strerror}") from None
    if len(found) > MAX_FILES:
        raise PackError("$", f"the folder {folder}, which {VARIABLE} names, has more than {MAX_FILES} packs")
    return sorted(found)


def _look(path: Path) -> OwnFile:
    """What a file says of itself, without the models."""
    try:
        source = read_file(path)
        whole = resolve(source)
    except PackError as error:
        return OwnFile(path, wrong=_named(path, error))
    name, said = whole.get("name"), whole.get("schemes")
    texts = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    shipped: Mapping[str, str] = shipped_schemes()
    schemes = tuple(each for each in texts if each not in shipped)
    taken = tuple(each for each in texts if each in shipped and "schemes" in source)
    wrong = _named(path, PackError("$.name", f"the name {name!r} {_TAKEN}")) if name in shipped_packs() else None
    return OwnFile(path, name if isinstance(name, str) else "", schemes, wrong, taken)


def remarks(file: OwnFile) -> list[str]:
    """What is to be said of a file that can be used."""
    return [f"{file.path}: the scheme {scheme!r} {_TAKEN}" for scheme in file.taken]
