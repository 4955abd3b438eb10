"""What a statement has come to so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlx.dbapi.exceptions import Error
from sqlx_tui.session.statements import Statement

Row: TypeAlias = tuple[Any, ...]
State: TypeAlias = Literal[
    "running",
    "paused",  # there is more, and it is still to be had
    "done",
    "abandoned",  # there was more, and it was let go
    "cancelled",
    "failed",
]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's name, and its type in the engine's words."""

    name: str
    type: str


@dataclass(slots=True, eq=False)
class Outcome:
    """One result of one statement. `columns` is None where no rows are to come; `seconds` is the time it took so far.

    The screen owns it: it is changed where messages are handled, and nowhere else.
    """

    statement: Statement
    columns: tuple[Heading, ...] | None = None
    rows: list[Row] = field(default_factory=list)
    state: State = "running"
    rowcount: int = -1
    seconds: float = 0.0
    error: Error | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """What came of it, in a few words."""
        if self.columns is not None and (self.rows or self.state != "failed"):
            return _SO_FAR[self.state].format(_rows(len(self.rows)))
        if self.state == "done":
            return f"{_rows(self.rowcount)} affected" if self.rowcount >= 0 else "done"
        return self.state


_SO_FAR: dict[State, str] = {
    "running": "{} so far",
    "paused": "{}, and more",
    "done": "{}",
    "abandoned": "{}, the rest was not read",
    "cancelled": "{}, then cancelled",
    "failed": "{}, then failed",
}


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}".replace(",", " ")
