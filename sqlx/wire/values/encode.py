"""Encoders: from a Python value to its bytes on the wire, or to what an engine in the process takes as it is.

Methods are called on the base class (`str.encode(value)`), so that a subclass binds as its base whatever it overrides.
An encoder raises ValueError, TypeError, OverflowError or struct.error for a value that it cannot write.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from json import JSONEncoder
from struct import pack
from typing import Any
from uuid import UUID

from sqlx.wire.values.binary import LETTERS, packer
from sqlx.wire.values.calendar import clock as clock_text
from sqlx.wire.values.containers import Vector
from sqlx.wire.values.operations import Codec, Context, Maker, Operation, plain
from sqlx.wire.values.types import Interval, Json


def integer(value: int) -> bytes:
    """Decimal digits, as many as it takes."""
    try:
        return int.__repr__(value).encode()
    except ValueError:  # Python writes no int of more than 4300 digits
        return str(Decimal(value)).encode()


def boolean(value: bool) -> bytes:
    """`t` or `f`."""
    return b"t" if value else b"f"


_SPECIAL = {"inf": b"Infinity", "-inf": b"-Infinity", "nan": b"NaN"}


def float_text(value: float) -> bytes:
    """The shortest digits that give the float back, `NaN`, `Infinity`."""
    digits = float.__repr__(value)
    return _SPECIAL.get(digits) or digits.encode()


def decimal(value: Decimal) -> bytes:
    """Digits with their scale, `NaN`, `Infinity`."""
    if value.is_snan():
        raise ValueError("it is a signalling NaN: send Decimal('NaN')")
    return b"NaN" if value.is_nan() else Decimal.__str__(value).encode()


def finite(context: Context, encode: Codec, digits: int = 0) -> Codec:
    """What another operation writes, for engines whose numbers all are numbers, and have at most so many digits before
    the point: `finite(decimal, 65)`."""

    def write(value: Decimal) -> Any:
        if not value.is_finite():
            raise ValueError(f"the server has no number for {value}: send None")
        if digits and value.adjusted() >= digits:
            raise ValueError(f"it has {value.adjusted() + 1} digits before the point, and the server keeps {digits}")
        return encode(value)

    return write


def hex_bytes(value: bytes) -> bytes:
    r"""`\x` and hexadecimal digits."""
    return b"\\x" + bytes(value).hex().encode()


def day(value: date) -> bytes:
    """`2024-02-29`."""
    return date.isoformat(value).encode()


def clock(value: time) -> bytes:
    """`12:30:00.500000`, with the offset when there is one."""
    if value.tzinfo is not None and value.utcoffset() is None:
        raise ValueError("its zone has no offset without a date: give it a timezone with a fixed offset, or none")
    return time.isoformat(value).encode()


def moment(context: Context) -> Codec:
    """`2024-02-29 12:30:00.500000` without a zone; an aware value as the session's zone tells it."""
    return lambda value: datetime.isoformat(without_zone(value, context), " ").encode()


def zoned_moment(context: Context) -> Codec:
    """`2024-02-29 12:30:00.500000+02:00`, as the session's zone tells it where it is known: a type without a zone, for
    which the server passes over the offset, then holds what the server itself would make of the moment."""
    zone = context.zone

    def encode(value: datetime) -> bytes:
        if value.utcoffset() is None:
            raise ValueError("its zone gives no offset for it: give it a timezone that does, or none")
        if zone is not None:
            with suppress(OverflowError):  # the first or the last day that there is
                value = value.astimezone(zone)
        return datetime.isoformat(value, " ").encode()

    return encode


def without_zone(value: datetime, context: Context) -> datetime:
    """A moment without its zone, as the session's zone tells it."""
    if value.tzinfo is None:
        return value
    if context.zone is None:
        raise ValueError("it has a zone, and the zone of the session is not known: convert it and take the zone off")
    return value.astimezone(context.zone).replace(tzinfo=None)


def _interval(value: Interval | timedelta) -> Interval:
    return value if isinstance(value, Interval) else Interval.from_timedelta(value)


def interval(value: Interval | timedelta) -> bytes:
    """`+14 mons -3 days +04:05:06.789`: each part with its sign, lest a server setting carries one to the others."""
    span = _interval(value)
    sign = "-" if span.microseconds < 0 else "+"
    return f"{span.months:+} mons {span.days:+} days {sign}{clock_text(abs(span.microseconds))}".encode()


def iso_interval(value: Interval | timedelta) -> bytes:
    """`P1Y2M-3DT4H5M6.789S` (ISO 8601)."""
    return str(_interval(value)).encode()


def as_text(value: Any) -> bytes:
    """Whatever `str()` gives: UUIDs, addresses."""
    return str(value).encode()


def uuid_bytes(value: UUID) -> bytes:
    """16 bytes."""
    return value.bytes


def members(value: set[str]) -> bytes:
    """A set of names as one text, separated by commas."""
    for name in value:
        if not isinstance(name, str):
            raise TypeError(f"a set holds names, and one of these is of type {type(name).__name__}: send a list")
    if any("," in name for name in value):
        raise ValueError("a comma stands in one of its names")
    return ",".join(sorted(value)).encode()


def _inner(value: Any) -> Any:
    if isinstance(value, Json):
        return value.value
    instead = _IN_JSON.get(type(value), "str")
    raise TypeError(f"json has nothing for what stands in it, of type {type(value).__name__}: convert it to {instead}")


_IN_JSON = {Decimal: "str or float", set: "list", frozenset: "list"}


_write_json = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_inner).encode


def json(value: Any) -> bytes:
    """JSON without spaces. NaN and infinities, which JSON has not, are refused."""
    try:
        return _write_json(value).encode()
    except ValueError as error:
        if "JSON compliant" in str(error):
            raise ValueError("json has neither NaN nor infinities: put null there, or a text") from None
        raise


def vector(value: Vector) -> bytes:
    """4-byte floats, little endian."""
    return pack(f"<{len(value)}f", *value)


def native_int(value: int) -> int:
    """The plain int of a bool."""
    return int.__int__(value)


def native(value: Any) -> Any:
    """The value as it is."""
    return value


def native_text(context: Context, encode: Codec) -> Codec:
    """As text what another operation writes: `native_text(date)`."""
    return lambda value: encode(value).decode()


def fixed(letter: str) -> Maker:
    """One fixed-size number in the context's byte order."""
    return Maker(lambda context: packer(context, letter).pack)


def date_parts(context: Context) -> Codec:
    """A length byte, 4; u16 year, u8 month, u8 day."""
    write = packer(context, "BHBB").pack
    return lambda value: write(4, value.year, value.month, value.day)


def datetime_parts(context: Context) -> Codec:
    """A length byte; u16 year; u8 month, day, hour, minute, second; u32 microseconds unless 0. An aware value as the
    session's zone tells it."""
    whole, full = packer(context, "BHBBBBB").pack, packer(context, "BHBBBBBI").pack

    def encode(value: datetime) -> bytes:
        local = without_zone(value, context)
        parts = (local.year, local.month, local.day, local.hour, local.minute, local.second)
        return full(11, *parts, local.microsecond) if local.microsecond else whole(7, *parts)

    return encode


_HOUR = timedelta(hours=1)


def duration_parts(context: Context, hours: int | None = None) -> Codec:
    """A length byte; u8 whether negative; u32 days; u8 hours, minutes, seconds; u32 microseconds unless 0. Takes times
    of day, and spans of less than so many `hours`, for a server that cuts longer ones and does not say so."""
    whole, full = packer(context, "BBIBBB").pack, packer(context, "BBIBBBI").pack

    def encode(value: Interval | timedelta | time) -> bytes:
        span = span_of(value)
        negative = span < timedelta(0)
        span = abs(span)
        if hours is not None and span // _HOUR >= hours:
            raise ValueError(f"a time of the server has less than {hours} hours: send a number of seconds")
        minutes, second = divmod(span.seconds, 60)
        parts = (negative, span.days, *divmod(minutes, 60), second)
        return full(12, *parts, span.microseconds) if span.microseconds else whole(8, *parts)

    return encode


def span_of(value: Interval | timedelta | time) -> timedelta:
    """A span, or the time since midnight."""
    if isinstance(value, time):
        return timedelta(0, value.second, value.microsecond, 0, value.minute, value.hour)
    return value.to_timedelta() if isinstance(value, Interval) else value


SCALARS: dict[str, Maker] = {
    "int": plain(integer),
    "bool": plain(boolean),
    "float": plain(float_text),
    "decimal": plain(decimal),
    "text": plain(str.encode),
    "bytes": plain(bytes),
    "hex_bytes": plain(hex_bytes),
    "date": plain(day),
    "time": plain(clock),
    "timetz": plain(clock),
    "timestamp": Maker(moment),
    "timestamptz": Maker(zoned_moment),
    "interval": plain(interval),
    "iso_interval": plain(iso_interval),
    "uuid": plain(as_text),
    "uuid_bytes": plain(uuid_bytes),
    "inet": plain(as_text),
    "json": plain(json),
    "vector": plain(vector),
    "set": plain(members),
    "date_parts": Maker(date_parts),
    "datetime_parts": Maker(datetime_parts),
    "duration_parts": Maker(duration_parts, (int,)),
    "native": plain(native),
    "native_int": plain(native_int),
    "native_text": Maker(native_text, (Operation,), 1),
    "finite": Maker(finite, (Operation, int), 1),
} | {name: fixed(letter) for name, letter in LETTERS.items() if name != "bool"}
