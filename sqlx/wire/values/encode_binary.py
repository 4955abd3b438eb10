"""Encoders of values in a binary format. Each is called as the decoder that reads what it writes.

An encoder raises ValueError, TypeError, AttributeError, OverflowError or struct.error for a value that it cannot write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from struct import pack
from typing import Any

from sqlx.wire.values.arrays import MAX_DIMENSIONS
from sqlx.wire.values.binary import BASE, LETTERS, SIGNS, SPECIAL
from sqlx.wire.values.binary_times import I32_MAX, I32_MIN, I64_MAX, I64_MIN
from sqlx.wire.values.containers import Array
from sqlx.wire.values.encode import fixed, json, span_of, uuid_bytes, without_zone
from sqlx.wire.values.kinds import unwrap
from sqlx.wire.values.operations import Codec, Context, Maker, Operation, plain
from sqlx.wire.values.types import DAY, Interval, ServerText

MAX_WEIGHT = 131_071  # the largest power of ten in a decimal: its weight has two bytes
MAX_SCALE = 16_383  # digits behind its point

_MICROSECOND = timedelta(0, 0, 1)


def boolean(value: bool) -> bytes:
    """One byte, 1 or 0."""
    if value is not True and value is not False:
        raise TypeError("it is no bool")
    return b"\1" if value else b"\0"


def octets(value: bytes | bytearray | memoryview) -> bytes:
    """The bytes as they are. Of a number `bytes` would make so many zeros."""
    return bytes(memoryview(value))


def _infinite(words: ServerText, least: bytes, most: bytes) -> bytes:
    """An infinity, which are the only words of a server that can be written in binary."""
    if words not in ("infinity", "-infinity"):
        raise ValueError(f"{words!r} lies beyond what Python holds: send it as text")
    return most if words == "infinity" else least


def days_since(context: Context, start: date) -> Codec:
    """i32 days since a day; the extremes are infinities."""
    base = start.toordinal()

    def encode(value: date | ServerText) -> bytes:
        if isinstance(value, ServerText):
            return _infinite(value, pack(">i", I32_MIN), pack(">i", I32_MAX))
        return pack(">i", date.toordinal(value) - base)

    return encode


def microseconds_since(context: Context, start: date) -> Codec:
    """i64 microseconds since the start of a day; an aware value as the session's zone tells it."""
    base = datetime.fromordinal(start.toordinal())
    return _moment(lambda value: without_zone(value, context) - base)


def utc_microseconds_since(context: Context, start: date) -> Codec:
    """i64 microseconds since the start of a day in UTC; a value without a zone is one of the session's."""
    base = datetime.fromordinal(start.toordinal()).replace(tzinfo=UTC)

    def since(value: datetime) -> timedelta:
        if value.utcoffset() is None:
            if context.zone is None:
                raise ValueError("it has no zone, and that of the session is not known: give it one")
            value = value.replace(tzinfo=context.zone)
        return value - base

    return _moment(since)


def _moment(since: Callable[[datetime], timedelta]) -> Codec:
    def encode(value: datetime | ServerText) -> bytes:
        if isinstance(value, ServerText):
            return _infinite(value, pack(">q", I64_MIN), pack(">q", I64_MAX))
        return pack(">q", since(value) // _MICROSECOND)

    return encode


def microseconds_of_day(value: time | ServerText) -> bytes:
    """i64 microseconds since midnight."""
    if isinstance(value, ServerText):
        return pack(">q", _end_of_day(value))
    if value.tzinfo is not None:
        raise ValueError("it has a zone, which the type has not: take it off")
    return pack(">q", span_of(value) // _MICROSECOND)


def zoned_microseconds_of_day(value: time | ServerText) -> bytes:
    """i64 microseconds since midnight, i32 seconds west of UTC."""
    if isinstance(value, ServerText):
        clock, sign, offset = value.partition("+") if "+" in value else value.partition("-")
        east = sum(int(part) * unit for part, unit in zip(offset.split(":"), (3600, 60, 1), strict=False))
        return pack(">qi", _end_of_day(clock), -east if sign == "+" else east)
    offset_ = value.utcoffset()
    if offset_ is None:
        raise ValueError("it has no offset from UTC: give it a timezone that has one without a date")
    return pack(">qi", span_of(value) // _MICROSECOND, -(offset_ // timedelta(seconds=1)))


def _end_of_day(words: str) -> int:
    if words != "24:00:00":
        raise ValueError(f"{words!r} is no time of day: send it as text")
    return DAY


def interval(value: Interval | timedelta | ServerText) -> bytes:
    """i64 microseconds, i32 days, i32 months; all parts at an extreme are infinities."""
    if isinstance(value, ServerText):
        return _infinite(value, pack(">qii", I64_MIN, I32_MIN, I32_MIN), pack(">qii", I64_MAX, I32_MAX, I32_MAX))
    span = value if isinstance(value, Interval) else Interval.from_timedelta(value)
    return pack(">qii", span.microseconds, span.days, span.months)


_SIGN = {text: number for number, text in (SIGNS | SPECIAL).items()}
_GROUP = len(str(BASE)) - 1  # decimal digits that one digit of the wire holds


def decimal_digits(value: Decimal | float) -> bytes:
    """Digits of base 10000: u16 count, i16 weight of the first, u16 sign, u16 scale, u16 digits. Of a float the
    shortest ones that give it back."""
    if not isinstance(value, Decimal | float | int):
        raise TypeError("it is no number")
    value = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    if value.is_snan():
        raise ValueError("it is a signalling NaN: send Decimal('NaN')")
    if not value.is_finite():
        return pack(">HhHH", 0, 0, _SIGN["NaN" if value.is_nan() else str(value)], 0)
    exponent = value.as_tuple().exponent
    if value.adjusted() > MAX_WEIGHT or int(exponent) < -MAX_SCALE:
        raise ValueError(f"it has more than {MAX_WEIGHT + 1} digits before the point or {MAX_SCALE} behind it")
    whole, _, fraction = f"{value.copy_abs():f}".partition(".")
    scale = len(fraction)
    whole = "0" * (-len(whole) % _GROUP) + whole
    digits = whole + fraction + "0" * (-scale % _GROUP)
    groups = [int(digits[start : start + _GROUP]) for start in range(0, len(digits), _GROUP)]
    first = next((index for index, group in enumerate(groups) if group), len(groups))
    while len(groups) > first and not groups[-1]:
        groups.pop()
    groups = groups[first:]
    weight = len(whole) // _GROUP - 1 - first if groups else 0
    sign = _SIGN["-" if value.is_signed() and groups else ""]
    return pack(f">HhHH{len(groups)}H", len(groups), weight, sign, scale, *groups)


def json_versioned(value: Any) -> bytes:
    """JSON text after a version byte, 1."""
    return b"\1" + json(value)


Address = IPv4Address | IPv6Address | IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network


def inet(value: Address | Network) -> bytes:
    """u8 family, u8 prefix length, u8 whether it is a network, u8 length of the address, the address."""
    if isinstance(value, IPv4Network | IPv6Network):
        return _address(value.network_address.packed, value.prefixlen, 0)
    prefix = value.network.prefixlen if isinstance(value, IPv4Interface | IPv6Interface) else value.max_prefixlen
    return _address(value.packed, prefix, 0)


def cidr(value: Network) -> bytes:
    """The same of a network."""
    return _address(value.network_address.packed, value.prefixlen, 1)


def _address(packed: bytes, prefix: int, network: int) -> bytes:
    return pack("BBBB", 2 if len(packed) == 4 else 3, prefix, network, len(packed)) + packed


def bit_text(value: str) -> bytes:
    """i32 number of bits, the bits from the most significant of the first byte on."""
    if value.strip("01"):
        raise ValueError("it is no text of 0 and 1")
    size = (len(value) + 7) // 8
    return pack(">i", len(value)) + int(value.ljust(8 * size, "0") or "0", 2).to_bytes(size, "big")


def array(context: Context, element: Codec, type_: int = 0) -> Codec:
    """i32 dimensions, i32 whether there is a null, u32 element type; i32 size and i32 lower bound of each dimension;
    the elements, each after its i32 length, -1 for null: `array(i32, 23)`."""

    def encode(values: list[Any] | tuple[Any, ...]) -> bytes:
        sizes = list(_sizes(values))
        bounds = values.lower_bounds if isinstance(values, Array) else (1,) * len(sizes)
        if len(bounds) != len(sizes):
            raise ValueError(f"it has {len(bounds)} lower bounds and {len(sizes)} dimensions")
        parts = [b""]
        for value in _flat(values, sizes):
            value = unwrap(value)
            raw = None if value is None else element(value)
            parts.append(b"\xff\xff\xff\xff" if raw is None else pack(">i", len(raw)) + raw)
        shape = [number for pair in zip(sizes, bounds, strict=True) for number in pair]
        parts[0] = pack(f">iiI{len(shape)}i", len(sizes), any(map(_is_null, parts)), type_, *shape)
        return b"".join(parts)

    return encode


def _is_null(part: bytes) -> bool:
    return part == b"\xff\xff\xff\xff"


def _sizes(values: Any) -> Iterator[int]:
    """The size of each dimension, as the first elements tell it."""
    if not isinstance(values, list | tuple):
        raise TypeError("it is no list")
    for _ in range(MAX_DIMENSIONS):
        if not isinstance(values, list | tuple) or not values:
            return
        yield len(values)
        values = values[0]
    if isinstance(values, list | tuple):
        raise ValueError(f"its lists are nested more than {MAX_DIMENSIONS} deep")


def _flat(values: Any, sizes: list[int]) -> Iterable[Any]:
    """All elements in order. Raises ValueError for lists of different lengths side by side."""
    for size in sizes[1:]:
        if any(not isinstance(inner, list | tuple) or len(inner) != size for inner in values):
            raise ValueError("its lists are not all of one length")
        values = [item for inner in values for item in inner]
    return values if isinstance(values, list | tuple) else ()


ENCODE: dict[str, Maker] = {
    "bool": plain(boolean),
    "text": plain(str.encode),
    "bytes": plain(octets),
    "json": plain(json),
    "json_versioned": plain(json_versioned),
    "f32": fixed("f"),
    "decimal_digits": plain(decimal_digits),
    "days_since": Maker(days_since, (date,), 1),
    "microseconds_since": Maker(microseconds_since, (date,), 1),
    "utc_microseconds_since": Maker(utc_microseconds_since, (date,), 1),
    "microseconds_of_day": plain(microseconds_of_day),
    "zoned_microseconds_of_day": plain(zoned_microseconds_of_day),
    "interval": plain(interval),
    "uuid": plain(uuid_bytes),
    "inet": plain(inet),
    "cidr": plain(cidr),
    "bit_text": plain(bit_text),
    "array": Maker(array, (Operation, int), 1),
} | {name: fixed(letter) for name, letter in LETTERS.items() if name != "bool"}
