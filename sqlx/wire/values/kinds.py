"""Which kind of value a Python object is: the words under which a pack's `parameters` section lists them."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Any
from uuid import UUID

from sqlx.wire.values.containers import Multirange, Range, Record, Vector
from sqlx.wire.values.geometry import Geometry
from sqlx.wire.values.shapes import Box, Circle, Line, Path, Point, Polygon, Segment
from sqlx.wire.values.types import Interval, Json

KINDS: dict[type, str] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "text",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    date: "date",
    datetime: "timestamp",
    time: "time",
    timedelta: "interval",
    Interval: "interval",
    UUID: "uuid",
    dict: "json",
    Json: "json",
    list: "array",
    tuple: "array",
    set: "set",
    frozenset: "set",
    Range: "range",
    Multirange: "multirange",
    Record: "record",
    Point: "point",
    Line: "line",
    Segment: "segment",
    Box: "box",
    Path: "path",
    Polygon: "polygon",
    Circle: "circle",
    Geometry: "geometry",
    Vector: "vector",
} | dict.fromkeys((IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network), "inet")

ZONED = {"timestamp": "timestamptz", "time": "timetz"}


def kind_of(value: Any) -> str | None:
    """The kind of a value that is neither an Enum member nor a NumPy scalar, None when it has none."""
    for base in type(value).__mro__:
        kind = KINDS.get(base)
        if kind is not None:
            return ZONED[kind] if kind in ZONED and value.tzinfo is not None else kind
    return None


def unwrap(value: Any) -> Any:
    """What an Enum member or a NumPy scalar stands for; every other value as it is.

    Raises ValueError for a NumPy scalar that no Python type holds (nanoseconds, long doubles).
    """
    while isinstance(value, Enum):
        value = value.value
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.generic):
        return value
    item = value.item()
    if isinstance(value, (numpy.datetime64, numpy.timedelta64)) and isinstance(item, int):
        raise ValueError("it is finer than Python can hold: convert it to microseconds, or to text")
    if isinstance(item, numpy.generic):
        raise ValueError("it is wider than Python can hold: convert it to float, or to text")
    return item


def is_wrapped(kind: type) -> bool:
    """Whether values of a Python type must be unwrapped first."""
    numpy = sys.modules.get("numpy")
    return issubclass(kind, Enum) or (numpy is not None and issubclass(kind, numpy.generic))
