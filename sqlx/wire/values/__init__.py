"""Values between the wire and Python: named operations that packs refer to, and the types that Python has not."""

from sqlx.wire.values.binary import fixed_format
from sqlx.wire.values.codecs import binary_decoder, binary_encoder, encoder, text_decoder
from sqlx.wire.values.operations import Context
from sqlx.wire.values.types import Interval, Json, ServerText

__all__ = [
    "Context",
    "Interval",
    "Json",
    "ServerText",
    "binary_decoder",
    "binary_encoder",
    "encoder",
    "fixed_format",
    "text_decoder",
]
