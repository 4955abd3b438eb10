"""Dates, times and spans: the text and the binary format of one value decode to the same, in range and out of it."""

import struct
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlx.wire.values import Context, Interval, ServerText, binary_decoder, text_decoder

PLAIN, LITTLE = Context(), Context(byte_order="little")
EPOCH = datetime(2000, 1, 1)
MICROSECOND = timedelta(microseconds=1)
ZONES = [UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), timezone(-timedelta(hours=3, minutes=30))]


def unfolded(value: Any) -> Any:
    """`fold` says nothing where there is no zone, and no server keeps it."""
    return value.replace(fold=0)


NAIVE = st.datetimes().map(unfolded)
CLOCKS = st.times().map(unfolded)


def text(op: str, raw: str, context: Context = PLAIN) -> Any:
    return text_decoder(op, context)(raw.encode())


def binary(op: str, raw: bytes, context: Context = PLAIN) -> Any:
    return binary_decoder(op, context)(raw)


def same(left: Any, right: Any) -> bool:
    """Equal in value, type and representation, so in zone too."""
    return type(left) is type(right) and repr(left) == repr(right)


def fraction(microsecond: int) -> str:
    return f".{microsecond:06}".rstrip("0") if microsecond else ""


@given(st.dates())
def test_dates(value: date) -> None:
    """Every date of Python."""
    days = value.toordinal() - EPOCH.toordinal()
    assert same(text("date", str(value)), value)
    assert same(binary("days_since(2000-01-01)", struct.pack(">i", days)), value)
    assert same(binary("date_parts", struct.pack("<HBB", value.year, value.month, value.day), LITTLE), value)


@given(NAIVE)
@example(datetime.max)
@example(datetime.min)
def test_timestamps(value: datetime) -> None:
    """Every naive datetime of Python; parts are cut where zeros follow."""
    count = (value - EPOCH) // MICROSECOND
    assert same(text("timestamp", f"{value:%H:%M:%S}".join([f"{value.date()} ", fraction(value.microsecond)])), value)
    assert same(binary("microseconds_since(2000-01-01)", struct.pack(">q", count)), value)
    parts = struct.pack("<HBBBBBI", *value.timetuple()[:6], value.microsecond)
    assert same(binary("datetime_parts", parts, LITTLE), value)
    if not value.microsecond:
        assert same(binary("datetime_parts", parts[:7], LITTLE), value)


def test_timestamps_of_four_bytes_are_midnight() -> None:
    """A moment without time of day."""
    assert same(binary("datetime_parts", struct.pack("<HBB", 2024, 2, 29), LITTLE), datetime(2024, 2, 29))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)).map(unfolded), st.sampled_from(ZONES))
def test_timestamps_with_zone(moment: datetime, zone: Any) -> None:
    """They arrive told in the session's zone, whatever offset the text has."""
    context = Context(zone)
    expected = moment.replace(tzinfo=UTC).astimezone(zone)
    count = (moment - EPOCH) // MICROSECOND
    assert same(binary("utc_microseconds_since(2000-01-01)", struct.pack(">q", count), context), expected)
    assert same(text("timestamptz", str(expected), context), expected)
    assert same(text("timestamptz", f"{moment}+00", context), expected)


def test_timestamps_without_a_known_zone_keep_the_offset() -> None:
    """Nothing is invented: the offset of the text stays."""
    value = text("timestamptz", "2024-01-01 12:00:00.5+05:30")
    assert same(value, datetime(2024, 1, 1, 12, 0, 0, 500_000, timezone(timedelta(hours=5, minutes=30))))


@pytest.mark.parametrize(
    ("op", "layout", "count", "words"),
    [
        ("days_since(2000-01-01)", ">i", 2**31 - 1, "infinity"),
        ("days_since(2000-01-01)", ">i", -(2**31), "-infinity"),
        ("days_since(2000-01-01)", ">i", date.max.toordinal() - EPOCH.toordinal() + 1, "10000-01-01"),
        ("days_since(2000-01-01)", ">i", -EPOCH.toordinal(), "0001-12-31 BC"),
        ("days_since(2000-01-01)", ">i", -746_414, "0045-05-22 BC"),
        ("days_since(2000-01-01)", ">i", 2_145_031_948, "5874897-12-31"),
        ("microseconds_since(2000-01-01)", ">q", 2**63 - 1, "infinity"),
        ("microseconds_since(2000-01-01)", ">q", -(2**63), "-infinity"),
        ("microseconds_since(2000-01-01)", ">q", 9_223_371_331_199_999_999, "294276-12-31 23:59:59.999999"),
        ("microseconds_since(2000-01-01)", ">q", -211_813_488_000_000_000, "4714-11-24 00:00:00 BC"),
        ("utc_microseconds_since(2000-01-01)", ">q", 2**63 - 1, "infinity"),
        ("utc_microseconds_since(2000-01-01)", ">q", -211_813_488_000_000_000, "4714-11-24 00:00:00+00 BC"),
    ],
)
def test_counts_beyond_python(op: str, layout: str, count: int, words: str) -> None:
    """Infinities, years BC and years after 9999 arrive in the server's words, as in the text format."""
    assert same(binary(op, struct.pack(layout, count)), ServerText(words))
    name = {"d": "date", "m": "timestamp", "u": "timestamptz"}[op[0]]
    assert same(text(name, words, Context(UTC)), ServerText(words))


@pytest.mark.parametrize(
    ("zone", "count", "words"),
    [
        ("Europe/Berlin", 252_455_615_999_999_999, "10000-01-01 00:59:59.999999+01"),
        ("America/New_York", 252_455_616_000_000_000, "9999-12-31 19:00:00-05"),
        ("America/New_York", -63_082_281_600_000_000, "0001-12-31 19:03:58-04:56:02 BC"),
        ("Europe/Berlin", 260_000_000_000_000_000, "10239-01-27 07:13:20+01"),
    ],
)
def test_moments_that_are_beyond_python_in_their_zone(zone: str, count: int, words: str) -> None:
    """The offset is that of the zone in that year, to the second."""
    context = Context(ZoneInfo(zone))
    assert same(binary("utc_microseconds_since(2000-01-01)", struct.pack(">q", count), context), ServerText(words))
    assert same(text("timestamptz", words, context), ServerText(words))


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(ZONES))
def test_every_count_of_microseconds_is_a_value(count: int, zone: Any) -> None:
    """No row is unreadable for its moment, and what is told in words is one that the text format leaves in words."""
    raw = struct.pack(">q", count)
    for binary_op, text_op in (
        ("microseconds_since(2000-01-01)", "timestamp"),
        ("utc_microseconds_since(2000-01-01)", "timestamptz"),
    ):
        value = binary(binary_op, raw, Context(zone))
        assert isinstance(value, (datetime, ServerText))
        assert same(text(text_op, str(value), Context(zone)), value)


@given(CLOCKS)
@example(time.max)
def test_times(value: time) -> None:
    """Every time of day."""
    count = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    assert same(text("time", f"{value:%H:%M:%S}{fraction(value.microsecond)}"), value)
    assert same(binary("microseconds_of_day", struct.pack(">q", count // MICROSECOND)), value)


@given(CLOCKS, st.integers(-57_599, 57_599))
def test_times_with_zone(value: time, offset: int) -> None:
    """The offset, to the second, belongs to the value."""
    expected = value.replace(tzinfo=timezone(timedelta(seconds=offset)))
    count = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    raw = struct.pack(">qi", count // MICROSECOND, -offset)
    assert repr(binary("zoned_microseconds_of_day", raw)) == repr(text("timetz", str(expected)))
    assert text("timetz", str(expected)) == expected


def test_the_end_of_the_day() -> None:
    """24:00:00 is no time of Python."""
    assert same(text("time", "24:00:00"), ServerText("24:00:00"))
    assert same(binary("microseconds_of_day", struct.pack(">q", 86_400_000_000)), ServerText("24:00:00"))
    assert same(text("timetz", "24:00:00-03:30"), ServerText("24:00:00-03:30"))
    raw = struct.pack(">qi", 86_400_000_000, 12_600)
    assert same(binary("zoned_microseconds_of_day", raw), ServerText("24:00:00-03:30"))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("00:00:00", Interval()),
        ("1 year 2 mons -3 days +04:05:06.789", Interval(14, -3, 14_706_789_000)),
        ("-00:00:01", Interval(0, 0, -1_000_000)),
        ("-1 years -2 mons", Interval(-14)),
        ("1 day", Interval(0, 1)),
        ("10 mons -00:00:00.000001", Interval(10, 0, -1)),
        ("2562047788:00:54.775807", Interval(0, 0, 2**63 - 1)),
        ("infinity", ServerText("infinity")),
        ("-infinity", ServerText("-infinity")),
    ],
)
def test_intervals_in_words(raw: str, expected: Any) -> None:
    """Each part has its own sign, and the time has one for all of it."""
    assert same(text("interval", raw), expected)


@pytest.mark.parametrize("raw", ["", " ", "1", "1 week", "1 day 2", "01:02", "1 day  04:05:06", "P1D"])
def test_intervals_that_are_none(raw: str) -> None:
    """Words that are no interval, or one in another style."""
    with pytest.raises(ValueError, match="not an interval"):
        text("interval", raw)


@given(st.integers(-(2**31) + 1, 2**31 - 2), st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1))
def test_intervals_in_numbers(months: int, days: int, microseconds: int) -> None:
    """Three numbers, lossless."""
    assert binary("interval", struct.pack(">qii", microseconds, days, months)) == Interval(months, days, microseconds)


def test_intervals_without_end() -> None:
    """All parts at an extreme."""
    assert same(binary("interval", struct.pack(">qii", 2**63 - 1, 2**31 - 1, 2**31 - 1)), ServerText("infinity"))
    assert same(binary("interval", struct.pack(">qii", -(2**63), -(2**31), -(2**31))), ServerText("-infinity"))


@given(st.timedeltas(timedelta(hours=-839), timedelta(hours=839)))
def test_durations(value: timedelta) -> None:
    """Hours beyond a day, negative ones, with and without a fraction."""
    span = abs(value)
    minutes, seconds = divmod(span.days * 86_400 + span.seconds, 60)
    sign = "-" if value < timedelta(0) else ""
    words = f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    assert same(text("duration", f"{words}.{span.microseconds:06}"), value)
    clock = (span.seconds // 3600, span.seconds // 60 % 60, span.seconds % 60)
    raw = struct.pack("<BIBBBI", bool(sign), span.days, *clock, span.microseconds)
    assert same(binary("duration_parts", raw, LITTLE), value)
    if not span.microseconds:
        assert same(text("duration", words), value)
        assert same(binary("duration_parts", raw[:8], LITTLE), value)


def test_no_duration() -> None:
    """No bytes are a duration of nothing."""
    assert same(binary("duration_parts", b"", LITTLE), timedelta(0))


@pytest.mark.parametrize(
    ("op", "raw", "words"),
    [
        ("date_parts", b"", "0000-00-00"),
        ("date_parts", struct.pack("<HBB", 2024, 0, 0), "2024-00-00"),
        ("date_parts", struct.pack("<HBB", 2023, 2, 31), "2023-02-31"),
        ("datetime_parts", b"", "0000-00-00 00:00:00"),
        ("datetime_parts(6)", b"", "0000-00-00 00:00:00.000000"),
        ("datetime_parts(3)", struct.pack("<HBBBBBI", 2024, 1, 0, 12, 30, 0, 500_000), "2024-01-00 12:30:00.500"),
        ("datetime_parts", struct.pack("<HBB", 2024, 0, 1), "2024-00-01 00:00:00"),
    ],
)
def test_dates_that_no_calendar_has(op: str, raw: bytes, words: str) -> None:
    """Zero dates and days that are not arrive in the server's words, equal in both formats."""
    assert same(binary(op, raw, LITTLE), ServerText(words))
    assert same(text("date" if op == "date_parts" else "timestamp", words), ServerText(words))


@pytest.mark.parametrize("op", ["date", "time", "timetz", "timestamp", "timestamptz", "duration"])
@pytest.mark.parametrize("raw", ["", "now", "2024-1-1", "infinite", "2024-01-01T", "\N{ARABIC-INDIC DIGIT ONE}"])
def test_words_that_are_no_time(op: str, raw: str) -> None:
    """Whatever is neither in range nor a date or time at all."""
    with pytest.raises(ValueError):
        text(op, raw, Context(UTC))


@pytest.mark.parametrize(
    ("op", "raw"),
    [
        ("microseconds_of_day", struct.pack("<q", -1)),
        ("microseconds_of_day", struct.pack("<q", 86_400_000_001)),
        ("zoned_microseconds_of_day", struct.pack("<qi", 0, 86_400)),
        ("date_parts", bytes(3)),
        ("date_parts", struct.pack("<HBB", 2024, 13, 1)),
        ("datetime_parts", bytes(5)),
        ("datetime_parts", struct.pack("<HBBBBB", 2024, 1, 1, 24, 0, 0)),
        ("datetime_parts", struct.pack("<HBBBBBI", 2024, 1, 1, 0, 0, 0, 1_000_000)),
        ("duration_parts", bytes(9)),
        ("duration_parts", struct.pack("<BIBBB", 0, 2**32 - 1, 0, 0, 0)),
    ],
)
def test_numbers_that_are_no_time(op: str, raw: bytes) -> None:
    """Counts and parts that no server keeps."""
    with pytest.raises(ValueError):
        binary(op, raw, LITTLE)
