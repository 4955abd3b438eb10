"""Whatever bytes a server sends, a decoder gives a value or raises ValueError: nothing else, and at once."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.values import Context, binary_decoder, text_decoder

TEXT = [
    "int", "float", "decimal", "text", "bytes", "hex_bytes", "bool", "json", "uuid", "date", "time", "timetz",
    "timestamp", "timestamptz", "interval", "duration", "inet", "cidr", "array(int)", "array(array(text))", "set",
    "bit_int", "bit_text", "year", "range(int)", "multirange(decimal)", "composite('a',int,'b',array(range(text)))",
    "hstore", "point", "line", "segment", "box", "path", "polygon", "circle",
]  # fmt: skip
BINARY = [
    "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f32(6)", "f64", "bool", "text", "bytes", "json",
    "json_versioned", "uuid", "decimal", "decimal_digits", "days_since(2000-01-01)",
    "microseconds_since(2000-01-01)", "utc_microseconds_since(2000-01-01)", "microseconds_of_day",
    "zoned_microseconds_of_day", "interval", "inet", "cidr", "array(i32)", "array(array(text))", "set", "bit_int",
    "bit_text", "date_parts", "datetime_parts", "datetime_parts(6)", "duration_parts", "range(i32)",
    "multirange(range(text))", "composite('a',i32,'b',array(range(text)))", "hstore", "point", "line", "segment", "box",
    "path", "polygon", "circle",
]  # fmt: skip
CONTEXTS = [Context(), Context(byte_order="little")]
TEXTS = st.binary() | st.text('0123456789-+: .BCinfaty{}[]()<>="\\,/xEeNL').map(str.encode)
NUMBERS = st.binary() | st.sampled_from([0, 1, 2, 4, 7, 8, 11, 12, 16, 20, 24]).flatmap(
    lambda n: st.binary(min_size=n, max_size=n)
)


@pytest.mark.parametrize("op", TEXT)
@given(raw=TEXTS)
def test_any_bytes_as_text(op: str, raw: bytes) -> None:
    """Garbage, and what looks almost right."""
    with suppress(ValueError):
        text_decoder(op, CONTEXTS[0])(raw)


@pytest.mark.parametrize("op", BINARY)
@given(raw=NUMBERS, context=st.sampled_from(CONTEXTS))
def test_any_bytes_as_binary(op: str, raw: bytes, context: Context) -> None:
    """Garbage, and garbage of the right size."""
    with suppress(ValueError):
        binary_decoder(op, context)(raw)


@pytest.mark.parametrize("op", ["int", "interval", "duration", "year"])
def test_endless_digits(op: str) -> None:
    """Ten million digits are refused rather than multiplied out."""
    with pytest.raises(ValueError):
        text_decoder(op, CONTEXTS[0])(b"9" * 10_000_000 + (b":00:00" if op in ("interval", "duration") else b""))
