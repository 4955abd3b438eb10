"""What data and rows are taken from. `sqlx.aio.sources` says the same for asyncio; neither is made of the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlx.kernel.exec import DataSource, each, pieces

__all__ = ["DataSource", "Rows", "items", "parts"]

Rows: TypeAlias = Iterable[Sequence[Any]]
items = each
parts = pieces
