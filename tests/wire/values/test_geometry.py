"""Geometries: what well-known binary says, and nothing out of bytes that lie."""

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx import Geometry, Vector
from sqlx.wire.values import Context, binary_decoder, encoder, text_decoder

CONTEXT = Context(byte_order="little")
POINT = struct.pack("<BIdd", 1, 1, 1.0, 2.0)


def wkb(kind: int, *parts: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}BII", order == "<", kind, len(parts)) + b"".join(parts)


def test_both_byte_orders_one_in_another() -> None:
    big = struct.pack(">BIdd", 0, 1, 3.0, 4.0)
    assert Geometry(0, wkb(4, POINT, big)).__geo_interface__ == {
        "type": "MultiPoint",
        "coordinates": ((1.0, 2.0), (3.0, 4.0)),
    }
    assert Geometry(0, wkb(7, order=">")).__geo_interface__ == {"type": "GeometryCollection", "geometries": []}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\1",
        b"\2" + POINT[1:],
        POINT[:-1],
        POINT + b"x",
        struct.pack("<BI", 1, 8),
        struct.pack("<BI", 1, 1 | 0x20000000),
        *(struct.pack("<BII", 1, kind, 2**32 - 1) + bytes(100) for kind in range(2, 8)),
        struct.pack("<BIII", 1, 3, 1, 2**32 - 1),
        wkb(4, wkb(2)),
        wkb(7, POINT)[:-1],
    ],
)
def test_bytes_that_are_none(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"bytes|geometr|parts|order"):
        _ = Geometry(0, raw).__geo_interface__


def test_collections_in_collections_end() -> None:
    raw = POINT
    for _ in range(30):
        raw = wkb(7, raw)
    with pytest.raises(ValueError, match="more than 16 deep"):
        _ = Geometry(0, raw).__geo_interface__


@given(st.binary() | st.binary(max_size=60).map(lambda rest: b"\1\7\0\0\0" + rest))
def test_any_bytes(raw: bytes) -> None:
    with suppress(ValueError):
        _ = Geometry(0, raw).__geo_interface__


@pytest.mark.parametrize("find", [text_decoder, binary_decoder])
def test_both_formats(find: Any) -> None:
    raw = struct.pack("<I", 4326) + POINT
    value = find("geometry", CONTEXT)(raw)
    assert value == Geometry(4326, POINT) and encoder("geometry", CONTEXT)(value) == raw
    numbers = find("vector", CONTEXT)(struct.pack("<2f", 0.5, -1.0))
    assert (type(numbers), numbers, repr(numbers)) == (Vector, [0.5, -1.0], "Vector([0.5, -1.0])")
    assert encoder("vector", CONTEXT)(numbers) == struct.pack("<2f", 0.5, -1.0)
    for op, bad in (("geometry", bytes(8)), ("vector", bytes(5))):
        with pytest.raises(ValueError, match=r"geometry|bytes"):
            find(op, CONTEXT)(bad)
