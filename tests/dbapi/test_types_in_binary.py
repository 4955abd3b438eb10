"""Every type that a pack can write in binary, as rows of binary data: in, and out again, alone and in arrays."""

from __future__ import annotations

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

TYPES = load("postgresql").types
NAMES = {"smallint": "int2", "int": "int4", "bigint": "int8", "real": "float4"}


def named(case: Case) -> str:
    """What the server calls the type."""
    plain = case.type.partition("(")[0].strip('"')
    return NAMES.get(plain, plain)


def codecs(case: Case) -> TypeCodecs:
    found = type_codecs(TYPES, named(case), Context(UTC_ZONE))
    assert found is not None
    return found


CASES = [case for case in POSTGRESQL if case.since <= 14 and codecs(case).to_binary]


@pytest.fixture(scope="module")
def connection(postgres: Server) -> Iterator[dbapi.Connection]:
    with dbapi.connect(postgres.url(), autocommit=True, timezone="UTC") as opened:
        yield opened


def writable(value: Any) -> bool:
    """The server's words for what lies beyond Python's years are for text."""
    return not isinstance(value, ServerText) or "infinity" in value or value.startswith("24:")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type)
def test_values_go_in_and_come_out_in_binary(connection: dbapi.Connection, case: Case) -> None:
    any_value = find(case.values, lambda value: True, settings=settings(database=None))
    rows = [(value, [value, None, value]) for value in (*case.edges, any_value) if writable(value)]
    types = (named(case), f"{named(case)}[]")
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS t")
    cursor.execute(f"CREATE TEMPORARY TABLE t (c {case.type}, a {case.type}[])")
    with cursor.copy("COPY t FROM STDIN (FORMAT binary)", types=types) as copy:
        copy.write_rows(rows)
    assert told(cursor.execute("SELECT * FROM t").fetchall()) == told(rows)
    with cursor.copy("COPY t TO STDOUT (FORMAT binary)", types=types) as copy:
        assert told(list(copy.rows())) == told(rows)


def test_a_name_that_no_type_has() -> None:
    assert type_codecs(TYPES, "int5", Context()) is None


def test_a_type_that_is_known_as_text_only() -> None:
    found = type_codecs(TYPES, "tsvector", Context())
    assert found is not None
    assert (found.from_text(b"'a'"), found.from_binary, found.to_binary) == ("'a'", None, None)
