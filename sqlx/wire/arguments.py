"""The arguments of commands, as lists in the order in which a program reads them (`program.ARGUMENTS`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlx.wire.columns import Raw
from sqlx.wire.compile.program import ARGUMENTS
from sqlx.wire.parameters import ParameterType
from sqlx.wire.result import Column

MAX_SHAPES = 256

Shape = tuple[list[int], list[tuple[int, int]], list[int], Callable[[int], bytes] | None]

PLACES = {name: index for index, name in enumerate(ARGUMENTS)}
NONE: list[Any] = [None] * (len(ARGUMENTS) + 1)  # and the statement it runs


class PreparedStatement:
    """What the server and we know of a prepared statement."""

    __slots__ = ("columns", "described", "formats", "parameters", "statement")

    def __init__(
        self, statement: Any, parameters: Sequence[int], described: tuple[Raw, str] | None,
        columns: Sequence[Column] | None, formats: tuple[int, ...],
    ) -> None:  # fmt: skip
        self.statement = statement
        self.parameters = parameters
        self.described = described
        self.columns = columns
        self.formats = formats


def arguments(**given: Any) -> list[Any]:
    """The argument list of a command."""
    values = NONE.copy()
    for name, value in given.items():
        values[PLACES[name]] = value
    return values


class Binding:
    """The arguments of statements with values. `prefix` writes the length before a value, where types ask for it."""

    def __init__(self, prefix: Callable[[int], bytes] | None) -> None:
        self._prefix = prefix
        self._shapes: dict[tuple[ParameterType, ...], Shape] = {}

    def bound(self, prepared: PreparedStatement, types: tuple[ParameterType, ...], values: Sequence[Any]) -> list[Any]:
        """Those of an execution."""
        ids, flags, formats, prefix = self._shapes.get(types) or self._shape(types)
        return [
            None,
            None,
            ids,
            flags,
            prepared.statement,
            formats,
            values if prefix is None else _prefixed(prefix, types, values),
            prepared.formats,
            prepared.described is not None,
            "",
            0,
            False,
            False,
            None,
            None,
            prepared,
        ]

    def unprepared(self, sql: str, name: str, types: tuple[ParameterType, ...], values: Sequence[Any]) -> list[Any]:
        """Those of a statement that the server does not know yet."""
        ids, _, formats, prefix = self._shapes.get(types) or self._shape(types)
        sent = values if prefix is None else _prefixed(prefix, types, values)
        return arguments(sql=sql, name=name, types=ids, formats=formats, values=sent, portal="", limit=0)

    def _shape(self, types: tuple[ParameterType, ...]) -> Shape:
        """What a command says of its parameters' types; kept, for a statement is mostly run with the same."""
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        shape = self._shapes[types] = (
            [entry.type for entry in types],
            [(entry.type, entry.flags) for entry in types],
            [entry.format for entry in types],
            self._prefix if any(entry.prefixed for entry in types) else None,
        )
        return shape


def _prefixed(prefix: Callable[[int], bytes], types: Sequence[ParameterType], values: Sequence[Any]) -> list[Any]:
    """Values with their length before them, where their type asks for it."""
    return [
        prefix(len(value)) + value if entry.prefixed and value is not None else value
        for entry, value in zip(types, values, strict=True)
    ]
