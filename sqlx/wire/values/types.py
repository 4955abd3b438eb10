"""Value types that Python itself has not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

DAY = 86_400_000_000  # microseconds


class ServerText(str):
    """The server's own text for a value that Python cannot hold: infinity, years BC or after 9999, zero dates."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Json:
    """Binds `value` as json whatever its type: `Json([1, 2])`, `Json("text")`, `Json(None)`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of calendar time. Its parts do not turn into one another: a month has no fixed number of days, a day no
    fixed number of hours. Two intervals are equal when all parts are. `str()` gives ISO 8601, a sign on each part."""

    months: int = 0
    days: int = 0
    microseconds: int = 0

    @classmethod
    def from_timedelta(cls, span: timedelta) -> Interval:
        """The same span; whole days of it become `days`."""
        return cls(0, span.days, span.seconds * 1_000_000 + span.microseconds)

    def to_timedelta(self) -> timedelta:
        """The same span, a day taken as 24 hours. Raises ValueError when there are months: their length varies."""
        if self.months:
            raise ValueError(f"an interval with months has no fixed length: {self}")
        return timedelta(self.days, 0, self.microseconds)

    def __str__(self) -> str:
        years, months = _split(self.months, 12)
        minutes, rest = _split(self.microseconds, 60_000_000)
        hours, minutes = _split(minutes, 60)
        date = _part(years, "Y") + _part(months, "M") + _part(self.days, "D")
        time = _part(hours, "H") + _part(minutes, "M") + (f"{seconds(rest)}S" if rest else "")
        return f"P{date}T{time or '0S'}" if time or not date else f"P{date}"


def seconds(microseconds: int) -> str:
    """Seconds as decimal text without trailing zeros: `-6.789`."""
    whole, fraction = divmod(abs(microseconds), 1_000_000)
    digits = f"{whole}.{fraction:06}".rstrip("0").rstrip(".")
    return f"-{digits}" if microseconds < 0 else digits


def _split(value: int, by: int) -> tuple[int, int]:
    """`divmod` towards zero: both results carry the sign of `value`."""
    quotient, rest = divmod(abs(value), by)
    return (-quotient, -rest) if value < 0 else (quotient, rest)


def _part(value: int, letter: str) -> str:
    return f"{value}{letter}" if value else ""
