"""Geometries of spatial columns: a reference system's number, and well-known binary (OGC 06-103r4, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from
from typing import Any

from sqlx.wire.values.operations import Maker, plain

MAX_COLLECTIONS = 16  # collections in collections
NAMES = {
    1: "Point",
    2: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}


@dataclass(frozen=True, slots=True)
class Geometry:
    """A geometry: its spatial reference system, and its well-known binary, which is read only when it is asked for."""

    srid: int
    wkb: bytes

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """The geometry as GeoJSON (RFC 7946) has it: `{"type": "Point", "coordinates": (1.0, 2.0)}`. Coordinates are in
        the order of the bytes. Raises ValueError for bytes that are no geometry of the plane."""
        reader = _Reader(self.wkb)
        shape = reader.geometry(0)
        if reader.position != len(self.wkb):
            raise ValueError(f"a geometry that ends at {reader.position} of {len(self.wkb)} bytes")
        return shape


class _Reader:
    """Reads from `position` on. Counts are held against the bytes at hand before anything is built."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.position = 0

    def room(self, size: int, what: str) -> None:
        if size > len(self.raw) - self.position:
            raise ValueError(f"{what} at {self.position} of {len(self.raw)} bytes")

    def geometry(self, depth: int) -> dict[str, Any]:
        if depth > MAX_COLLECTIONS:
            raise ValueError(f"collections are nested more than {MAX_COLLECTIONS} deep")
        self.room(5, "a geometry")
        order = {0: ">", 1: "<"}.get(self.raw[self.position], "")
        (kind,) = unpack_from(f"{order}I", self.raw, self.position + 1)
        if not order or kind not in NAMES:
            raise ValueError(f"not a geometry of the plane: {self.raw[self.position : self.position + 5].hex()}")
        self.position += 5
        if kind == 7:
            return {"type": NAMES[kind], "geometries": [self.geometry(depth + 1) for _ in range(self.count(order, 5))]}
        return {"type": NAMES[kind], "coordinates": self.coordinates(kind, order, depth)}

    def coordinates(self, kind: int, order: str, depth: int) -> Any:
        if kind == 1:
            return self.points(order, 1)[0]
        if kind == 2:
            return self.points(order, self.count(order, 16))
        if kind == 3:
            return tuple(self.points(order, self.count(order, 16)) for _ in range(self.count(order, 4)))
        parts = [self.geometry(depth + 1) for _ in range(self.count(order, 5))]
        if any(part["type"] != NAMES[kind - 3] for part in parts):
            raise ValueError(f"a {NAMES[kind]} of other geometries")
        return tuple(part["coordinates"] for part in parts)

    def count(self, order: str, size: int) -> int:
        """A u32 count of what takes at least `size` bytes each."""
        self.room(4, "a count")
        count: int = unpack_from(f"{order}I", self.raw, self.position)[0]
        self.position += 4
        self.room(count * size, f"{count} parts")
        return count

    def points(self, order: str, count: int) -> tuple[tuple[float, float], ...]:
        self.room(16 * count, f"{count} points")
        numbers = unpack_from(f"{order}{2 * count}d", self.raw, self.position)
        self.position += 16 * count
        return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def geometry(raw: bytes) -> Geometry:
    """u32 spatial reference system, little endian; well-known binary."""
    if len(raw) < 9:
        raise ValueError(f"not a geometry: {raw[:40]!r}")
    return Geometry(int.from_bytes(raw[:4], "little"), bytes(raw[4:]))


def encode(value: Geometry) -> bytes:
    """As it is read."""
    return value.srid.to_bytes(4, "little") + value.wkb


BOTH: dict[str, Maker] = {"geometry": plain(geometry)}
ENCODE: dict[str, Maker] = {"geometry": plain(encode)}
