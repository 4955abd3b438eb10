"""What can go wrong below the DB-API.

    WireError             one failed operation: what happened, who said so, and whether the statement ran
    PackError             a wire pack that cannot be loaded: where (JSON path) and why

`wire` raises only these two; the rooms above turn a WireError into a PEP 249 class by the pack's `errors` table.
"""

from __future__ import annotations

import struct
from typing import Literal

Kind = Literal[
    "server",  # the server answered with an error
    "protocol",  # the peer broke the protocol: the connection is closed
    "connection",  # the socket could not be opened, or broke
    "timeout",  # a deadline passed
    "refused",  # we will not do what was asked: a secret over an open line, a file nobody named
    "data",  # a value that cannot be sent or read
    "usage",  # the caller's mistake: closed link, wrong order of calls
    "unsupported",  # neither this pack nor this server can do it
]
Outcome = Literal["not_run", "rolled_back", "unknown"]

# What compiled code raises for bytes that are not what they should be.
MALFORMED = (ValueError, IndexError, KeyError, TypeError, AttributeError, ArithmeticError, struct.error)


class WireError(Exception):
    """A failed operation.

    `fields` holds what the server said beyond the message, under the names `detail`, `hint`, `position` (1-based, in
    characters), `severity`, `schema`, `table`, `column`, `constraint`, `type`, `where`.
    `outcome` says what became of the statement: `not_run`, `rolled_back`, or `unknown`.
    `index` is which of many commands, or of many rows, it is the answer to, from 0; None where it is not one's.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        sqlstate: str | None = None,
        code: int | None = None,
        fields: dict[str, str] | None = None,
        outcome: Outcome = "unknown",
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message
        self.sqlstate = sqlstate
        self.code = code
        self.fields = fields or {}
        self.outcome: Outcome = outcome
        self.index: int | None = None

    def again(self) -> WireError:
        """The same, for something that was not run because of it."""
        return _rebuild(self.kind, self.message, self.sqlstate, self.code, dict(self.fields), "not_run")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.kind, self.message, self.sqlstate, self.code, self.fields, self.outcome)


def _rebuild(
    kind: Kind, message: str, sqlstate: str | None, code: int | None, fields: dict[str, str], outcome: Outcome
) -> WireError:
    return WireError(kind, message, sqlstate=sqlstate, code=code, fields=fields, outcome=outcome)


def not_understood(error: Exception) -> WireError:
    """The error for a server whose bytes made compiled code raise this one."""
    return WireError("protocol", f"the server sent what cannot be understood: {error}")


class PackError(ValueError):
    """A pack that says something it may not: `path` is the JSON path of the place, `$` for the whole, `reason` a
    sentence."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason if path == "$" else f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return PackError, (self.path, self.reason)
