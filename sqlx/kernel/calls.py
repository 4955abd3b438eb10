"""Calls of procedures and functions, in the words of the pack's `session.call`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlx.kernel.errors import Mistake, WireError
from sqlx.kernel.names import written
from sqlx.kernel.placeholders import is_by_name
from sqlx.kernel.session import Session
from sqlx.wire.link import Steps
from sqlx.wire.result import Reply


def call(session: Session, name: str, parameters: Sequence[Any]) -> Steps[Reply]:
    """Call a procedure or a function. Raises Mistake for a name that none can have."""
    yield from session.make_ready()
    pack = session.link.pack
    words = pack.session.get("call")
    if not words:
        raise WireError("unsupported", "this engine has no procedures to call", outcome="not_run")
    plain = written(pack.sql, name)
    if is_by_name(parameters):
        raise Mistake("a procedure's parameters are a sequence, not a mapping")
    kind = "procedure" if "procedure" in words else "function"
    if "kind" in words:
        kind = yield from _kind(session, words["kind"], plain)
    marks = ", ".join(session.statements.mark(number) for number in range(1, len(parameters) + 1))
    text = words[kind].replace("{arguments}", marks).replace("{name}", plain)
    reply = yield from session.run_native(text, parameters)
    yield from session.show_warnings()
    return reply


def _kind(session: Session, query: str, name: str) -> Steps[str]:
    """What the server says it is; a function where it knows none of that name, and is to say so."""
    found = yield from session.run_native(query, [name])
    for row in found.results[0].rows:
        if row not in (("procedure",), ("function",)):
            session.link.abort()
            sentence = f"the server does not tell whether {name} is a procedure or a function"
            raise WireError("protocol", sentence, outcome="not_run")
        return str(row[0])
    return "function"
