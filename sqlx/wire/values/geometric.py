"""Decoders and encoders of shapes: `(1,2)`, `<(0,0),1.5>`, and 8-byte floats, big endian."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from struct import unpack_from
from typing import Any

from sqlx.wire.values.operations import Maker, plain
from sqlx.wire.values.shapes import Box, Circle, Line, Path, Point, Polygon, Segment

_NUMBER = rb"(-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)|NaN)"
_POINT = rb"\(%s,%s\)" % (_NUMBER, _NUMBER)
_POINTS = re.compile(rb"%s(?:,|\Z)" % _POINT)


def segment(x: float, y: float, u: float, v: float) -> Segment:
    return Segment(Point(x, y), Point(u, v))


def box(x: float, y: float, u: float, v: float) -> Box:
    return Box(Point(x, y), Point(u, v))


def circle(x: float, y: float, radius: float) -> Circle:
    return Circle(Point(x, y), radius)


def _text(make: Callable[..., Any], form: bytes) -> Maker:
    """A shape of a fixed number of numbers, written in one way."""
    match = re.compile(form).fullmatch

    def decode(raw: bytes) -> Any:
        found = match(raw)
        if found is None:
            raise ValueError(f"not a {make.__name__.lower()}: {raw[:40]!r}")
        return make(*map(float, found.groups()))

    return plain(decode)


def _points(raw: bytes) -> tuple[Point, ...]:
    """`(1,2),(3,4)`."""
    points: list[Point] = []
    position = 0
    while position < len(raw):
        match = _POINTS.match(raw, position)
        if match is None:
            raise ValueError(f"not points: unexpected byte at {position}")
        points.append(Point(float(match[1]), float(match[2])))
        position = match.end()
    if not points or raw[-1:] == b",":
        raise ValueError(f"not points: {raw[:40]!r}")
    return tuple(points)


def text_path(raw: bytes) -> Path:
    """`[(1,2),(3,4)]`, in round brackets when it is closed."""
    if raw[:1] + raw[-1:] not in (b"[]", b"()"):
        raise ValueError(f"not a path: {raw[:40]!r}")
    return Path(_points(raw[1:-1]), raw[:1] == b"(")


def text_polygon(raw: bytes) -> Polygon:
    """`((1,2),(3,4))`."""
    if raw[:1] + raw[-1:] != b"()":
        raise ValueError(f"not a polygon: {raw[:40]!r}")
    return Polygon(_points(raw[1:-1]))


def _binary(make: Callable[..., Any], count: int) -> Maker:
    """A shape of a fixed number of numbers."""

    def decode(raw: bytes) -> Any:
        if len(raw) != 8 * count:
            raise ValueError(f"{len(raw)} bytes where {8 * count} were expected")
        return make(*unpack_from(f">{count}d", raw))

    return plain(decode)


def _counted_points(raw: bytes, position: int) -> tuple[Point, ...]:
    """i32 count, and as many points as fill the bytes."""
    count = int.from_bytes(raw[position : position + 4], "big")
    if len(raw) != position + 4 + 16 * count or not count:
        raise ValueError(f"{count} points in {len(raw)} bytes")
    numbers = unpack_from(f">{2 * count}d", raw, position + 4)
    return tuple(map(Point, numbers[::2], numbers[1::2]))


def binary_path(raw: bytes) -> Path:
    """u8 whether it is closed; its points."""
    if raw[:1] not in (b"\0", b"\1"):
        raise ValueError(f"not a path: {raw[:40]!r}")
    return Path(_counted_points(raw, 1), raw[0] == 1)


def binary_polygon(raw: bytes) -> Polygon:
    """Its points."""
    return Polygon(_counted_points(raw, 0))


def _write(*numbers: float) -> str:
    return ",".join([_WORDS.get(word := float.__repr__(float(number)), word) for number in numbers])


_WORDS = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def _write_points(points: Iterable[Point]) -> str:
    return ",".join([f"({_write(*each)})" for each in points])


ENCODE: dict[str, Maker] = {
    "point": plain(lambda value: f"({_write(*value)})".encode()),
    "line": plain(lambda value: f"{{{_write(*value)}}}".encode()),
    "segment": plain(lambda value: f"[{_write_points(value)}]".encode()),
    "box": plain(lambda value: _write_points(value).encode()),
    "path": plain(
        lambda value: (f"({_write_points(value[0])})" if value[1] else f"[{_write_points(value[0])}]").encode()
    ),
    "polygon": plain(lambda value: f"({_write_points(value[0])})".encode()),
    "circle": plain(lambda value: f"<({_write(*value[0])}),{_write(value[1])}>".encode()),
}
TEXT: dict[str, Maker] = {
    "point": _text(Point, _POINT),
    "line": _text(Line, rb"\{%s,%s,%s\}" % (_NUMBER, _NUMBER, _NUMBER)),
    "segment": _text(segment, rb"\[%s,%s\]" % (_POINT, _POINT)),
    "box": _text(box, rb"%s,%s" % (_POINT, _POINT)),
    "path": plain(text_path),
    "polygon": plain(text_polygon),
    "circle": _text(circle, rb"<%s,%s>" % (_POINT, _NUMBER)),
}
BINARY: dict[str, Maker] = {
    "point": _binary(Point, 2),
    "line": _binary(Line, 3),
    "segment": _binary(segment, 4),
    "box": _binary(box, 4),
    "path": plain(binary_path),
    "polygon": plain(binary_polygon),
    "circle": _binary(circle, 3),
}
