"""Decoders of dates, times and spans that are written as text (ISO 8601; spans in words).

What Python's types cannot hold arrives as ServerText.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlx.wire.values.operations import Codec, Context, Maker, plain
from sqlx.wire.values.types import Interval, ServerText

_OUTSIDE = re.compile(
    rb"-?infinity"
    rb"|\d{4,}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d){0,2})?)?( BC)?"
    rb"|24:00:00(\.0+)?([+-]\d\d(:\d\d){0,2})?"
)


def outside(raw: bytes) -> ServerText:
    """The text of a temporal value that Python refused. Raises ValueError when it is no temporal value at all."""
    if _OUTSIDE.fullmatch(raw) is None:
        raise ValueError(f"not a date or time: {raw[:40]!r}")
    return ServerText(raw.decode("ascii"))


def day(raw: bytes) -> Any:
    """`2024-02-29`."""
    try:
        return date.fromisoformat(raw.decode())
    except ValueError:
        return outside(raw)


def clock(raw: bytes) -> Any:
    """`12:30:00.5`, also with an offset: `12:30:00.5+02`. The end of the day, 24:00:00, is outside Python's range."""
    try:
        if raw[:2] == b"24":
            return outside(raw)
        return time.fromisoformat(raw.decode())
    except ValueError:
        return outside(raw)


def moment(raw: bytes) -> Any:
    """`2024-02-29 12:30:00.5`; with an offset the result is aware and keeps it."""
    try:
        return datetime.fromisoformat(raw.decode())
    except ValueError:
        return outside(raw)


def zoned_moment(context: Context) -> Codec:
    """`2024-02-29 12:30:00.5+02`, told in the context's zone."""
    zone = context.zone
    if zone is None:
        return moment

    def read(raw: bytes) -> Any:
        try:
            return datetime.fromisoformat(raw.decode()).astimezone(zone)
        except (ValueError, OverflowError):
            return outside(raw)

    return read


_INTERVAL = re.compile(
    rb"(?=\S)(?:([+-]?\d+) years?)? ?(?:([+-]?\d+) mons?)? ?(?:([+-]?\d+) days?)? ?"
    rb"(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?"
)


def interval(raw: bytes) -> Interval | ServerText:
    """`1 year 2 mons -3 days -04:05:06.789`: each part with its own sign, one sign for the time."""
    match = _INTERVAL.fullmatch(raw)
    if match is None:
        return _infinite_interval(raw)
    years, months, days, sign, hours, minutes, seconds, fraction = match.groups()
    microseconds = 0
    if hours:
        microseconds = (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1_000_000
        microseconds += int(fraction.ljust(6, b"0")) if fraction else 0
    return Interval(
        int(years or 0) * 12 + int(months or 0), int(days or 0), -microseconds if sign == b"-" else microseconds
    )


def _infinite_interval(raw: bytes) -> ServerText:
    if raw in (b"infinity", b"-infinity"):
        return ServerText(raw.decode())
    raise ValueError(f"not an interval: {raw[:40]!r}")


_DURATION = re.compile(rb"(-?)(\d{2,9}):(\d\d):(\d\d)(?:\.(\d{1,6}))?")


def duration(raw: bytes) -> timedelta:
    """`-838:59:59.000000`: hours may be many."""
    match = _DURATION.fullmatch(raw)
    if match is None:
        raise ValueError(f"not a duration: {raw[:40]!r}")
    sign, hours, minutes, seconds, fraction = match.groups()
    microseconds = int(fraction.ljust(6, b"0")) if fraction else 0
    span = timedelta(0, int(hours) * 3600 + int(minutes) * 60 + int(seconds), microseconds)
    return -span if sign else span


TEXT: dict[str, Maker] = {
    "date": plain(day),
    "time": plain(clock),
    "timetz": plain(clock),
    "timestamp": plain(moment),
    "timestamptz": Maker(zoned_moment),
    "interval": plain(interval),
    "duration": plain(duration),
}
