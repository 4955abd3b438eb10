"""Decoders of ranges and multiranges: `[1,5)`, `{[1,3),[5,7)}`, and their counted bytes."""

from __future__ import annotations

import re
from typing import Any

from sqlx.wire.values.containers import Multirange, Range
from sqlx.wire.values.operations import Codec, Context, Maker, Operation

QUOTED = rb'"([^"\\]*+(?:(?:""|\\.)[^"\\]*+)*+)"'
_END = rb"(?:" + QUOTED + rb'|([^\]\["\\(),\s]*+))'
_RANGE = re.compile(rb"([\[(])" + _END + rb"," + _END + rb"([\])])", re.DOTALL)
_ESCAPE = re.compile(rb'["\\](.)', re.DOTALL)
EMPTY = Range(empty=True)


def unescaped(quoted: bytes) -> bytes:
    r"""What stands between quotes, where a quote is doubled or a backslash stands before whatever is meant."""
    return _ESCAPE.sub(rb"\1", quoted) if b'"' in quoted or b"\\" in quoted else quoted


def text_range(context: Context, element: Codec) -> Codec:
    """`[1,5)`, `(,"2024-02-29 12:30:00"]`, `empty`."""

    def decode(raw: bytes) -> Range:
        match = _RANGE.fullmatch(raw)
        if match is None:
            return _empty(raw)
        return _range(match, element)

    return decode


def _empty(raw: bytes) -> Range:
    if raw == b"empty":
        return EMPTY
    raise ValueError(f"not a range: {raw[:40]!r}")


def _range(match: re.Match[bytes], element: Codec) -> Range:
    opening, low_quoted, low, high_quoted, high, closing = match.groups()
    return Range(_end(low_quoted, low, element), _end(high_quoted, high, element), (opening + closing).decode("ascii"))


def _end(quoted: bytes | None, bare: bytes | None, element: Codec) -> Any:
    if quoted is not None:
        return element(unescaped(quoted))
    return element(bare) if bare else None


def text_multirange(context: Context, element: Codec) -> Codec:
    """Ranges in braces, separated by commas."""

    def decode(raw: bytes) -> Multirange:
        ranges: list[Range] = []
        position, end = 1, len(raw) - 1
        if raw[:1] != b"{" or raw[-1:] != b"}" or end < 1:
            raise ValueError(f"not a multirange: {raw[:40]!r}")
        while position < end:
            match = _RANGE.match(raw, position, end)
            if match is None or raw[match.end() : match.end() + 1] not in (b",", b"}"):
                raise ValueError(f"not a multirange: unexpected byte at {position}")
            ranges.append(_range(match, element))
            position = match.end() + 1
        if raw[position - 1 : position] == b"," or position > end + 1:
            raise ValueError("not a multirange: it does not end")
        return Multirange(ranges)

    return decode


IS_EMPTY, LOWER_INCLUSIVE, UPPER_INCLUSIVE, LOWER_INFINITE, UPPER_INFINITE = 1, 2, 4, 8, 16


def counted(raw: bytes, position: int) -> tuple[bytes | None, int]:
    """The bytes after their i32 count, None for -1, and where they end. Raises ValueError."""
    start = position + 4
    size = int.from_bytes(raw[position:start], "big", signed=True)
    if start > len(raw) or not -1 <= size <= len(raw) - start:
        raise ValueError(f"a value of {size} bytes at {position} of {len(raw)}")
    return (None, start) if size == -1 else (raw[start : start + size], start + size)


def binary_range(context: Context, element: Codec) -> Codec:
    """u8 flags (empty, lower and upper inclusive, lower and upper infinite); each end that there is after its i32
    length."""

    def decode(raw: bytes) -> Range:
        flags, position = raw[0] if raw else 255, 1
        if flags > 31:
            raise ValueError(f"not a range: {raw[:40]!r}")
        lower = upper = None
        if not flags & (IS_EMPTY | LOWER_INFINITE):
            lower, position = _counted_end(raw, position, element)
        if not flags & (IS_EMPTY | UPPER_INFINITE):
            upper, position = _counted_end(raw, position, element)
        if position != len(raw):
            raise ValueError(f"a range that ends at {position} of {len(raw)} bytes")
        if flags & IS_EMPTY:
            return EMPTY
        bounds = ("[" if flags & LOWER_INCLUSIVE else "(") + ("]" if flags & UPPER_INCLUSIVE else ")")
        return Range(lower, upper, bounds)

    return decode


def _counted_end(raw: bytes, position: int, element: Codec) -> tuple[Any, int]:
    end, position = counted(raw, position)
    if end is None:
        raise ValueError("a range whose end is null")
    return element(end), position


def binary_multirange(context: Context, element: Codec) -> Codec:
    """i32 count; the ranges, each after its i32 length."""
    read = binary_range(context, element)

    def decode(raw: bytes) -> Multirange:
        count = int.from_bytes(raw[:4], "big")
        if len(raw) < 4 or count * 5 > len(raw) - 4:
            raise ValueError(f"a multirange of {count} ranges in {len(raw)} bytes")
        ranges, position = [], 4
        for _ in range(count):
            each, position = counted(raw, position)
            ranges.append(read(each or b""))
        if position != len(raw):
            raise ValueError(f"a multirange that ends at {position} of {len(raw)} bytes")
        return Multirange(ranges)

    return decode


TEXT: dict[str, Maker] = {
    "range": Maker(text_range, (Operation,), 1),
    "multirange": Maker(text_multirange, (Operation,), 1),
}
BINARY: dict[str, Maker] = {
    "range": Maker(binary_range, (Operation,), 1),
    "multirange": Maker(binary_multirange, (Operation,), 1),
}
