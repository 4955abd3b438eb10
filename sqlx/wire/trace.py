"""`SQLX_TRACE=FILE`: every message of every conversation, a JSON line each, with its fields.

Fields that a pack marks `secret` are never shown. Those it marks `hidden` (values, SQL texts with their literals) only
when `SQLX_TRACE_VALUES=1` asks for them. Rows are not messages one by one and are not shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Any

from sqlx.wire.compile.compiler import Program
from sqlx.wire.errors import WireError

Trace = Callable[[str, str, bytes], None]
MAX_TEXT = 200


def tracer(program: Program, conversation: int) -> Trace | None:
    """A function `(direction, message, body)` that writes a line, or None when nobody asked.

    Raises WireError `usage` when the file cannot be written; what goes wrong with it later is not told.
    """
    path = os.environ.get("SQLX_TRACE")
    if not path:
        return None
    try:
        open(path, "a").close()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        sentence = f"SQLX_TRACE names the file {path!r}, which cannot be written: {reason}"
        raise WireError("usage", sentence, outcome="not_run") from None
    values = os.environ.get("SQLX_TRACE_VALUES") == "1"

    def trace(direction: str, name: str, body: bytes) -> None:
        side = "client" if direction == ">" else "server"
        line = {"time": round(time(), 6), "connection": conversation, "from": side, "message": name, "bytes": len(body)}
        line["fields"] = _fields(program, side, name, body, values)
        with suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=_shown) + "\n")

    return trace


def _fields(program: Program, side: str, name: str, body: bytes, values: bool) -> dict[str, Any]:
    """The fields of a message by name, less what must not be shown."""
    rule = program.message(name, side, "$.messages")
    concealed = {*rule.get("secret", ()), *(() if values else rule.get("hidden", ()))}
    try:
        reader = program.readers.compile(program.layouts.fields(rule.get("fields", []), "$.messages"))
        slots, _ = reader.read(body, 0, len(body), program.initial())
    except Exception as error:  # a trace never disturbs what it watches
        return {"unreadable": type(error).__name__}
    return {name: "***" if name in concealed else value for name, value in zip(reader.slots, slots, strict=True)}


def _shown(value: Any) -> str:
    return repr(value)[:MAX_TEXT]
