"""The models of a pack's `errors`: what the server's mean."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sqlx.wire.language.parts import Name, Part, Text

ErrorClass = Literal[
    "DatabaseError", "DataError", "OperationalError", "IntegrityError", "InternalError", "ProgrammingError",
    "NotSupportedError",
]  # fmt: skip
Retry = Literal["serialization", "deadlock", "locked", "cancelled", "connection", "overload", "stale_statement"]


class Advice(Part):
    """What to do about an error."""

    codes: Annotated[list[Text], Field(min_length=1)]
    """Those that it is about: the server's own numbers, or SQLSTATEs."""
    part: Text | None = None
    """A part of the server's sentence; without one any sentence fits."""
    hint: Text
    """What to do."""


class LoginAdvice(Advice):
    """What to do about a refused connection."""

    hint: Annotated[str, Field(min_length=1, pattern=r"^([^{}]|\{(user|sslmode|password)\})*$")]
    """What to do. `{user}` and `{sslmode}` are those that were tried, `{password}` is where the password came from."""


class Errors(Part):
    """What an error of the server means."""

    classes: dict[Annotated[str, Field(pattern=r"^([0-9A-Z]{1,32}|default)$")], ErrorClass]
    """PEP 249's class by SQLSTATE, or what its messages give as that; the longest prefix counts, `default` stands for
    the rest."""
    codes: dict[str, ErrorClass] = {}
    """PEP 249's class by the server's own number, which counts before SQLSTATE."""
    retry: dict[str, Retry] = {}
    """What kind of second attempt helps, by SQLSTATE."""
    retry_codes: dict[str, Retry] = {}
    """The same by the server's own number."""
    retry_if: dict[str, dict[Name, str]] = {}
    """By SQLSTATE or the server's own number, what its error says when that holds: fields with their values, an empty
    one being absent; `message` is a part of its sentence. What `stale_statement` is said of must not have begun."""
    advice: list[Advice] = []
    """What to do about errors of statements with parameters, where the server does not say: the first that fits."""
    statements: list[Advice] = []
    """The same about errors of any statement."""
    login: list[LoginAdvice] = []
    """What to do about a connection that the server refuses, where it does not say: the first that fits."""
    sqlstates: dict[str, str] = {}
    """For an engine without them: SQLSTATE by its own number."""
    messages: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = []
    """For such an engine: a part of its sentence, and the SQLSTATE that it means."""
    hints: dict[str, str] = {}
    """For such an engine: what to do, by its own number."""
