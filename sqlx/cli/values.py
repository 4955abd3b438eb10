"""Values as text that loses nothing: for people and CSV files, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from sqlx.cli.endings import Failure
from sqlx.wire.values.containers import Multirange, Record
from sqlx.wire.values.geometry import Geometry

DIGITS = 20_000  # behind the point, written out: more than a server keeps


def text(value: Any) -> str:
    r"""A value for people and for CSV; None is the caller's.

    Moments as `2024-02-29 12:30:00+02:00`, bytes as `\x00ff`, truth as `true` and `false`; json, and what is made of
    several values, as JSON.
    """
    return _lookup(_TEXT, value)(value)


def json(value: Any) -> str:
    r"""A value as JSON: numbers with all their digits, moments in ISO 8601 with a `T`, bytes as `"\\x00ff"`.

    What JSON has no numbers for (NaN, infinities) is text. Raises Failure for a value that is nested too deeply.
    """
    try:
        return _json(value)
    except RecursionError:
        raise Failure("a value is nested too deeply to be written as JSON: choose another format") from None


def quoted(text: str) -> str:
    r"""A text as JSON. Beside what must be escaped, DEL, C1 controls and those of direction are."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", encode_basestring(text))


def _lookup(table: dict[type, Callable[[Any], str]], value: Any) -> Callable[[Any], str]:
    found = table.get(type(value))
    if found is None:
        found = next((table[each] for each in type(value).__mro__ if each in table), table[object])
    return found


def _json(value: Any) -> str:
    return _lookup(_JSON, value)(value)


def _float(value: float) -> str:
    return float.__repr__(value) if isfinite(value) else _NOT_FINITE[float.__repr__(value)]


def _decimal(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    plain = isinstance(exponent, int) and -DIGITS <= exponent <= 0
    return format(value, "f") if plain else str(value)


def _integer(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:  # more digits than Python writes
        return str(Decimal(value))


def _bytes(value: bytes) -> str:
    return "\\x" + bytes(value).hex()


def _duration(value: timedelta) -> str:
    """`-838:59:59.5`, as servers write a span of time that is no time of day."""
    microseconds = value // timedelta(microseconds=1)
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return ("-" if microseconds < 0 else "") + clock + (f".{fraction:06}".rstrip("0") if fraction else "")


def _list(value: Iterable[Any]) -> str:
    return f"[{', '.join([_json(each) for each in value])}]"


def _object(value: dict[str, Any]) -> str:
    return "{" + ", ".join([f"{quoted(name)}: {_json(each)}" for name, each in value.items()]) + "}"


def _record(value: Record) -> str:
    """An object, where its names are there and differ; else a list."""
    named = value._asdict()
    return _object(named) if named and len(named) == len(value) else _list(value)


def _geometry(value: Geometry) -> str:
    """GeoJSON, with `srid` where there is one; its bytes where they are no geometry of the plane."""
    try:
        shape = value.__geo_interface__
    except ValueError:
        return quoted(_bytes(value.srid.to_bytes(4, "little") + value.wkb))
    return _object(shape | {"srid": value.srid} if value.srid else shape)


def _nested(value: Any) -> str:
    return json(value)


def _in_quotes(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: quoted(write(value))


def _number(write: Callable[[Any], str], is_finite: Callable[[Any], bool]) -> Callable[[Any], str]:
    return lambda value: write(value) if is_finite(value) else quoted(write(value))


# What a terminal may obey, or that turns the direction of writing, and JSON does not escape.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NOT_FINITE = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
_TEXT: dict[type, Callable[[Any], str]] = {
    str: str.__str__,
    int: _integer,
    float: _float,
    Decimal: _decimal,
    bool: lambda value: "true" if value else "false",
    bytes: _bytes,
    date: date.isoformat,
    datetime: lambda value: datetime.isoformat(value, " "),
    time: time.isoformat,
    timedelta: _duration,
    list: _nested,
    dict: _nested,
    tuple: _nested,
    Geometry: _nested,
    set: lambda value: ",".join(sorted(value)),
    object: str,
}
_JSON: dict[type, Callable[[Any], str]] = {
    **{kind: _in_quotes(write) for kind, write in _TEXT.items()},
    type(None): lambda value: "null",
    bool: _TEXT[bool],
    int: _integer,
    float: _number(_float, isfinite),
    Decimal: _number(_decimal, Decimal.is_finite),
    datetime: lambda value: quoted(datetime.isoformat(value)),
    list: _list,
    tuple: _list,
    Record: _record,
    Multirange: lambda value: _list(map(str, value)),
    Geometry: _geometry,
    set: lambda value: _list(sorted(value)),
    dict: _object,
}
