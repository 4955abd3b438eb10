"""What an engine in the process says went wrong, in the words of the wire.

Such an engine has result codes and sentences, no SQLSTATE. The pack's `errors` section adds what they lack:
`sqlstates` by result code (the extended one before the primary, its low byte), `messages` as pairs of a part of the
sentence and the SQLSTATE it means, for the code that says nothing itself (1), and `hints` by result code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from sqlx.wire.errors import Outcome, WireError

GENERIC = 1
INTERRUPTED = 9
CANNOT_OPEN = 14
NOT_A_DATABASE = 26

_CONSTRAINT = re.compile(
    r"(UNIQUE|NOT NULL|CHECK) constraint failed: (?:index '(?P<index>.*)'|(?P<what>.*))", re.DOTALL
)


def engine_error(
    section: Mapping[str, Any], message: str, code: int, position: int | None, outcome: Outcome
) -> WireError:
    """The error of a statement; `section` is the pack's `errors`, `position` counts characters from 1."""
    sqlstate = _by_code(section.get("sqlstates", {}), code)
    if code == GENERIC:
        sqlstate = next((state for part, state in section.get("messages", ()) if part in message), sqlstate)
    fields = _constraint_fields(message)
    if position is not None:
        fields["position"] = str(position)
    hint = _by_code(section.get("hints", {}), code)
    if hint is not None:
        fields["hint"] = hint
    return WireError("server", message, sqlstate=sqlstate, code=code, fields=fields, outcome=outcome)


def interrupted() -> WireError:
    """The error of a statement that was stopped because somebody asked for it."""
    return WireError("server", "interrupted", sqlstate="57014", code=INTERRUPTED, outcome="rolled_back")


def character(sql: str, start: int, offset: int) -> int | None:
    """Where in a text the parser stopped, from 1; `offset` is in bytes from the statement's `start`, or -1."""
    if offset < 0:
        return None
    return start + len(sql[start:].encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1


def open_error(database: str, mode: str, message: str, code: int | None) -> WireError:
    """Why a database could not be opened, and what to do."""
    primary = (code or 0) & 0xFF
    reason = f"{database!r} cannot be opened: {message}"
    if primary == NOT_A_DATABASE:
        reason = f"{database!r} is not a database, or it is encrypted: check the path"
    elif primary == CANNOT_OPEN and not database.startswith("file:"):
        reason = _why_not_opened(database, mode) or reason
    return WireError("connection", reason, code=code, outcome="not_run")


def _why_not_opened(database: str, mode: str) -> str:
    if database == ":memory:":
        return "a database in memory has nothing to be immutable: leave immutable out, or name a file"
    path = os.path.abspath(database)
    folder = os.path.dirname(path)
    if os.path.isdir(path):
        return f"{database!r} is a folder: give the path of a database file"
    if not os.path.isdir(folder):
        return f"{database!r} cannot be opened: there is no folder {folder!r}; create it, or correct the path"
    if os.path.exists(path):
        if not os.access(path, os.R_OK):
            return f"{database!r} cannot be opened: this user may not read it"
        return f"{database!r} cannot be opened for want of files beside it: immutable=1 reads it without them"
    if mode == "immutable":
        return f"{database!r} does not exist, and immutable=1 makes no file: correct the path"
    if mode != "rwc":
        return f"{database!r} does not exist: correct the path, or create it with mode=rwc"
    return f"{database!r} cannot be created: this user may not write in {folder!r}"


def _by_code(table: Mapping[str, str], code: int) -> str | None:
    return table.get(str(code)) or table.get(str(code & 0xFF))


def _constraint_fields(message: str) -> dict[str, str]:
    """`UNIQUE constraint failed: customer.email` names table and column, `CHECK constraint failed: x` a constraint."""
    match = _CONSTRAINT.match(message)
    if match is None:
        return {}
    if match["index"] is not None:
        return {"constraint": match["index"]}
    if match[1] == "CHECK":
        return {"constraint": match["what"]}
    names = [name.rpartition(".") for name in match["what"].split(", ")]
    return {"table": names[0][0], "column": ", ".join(name[2] for name in names)}
