"""Every type that a pack can write in binary, as rows of binary data: in, and out again, alone and in arrays."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import find, settings

from sqlx import ServerText, dbapi
from sqlx.wire.named_types import TypeCodecs, type_codecs
from sqlx.wire.registry import load
from sqlx.wire.values import Context
from tests.dbapi.type_values import POSTGRESQL, UTC_ZONE, Case
from tests.dbapi.values import told
from tests.servers.server import Server

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TYPES = load("postgresql").types
NAMES = {"smallint": "int2", "int": "int4", "bigint": "int8", "real": "float4"}


def codecs(case: Case, suffix: str = "") -> TypeCodecs:
    plain = case.type.partition("(")[0].strip('"')
    found = type_codecs(TYPES, NAMES.get(plain, plain) + suffix, Context(UTC_ZONE))
    assert found is not None
    return found


CASES = [case for case in POSTGRESQL if case.since <= 14 and codecs(case).to_binary]


@pytest.fixture(scope="module")
def connection(postgres: Server) -> Iterator[dbapi.Connection]:
    with dbapi.connect(postgres.url(), autocommit=True, timezone="UTC") as opened:
        yield opened


def rows_of(data: bytes) -> Iterator[list[bytes | None]]:
    """The fields of binary rows."""
    assert data.startswith(SIGNATURE)
    position = len(SIGNATURE)
    while (count := struct.unpack_from(">h", data, position)[0]) >= 0:
        position += 2
        fields: list[bytes | None] = []
        for _ in range(count):
            size = struct.unpack_from(">i", data, position)[0]
            fields.append(None if size < 0 else data[position + 4 : position + 4 + size])
            position += 4 + max(size, 0)
        yield fields


def written(fields: list[bytes]) -> bytes:
    return struct.pack(">h", len(fields)) + b"".join(struct.pack(">i", len(field)) + field for field in fields)


def writable(value: Any) -> bool:
    """The server's words for what lies beyond Python's years are for text."""
    return not isinstance(value, ServerText) or "infinity" in value or value.startswith("24:")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type)
def test_values_go_in_and_come_out_in_binary(connection: dbapi.Connection, case: Case) -> None:
    one, many = codecs(case), codecs(case, "[]")
    assert one.from_binary and one.to_binary and many.from_binary and many.to_binary
    any_value = find(case.values, lambda value: True, settings=settings(database=None))
    values = [value for value in (*case.edges, any_value) if writable(value)]
    data = [written([one.to_binary(value), many.to_binary([value, None, value])]) for value in values]
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS t")
    cursor.execute(f"CREATE TEMPORARY TABLE t (c {case.type}, a {case.type}[])")
    with cursor.copy("COPY t FROM STDIN (FORMAT binary)") as copy:
        copy.write(SIGNATURE + b"".join(data) + b"\xff\xff")
    wanted = [(value, [value, None, value]) for value in values]
    assert told(cursor.execute("SELECT * FROM t").fetchall()) == told(wanted)
    out = io.BytesIO()
    with cursor.copy("COPY t TO STDOUT (FORMAT binary)") as copy:
        copy.read_into(out)
    read = [(one.from_binary(c or b""), many.from_binary(a or b"")) for c, a in rows_of(out.getvalue())]
    assert told(read) == told(wanted)


def test_a_name_that_no_type_has() -> None:
    assert type_codecs(TYPES, "int5", Context()) is None


def test_a_type_that_is_known_as_text_only() -> None:
    found = type_codecs(TYPES, "tsvector", Context())
    assert found is not None
    assert (found.from_text(b"'a'"), found.from_binary, found.to_binary) == ("'a'", None, None)
