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
        found = yield from session.run_native(words["kind"], [plain])
        kind = found.results[0].rows[0][0] if found.results[0].rows else "function"
    marks = ", ".join(session.statements.mark(number) for number in range(1, len(parameters) + 1))
    text = words[kind].replace("{arguments}", marks).replace("{name}", plain)
    reply = yield from session.run_native(text, parameters)
    yield from session.show_warnings()
    return reply
