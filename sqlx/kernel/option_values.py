"""The kinds of options: what a value given as a text or as a Python object means, or why it cannot be meant."""

from __future__ import annotations

import math
import os
import re
from typing import Any

from sqlx.kernel.errors import Misuse
from sqlx.kernel.secret import Secret, Source
from sqlx.wire.registry import Section

_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def converted(name: str, option: Section, value: Any, origin: str = "") -> Any:
    """The value of an option from what was given for it, at its `origin`. Raises Misuse; what is secret is never
    repeated."""
    kind = option.get("kind", "text")
    secret = option.get("secret", False)
    if secret and isinstance(value, Secret | Source):
        return value
    if option.get("callable") and callable(value):
        return Source(value)
    try:
        found = _KINDS[kind](value, option)
    except (ValueError, TypeError) as error:
        said = "" if secret else f", not {value!r:.80}"
        raise Misuse(f"{name} is {error}{said}") from None
    if isinstance(found, str) and "\0" in found:
        raise Misuse(f"{name} holds a NUL character, which no option may")
    if kind == "text" and isinstance(found, str) and not _is_unicode(found):
        raise Misuse(f"{name} holds half a character (a surrogate), which cannot be sent")
    return Secret(str(found), origin or f"{name}=") if secret else found


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _text(value: Any, option: Section) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _path(value: Any, option: Section) -> str:
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise ValueError("a path")
    return os.path.expanduser(os.fspath(value))


def _bool(value: Any, option: Section) -> bool:
    word = str(value).lower()
    if word not in _TRUE + _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def _int(value: Any, option: Section) -> int:
    low, high = option.get("from", -(2**63)), option.get("to", 2**63 - 1)
    what = f"a number from {low} to {high}" if "to" in option else "a whole number"
    is_text = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,20}", value, re.ASCII)
    if isinstance(value, bool) or not (isinstance(value, int) or is_text) or not low <= int(value) <= high:
        raise ValueError(what)
    return int(value)


def _ports(value: Any, option: Section) -> tuple[int | None, ...]:
    """One port, or several between commas; an empty one is the engine's own."""
    parts = value.split(",") if isinstance(value, str) and "," in value else [value]
    return tuple(None if part == "" else _int(part, {"from": 1, "to": 65535}) for part in parts)


def _seconds(value: Any, option: Section) -> float | None:
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (ValueError, TypeError):
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError("a number of seconds, 0 for no limit")
    return seconds or None


def timeout_of(value: Any) -> float | None:
    """A timeout in seconds as a caller gives it: None and 0 are no limit. Raises Misuse."""
    try:
        return None if value is None else _seconds(value, {})
    except ValueError as error:
        raise Misuse(f"a timeout is {error}, not {value!r:.80}") from None


def truth_of(name: str, value: Any) -> bool:
    """Whether an option is on, as a caller says it. Raises Misuse."""
    return bool(converted(name, {"kind": "bool"}, value))


def _choice(value: Any, option: Section) -> str:
    if value not in option["choices"]:
        raise ValueError(f"one of {', '.join(option['choices'])}")
    return str(value)


def _choices(value: Any, option: Section) -> list[str]:
    words = value.split(",") if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    if not words or any(word not in option["choices"] for word in words):
        raise ValueError(f"some of {', '.join(option['choices'])}, with commas between them")
    return words


def _permits(value: Any, option: Section) -> str:
    words = [word.strip() for word in _text(value, option).split(",") if word.strip()]
    excluded = [word[1:].strip() for word in words if word.startswith("!")]
    if excluded and len(excluded) < len(words):
        raise ValueError("a list that either names or excludes: ! before each, or before none")
    if any(word not in option["choices"] for word in excluded or words):
        raise ValueError(f"some of {', '.join(option['choices'])}, with commas between them, or with ! before each")
    return ",".join(words)


_KINDS = {
    "text": _text,
    "path": _path,
    "bool": _bool,
    "int": _int,
    "ports": _ports,
    "seconds": _seconds,
    "choice": _choice,
    "choices": _choices,
    "permits": _permits,
}
