"""The check of a whole pack: everything that is wrong with it, with JSON paths, in words.

First its form is held against the models (`sqlx.wire.language.pack`); what has the form of a pack is then compiled
part by part (`soundness`), walked through (`reachability`), and looked at as a whole (`completeness`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

from sqlx.wire.compile.findings import Finding
from sqlx.wire.errors import PackError
from sqlx.wire.language.complaints import held_against_models
from sqlx.wire.language.completeness import misleading, missing, unused
from sqlx.wire.language.reachability import unreachable
from sqlx.wire.language.secrecy import told
from sqlx.wire.language.soundness import unsound
from sqlx.wire.registry import Pack, build, resolve

__all__ = ["Finding", "check", "load_file", "read_file"]

MAX_BYTES = 1 << 20  # of a file
MAX_DEPTH = 64  # of JSON
MAX_VALUES = 20_000
MAX_TEXT = 20_000  # characters of one text
SHOWN = 5  # findings in one error

Section = dict[str, Any]


def check(source: Section) -> list[Finding]:
    """All findings about a pack as it is written; none, or only notes, for one that can run."""
    beyond = _beyond_bounds(source)
    if beyond is not None:
        return [beyond]
    try:
        whole = resolve(source)
    except PackError as error:
        return [Finding(error.path, error.reason)]
    findings, known = held_against_models(whole)
    if known is not None:
        known = _without_nulls(known)
        findings.extend(unsound(_record(known)))
        for look in (missing, misleading, unreachable, told, unused):
            findings.extend(look(known))
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.severity == "note")


def load_file(path: str | os.PathLike[str]) -> Pack:
    """The pack of a file that the user named. Raises PackError with the first findings if it cannot run."""
    source = read_file(path)
    errors = [finding for finding in check(source) if finding.severity == "error"]
    if errors:
        first, *others = errors
        told = "".join(f"\n{finding}" for finding in others[: SHOWN - 1])
        more = f"\nand {len(errors) - SHOWN} more: `sqlx pack check {path}` lists them" if len(errors) > SHOWN else ""
        raise PackError(first.path, f"{first.message}{told}{more}")
    return _record(resolve(source))


def _record(whole: Section) -> Pack:
    return build({key: value for key, value in whole.items() if value is not None})


def read_file(path: str | os.PathLike[str]) -> Section:
    """A pack file as it is written. Raises PackError for one that is too large, is no JSON object, or repeats a key."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PackError("$", f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise PackError("$", f"{path} has more than {MAX_BYTES} bytes")
    try:
        source = json.loads(raw.decode("utf-8"), object_pairs_hook=_each_key_once, parse_constant=_no_constant)
    except PackError:
        raise
    except RecursionError:
        raise PackError("$", f"{path} nests too deep") from None
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise PackError("$", f"{path}, line {number}, is not UTF-8: save the file in UTF-8") from None
    except ValueError as error:  # of JSON, and of numbers that are too long
        raise PackError("$", f"{path} is not JSON: {error}") from None
    if not isinstance(source, dict):
        raise PackError("$", "a pack is a JSON object")
    return source


def _each_key_once(pairs: list[tuple[str, Any]]) -> Section:
    found: Section = {}
    for key, value in pairs:
        if key in found:
            raise PackError("$", f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _beyond_bounds(source: Any) -> Finding | None:
    """What makes a pack too large to be looked at."""
    level, values = [source], 0
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
                long = max(map(len, map(str, value)), default=0)
            else:
                below.extend(value if isinstance(value, list) else ())
                long = len(value) if isinstance(value, str) else 0
            if long > MAX_TEXT:
                return Finding("$", f"a pack has no text of more than {MAX_TEXT} characters")
        values += len(below)
        if values > MAX_VALUES:
            return Finding("$", f"a pack has at most {MAX_VALUES} values")
        level = below
    return Finding("$", f"a pack nests at most {MAX_DEPTH} deep") if level else None


def _without_nulls(value: Any) -> Any:
    """Null is what an engine does not have: the same as a key left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
