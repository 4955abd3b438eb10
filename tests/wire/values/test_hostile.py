"""Whatever bytes a server sends, a decoder gives a value or raises ValueError: nothing else, and at once."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.values import Context, ServerText, binary_decoder, text_decoder

TEXT = [
    "int", "float", "decimal", "text", "bytes", "hex_bytes", "bool", "json", "uuid", "date", "time", "timetz",
    "timestamp", "timestamptz", "interval", "duration", "inet", "cidr", "array(int)", "array(array(text))", "set",
    "bit_int", "bit_text", "year", "range(int)", "multirange(decimal)", "composite('a',int,'b',array(range(text)))",
    "hstore", "point", "line", "segment", "box", "path", "polygon", "circle", "record", "array(record)", "spaced(int)",
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


SECONDS = 5  # of this process; what is refused at once takes none, what must be read some tenths
MANY = 10_000_000


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def digits(count: int, weight: int, sign: int = 0, scale: int = 0, group: int = 9999, groups: int = -1) -> bytes:
    """A decimal that says it has `count` groups, and has `groups`."""
    return struct.pack(">HhHH", count, weight, sign, scale) + struct.pack(">H", group) * (
        count if groups < 0 else groups
    )


LIES_IN_BINARY = {
    "an array of 2^31 elements": ("array(i32)", numbers(1, 0, 23, 2**31 - 1, 1) + bytes(4)),
    "an array of a negative size": ("array(i32)", numbers(1, 0, 23, -(2**31), 1)),
    "an array whose sizes multiply beyond all": ("array(i32)", numbers(6, 0, 23, *(2**31 - 1, 1) * 6)),
    "an array of 7 dimensions": ("array(i32)", numbers(7, 0, 23, *(1, 1) * 7, 4, 5)),
    "an array of 2^31 dimensions": ("array(i32)", numbers(2**31 - 1, 0, 23)),
    "an array of less than no dimensions": ("array(i32)", numbers(-1, 0, 23)),
    "an element of 2^31 bytes": ("array(text)", numbers(1, 0, 25, 1, 1, 2**31 - 1)),
    "an element of -2 bytes": ("array(text)", numbers(1, 0, 25, 1, 1, -2)),
    "a composite of 2^31 fields": ("composite('a',i32)", numbers(2**31 - 1)),
    "a field of 2^31 bytes": ("composite('a',text)", numbers(1, 25, 2**31 - 1)),
    "2^31 keys": ("hstore", numbers(2**31 - 1)),
    "2^31 ranges": ("multirange(i32)", numbers(2**31 - 1)),
    "an end of a range of 2^31 bytes": ("range(text)", b"\2" + numbers(2**31 - 1)),
    "2^31 points": ("polygon", numbers(2**31 - 1)),
    "2^31 bits": ("bit_text", numbers(2**31 - 1)),
    "less than no bits": ("bit_text", numbers(-1)),
    "a decimal that is not all there": ("decimal_digits", digits(65535, 0, groups=10)),
    "a digit beyond its base": ("decimal_digits", digits(1, 0, group=10_000)),
    "a scale beyond all": ("decimal_digits", digits(1, 0, scale=0x4000)),
    "a sign that is none": ("decimal_digits", digits(1, 0, sign=0x1234)),
    "an address of 255 bytes": ("inet", b"\2\x20\0\xff" + bytes(255)),
    "a prefix of 129 bits": ("inet", b"\3\x81\0\x10" + bytes(16)),
    "json of another version": ("json_versioned", b"\2{}"),
    "a geometry without its number": ("geometry", b"\0"),
}
LIES_AS_TEXT = {
    "an array 1000 deep": ("array(int)", b"{" * 1000 + b"}" * 1000),
    "an array a million deep": ("array(int)", b"{" * 1_000_000),
    "a million commas": ("array(int)", b"{" + b"," * 1_000_000),
    "bounds without end": ("array(int)", b"[1:2]" * 1_000_000 + b"={1}"),
    "bounds beyond all": ("array(int)", b"[1:" + b"9" * MANY + b"]={1}"),
    "a quote that does not end": ("array(text)", b'{"' + b"\\a" * 1_000_000),
    "a composite without end": ("composite('a',text,'b',text)", b"(" + b'""' * 1_000_000),
    "a record without end": ("record", b"(" + b'"",' * 1_000_000),
    "a range without end": ("range(text)", b'["' + b'""' * 1_000_000),
    "ranges without end": ("multirange(int)", b"{" + b"[1,2)," * 100_000),
    "keys without end": ("hstore", b'"a"=>"' + b"\\" * 1_000_000),
    "points without end": ("path", b"(" + b"(1,2)," * 100_000 + b")"),
    "json 100000 deep": ("json", b"[" * 100_000 + b"]" * 100_000),
    "json of keys 100000 deep": ("json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "digits that are an int": ("int", b"9" * MANY),
    "digits that are a year": ("year", b"9" * MANY),
    "digits that are hours": ("interval", b"9" * MANY + b":00:00"),
    "digits that are years": ("interval", b"9" * MANY + b" years"),
    "digits that are a duration": ("duration", b"9" * MANY + b":00:00"),
    "digits that are a fraction": ("duration", b"00:00:00." + b"9" * MANY),
    "digits that are a prefix": ("inet", b"10.0.0.1/" + b"9" * MANY),
    "digits of an array": ("array(int)", b"{" + b"9" * MANY + b"}"),
}


@contextmanager
def bounded() -> Iterator[None]:
    began = process_time()
    yield
    assert process_time() - began < SECONDS


@pytest.mark.parametrize("lie", LIES_IN_BINARY)
def test_lies_in_binary_are_refused_at_once(lie: str) -> None:
    op, raw = LIES_IN_BINARY[lie]
    with bounded(), pytest.raises(ValueError):
        binary_decoder(op, CONTEXTS[0])(raw)


@pytest.mark.parametrize("lie", LIES_AS_TEXT)
def test_lies_as_text_are_refused_at_once(lie: str) -> None:
    op, raw = LIES_AS_TEXT[lie]
    with bounded(), pytest.raises(ValueError):
        text_decoder(op, CONTEXTS[0])(raw)


LONG_IN_BINARY = {
    "the longest decimal": (digits(32768, 32767), Decimal("9" * 131_072)),
    "the longest decimal with a fraction": (
        digits(1, 32767, scale=0x3FFF),
        Decimal("9999" + "0" * 131_068 + "." + "0" * 0x3FFF),
    ),
    "a decimal far behind the point": (digits(1, -4096, scale=0x3FFF), Decimal("999E-16383")),
    "a decimal behind all that is shown": (digits(1, -32768, scale=2), Decimal("0.00")),
}
LONG_AS_TEXT = {
    "digits that are a decimal": ("decimal", b"9" * MANY, Decimal),
    "an exponent beyond all": ("decimal", b"1E" + b"9" * 18, Decimal),
    "digits that are a float": ("float", b"9" * MANY, float),
    "digits that are a fraction": ("float", b"0." + b"9" * MANY, float),
    "an integer of a million digits in json": ("json", b"[" + b"9" * 1_000_000 + b"]", list),
    "many long integers in json": ("json", b"[" + b",".join([b"9" * 4300] * 2000) + b"]", list),
    "a year beyond all": ("date", b"9" * 1_000_000 + b"-01-01", ServerText),
}  # fmt: skip


@pytest.mark.parametrize("name", LONG_IN_BINARY)
def test_long_decimals_are_what_they_are(name: str) -> None:
    raw, wanted = LONG_IN_BINARY[name]
    with bounded():
        value = binary_decoder("decimal_digits", CONTEXTS[0])(raw)
    assert value.as_tuple() == wanted.as_tuple()


@pytest.mark.parametrize("name", LONG_AS_TEXT)
def test_long_numbers_are_read_in_time(name: str) -> None:
    op, raw, wanted = LONG_AS_TEXT[name]
    with bounded(), suppress(ValueError):
        assert type(text_decoder(op, CONTEXTS[0])(raw)) is wanted
