"""Decoders of values that are written as text, and of those that look the same in both formats.

Each takes the bytes of one value and raises ValueError for bytes that are no such value.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_interface, ip_network
from json import JSONDecoder
from struct import unpack
from typing import Any
from uuid import UUID

from sqlx.wire.values import geometry
from sqlx.wire.values.containers import Vector
from sqlx.wire.values.operations import Codec, Maker, parse, plain
from sqlx.wire.values.types import ServerText

TOO_DEEP = "json is nested too deeply"
LONG_NUMBER = 4300  # digits; beyond it Python refuses to make an int of text


def decimal(raw: bytes) -> Decimal:
    """Decimal digits with the scale that was written, `NaN`, `Infinity`."""
    try:
        return Decimal(raw.decode("ascii"))
    except InvalidOperation:
        raise ValueError(f"not a decimal: {raw[:40]!r}") from None


def hex_bytes(raw: bytes) -> bytes:
    r"""`\x` and hexadecimal digits; or the older form, bytes with `\\` and `\ooo` escapes."""
    if raw[:2] == b"\\x":
        return unhexlify(raw[2:])
    if b"\\" not in raw:
        return bytes(raw)
    return _ESCAPED.sub(_unescape, raw)


_ESCAPED = re.compile(rb"\\(\\|[0-3][0-7][0-7]|)")


def _unescape(match: re.Match[bytes]) -> bytes:
    escape = match[1]
    if not escape:
        raise ValueError("a backslash is followed by neither a backslash nor three octal digits")
    return escape if escape == b"\\" else bytes((int(escape, 8),))


def boolean(raw: bytes) -> bool:
    """`t` or `f`."""
    if raw == b"t":
        return True
    if raw == b"f":
        return False
    raise ValueError(f"not a boolean: {raw[:40]!r}")


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= LONG_NUMBER else Decimal(digits)


_parse_json = JSONDecoder().decode
_parse_long_json = JSONDecoder(parse_int=_integer).decode


def json(raw: bytes) -> Any:
    """JSON as Python objects: numbers with a fraction as float, integers too long for int() as Decimal."""
    document = raw.decode()
    try:
        return _parse_json(document)
    except ValueError:
        return _again(document)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _again(document: str) -> Any:
    """Reads what was refused once more, in case it was for a long integer only."""
    try:
        return _parse_long_json(document)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def uuid(raw: bytes) -> UUID:
    """Hexadecimal digits with hyphens."""
    return UUID(raw.decode("ascii"))


def inet(raw: bytes) -> Any:
    """A host address as IPv4Address or IPv6Address; with a prefix length as IPv4Interface or IPv6Interface."""
    address = raw.decode("ascii")
    return ip_interface(address) if "/" in address else ip_address(address)


def cidr(raw: bytes) -> Any:
    """IPv4Network or IPv6Network."""
    return ip_network(raw.decode("ascii"))


def members(raw: bytes) -> set[str]:
    """Names separated by commas as a set."""
    return set(raw.decode().split(",")) if raw else set()


def bit_int(raw: bytes) -> int:
    """Bits as an integer, most significant byte first."""
    return int.from_bytes(raw, "big")


def bit_text(raw: bytes) -> str:
    """Bits as a text of 0 and 1: the number of bits is part of the value."""
    if raw.strip(b"01"):
        raise ValueError(f"not a bit string: {raw[:40]!r}")
    return raw.decode("ascii")


def vector(raw: bytes) -> Vector:
    """4-byte floats, little endian."""
    if len(raw) % 4:
        raise ValueError(f"{len(raw)} bytes where 4 for each number were expected")
    return Vector(unpack(f"<{len(raw) // 4}f", raw))


def lenient(decode: Codec) -> Codec:
    """Like `decode`, but what it refuses arrives as ServerText, with backslashes where the bytes are no text."""

    def read(raw: bytes) -> Any:
        try:
            return decode(raw)
        except ValueError:
            return ServerText(raw.decode("utf-8", "backslashreplace"))

    return read


# Written alike in the text and the binary format of engines whose binary format knows only numbers and times.
BOTH: dict[str, Maker] = {
    "text": plain(bytes.decode),
    "bytes": plain(bytes),
    "json": plain(json),
    "decimal": plain(decimal),
    "set": plain(members),
    "bit_int": plain(bit_int),
    "vector": plain(vector),
} | geometry.BOTH


def is_text(op: str) -> bool:
    """Whether an operation reads the same text in both formats."""
    return parse(op).name in BOTH


TEXT: dict[str, Maker] = BOTH | {
    "int": plain(int),
    "float": plain(float),
    "year": plain(int),
    "hex_bytes": plain(hex_bytes),
    "bool": plain(boolean),
    "uuid": plain(uuid),
    "inet": plain(inet),
    "cidr": plain(cidr),
    "bit_text": plain(bit_text),
}
