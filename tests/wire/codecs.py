"""Readers and writers of one struct, for the tests of layouts."""

from __future__ import annotations

from typing import Any

from sqlx.wire.compile.layout import Layouts, StructName
from sqlx.wire.compile.reading import Readers
from sqlx.wire.compile.writing import Writers, scope_of

INTEGERS = {
    "lenenc": {"direct_below": 251, "prefixes": {"252": "u16", "253": "u24", "254": "u64"}, "null": 251},
    "short": {"direct_below": 255, "prefixes": {"255": "u16"}},
}


class Codec:
    """The two directions of a struct. `variables` are those of the connection, by name: type and value."""

    def __init__(
        self,
        fields: list[Any],
        *,
        order: str = "big",
        structs: dict[str, Any] | None = None,
        variables: dict[str, tuple[str, Any]] | None = None,
    ) -> None:
        known = variables or {}
        layouts = Layouts(order, INTEGERS, {**(structs or {}), "whole": fields})
        scope = scope_of({name: type_ for name, (type_, _) in known.items()}, "v")
        self._values = [value for _, value in known.values()]
        self._reader = Readers(layouts, scope).struct_reader("whole")
        self._layouts = layouts

    def write(self, values: tuple[Any, ...]) -> bytes:
        """The bytes of the values. Raises WireError."""
        return Writers(self._layouts).struct(StructName("whole"))(values)

    def read(self, data: bytes) -> tuple[tuple[Any, ...], int]:
        """The values and where they end. Raises ValueError."""
        return self._reader.read(data, 0, len(data), self._values)
