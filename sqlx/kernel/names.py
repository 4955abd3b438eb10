"""Identifiers, written so that they can be nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlx.kernel.errors import Mistake

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def quoted(sql: Mapping[str, Any], name: str) -> str:
    """A name in the engine's quotes (`identifier_quote` of the pack's `sql`).

    Raises Mistake for one that no engine takes.
    """
    if not isinstance(name, str) or not name or "\0" in name:
        raise Mistake(f"{name!r} cannot be a name")
    quote = sql.get("identifier_quote", '"')
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def written(sql: Mapping[str, Any], name: str) -> str:
    """A name as one writes it: plain ones, qualified or not, as they are, so that the engine folds their case; others
    quoted.
    """
    return name if isinstance(name, str) and _PLAIN.fullmatch(name) else quoted(sql, name)
