"""Encoders: what is written reads back as the same value, and what cannot be written is refused in words."""

import json
import math
import struct
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_interface
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.values import Context, Interval, Json, binary_decoder, encoder, text_decoder

PLAIN, LITTLE = Context(), Context(byte_order="little")
BERLIN = Context(ZoneInfo("Europe/Berlin"), byte_order="little")
OFFSETS = st.integers(-57_599, 57_599).map(lambda seconds: timezone(timedelta(seconds=seconds)))
SCALARS = {
    "int": st.integers(),
    "bool": st.booleans(),
    "float": st.floats(allow_nan=False),
    "decimal": st.decimals(allow_nan=False),
    "text": st.text(),
    "bytes": st.binary(),
    "hex_bytes": st.binary(),
    "date": st.dates(),
    "time": st.times(),
    "timetz": st.times(timezones=OFFSETS),
    "timestamp": st.datetimes(),
    "timestamptz": st.datetimes(timezones=OFFSETS),
    "uuid": st.uuids(),
    "inet": st.ip_addresses(),
    "json": st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
    "set": st.sets(st.text("abc", min_size=1)),
}


@pytest.mark.parametrize("op", SCALARS)
@given(data=st.data())
def test_text_comes_back(op: str, data: st.DataObject) -> None:
    """What an operation writes as text, the operation of the same name reads."""
    value = data.draw(SCALARS[op])
    back = text_decoder(op, PLAIN)(encoder(op, PLAIN)(value))
    assert back == value
    assert type(back) is type(value)


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(-(2**63), 2**63 - 1))
def test_intervals_come_back(months: int, days: int, microseconds: int) -> None:
    """Every part, whatever its sign."""
    value = Interval(months, days, microseconds)
    assert text_decoder("interval", PLAIN)(encoder("interval", PLAIN)(value)) == value


def test_intervals_carry_every_sign() -> None:
    """A leading minus cannot spread to parts that have none of their own."""
    assert encoder("interval", PLAIN)(Interval(-1, 2, -3)) == b"-1 mons +2 days -00:00:00.000003"
    assert encoder("interval", PLAIN)(timedelta(days=1, hours=25)) == b"+0 mons +2 days +01:00:00"
    assert encoder("iso_interval", PLAIN)(timedelta(days=1, hours=25)) == b"P2DT1H"


@pytest.mark.parametrize("op", ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f64"])
@pytest.mark.parametrize("context", [PLAIN, LITTLE])
def test_fixed_numbers_come_back(op: str, context: Context) -> None:
    """In the byte order of the context."""
    for value in (0, 1, 127):
        assert binary_decoder(op, context)(encoder(op, context)(value)) == value
    assert encoder("i16", PLAIN)(1) == b"\0\1"
    assert encoder("i16", LITTLE)(1) == b"\1\0"
    with pytest.raises((struct.error, OverflowError)):
        encoder(op, context)(math.inf if op == "i64" else 2**70 if op != "f64" else 10**400)


@given(st.dates())
def test_date_parts_come_back(value: date) -> None:
    """A length byte, then what the decoder of parts reads."""
    raw = encoder("date_parts", LITTLE)(value)
    assert raw[0] == len(raw) - 1 == 4
    assert binary_decoder("date_parts", LITTLE)(raw[1:]) == value


@given(st.datetimes())
def test_datetime_parts_come_back(value: datetime) -> None:
    """A length byte, then what the decoder of parts reads; no fraction where there is none."""
    raw = encoder("datetime_parts", LITTLE)(value)
    assert raw[0] == len(raw) - 1 == (11 if value.microsecond else 7)
    assert binary_decoder("datetime_parts", LITTLE)(raw[1:]) == value


@given(st.timedeltas(timedelta(hours=-839), timedelta(hours=839)))
def test_duration_parts_come_back(value: timedelta) -> None:
    """A length byte, then what the decoder of parts reads; an Interval without months is the same."""
    raw = encoder("duration_parts", LITTLE)(value)
    assert raw[0] == len(raw) - 1 == (12 if value.microseconds else 8)
    assert binary_decoder("duration_parts", LITTLE)(raw[1:]) == value
    assert encoder("duration_parts", LITTLE)(Interval.from_timedelta(value)) == raw


def test_times_of_day_as_durations() -> None:
    """An engine whose time of day is a duration takes it as one."""
    raw = encoder("duration_parts", LITTLE)(time(23, 59, 59, 1))
    assert binary_decoder("duration_parts", LITTLE)(raw[1:]) == timedelta(0, 86_399, 1)


def test_aware_moments_for_a_type_without_zone() -> None:
    """They are told in the session's zone; without one they are refused, because the offset would be lost."""
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    assert encoder("timestamp", BERLIN)(noon) == b"2024-07-01 14:00:00"
    assert binary_decoder("datetime_parts", BERLIN)(encoder("datetime_parts", BERLIN)(noon)[1:]) == datetime(
        2024, 7, 1, 14
    )
    for op in ("timestamp", "datetime_parts"):
        with pytest.raises(ValueError, match="the zone of the session is not known"):
            encoder(op, PLAIN)(noon)


def test_longest_integers() -> None:
    """More digits than Python writes by itself."""
    assert encoder("int", PLAIN)(-(10**5000)) == b"-1" + b"0" * 5000


def test_numbers_that_are_none() -> None:
    """Spelled as servers read them."""
    assert [encoder("float", PLAIN)(x) for x in (math.nan, math.inf, -math.inf)] == [b"NaN", b"Infinity", b"-Infinity"]
    assert [encoder("decimal", PLAIN)(Decimal(x)) for x in ("NaN", "-NaN7", "-Infinity")] == [
        b"NaN",
        b"NaN",
        b"-Infinity",
    ]


@pytest.mark.parametrize(
    ("op", "value", "reason"),
    [
        ("text", "\ud800", "surrogates not allowed"),
        ("decimal", Decimal("sNaN"), "signalling NaN"),
        ("json", {"a": math.nan}, "neither NaN nor"),
        ("json", {"a": Decimal(1)}, "of type Decimal: convert it to str or float"),
        ("json", "\ud800", "surrogates not allowed"),
        ("set", {"a,b"}, "a comma"),
        ("set", {1, 2}, "a set holds names, and one of these is of type int"),
        ("timetz", time(1, tzinfo=ZoneInfo("Europe/Berlin")), "no offset without a date"),
        ("duration_parts", Interval(1), "months"),
        ("duration_parts(2)", timedelta(hours=2), "less than 2 hours"),
        ("duration_parts(2)", -timedelta(hours=2), "less than 2 hours"),
        ("array", [1j], "type complex"),
        ("array", [[[[[[[1]]]]]]], "more than 6 deep"),
        ("array", ["\ud800"], "surrogates not allowed"),
    ],
)
def test_values_that_cannot_be_written(op: str, value: Any, reason: str) -> None:
    """Each says what is wrong with it."""
    with pytest.raises((ValueError, TypeError), match=reason):
        encoder(op, PLAIN)(value)


def test_json_is_compact_and_readable() -> None:
    """No spaces, no escapes that are not needed; Json marks any value, inside others too."""
    assert encoder("json", PLAIN)({"ä": [1, None, Json("x")]}) == '{"ä":[1,null,"x"]}'.encode()
    assert encoder("json", PLAIN)(Json(None)) == b"null"


def test_uuid_bytes() -> None:
    """16 bytes."""
    value = UUID(int=5)
    assert encoder("uuid_bytes", PLAIN)(value) == value.bytes


def test_values_for_an_engine_in_the_process() -> None:
    """As they are, a bool as an int, everything else as text."""
    value = object()
    assert encoder("native", PLAIN)(value) is value
    assert type(encoder("native_int", PLAIN)(True)) is int
    assert encoder("native_text(date)", PLAIN)(date(2024, 2, 29)) == "2024-02-29"
    assert encoder("native_text(decimal)", PLAIN)(Decimal("1.10")) == "1.10"
    assert encoder("native_text(json)", PLAIN)({"ä": 1}) == '{"ä":1}'


class Shouting(str):
    """A str that writes itself otherwise."""

    def encode(self, *arguments: Any) -> bytes:
        return b"LOUD"


class Dated(date):
    """A date that writes itself otherwise."""

    def isoformat(self) -> str:
        return "someday"


def test_subclasses_are_written_as_their_base() -> None:
    """Whatever methods they override."""
    assert encoder("text", PLAIN)(Shouting("quiet")) == b"quiet"
    assert encoder("date", PLAIN)(Dated(2024, 2, 29)) == b"2024-02-29"


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ([], b"{}"),
        ([[]], b"{{}}"),
        ([1, None, -2], b"{1,NULL,-2}"),
        (["a", "NULL", None, 'q"\\,{}', ""], rb'{"a","NULL",NULL,"q\"\\,{}",""}'),
        (((1.5,), (math.inf,)), b"{{1.5},{Infinity}}"),
        ([True, False], b"{t,f}"),
        ([b"\x00\\"], rb'{"\\x005c"}'),
        (
            [datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)],
            b'{"2024-01-01 00:00:00","2024-01-01 00:00:00+00:00"}',
        ),
        ([Interval(1)], b'{"+1 mons +0 days +00:00:00"}'),
        ([{"a": "b"}], rb'{"{\"a\":\"b\"}"}'),
        ([ip_interface("::1/64")], b"{::1/64}"),
    ],
)
def test_arrays(value: Any, literal: bytes) -> None:
    """Literals with everything quoted that could be misread."""
    assert encoder("array", PLAIN)(value) == literal


def test_arrays_of_json_come_back() -> None:
    """Two layers of quoting."""
    value = [{"a": 'x"\\'}, {}]
    literal = encoder("array", PLAIN)(value)
    assert text_decoder("array(json)", PLAIN)(literal) == json.loads(json.dumps(value))
