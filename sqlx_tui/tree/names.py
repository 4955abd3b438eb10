"""Names as they are written into SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlx.kernel.names import quoted
from sqlx_tui.editor.keywords import KEYWORDS

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def qualified(sql: Mapping[str, Any], *names: str) -> str:
    """A name that can mean nothing else; `sql` is the section of the engine's pack."""
    return ".".join(quoted(sql, name) for name in names)


def insertable(sql: Mapping[str, Any], *names: str) -> str:
    """A name as one would type it: in quotes only where it needs them on every engine."""
    return ".".join(
        name if _PLAIN.fullmatch(name) and name.upper() not in KEYWORDS else quoted(sql, name) for name in names
    )
