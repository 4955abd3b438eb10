"""Shapes in the plane, as servers without an extension have them. Coordinates are floats."""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """A point."""

    x: float
    y: float


class Line(NamedTuple):
    """All points with a·x + b·y + c = 0."""

    a: float
    b: float
    c: float


class Segment(NamedTuple):
    """What lies between two points."""

    start: Point
    end: Point


class Box(NamedTuple):
    """A rectangle along the axes, by its upper right and its lower left corner."""

    high: Point
    low: Point


class Path(NamedTuple):
    """Points one after the other; a closed path leads back to the first."""

    points: tuple[Point, ...]
    closed: bool = False


class Polygon(NamedTuple):
    """What is inside a closed path."""

    points: tuple[Point, ...]


class Circle(NamedTuple):
    """All points no farther than `radius` from `center`."""

    center: Point
    radius: float
