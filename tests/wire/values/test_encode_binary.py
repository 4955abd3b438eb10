"""What is written in binary is read back as it was, and what cannot be written is refused."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.registry import load
from sqlx.wire.values import Context, Interval, ServerText, binary_decoder, binary_encoder
from sqlx.wire.values.containers import Array
from sqlx.wire.values.encode_binary import ENCODE
from tests.dbapi.type_values import BITS, BYTES, CLOCKS, DOCUMENT, MOMENTS, OFFSETS, TEXT, interfaces, short_floats
from tests.dbapi.values import told


def fits(number: Decimal) -> bool:
    return not number.is_finite() or -16_000 < number.as_tuple().exponent < 100_000  # type: ignore[operator]


def written_out(number: Decimal) -> Decimal:
    """Without an exponent, and zero without a sign."""
    return Decimal(f"{number if number else abs(number):f}")


BERLIN = Context(ZoneInfo("Europe/Berlin"))
INTEGERS = {
    f"{letter}{bits}": st.integers(-(2 ** (bits - 1)) if letter == "i" else 0, 2 ** (bits - (letter == "i")) - 1)
    for letter in "iu"
    for bits in (8, 16, 32, 64)
}
INFINITIES = st.sampled_from([ServerText("infinity"), ServerText("-infinity")])
LONG = [Decimal("NaN"), Decimal("1E-16383"), Decimal(10**131071 + 1)]
NUMBERS = st.decimals(allow_nan=False).filter(fits).map(written_out) | st.sampled_from(LONG)
ZONED = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)).map(
    lambda value: value.astimezone(BERLIN.zone)
)
CELLS = st.none() | INTEGERS["i32"]
SHAPES = st.integers(1, 3).flatmap(lambda size: st.lists(st.lists(CELLS, min_size=size, max_size=size), min_size=1))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **INTEGERS,
    "bool": st.booleans(),
    "text": TEXT,
    "bytes": BYTES,
    "json": st.just(DOCUMENT),
    "json_versioned": st.just(DOCUMENT) | TEXT,
    "f32": short_floats(1e-37, 3e38) | st.sampled_from([0.0, -0.0, float("inf"), float("nan")]),
    "f64": st.floats(),
    "decimal_digits": NUMBERS,
    "days_since(2000-01-01)": st.dates() | INFINITIES,
    "microseconds_since(2000-01-01)": MOMENTS | INFINITIES,
    "utc_microseconds_since(2000-01-01)": ZONED | INFINITIES,
    "microseconds_of_day": CLOCKS | st.just(ServerText("24:00:00")),
    "zoned_microseconds_of_day": st.builds(lambda clock, zone: clock.replace(tzinfo=zone), CLOCKS, OFFSETS)
    | st.sampled_from([ServerText("24:00:00+00"), ServerText("24:00:00-15:59:59"), ServerText("24:00:00+02:30")]),
    "interval": st.builds(Interval, INTEGERS["i32"], INTEGERS["i32"], st.integers(-(2**62), 2**62)) | INFINITIES,
    "uuid": st.uuids(),
    "inet": st.ip_addresses() | interfaces(),
    "cidr": interfaces().map(lambda each: each.network) | st.just(ip_network("::1/128")),
    "bit_text": BITS,
    "array(text, 25)": st.lists(st.none() | TEXT),
    "array(i32, 23)": SHAPES,
}  # fmt: skip


@pytest.mark.parametrize("operation", VALUES)
def test_a_value_is_read_back(operation: str) -> None:
    encode, decode = binary_encoder(operation, BERLIN), binary_decoder(operation, BERLIN)

    @given(VALUES[operation])
    def trip(value: Any) -> None:
        assert told(decode(encode(value))) == told(value)

    trip()


def test_every_encoder_has_its_property() -> None:
    assert ENCODE.keys() == {operation.partition("(")[0] for operation in VALUES}


def test_what_a_pack_writes_it_reads() -> None:
    """An operation that writes is called as the one that reads, where that is not written in another way."""
    written = [entry for entry in load("postgresql").types.values() if "encode" in entry]
    assert written
    for entry in written:
        assert entry.get("binary", entry["encode"]) in (entry["encode"], f"{entry['encode'].partition(',')[0]})")


@pytest.mark.parametrize(
    ("operation", "value", "wanted"),
    [
        ("decimal_digits", 5, Decimal(5)),
        ("decimal_digits", Decimal("1E+3"), Decimal(1000)),
        ("interval", timedelta(1, 2), Interval(0, 1, 2_000_000)),
        ("inet", ip_network("10.0.0.0/8"), ip_interface("10.0.0.0/8")),
        ("inet", ip_interface("10.0.0.1/32"), ip_address("10.0.0.1")),
        ("array(i32, 23)", [], []),
        ("array(i32, 23)", ((1, 2), (3, None)), [[1, 2], [3, None]]),
        ("array(i32, 23)", Array([[1], [2]], (0, -5)), Array([[1], [2]], (0, -5))),
        ("microseconds_since(2000-01-01)", datetime(2024, 7, 1, tzinfo=UTC), datetime(2024, 7, 1, 2)),
        ("utc_microseconds_since(2000-01-01)", datetime(2024, 7, 1, 2), datetime(2024, 7, 1, 2, tzinfo=BERLIN.zone)),
    ],
)
def test_what_is_written_like_another(operation: str, value: Any, wanted: Any) -> None:
    assert told(binary_decoder(operation, BERLIN)(binary_encoder(operation, BERLIN)(value))) == told(wanted)


REFUSED: list[tuple[str, Any]] = [
    ("bool", "f"), ("bool", 1), ("i16", 2**15), ("u32", -1), ("i32", "1"), ("f32", 1e39), ("f64", "1"),
    ("decimal_digits", Decimal("1E+131072")), ("decimal_digits", Decimal("1E-16384")),
    ("decimal_digits", Decimal("sNaN")),
    ("decimal_digits", Decimal("1E+999999")), ("days_since(2000-01-01)", ServerText("0044-03-15 BC")),
    ("days_since(2000-01-01)", "2024-01-01"), ("microseconds_since(2000-01-01)", ServerText("10000-01-01 00:00:00")),
    ("microseconds_of_day", ServerText("25:00:00")), ("microseconds_of_day", time(1, tzinfo=UTC)),
    ("zoned_microseconds_of_day", time(1)), ("zoned_microseconds_of_day", ServerText("24:00:00+x")),
    ("interval", Interval(2**31)), ("interval", 5), ("uuid", "x"), ("inet", "::1"), ("cidr", ip_address("::1")),
    ("bit_text", "102"), ("text", "\ud800"), ("json", float("nan")),
    ("array(i32, 23)", 5), ("array(i32, 23)", [[1], [2, 3]]), ("array(i32, 23)", [[1], 2]),
    ("array(i32, 23)", [[[[[[[1]]]]]]]),
    ("array(i32, 23)", ["1"]), ("array(i32, 23)", Array([1], (1, 1))), ("array(text, 25)", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "value"), REFUSED, ids=str)
def test_what_cannot_be_written_is_refused(operation: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError, OverflowError, struct.error)):
        binary_encoder(operation, BERLIN)(value)


def test_a_moment_without_a_zone_needs_that_of_the_session() -> None:
    with pytest.raises(ValueError, match="give it one"):
        binary_encoder("utc_microseconds_since(2000-01-01)", Context())(datetime(2024, 1, 1))
    assert binary_encoder("days_since(2000-01-01)", Context())(date(2000, 1, 2)) == b"\0\0\0\1"
