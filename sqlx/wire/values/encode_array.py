"""The encoder of arrays: any nested list as an array literal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlx.wire.values.arrays import MAX_DIMENSIONS
from sqlx.wire.values.encode import SCALARS
from sqlx.wire.values.kinds import kind_of, unwrap
from sqlx.wire.values.operations import Codec, Context, Maker

# What stands in an array literal is text whatever the format of the kind outside of one.
BARE = ("int", "bool", "float", "decimal", "date", "time", "timetz", "uuid", "inet")
QUOTED = ("text", "timestamp", "timestamptz", "interval", "json")


def array(context: Context) -> Codec:
    r"""`{1,NULL,{"a \"b\""}}`. Raises ValueError for an element of no kind and for lists nested too deeply."""
    write = _element_writers(context)

    def element(value: Any, depth: int) -> bytes:
        value = unwrap(value)
        kind = kind_of(value)
        if kind == "array":
            return literal(value, depth + 1)
        if kind not in write:
            raise ValueError(f"its element of type {type(value).__name__} cannot stand in an array")
        return write[kind](value)

    def literal(values: Any, depth: int) -> bytes:
        if depth > MAX_DIMENSIONS:
            raise ValueError(f"its lists are nested more than {MAX_DIMENSIONS} deep")
        return b"{" + b",".join([element(value, depth) for value in values]) + b"}"

    return lambda values: literal(values, 1)


def _element_writers(context: Context) -> dict[str, Callable[[Any], bytes]]:
    writers: dict[str, Callable[[Any], bytes]] = {kind: SCALARS[kind].make(context) for kind in BARE}
    writers |= {kind: _quoted(SCALARS[kind].make(context)) for kind in QUOTED}
    writers["bytes"] = _quoted(SCALARS["hex_bytes"].make(context))
    writers["null"] = lambda value: b"NULL"
    return writers


def _quoted(encode: Codec) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        word: bytes = encode(value)
        return b'"' + word.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'

    return write


ENCODE: dict[str, Maker] = {"array": Maker(array)}
