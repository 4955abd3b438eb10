"""All operations by name, in four directions."""

from __future__ import annotations

from sqlx.wire.values import (
    arrays,
    binary,
    binary_times,
    composites,
    encode,
    encode_binary,
    geometric,
    geometry,
    literals,
    ranges,
    text,
    text_times,
)
from sqlx.wire.values.operations import Codec, Context, Table

_TEXT = Table("text decoder", text.TEXT, text_times.TEXT, arrays.TEXT, ranges.TEXT, composites.TEXT, geometric.TEXT)
_BINARY = Table(
    "binary decoder",
    binary.BINARY,
    binary_times.BINARY,
    arrays.BINARY,
    ranges.BINARY,
    composites.BINARY,
    geometric.BINARY,
)
_ENCODE = Table("encoder", encode.SCALARS, literals.ENCODE, geometry.ENCODE)
_BINARY_ENCODE = Table("binary encoder", encode_binary.ENCODE)


def text_decoder(op: str, context: Context) -> Codec:
    """From the bytes of a value in text format to Python.

    The decoder raises ValueError for bytes that are no such value.
    Raises PackError for an unknown operation or wrong arguments.
    """
    return _TEXT.codec(op, context)


def binary_decoder(op: str, context: Context) -> Codec:
    """From the bytes of a value in binary format to Python, equal in value and type to what the text format gives.

    The decoder raises ValueError for bytes that are no such value.
    Raises PackError for an unknown operation or wrong arguments.
    """
    return _BINARY.codec(op, context)


def encoder(op: str, context: Context) -> Codec:
    """From Python to bytes (for an engine in the process: to what it takes).

    The encoder raises ValueError, TypeError, OverflowError or struct.error for a value it cannot write.
    Raises PackError for an unknown operation or wrong arguments.
    """
    return _ENCODE.codec(op, context)


def binary_encoder(op: str, context: Context) -> Codec:
    """From Python to the bytes that the binary decoder of the same name reads.

    The encoder raises ValueError, TypeError, AttributeError, OverflowError or struct.error for a value it cannot write.
    Raises PackError for an unknown operation or wrong arguments.
    """
    return _BINARY_ENCODE.codec(op, context)
