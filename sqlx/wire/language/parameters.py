"""The models of a pack's `parameters`: how values are bound."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from sqlx.wire.language.parts import Name, Part, Text, by_shape


class ParameterRule(Part):
    """What a bound value is on the wire."""

    type: int = 0
    """The number of its type."""
    encode: Text | None = None
    """The operation that writes it; only null has none."""
    format: Literal[0, 1] = 0
    """0 for text, 1 for binary."""
    flags: int = 0
    """Further bits for messages that have them beside the type."""
    prefixed: bool = False
    """Its length stands before it, as `parameters.prefix` says."""
    from_: int | float | None = None
    """The smallest value that it holds."""
    to: int | float | None = None
    """The largest."""


ParameterRules = Annotated[
    Annotated[ParameterRule, Tag("<object>")] | Annotated[list[ParameterRule], Field(min_length=1), Tag("<list>")],
    by_shape,
]


class HolderRule(Part):
    """How a value is bound whose type depends on what it holds."""

    encode: Text
    """The operation that writes it."""
    of: dict[Annotated[str, Field(pattern=r"^[0-9]+$")], int] = {}
    """For each type of what it holds, its own."""
    otherwise: int = 0
    """Its type when it holds anything else, or nothing."""


class Kinds(Part):
    """One rule for each kind of Python value, or several: the first that holds it is taken. One left out is refused."""

    null: ParameterRules | None = None
    """None."""
    bool_: ParameterRules | None = None
    """bool."""
    int_: ParameterRules | None = None
    """int."""
    float_: ParameterRules | None = None
    """float."""
    decimal: ParameterRules | None = None
    """decimal.Decimal."""
    text: ParameterRules | None = None
    """str."""
    bytes_: ParameterRules | None = None
    """bytes, bytearray, memoryview."""
    date: ParameterRules | None = None
    """datetime.date."""
    time: ParameterRules | None = None
    """datetime.time without a zone."""
    timetz: ParameterRules | None = None
    """datetime.time with a zone."""
    timestamp: ParameterRules | None = None
    """datetime.datetime without a zone."""
    timestamptz: ParameterRules | None = None
    """datetime.datetime with a zone."""
    interval: ParameterRules | None = None
    """datetime.timedelta and sqlx.Interval."""
    uuid: ParameterRules | None = None
    """uuid.UUID."""
    inet: ParameterRules | None = None
    """The addresses and networks of ipaddress."""
    json_: ParameterRules | None = None
    """dict and sqlx.Json."""
    set: ParameterRules | None = None
    """set and frozenset."""
    array: HolderRule | None = None
    """list and tuple."""
    range: HolderRule | None = None
    """sqlx.Range."""
    multirange: HolderRule | None = None
    """sqlx.Multirange."""
    record: ParameterRules | None = None
    """sqlx.Record."""
    point: ParameterRules | None = None
    """sqlx.Point."""
    line: ParameterRules | None = None
    """sqlx.Line."""
    segment: ParameterRules | None = None
    """sqlx.Segment."""
    box: ParameterRules | None = None
    """sqlx.Box."""
    path: ParameterRules | None = None
    """sqlx.Path."""
    polygon: ParameterRules | None = None
    """sqlx.Polygon."""
    circle: ParameterRules | None = None
    """sqlx.Circle."""
    geometry: ParameterRules | None = None
    """sqlx.Geometry."""
    vector: ParameterRules | None = None
    """sqlx.Vector."""


class Parameters(Part):
    """How values are bound."""

    typed_at: Literal["prepare", "execute"] = "execute"
    """When the server must know the types."""
    prefix: Name | None = None
    """The integer that writes the length of `prefixed` values."""
    kinds: Kinds
    """The rules by kind of value."""
