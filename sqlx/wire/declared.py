"""Columns of an engine that tells of each column only its name and the type its table declares for it, as text.

Rows arrive as stored; where declared types are to be followed, values are converted by the pack's text decoders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlx.wire.result import Column
from sqlx.wire.values import Context, ServerText, text_decoder

Row: TypeAlias = tuple[Any, ...]
Description: TypeAlias = tuple[tuple[str, str | None], ...]
Convert: TypeAlias = Callable[[Iterable[Row]], list[Row]]

LAYOUTS = 256  # descriptions whose columns are remembered

_TYPE = re.compile(r"\s*(.*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*\Z", re.DOTALL)


class DeclaredTypes:
    """What the pack's `types` say of declared types: an entry is found by name, in capitals and without its arguments.

    `affinity` lists (part of a name, entry) for names without an entry, in order; `storage` names the entry of a Python
    class, for columns that declare nothing.
    """

    def __init__(
        self,
        types: Mapping[str, Any],
        affinity: Sequence[tuple[str, str]],
        storage: Mapping[type, str],
        context: Context,
    ) -> None:
        self._types = types
        self._affinity = affinity
        self._storage = storage
        self._context = context
        self._layout = lru_cache(maxsize=LAYOUTS)(self._make_columns)
        self.converter = lru_cache(maxsize=LAYOUTS)(self._make_converter)

    def columns(self, description: Description, first: Row | None) -> tuple[Column, ...]:
        """The columns of a result; `first` is its first row, whose values tell the type where none is declared."""
        if first is None:
            return self._layout(description, ())
        stored = tuple(
            None if declared else type(value) for (_, declared), value in zip(description, first, strict=True)
        )
        return self._layout(description, stored)

    def _make_columns(self, description: Description, stored: tuple[type | None, ...]) -> tuple[Column, ...]:
        kinds = stored or (None,) * len(description)
        return tuple(
            self._column(name, declared or self._storage.get(kind or type(None), ""))
            for (name, declared), kind in zip(description, kinds, strict=True)
        )

    def _column(self, name: str, declared: str) -> Column:
        word, first, second = _parts(declared)
        group = self._entry(word).get("group", "")
        if first is None:
            return Column(name, word, group=group)
        if group == "NUMBER":
            return Column(name, word, group=group, precision=first, scale=second or 0)
        return Column(name, word, group=group, internal_size=first)

    def _entry(self, word: str) -> Mapping[str, Any]:
        upper = word.upper()
        entry: Mapping[str, Any] | None = self._types.get(upper)
        if entry is None:
            other = next((name for part, name in self._affinity if part in upper), "default") if word else "default"
            entry = self._types.get(other, {})
        return entry

    def _make_converter(self, description: Description) -> Convert | None:
        """What turns stored rows into the declared types; None when there is nothing to turn."""
        decoders: dict[int, Callable[[Any], Any]] = {}
        for index, (_, declared) in enumerate(description):
            entry = self._types.get(_parts(declared or "")[0].upper(), {})
            if "text" in entry:
                decode = text_decoder(entry["text"], self._context)
                decoders[index] = _converting(decode, _WRITTEN.get(entry["text"]))
        return _row_converter(decoders) if decoders else None


def _parts(declared: str) -> tuple[str, int | None, int | None]:
    match = _TYPE.match(declared)
    if match is None:
        return declared, None, None
    return match[1], match[2] and int(match[2]), match[3] and int(match[3])  # type: ignore[return-value]


# How a number is written for an operation. Others get text only: a number in a date column counts days, or seconds.
_WRITTEN: dict[str, Callable[[Any], str]] = {
    "decimal": repr,
    "json": repr,
    "bool": lambda number: {0: "f", 1: "t"}.get(number, ""),
}


def _converting(decode: Callable[[bytes], Any], written: Callable[[Any], str] | None) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if value is None or isinstance(value, (bytes, ServerText)):
            return value
        try:
            if isinstance(value, str):
                return decode(value.encode())
            return value if written is None else decode(written(value).encode())
        except ValueError:
            return ServerText(value) if isinstance(value, str) else value

    return convert


def _row_converter(decoders: Mapping[int, Callable[[Any], Any]]) -> Convert:
    def convert(rows: Iterable[Row]) -> list[Row]:
        converted = []
        for row in rows:
            values = list(row)
            for index, decode in decoders.items():
                values[index] = decode(values[index])
            converted.append(tuple(values))
        return converted

    return convert
