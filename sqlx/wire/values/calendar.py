"""Days and moments beyond Python's years 1 to 9999, written as servers write them.

Days count from ordinal 1, which is 0001-01-01, in the proleptic Gregorian calendar, which repeats every 400 years.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from sqlx.wire.values.types import DAY, ServerText, seconds

CYCLE = 146_097  # days of 400 years
INFINITY = ServerText("infinity")
MINUS_INFINITY = ServerText("-infinity")


def day_text(ordinal: int) -> ServerText:
    """`10000-01-01`, `0044-03-15 BC`."""
    day, era = _day(ordinal)
    return ServerText(day + era)


def moment_text(ordinal: int, microseconds: int) -> ServerText:
    """`0044-03-15 12:30:00.5 BC`: so many microseconds after the start of a day, as many as one likes."""
    days, time = divmod(microseconds, DAY)
    day, era = _day(ordinal + days)
    return ServerText(f"{day} {clock(time)}{era}")


def zoned_moment_text(ordinal: int, microseconds: int, zone: tzinfo) -> ServerText:
    """`10000-01-01 12:30:00+02`: microseconds in UTC after the start of a day, told in a zone."""
    offset = _offset(ordinal * DAY + microseconds, zone)
    days, time = divmod(microseconds + offset * 1_000_000, DAY)
    day, era = _day(ordinal + days)
    return ServerText(f"{day} {clock(time)}{offset_text(offset)}{era}")


def clock(microseconds: int) -> str:
    """`12:30:00`, `12:30:00.5`: the fraction without trailing zeros."""
    minutes, rest = divmod(microseconds, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    point = "" if rest >= 10_000_000 else "0"
    return f"{hours:02}:{minutes:02}:{point}{seconds(rest)}"


def _day(ordinal: int) -> tuple[str, str]:
    cycles, rest = divmod(ordinal - 1, CYCLE)
    day = date.fromordinal(rest + 1)
    year = day.year + 400 * cycles
    era = ""
    if year <= 0:
        year, era = 1 - year, " BC"
    return f"{year:04}-{day.month:02}-{day.day:02}", era


def _offset(moment: int, zone: tzinfo) -> int:
    """Seconds east of UTC at a moment; rules of the last (or first) years that Python knows hold for all beyond."""
    days, microseconds = divmod(moment, DAY)
    low, high = 2, 9_999 * 365  # both well inside Python's years, with a whole cycle between
    if days < low:
        days += -((days - low) // CYCLE) * CYCLE
    elif days > high:
        days -= -((high - days) // CYCLE) * CYCLE
    inside = datetime.fromordinal(days).replace(tzinfo=UTC) + timedelta(0, 0, microseconds)
    offset = inside.astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def offset_text(offset: int) -> str:
    """`+02`, `-03:30`, `+00:53:28`."""
    minutes, second = divmod(abs(offset), 60)
    hour, minute = divmod(minutes, 60)
    text = f"{'-' if offset < 0 else '+'}{hour:02}"
    if minute or second:
        text += f":{minute:02}"
    return f"{text}:{second:02}" if second else text
