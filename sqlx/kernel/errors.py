"""What an error from below means above: its PEP 249 class and its retry class, by the pack's `errors` table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlx.wire.errors import Outcome, PackError, WireError
from sqlx.wire.registry import Pack

__all__ = [
    "Mistake",
    "Misuse",
    "Outcome",
    "Pack",
    "PackError",
    "WireError",
    "advice",
    "classify",
    "did_you_mean",
    "number_in",
]

_NUMBER = re.compile("[1-9][0-9]{0,9}")  # a statement has less than 2³¹ characters

_KINDS = {
    "protocol": "OperationalError",
    "connection": "OperationalError",
    "timeout": "OperationalError",
    "refused": "OperationalError",
    "data": "DataError",
    "usage": "InterfaceError",
    "unsupported": "NotSupportedError",
}


class Misuse(WireError):
    """The driver was used in a way that cannot work; nothing was sent."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__("usage", message, fields={"hint": hint} if hint else None, outcome="not_run")


class Mistake(Misuse):
    """The SQL, or its parameters, cannot be what was meant; nothing was sent."""


def classify(error: WireError, pack: Pack | None) -> tuple[str, str | None]:
    """The name of the PEP 249 class of `error`, and its retry class or None."""
    if isinstance(error, Mistake):
        return "ProgrammingError", None
    if error.kind != "server" or pack is None:
        return _KINDS.get(error.kind, "DatabaseError"), "connection" if error.kind == "connection" else None
    table = pack.errors
    code = str(error.code)
    state = error.sqlstate or ""
    retry = table.get("retry_codes", {}).get(code) or table.get("retry", {}).get(state)
    conditions = table.get("retry_if", {})
    if retry and not _says(error, conditions.get(code) or conditions.get(state) or {}):
        retry = None
    found = table.get("codes", {}).get(code) or _longest_prefix(table.get("classes", {}), state)
    return found or "DatabaseError", retry


def _says(error: WireError, condition: dict[str, str]) -> bool:
    """Whether an error has these fields, and this part in its message."""
    return all(
        value in error.message if name == "message" else value == error.fields.get(name, "")
        for name, value in condition.items()
    )


def advice(error: WireError, pack: Pack, about: str = "advice") -> str | None:
    """What the pack says to do about a server's error, or None; `advice` is about statements with parameters,
    `statements` about any, `login` about connections that are refused."""
    rules = pack.errors.get(about, ()) if error.kind == "server" else ()
    for rule in rules:
        if not {str(error.code), error.sqlstate}.isdisjoint(rule["codes"]) and rule.get("part", "") in error.message:
            return str(rule["hint"])
    return None


def number_in(fields: Mapping[str, str], name: str) -> int | None:
    """What an error says of its `position` in the statement, in characters from 1, or of its `row`; None where it does
    not."""
    told = _NUMBER.fullmatch(fields.get(name, ""))
    return int(told[0]) if told else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`; did you mean '...'?` for a word that is close to one of the choices, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word.lower(), list(choices), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _longest_prefix(classes: dict[str, str], state: str) -> str | None:
    for length in range(len(state), 0, -1):
        if state[:length] in classes:
            return classes[state[:length]]
    return classes.get("default")
