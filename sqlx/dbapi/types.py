"""PEP 249's type objects and constructors."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TypeAlias

from sqlx.kernel.exec import Column

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = bytes


def DateFromTicks(ticks: float) -> datetime.date:
    """The date, in local time, `ticks` seconds after the epoch."""
    return datetime.date.fromtimestamp(ticks)


def TimeFromTicks(ticks: float) -> datetime.time:
    """The time of day, in local time, `ticks` seconds after the epoch."""
    return datetime.datetime.fromtimestamp(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime.datetime:
    """The moment, naive and in local time, `ticks` seconds after the epoch."""
    return datetime.datetime.fromtimestamp(ticks)


class TypeObject:
    """A type, or a group of types.

    `name` is the engine's own word (`int4`), `type_id` its number on the wire or None, `group` the PEP 249 group it
    belongs to. A type equals its group's object (`description[0][1] == NUMBER`), any type of the same name and
    number, and nothing else.
    """

    __slots__ = ("group", "name", "type_id")

    def __init__(self, group: str, name: str = "", type_id: int | None = None) -> None:
        self.group = group
        self.name = name
        self.type_id = type_id

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TypeObject):
            return NotImplemented
        if not self.name or not other.name:
            return self.group == other.group
        return self.name == other.name and self.type_id == other.type_id

    def __hash__(self) -> int:
        return hash(self.group)

    def __repr__(self) -> str:
        if not self.name:
            return self.group
        return f"<type {self.name}{'' if self.type_id is None else f' {self.type_id}'}>"


STRING = TypeObject("STRING")
BINARY = TypeObject("BINARY")
NUMBER = TypeObject("NUMBER")
DATETIME = TypeObject("DATETIME")
ROWID = TypeObject("ROWID")


Description: TypeAlias = tuple[str, TypeObject, int | None, int | None, int | None, int | None, bool | None]


def describe(columns: Sequence[Column]) -> tuple[Description, ...]:
    """`Cursor.description`: one 7-tuple a column."""
    return tuple(
        (
            column.name,
            TypeObject(column.group, column.type, column.type_id),
            column.display_size,
            column.internal_size,
            column.precision,
            column.scale,
            column.null_ok,
        )
        for column in columns
    )
