"""Numbers, text, bytes, json, addresses, bits: the text and the binary format of one value decode to the same."""

import json
import math
import struct
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, ip_address, ip_interface
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlx.wire.values import Context, binary_decoder, text_decoder

BIG, LITTLE = Context(), Context(byte_order="little")


def text(op: str, raw: bytes) -> Any:
    return text_decoder(op, BIG)(raw)


def binary(op: str, raw: bytes, context: Context = BIG) -> Any:
    return binary_decoder(op, context)(raw)


def same(left: Any, right: Any) -> bool:
    """Equal in value, type and representation (NaN is NaN, 1.0 is not 1.00)."""
    return type(left) is type(right) and repr(left) == repr(right)


@pytest.mark.parametrize("letter", "bBhHiIqQ")
@given(data=st.data())
def test_integers_in_both_orders(letter: str, data: st.DataObject) -> None:
    """Every width, signed and not, big and little endian, is the number its digits tell."""
    size, signed = struct.calcsize(letter), letter.islower()
    op = f"{'i' if signed else 'u'}{8 * size}"
    low = -(2 ** (8 * size - 1)) if signed else 0
    value = data.draw(st.integers(low, low + 2 ** (8 * size) - 1))
    digits = text("int", str(value).encode())
    assert same(binary(op, value.to_bytes(size, "big", signed=signed)), digits)
    assert same(binary(op, value.to_bytes(size, "little", signed=signed), LITTLE), digits)


@pytest.mark.parametrize("op", ["i8", "u16", "i32", "u64", "f32", "f64", "bool", "uuid", "interval"])
@pytest.mark.parametrize("size", [0, 3, 17])
def test_wrong_sizes_are_refused(op: str, size: int) -> None:
    """A fixed-size value is read from exactly its bytes."""
    with pytest.raises(ValueError, match="bytes"):
        binary(op, bytes(size))


@given(st.floats())
@example(math.inf)
@example(-0.0)
def test_eight_byte_floats(value: float) -> None:
    """All floats, with NaN and infinities as servers spell them."""
    digits = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
    assert same(text("float", digits.encode()), value)
    assert same(binary("f64", struct.pack(">d", value)), value)
    assert same(binary("f64", struct.pack("<d", value), LITTLE), value)


@given(st.integers(-999_999, 999_999), st.integers(-43, 32))
@example(1, -1)
@example(3, 10)
@example(16_777_216, 0)
def test_four_byte_floats_of_few_digits(digits: int, exponent: int) -> None:
    """A decimal of six digits comes back as that decimal, unless it lies exactly between two 4-byte floats."""
    value = float(f"{digits}e{exponent}")
    raw = struct.pack(">f", value)
    if not is_tie(nearest(value), value):
        assert same(binary("f32", raw), value)
        assert same(binary("f32", raw[::-1], LITTLE), value)


@given(st.integers(0, 2**32 - 1))
@example(0x50DF8476)  # 30000001024, next to 3e10, which lies exactly between two 4-byte floats
@example(0x29800000)  # 2 ** -44, whose neighbours lie at unequal distances
@example(0x7F7FFFFF)
@example(1)
def test_any_four_byte_float(bits: int) -> None:
    """The value has at most 9 digits and packs into the very same bytes; no shorter one does but on a tie."""
    raw = bits.to_bytes(4, "big")
    exact = struct.unpack(">f", raw)[0]
    value = binary("f32", raw)
    if math.isnan(exact):
        assert math.isnan(value)
        return
    assert struct.pack(">f", value) == raw
    if math.isfinite(exact) and exact:
        digits = len(f"{Decimal(repr(value)):e}".split("e")[0].replace("-", "").replace(".", "").rstrip("0"))
        assert digits <= 9
        shorter = {float(f"{exact:.{fewer}g}") for fewer in range(1, digits)}
        assert all(nearest(each) != exact or is_tie(exact, each) for each in shorter)


def nearest(value: float) -> float:
    """The nearest 4-byte float."""
    try:
        return float(struct.unpack(">f", struct.pack(">f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def is_tie(exact: float, short: float) -> bool:
    """Whether a decimal lies exactly between a 4-byte float and its neighbour: servers do not write it then."""
    mirrored = 2 * Decimal(short) - Decimal(exact)
    return nearest(float(mirrored)) == mirrored


@pytest.mark.parametrize(
    ("exact", "value"),
    [(2.0**-44, 5.684342e-14), (3e10, 30000001000.0), (2**-149, 1e-45), (2.0**63, 9.223372e18), (-0.1, -0.1)],
)
def test_four_byte_floats_as_servers_write_them(exact: float, value: float) -> None:
    """Powers of two, ties and the smallest float, as a server writes them in text."""
    assert same(binary("f32", struct.pack(">f", exact)), value)


def test_four_byte_floats_with_a_number_of_digits() -> None:
    """A server whose text has six digits has six in binary too."""
    assert binary("f32(6)", struct.pack("<f", 16777216.0), LITTLE) == 16777200.0
    assert binary("f32(6)", struct.pack("<f", 1 / 3), LITTLE) == 0.333333


def decimal_bytes(value: Decimal) -> bytes:
    """The base-10000 format of a finite decimal, as its documentation has it."""
    whole, _, fraction = f"{value.copy_abs():f}".partition(".")
    digits = "0" * (-len(whole) % 4) + whole + fraction + "0" * (-len(fraction) % 4)
    groups = [int(digits[start : start + 4]) for start in range(0, len(digits), 4)]
    weight = (len(whole) - 1) // 4
    while groups and groups[0] == 0:
        groups, weight = groups[1:], weight - 1
    while groups and groups[-1] == 0:
        groups.pop()
    sign = 0x4000 if value.is_signed() and groups else 0
    head = struct.pack(">HhHH", len(groups), weight if groups else 0, sign, len(fraction))
    return head + struct.pack(f">{len(groups)}H", *groups)


@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: abs(int(d.as_tuple().exponent)) < 5000))
@example(Decimal("1.10"))
@example(Decimal("0.00"))
@example(Decimal("10000.0001"))
@example(Decimal("0." + "0" * 4000 + "1"))
@example(Decimal("9" * 5000))
def test_decimals(value: Decimal) -> None:
    """Digits and scale, however many there are."""
    plain = f"{value:f}"
    expected = text("decimal", plain.encode())
    assert f"{expected:f}" == plain
    if not (value.is_signed() and value.is_zero()):
        assert same(binary("decimal_digits", decimal_bytes(value)), expected)


@pytest.mark.parametrize(("sign", "name"), [(0xC000, "NaN"), (0xD000, "Infinity"), (0xF000, "-Infinity")])
def test_decimals_that_are_no_number(sign: int, name: str) -> None:
    """NaN and the infinities in both formats."""
    assert same(binary("decimal_digits", struct.pack(">HhHH", 0, 0, sign, 0)), text("decimal", name.encode()))


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">HhHH", 1, 0, 0, 0),
        struct.pack(">HhHHH", 1, 0, 0, 0, 10_000),
        struct.pack(">HhHHH", 1, 0, 0x1234, 0, 1),
        struct.pack(">HhHHH", 1, 0, 0, 0x4000, 1),
        struct.pack(">HhHH", 65535, 32767, 0, 0),
    ],
)
def test_decimals_that_lie(raw: bytes) -> None:
    """Counts, digits, signs and scales that cannot be."""
    with pytest.raises(ValueError, match="not a decimal"):
        binary("decimal_digits", raw)


@given(st.text())
def test_text(value: str) -> None:
    """Text is the same in both formats."""
    assert text("text", value.encode()) == binary("text", value.encode()) == value


def test_text_is_strict() -> None:
    """Bytes that are no text are refused, not replaced."""
    with pytest.raises(ValueError, match="can't decode byte 0xff"):
        text("text", b"\xff")


@given(st.binary())
def test_bytes(value: bytes) -> None:
    """Bytes in hexadecimal, escaped, and as they are."""
    escaped = b"".join(b"\\\\" if byte == 92 else b"\\%03o" % byte if byte > 126 else bytes([byte]) for byte in value)
    assert text("hex_bytes", b"\\x" + value.hex().encode()) == value
    assert binary("bytes", value) == text("bytes", value) == value
    if not escaped.startswith(b"\\x"):
        assert text("hex_bytes", escaped) == value


@pytest.mark.parametrize("raw", [b"\\x4", b"\\xzz", b"a\\", b"a\\9", b"a\\400"])
def test_bytes_that_are_none(raw: bytes) -> None:
    """Half a digit pair, digits that are none, escapes that end or overflow."""
    with pytest.raises(ValueError):
        text("hex_bytes", raw)


def test_booleans() -> None:
    """`t` and `f`, 1 and 0."""
    assert text("bool", b"t") is binary("bool", b"\1") is True
    assert text("bool", b"f") is binary("bool", b"\0") is False
    with pytest.raises(ValueError, match="not a boolean: b'yes'"):
        text("bool", b"yes")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json(value: Any) -> None:
    """Any document, with and without the version byte."""
    document = json.dumps(value).encode()
    assert text("json", document) == binary("json", document) == binary("json_versioned", b"\1" + document) == value


def test_json_with_numbers_beyond_int() -> None:
    """An integer of more digits than Python turns into int arrives as Decimal, not as an error."""
    assert text("json", b"[" + b"9" * 5000 + b"]") == [Decimal("9" * 5000)]


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b"9" * 5000 + b"[" * 100_000, b"\xff"])
def test_json_that_is_none(raw: bytes) -> None:
    """Broken or bottomless documents."""
    with pytest.raises(ValueError):
        text("json", raw)


def test_json_of_an_unknown_version() -> None:
    """Only version 1 is known."""
    with pytest.raises(ValueError, match="unknown version"):
        binary("json_versioned", b"\2{}")


@given(st.uuids())
def test_uuids(value: UUID) -> None:
    """Text with hyphens, and 16 bytes."""
    assert same(text("uuid", str(value).encode()), value)
    assert same(binary("uuid", value.bytes), value)


def address_bytes(packed: bytes, prefix: int, network: bool) -> bytes:
    return bytes([2 if len(packed) == 4 else 3, prefix, network, len(packed)]) + packed


@given(st.ip_addresses(), st.data())
def test_addresses(address: IPv4Address | IPv6Address, data: st.DataObject) -> None:
    """Hosts, hosts with their network, networks."""
    width = address.max_prefixlen
    prefix = data.draw(st.integers(0, width))
    interface = ip_interface((address, prefix))
    written = str(address) if prefix == width else str(interface)
    expected = ip_address(str(address)) if prefix == width else interface
    assert same(text("inet", written.encode()), expected)
    assert same(binary("inet", address_bytes(address.packed, prefix, False)), expected)
    network = interface.network
    assert same(text("cidr", str(network).encode()), network)
    assert same(binary("cidr", address_bytes(network.network_address.packed, prefix, True)), network)


def test_which_class_an_address_gets() -> None:
    """An address with its whole length is an address, with less an interface, and a cidr always a network."""
    assert type(text("inet", b"10.0.0.1")) is IPv4Address
    assert type(text("inet", b"10.0.0.1/8")) is IPv4Interface
    assert type(text("inet", b"::1/64")) is IPv6Interface
    assert type(text("cidr", b"10.0.0.1/32")) is IPv4Network


@pytest.mark.parametrize(
    "raw", [b"", b"\2\0\0\4", b"\2\x21\0\4" + bytes(4), b"\3\0\0\4" + bytes(4), b"\x09\0\0\0", b"\2\0\0\4" + bytes(5)]
)
def test_addresses_that_are_none(raw: bytes) -> None:
    """Unknown families, prefixes that are too long, wrong lengths."""
    with pytest.raises(ValueError, match="not a network address"):
        binary("inet", raw)


def test_sets() -> None:
    """Names between commas; no name, no member."""
    assert text("set", b"a,b") == binary("set", b"a,b") == {"a", "b"}
    assert text("set", b"") == set()


@given(st.text("01"))
def test_bits(bits: str) -> None:
    """Bits as a text of their own length, and as an integer."""
    padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
    packed = int(padded or "0", 2).to_bytes(len(padded) // 8, "big")
    assert text("bit_text", bits.encode()) == binary("bit_text", len(bits).to_bytes(4, "big") + packed) == bits
    assert text("bit_int", packed) == binary("bit_int", packed) == int(padded or "0", 2)


@pytest.mark.parametrize("raw", [b"", bytes(3), b"\x7f\xff\xff\xff\0", b"\0\0\0\1", b"\0\0\0\1\0\0"])
def test_bits_that_lie(raw: bytes) -> None:
    """A number of bits that the bytes do not hold."""
    with pytest.raises(ValueError, match="not a bit string"):
        binary("bit_text", raw)


def test_years() -> None:
    """A year is an integer, year 0 included."""
    assert text("year", b"2024") == 2024
    assert text("year", b"0000") == 0
