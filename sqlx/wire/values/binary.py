"""Decoders of values in a binary format: fixed-size numbers in the context's byte order, digits, addresses, bits.

Each takes exactly the bytes of one value and raises ValueError for bytes that are no such value.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import lru_cache
from ipaddress import ip_address, ip_interface, ip_network
from math import frexp
from struct import Struct, error, unpack_from
from typing import Any
from uuid import UUID

from sqlx.wire.values.operations import Codec, Context, Maker, plain
from sqlx.wire.values.text import BOTH, json

LETTERS = {
    "i8": "b",
    "u8": "B",
    "i16": "h",
    "u16": "H",
    "i32": "i",
    "u32": "I",
    "i64": "q",
    "u64": "Q",
    "f64": "d",
    "bool": "?",
}


def fixed_format(op: str) -> str | None:
    """The `struct` letter of an operation that reads one fixed-size number and nothing else, None for all others."""
    return LETTERS.get(op)


def packer(context: Context, letter: str) -> Struct:
    return Struct((">" if context.byte_order == "big" else "<") + letter)


def unpacker(context: Context, letters: str) -> Callable[[bytes], tuple[Any, ...]]:
    """Reads numbers that fill the bytes exactly. Raises ValueError."""
    layout = packer(context, letters)
    unpack, size = layout.unpack, layout.size

    def read(raw: bytes) -> tuple[Any, ...]:
        try:
            return unpack(raw)
        except error:
            raise ValueError(f"{len(raw)} bytes where {size} were expected") from None

    return read


class Number:
    """Reads one fixed-size number; `layout` lets many be read at once."""

    __slots__ = ("layout",)

    def __init__(self, layout: Struct) -> None:
        self.layout = layout

    def __call__(self, raw: bytes) -> Any:
        try:
            return self.layout.unpack(raw)[0]
        except error:
            raise ValueError(f"{len(raw)} bytes where {self.layout.size} were expected") from None


def number(letter: str) -> Maker:
    """One fixed-size number."""
    return Maker(lambda context: Number(packer(context, letter)))


def single_places(context: Context, places: int) -> Codec:
    """A 4-byte float of a column that is declared with so many digits behind the point: its text has no more."""
    read = unpacker(context, "f")
    return lambda raw: float(f"{read(raw)[0]:.{places}f}")


SMALLEST_NORMAL = 2.0**-126
EXACT_INTEGERS = 2.0**24


def single(context: Context, digits: int = 0) -> Codec:
    """A 4-byte float as the float whose shortest text gives it back: 0.1, not 0.10000000149011612.

    So the value equals that of the text format. With `digits`, for servers whose text has a fixed number of significant
    digits, it is rounded to them.
    """
    read = unpacker(context, "f")
    if digits:
        return lambda raw: float(f"{read(raw)[0]:.{digits}g}")
    pack = packer(context, "f").pack

    def decode(raw: bytes) -> float:
        value: float = read(raw)[0]
        if not SMALLEST_NORMAL <= abs(value) < EXACT_INTEGERS:
            return _edge(value)
        short = float(f"{value:.6g}")
        if pack(short) == raw:
            return short
        if frexp(abs(value))[0] == 0.5:  # neighbours of a power of two lie at unequal distances
            return _shortest(value)
        short = float(f"{value:.7g}")
        if pack(short) == raw:
            return short
        short = float(f"{value:.8g}")
        return short if pack(short) == raw else float(f"{value:.9g}")

    return decode


def _edge(value: float) -> float:
    """Zeros, NaN and infinities as they are. The very small, of few digits, and the large, where a short decimal can
    lie exactly between two 4-byte floats, need exact arithmetic."""
    if value == 0 or value - value != 0:
        return value
    return _shortest(value)


@lru_cache(maxsize=4096)
def _shortest(value: float) -> float:
    """The closest of the shortest decimals that lie strictly between the middles to the neighbouring 4-byte floats."""
    mantissa, exponent = frexp(abs(value))
    with localcontext() as exact:
        exact.prec = 200  # the longest exact 4-byte float has 112 significant digits
        target = Decimal(abs(value))
        unit = Decimal(2.0 ** (max(exponent, -125) - 24))
        below = unit / 2 if mantissa == 0.5 and exponent > -125 else unit
        low, high = target - below / 2, target + unit / 2
        for places in range(1, 10):
            step = Decimal(1).scaleb(target.adjusted() - places + 1)
            down = target // step * step
            near = [each for each in (down, down + step) if low < each < high]
            if near:
                break
        short = float(min(near, key=lambda each: abs(each - target)))
    return -short if value < 0 else short


BASE = 10_000
SIGNS = {0x0000: "", 0x4000: "-"}
SPECIAL = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}


def decimal_digits(raw: bytes) -> Decimal:
    """A decimal of base-10000 digits, big endian: u16 count, i16 weight of the first, u16 sign, u16 scale, u16 digits.

    The scale is kept: 1.10 stays 1.10.
    """
    if len(raw) < 8:
        raise ValueError(f"{len(raw)} bytes where at least 8 were expected")
    count, weight, sign, scale = unpack_from(">HhHH", raw)
    if sign in SPECIAL:
        return Decimal(SPECIAL[sign])
    if sign not in SIGNS or len(raw) != 8 + 2 * count or scale > 0x3FFF:
        raise ValueError(f"not a decimal: {raw[:40]!r}")
    groups = unpack_from(f">{count}H", raw, 8)
    if groups and max(groups) >= BASE:
        raise ValueError(f"not a decimal: {raw[:40]!r}")
    digits = "".join([f"{group:04}" for group in groups])
    missing = (weight + 1 - count) * 4 + scale
    digits = digits + "0" * missing if missing >= 0 else digits[:missing]
    return Decimal(f"{SIGNS[sign]}{digits or '0'}E-{scale}")


def json_versioned(raw: bytes) -> Any:
    """JSON text after a version byte, 1."""
    if raw[:1] != b"\x01":
        raise ValueError(f"json of an unknown version: {raw[:40]!r}")
    return json(raw[1:])


def uuid(raw: bytes) -> UUID:
    """16 bytes."""
    return UUID(bytes=bytes(raw))


FAMILIES = {2: 4, 3: 16}  # address family on the wire: bytes of its addresses


def _address(raw: bytes) -> tuple[bytes, int]:
    """u8 family, u8 prefix length, u8 whether it is a network, u8 length of the address, the address."""
    if len(raw) < 4 or FAMILIES.get(raw[0]) != raw[3] or len(raw) != 4 + raw[3] or raw[1] > 8 * raw[3]:
        raise ValueError(f"not a network address: {raw[:40]!r}")
    return bytes(raw[4:]), raw[1]


def inet(raw: bytes) -> Any:
    """A host address; with a prefix shorter than the address as IPv4Interface or IPv6Interface."""
    address, prefix = _address(raw)
    return ip_address(address) if prefix == 8 * len(address) else ip_interface((address, prefix))


def cidr(raw: bytes) -> Any:
    """IPv4Network or IPv6Network."""
    return ip_network(_address(raw))


def bit_text(raw: bytes) -> str:
    """Bits as a text of 0 and 1: i32 number of bits, the bits from the most significant of the first byte on."""
    count = int.from_bytes(raw[:4], "big")
    if len(raw) < 4 or len(raw) != 4 + (count + 7) // 8:
        raise ValueError(f"not a bit string: {raw[:40]!r}")
    bits = raw[4:]
    return f"{int.from_bytes(bits, 'big'):0{8 * len(bits)}b}"[:count] if count else ""


BINARY: dict[str, Maker] = (
    BOTH
    | {name: number(letter) for name, letter in LETTERS.items()}
    | {
        "f32": Maker(single, (int,)),
        "f32_places": Maker(single_places, (int,), 1),
        "decimal_digits": plain(decimal_digits),
        "json_versioned": plain(json_versioned),
        "uuid": plain(uuid),
        "inet": plain(inet),
        "cidr": plain(cidr),
        "bit_text": plain(bit_text),
    }
)
