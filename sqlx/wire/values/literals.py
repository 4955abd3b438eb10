"""Encoders of values that hold others, as literals: arrays, records, ranges, keys and values, one in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlx.wire.values import geometric
from sqlx.wire.values.arrays import MAX_DIMENSIONS
from sqlx.wire.values.containers import Array, Multirange, Range, Record
from sqlx.wire.values.encode import SCALARS
from sqlx.wire.values.kinds import kind_of, unwrap
from sqlx.wire.values.operations import Codec, Context, Maker, plain
from sqlx.wire.values.shapes import Box

MAX_NESTING = 16  # values in values
# What stands in a literal is text whatever the format of the kind outside of one.
BARE = ("int", "bool", "float", "decimal", "date", "time", "timetz", "uuid", "inet")
QUOTED = ("text", "timestamp", "timestamptz", "interval", "json")


class _Literals:
    """Writes values as the words of literals. Each may stand in each; `depth` counts how deep."""

    def __init__(self, context: Context) -> None:
        self._bare: dict[str, Codec] = {kind: SCALARS[kind].make(context) for kind in BARE}
        self._words: dict[str, Codec] = {kind: SCALARS[kind].make(context) for kind in QUOTED}
        self._words["bytes"] = SCALARS["hex_bytes"].make(context)
        self._words |= {kind: maker.make(context) for kind, maker in geometric.ENCODE.items()}
        self._holders: dict[str, Callable[[Any, int], bytes]] = {
            "range": self.range,
            "multirange": self.multirange,
            "record": self.record,
        }

    def item(self, value: Any, depth: int, null: bytes, nested: Callable[[Any, int], bytes]) -> bytes:
        """One value in a literal, in quotes where it may need them. `nested` writes a list."""
        value = unwrap(value)
        if value is None:
            return null
        kind = kind_of(value) or ""
        bare = self._bare.get(kind)
        if bare is not None:
            return bytes(bare(value))
        if kind in ("array", "vector"):
            return nested(value, depth + 1)
        if depth > MAX_NESTING:
            raise ValueError(f"its values are nested more than {MAX_NESTING} deep")
        if kind in self._words:
            return _quoted(self._words[kind](value))
        if kind not in self._holders:
            raise ValueError(f"its element of type {type(value).__name__} cannot stand in another value")
        return _quoted(self._holders[kind](value, depth + 1))

    def array(self, values: Any, depth: int = 1) -> bytes:
        r"""`{1,NULL,{"a \"b\""}}`, after its bounds where they are not 1: `[2:4]={...}`."""
        literal = self._list(values, 1, depth)
        if isinstance(values, Array) and any(bound != 1 for bound in values.lower_bounds):
            return _bounds(values) + literal
        return literal

    def _list(self, values: Any, dimension: int, depth: int) -> bytes:
        if dimension > MAX_DIMENSIONS:
            raise ValueError(f"its lists are nested more than {MAX_DIMENSIONS} deep")
        mark = b";" if any(isinstance(value, Box) for value in values) else b","
        nested = lambda inner, depth: self._list(inner, dimension + 1, depth)  # noqa: E731
        return b"{" + mark.join([self.item(value, depth, b"NULL", nested) for value in values]) + b"}"

    def _inner_array(self, values: Any, depth: int) -> bytes:
        return _quoted(self.array(values, depth))

    def record(self, values: Record, depth: int = 1) -> bytes:
        r"""`(1,"a \"b\"",)`: nothing stands for null."""
        return b"(" + b",".join([self.item(value, depth, b"", self._inner_array) for value in values]) + b")"

    def range(self, value: Range, depth: int = 1) -> bytes:
        """`[1,5)`, `empty`: nothing stands for an end that is none."""
        if value.empty:
            return b"empty"
        lower, upper = (self.item(end, depth, b"", self._inner_array) for end in (value.lower, value.upper))
        return b"%s%s,%s%s" % (value.bounds[0].encode(), lower, upper, value.bounds[1].encode())

    def multirange(self, values: Multirange, depth: int = 1) -> bytes:
        """Ranges in braces."""
        return b"{" + b",".join([self.range(value, depth) for value in values]) + b"}"


def _bounds(values: Array) -> bytes:
    parts: list[str] = []
    level: Any = values
    for bound in values.lower_bounds:
        if not isinstance(level, list | tuple) or not level:
            raise ValueError(f"it has lower bounds of {len(values.lower_bounds)} dimensions and is no such array")
        parts.append(f"[{bound:d}:{bound + len(level) - 1:d}]")
        level = level[0]
    return f"{''.join(parts)}=".encode()


def _quoted(word: bytes) -> bytes:
    return b'"' + word.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def hstore(value: Mapping[str, str | None]) -> bytes:
    r"""`"key"=>"value", "other"=>NULL`."""
    return b", ".join(
        _quoted(key.encode()) + b"=>" + (b"NULL" if item is None else _quoted(item.encode()))
        for key, item in value.items()
    )


ENCODE: dict[str, Maker] = {
    **geometric.ENCODE,
    "array": Maker(lambda context: _Literals(context).array),
    "record": Maker(lambda context: _Literals(context).record),
    "range": Maker(lambda context: _Literals(context).range),
    "multirange": Maker(lambda context: _Literals(context).multirange),
    "hstore": plain(hstore),
}
