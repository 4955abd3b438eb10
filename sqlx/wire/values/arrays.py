"""Decoders of arrays, which arrive as nested lists; as Array where an index begins at another number than 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from struct import Struct, unpack_from
from typing import Any

from sqlx.wire.values.binary import Number
from sqlx.wire.values.containers import Array
from sqlx.wire.values.operations import Codec, Context, Maker, Operation

MAX_DIMENSIONS = 6


def text_array(context: Context, element: Codec, separator: str = ",") -> Codec:
    r"""An array literal: `{1,NULL,{"a \"b\""}}`, perhaps after its bounds: `[2:4]={...}`."""
    mark = separator.encode("ascii")
    token, item = _token(mark), _item(mark)
    flat = re.compile(rb"(?:%s)++(?<!%s)" % (item.pattern, re.escape(mark)), re.DOTALL)

    def decode(raw: bytes) -> list[Any]:
        if raw[:1] == b"[":
            literal, bounds = _parted(raw)
            return _bounded(decode(literal), bounds)
        if raw[:1] != b"{" or raw[-1:] != b"}":
            raise ValueError(f"not an array: {raw[:40]!r}")
        body = raw[1:-1]
        if not body:
            return []
        if any(byte in body for byte in _SPECIAL):
            if flat.fullmatch(body):
                return [_word(quoted, bare, element) for quoted, bare in item.findall(body)]
            return _nested(raw, token, mark, element)
        return [None if word in _NULLS else element(word) for word in body.split(mark)]

    return decode


_SPECIAL = (b'"', b"{", b"}", b"\\")
_NULLS = (b"NULL", b"null")
_BOUNDS = re.compile(rb"((?:\[[+-]?\d{1,10}:[+-]?\d{1,10}\]){1,%d})=(?=\{)" % MAX_DIMENSIONS)
_LOWER = re.compile(rb"\[([+-]?\d+):")


def _parted(raw: bytes) -> tuple[bytes, list[int]]:
    """The literal behind its bounds, and the lower ones."""
    match = _BOUNDS.match(raw)
    if match is None:
        raise ValueError(f"not an array: {raw[:40]!r}")
    return raw[match.end() :], [int(bound) for bound in _LOWER.findall(match[1])]


def _bounded(values: list[Any], bounds: Sequence[int]) -> list[Any]:
    return values if all(bound == 1 for bound in bounds) else Array(values, bounds)


def _token(mark: bytes) -> re.Pattern[bytes]:
    special = re.escape(mark)
    return re.compile(
        rb'(?P<open>\{)|(?P<close>\})|(?P<mark>%s)|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"|(?P<bare>(?:[^\s"\\{}%s]|\\.)+)'
        % (special, special),
        re.DOTALL,
    )


def _item(mark: bytes) -> re.Pattern[bytes]:
    """One element of an array of one dimension, as servers write it: in quotes, or without anything special."""
    special = re.escape(mark)
    return re.compile(rb'(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^\s"\\{}%s]++))(?:%s|\Z)' % (special, special), re.DOTALL)


def _word(quoted: bytes, bare: bytes, element: Codec) -> Any:
    if bare:
        return None if bare in _NULLS else element(bare)
    return element(_ESCAPE.sub(rb"\1", quoted) if b"\\" in quoted else quoted)


_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def _nested(literal: bytes, token: re.Pattern[bytes], mark: bytes, element: Codec) -> list[Any]:
    """Reads token by token. A value or a list may come only where one is due: after `{` or the separator."""
    outer: list[list[Any]] = [[]]
    position, due = 0, True
    while position < len(literal):
        match = token.match(literal, position)
        if match is None or (len(outer) == 1 and position):
            raise ValueError(f"not an array: unexpected byte at {position}")
        position, kind = match.end(), match.lastgroup
        if due == (kind in ("mark", "close")) and not (kind == "close" and not outer[-1] and len(outer) > 1):
            raise ValueError(f"not an array: unexpected byte at {match.start()}")
        due = kind in ("mark", "open")
        if kind == "open":
            outer[-1].append([])
            outer.append(outer[-1][-1])
            if len(outer) > MAX_DIMENSIONS + 1:
                raise ValueError(f"an array of more than {MAX_DIMENSIONS} dimensions")
        elif kind == "close":
            outer.pop()
        elif kind != "mark":
            outer[-1].append(_element(match, element))
    if len(outer) != 1 or not outer[0]:
        raise ValueError("not an array: it does not end")
    whole: list[Any] = outer[0][0]
    return whole


def spaced(context: Context, element: Codec) -> Codec:
    """Values with spaces between, none of which is null: `1 2 3`."""
    return lambda raw: [element(word) for word in raw.split(b" ")] if raw else []


def _element(match: re.Match[bytes], element: Codec) -> Any:
    word = match[match.lastgroup or 0]
    if match.lastgroup == "bare" and word in _NULLS:
        return None
    return element(_ESCAPE.sub(rb"\1", word) if b"\\" in word else word)


def binary_array(context: Context, element: Codec, type_: int = 0) -> Codec:
    """i32 dimensions, i32 flags, u32 element type; i32 size and i32 lower bound of each dimension; the elements, each
    after its i32 length, -1 for null. Big endian. Counts are held against the bytes at hand before lists are built;
    which type the elements are of is for those who write."""

    def decode(raw: bytes) -> list[Any]:
        if len(raw) < 12:
            raise ValueError(f"{len(raw)} bytes where at least 12 were expected")
        dimensions = int.from_bytes(raw[:4], "big", signed=True)
        start = 12 + 8 * dimensions
        if not 0 <= dimensions <= MAX_DIMENSIONS or start > len(raw):
            raise ValueError(f"an array of {dimensions} dimensions in {len(raw)} bytes")
        numbers = unpack_from(f">{2 * dimensions}i", raw, 12)
        sizes, bounds = numbers[::2], numbers[1::2]
        if not sizes:
            return []
        if min(sizes) < 1 or prod(sizes) * 4 > len(raw) - start:
            raise ValueError(f"an array of {' x '.join(map(str, sizes))} elements in {len(raw)} bytes")
        return _bounded(_fold(_elements(raw, start, prod(sizes), element), sizes), bounds)

    return decode


def _elements(raw: bytes, position: int, count: int, element: Codec) -> list[Any]:
    """All elements in order, up to the last byte."""
    if isinstance(element, Number) and len(raw) - position == count * (4 + element.layout.size):
        pairs = Struct(">i" + element.layout.format[1:]).iter_unpack(raw[position:])
        sizes, numbers = zip(*pairs, strict=True)
        if sizes.count(element.layout.size) == count:
            return list(numbers)
    flat: list[Any] = []
    end = len(raw)
    for _ in range(count):
        start = position + 4
        size = int.from_bytes(raw[position:start], "big", signed=True)
        position = start + size
        if size >= 0 and position <= end:
            flat.append(element(raw[start:position]))
        elif size == -1:
            flat.append(None)
            position = start
        else:
            raise ValueError(f"an array element of {size} bytes at {start} of {end}")
    if position != end:
        raise ValueError(f"an array that ends at {position} of {end} bytes")
    return flat


def _fold(flat: list[Any], sizes: tuple[int, ...]) -> list[Any]:
    for size in sizes[:0:-1]:
        flat = [flat[start : start + size] for start in range(0, len(flat), size)]
    return flat


TEXT: dict[str, Maker] = {
    "array": Maker(text_array, (Operation, str), 1),
    "spaced": Maker(spaced, (Operation,), 1),
}
BINARY: dict[str, Maker] = {"array": Maker(binary_array, (Operation, int), 1)}
