"""Integers of variable length: the tables of a pack's `integers`, and LEB128.

    "lenenc": {"direct_below": 251, "prefixes": {"252": "u16", "253": "u24", "254": "u64"}, "null": 251}

says: a first byte below 251 is the number itself, 252 is followed by the number in two bytes, …, 251 alone is null.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlx.wire.compile.layout import SCALARS, Layouts
from sqlx.wire.errors import PackError, WireError

Read = Callable[[bytes, int, int], tuple[int | None, int]]
Write = Callable[[int | None], bytes]


class Short(ValueError):
    """The bytes end before what is read does."""


class Codec(NamedTuple):
    read: Read
    write: Write


def codec(name: str, layouts: Layouts) -> Codec:
    """Reader and writer of one integer type of a pack. Raises PackError."""
    if name == "varint":
        return Codec(_read_varint, _write_varint)
    rule, order = layouts.integers[name], "little" if layouts.order == "<" else "big"
    prefixes = {int(first): _width(width, f"$.integers.{name}") for first, width in rule.get("prefixes", {}).items()}
    return Codec(
        _reader(rule["direct_below"], prefixes, rule.get("null"), order),
        _writer(rule["direct_below"], prefixes, rule.get("null"), order),
    )


def direct(name: str, layouts: Layouts) -> int:
    """Below this the first byte of an integer is all of it."""
    return 128 if name == "varint" else int(layouts.integers[name]["direct_below"])


def _width(word: str, path: str) -> int:
    if word == "u24":
        return 3
    if word not in SCALARS or not word.startswith("u"):
        raise PackError(path, f"a prefix is followed by u8, u16, u24, u32 or u64, not {word!r}")
    return SCALARS[word][1]


def _reader(direct: int, prefixes: dict[int, int], null: int | None, order: Any) -> Read:
    def read(buffer: bytes, position: int, end: int) -> tuple[int | None, int]:
        if position >= end:
            raise Short("the frame ends inside an integer")
        first = buffer[position]
        if first < direct:
            return first, position + 1
        if first == null:
            return None, position + 1
        width = prefixes.get(first)
        if width is None:
            raise ValueError(f"no integer begins with the byte {first}")
        stop = position + 1 + width
        if stop > end:
            raise Short("the frame ends inside an integer")
        return int.from_bytes(buffer[position + 1 : stop], order), stop

    return read


def _writer(direct: int, prefixes: dict[int, int], null: int | None, order: Any) -> Write:
    def write(number: int | None) -> bytes:
        if number is None and null is not None:
            return bytes((null,))
        if number is not None and 0 <= number < direct:
            return bytes((number,))
        for first, width in prefixes.items():
            if number is not None and 0 <= number < 1 << 8 * width:
                return bytes((first,)) + number.to_bytes(width, order)
        raise WireError("data", f"the number {number} does not fit the protocol", outcome="not_run")

    return write


def _read_varint(buffer: bytes, position: int, end: int) -> tuple[int | None, int]:
    number = shift = 0
    while position < end and shift < 70:
        byte = buffer[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, position
        shift += 7
    raise ValueError("an integer does not end")


def _write_varint(number: int | None) -> bytes:
    if number is None or number < 0:
        raise WireError("data", f"the number {number} does not fit the protocol", outcome="not_run")
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
