"""Decoders of dates, times and spans in a binary format: counts since a day, or parts one after the other.

What Python's types cannot hold arrives as ServerText, in the very words of the text format.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from sqlx.wire.values.binary import unpacker
from sqlx.wire.values.calendar import INFINITY, MINUS_INFINITY, day_text, moment_text, offset_text, zoned_moment_text
from sqlx.wire.values.operations import Codec, Context, Maker
from sqlx.wire.values.types import DAY, Interval, ServerText

I32_MAX, I32_MIN = 2**31 - 1, -(2**31)
I64_MAX, I64_MIN = 2**63 - 1, -(2**63)


def days_since(context: Context, start: date) -> Codec:
    """i32 days since a day; the extremes are infinities."""
    read = unpacker(context, "i")
    base = start.toordinal()
    from_ordinal = date.fromordinal

    def decode(raw: bytes) -> Any:
        (days,) = read(raw)
        try:
            return from_ordinal(base + days)
        except (ValueError, OverflowError):
            return _extreme(days, I32_MIN, I32_MAX) or day_text(base + days)

    return decode


def microseconds_since(context: Context, start: date) -> Codec:
    """i64 microseconds since the start of a day, of no zone; the extremes are infinities."""
    ordinal = start.toordinal()
    return _moment(context, datetime.fromordinal(ordinal), lambda count: moment_text(ordinal, count))


def utc_microseconds_since(context: Context, start: date) -> Codec:
    """i64 microseconds since the start of a day in UTC, told in the context's zone (UTC where there is none)."""
    ordinal, zone = start.toordinal(), context.zone or UTC
    base = datetime.fromordinal(ordinal).replace(tzinfo=UTC)
    return _moment(context, base, lambda count: zoned_moment_text(ordinal, count, zone), zone)


def _moment(context: Context, base: datetime, words: Callable[[int], ServerText], zone: tzinfo = UTC) -> Codec:
    read = unpacker(context, "q")

    def decode(raw: bytes) -> Any:
        (count,) = read(raw)
        try:
            return base + timedelta(0, 0, count)
        except OverflowError:
            return _extreme(count, I64_MIN, I64_MAX) or words(count)

    def decode_in_zone(raw: bytes) -> Any:
        (count,) = read(raw)
        try:
            return (base + timedelta(0, 0, count)).astimezone(zone)
        except OverflowError:
            return _extreme(count, I64_MIN, I64_MAX) or words(count)

    return decode if zone is UTC else decode_in_zone


def _extreme(count: int, least: int, most: int) -> ServerText | None:
    if count == most:
        return INFINITY
    return MINUS_INFINITY if count == least else None


def microseconds_of_day(context: Context) -> Codec:
    """i64 microseconds since midnight; the end of the day is `24:00:00`."""
    read = unpacker(context, "q")
    return lambda raw: _time(read(raw)[0], None)


def zoned_microseconds_of_day(context: Context) -> Codec:
    """i64 microseconds since midnight, i32 seconds west of UTC."""
    read = unpacker(context, "qi")

    def decode(raw: bytes) -> Any:
        count, west = read(raw)
        if abs(west) >= 86_400:
            raise ValueError(f"an offset from UTC of {west} seconds")
        return _time(count, timezone(timedelta(seconds=-west)))

    return decode


def _time(count: int, zone: timezone | None) -> Any:
    if count == DAY:
        return ServerText(f"24:00:00{_offset(zone)}")
    if not 0 <= count < DAY:
        raise ValueError(f"{count} microseconds are no time of day")
    seconds, microsecond = divmod(count, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return time(hour, minute, second, microsecond, zone)


def _offset(zone: timezone | None) -> str:
    return "" if zone is None else offset_text(round(zone.utcoffset(None).total_seconds()))


def interval(context: Context) -> Codec:
    """i64 microseconds, i32 days, i32 months; all parts at an extreme are infinities."""
    read = unpacker(context, "qii")

    def decode(raw: bytes) -> Any:
        microseconds, days, months = read(raw)
        if microseconds == I64_MAX and days == months == I32_MAX:
            return INFINITY
        if microseconds == I64_MIN and days == months == I32_MIN:
            return MINUS_INFINITY
        return Interval(months, days, microseconds)

    return decode


def date_parts(context: Context) -> Codec:
    """u16 year, u8 month, u8 day; no bytes stand for the zero date. What is no day of the calendar arrives as text."""
    read = unpacker(context, "HBB")

    def decode(raw: bytes) -> Any:
        year, month, day = read(raw) if raw else (0, 0, 0)
        try:
            return date(year, month, day)
        except ValueError:
            return ServerText(_text_of_parts(year, month, day))

    return decode


def datetime_parts(context: Context, digits: int = 0) -> Codec:
    """u16 year; u8 month, day, hour, minute, second; u32 microseconds; cut where zeros follow: 11, 7, 4 or 0 bytes.

    What is no moment of the calendar arrives as text with `digits` digits of the second's fraction.
    """
    readers = {size: unpacker(context, letters) for size, letters in ((4, "HBB"), (7, "HBBBBB"), (11, "HBBBBBI"))}
    readers[0] = lambda raw: ()

    def decode(raw: bytes) -> Any:
        read = readers.get(len(raw))
        if read is None:
            raise ValueError(f"{len(raw)} bytes where 0, 4, 7 or 11 were expected")
        parts = read(raw)
        try:
            return datetime(*parts)
        except (ValueError, TypeError, OverflowError):
            parts += (0,) * (7 - len(parts))
            return ServerText(f"{_text_of_parts(*parts[:3])} {_text_of_clock(parts[3:], digits)}")

    return decode


def _text_of_parts(year: int, month: int, day: int) -> str:
    if year > 9999 or month > 12 or day > 31:
        raise ValueError(f"not a date: year {year}, month {month}, day {day}")
    return f"{year:04}-{month:02}-{day:02}"


def _text_of_clock(parts: tuple[int, ...], digits: int) -> str:
    hour, minute, second, microsecond = parts
    if hour > 23 or minute > 59 or second > 59 or microsecond > 999_999:
        raise ValueError(f"not a time of day: {hour}:{minute}:{second} and {microsecond} microseconds")
    fraction = f".{microsecond:06}"[: digits + 1] if digits else ""
    return f"{hour:02}:{minute:02}:{second:02}{fraction}"


def duration_parts(context: Context) -> Codec:
    """u8 whether negative; u32 days; u8 hours, minutes, seconds; u32 microseconds: 12, 8 (no fraction) or 0 bytes."""
    whole, full = unpacker(context, "BIBBB"), unpacker(context, "BIBBBI")

    def decode(raw: bytes) -> timedelta:
        if not raw:
            return timedelta(0)
        negative, days, hours, minutes, seconds, *rest = whole(raw) if len(raw) == 8 else full(raw)
        try:
            span = timedelta(days, seconds, rest[0] if rest else 0, 0, minutes, hours)
        except OverflowError:
            raise ValueError(f"a duration of {days} days") from None
        return -span if negative else span

    return decode


BINARY: dict[str, Maker] = {
    "days_since": Maker(days_since, (date,), 1),
    "microseconds_since": Maker(microseconds_since, (date,), 1),
    "utc_microseconds_since": Maker(utc_microseconds_since, (date,), 1),
    "microseconds_of_day": Maker(microseconds_of_day),
    "zoned_microseconds_of_day": Maker(zoned_microseconds_of_day),
    "interval": Maker(interval),
    "date_parts": Maker(date_parts),
    "datetime_parts": Maker(datetime_parts, (int,)),
    "duration_parts": Maker(duration_parts),
}
