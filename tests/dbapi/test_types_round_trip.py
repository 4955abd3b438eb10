"""Whatever values a type has, they go to each server and come back equal: as text and in binary, alone and in arrays.

A server that joins `tests.servers` joins here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlx import Box, Circle, Geometry, Interval, Multirange, Path, Point, Polygon, Range, Segment, dbapi
from tests.dbapi.values import told
from tests.servers.fleet import COVERED, ENGINES
from tests.servers.server import Server

EXAMPLES = 100 if os.environ.get("SQLX_TEST_FETCH") == "1" else 2
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes().map(lambda value: value.replace(fold=0))
NUMBERS = st.decimals(-(10**12), 10**12, places=3).map(lambda value: value + Decimal(0))
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32).map(float)
POINTS = st.builds(Point, FLOATS, FLOATS)
MANY_POINTS = st.lists(POINTS, min_size=1, max_size=4).map(tuple)
DAYS = st.dates(date(1, 1, 2), date(9999, 12, 30))


def ranges(ends: st.SearchStrategy[Any], bounds: str = "[)") -> st.SearchStrategy[Range]:
    pairs = st.tuples(ends, ends).map(sorted).map(lambda pair: Range(*pair, bounds))
    return pairs | st.builds(Range, ends, st.none()) | st.builds(Range, st.none(), ends) | st.just(Range())


def boxes() -> st.SearchStrategy[Box]:
    corner = st.tuples(FLOATS, FLOATS).map(sorted)
    return st.builds(lambda x, y: Box(Point(x[1], y[1]), Point(x[0], y[0])), corner, corner)


TYPES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "postgresql": {
        "bool": st.booleans(),
        "bigint": st.integers(-(2**63), 2**63 - 1),
        "numeric": NUMBERS,
        "float8": st.floats(allow_nan=False),
        "text": TEXT,
        "bytea": st.binary(max_size=20),
        "date": st.dates(),
        "time": st.times().map(lambda value: value.replace(fold=0)),
        "timestamp": MOMENTS,
        "interval": st.builds(Interval, st.integers(-999, 999), st.integers(-999, 999), st.integers(-(2**62), 2**62)),
        "uuid": st.uuids(),
        "inet": st.ip_addresses(),
        "point": POINTS,
        "lseg": st.builds(Segment, POINTS, POINTS),
        "box": boxes(),
        "path": st.builds(Path, MANY_POINTS, st.booleans()),
        "polygon": st.builds(Polygon, MANY_POINTS),
        "circle": st.builds(Circle, POINTS, FLOATS.map(abs)),
        "int4range": ranges(st.integers(-(2**31), 2**31 - 2)),
        "int8range": ranges(st.integers(-(2**63), 2**63 - 2)),
        "numrange": ranges(NUMBERS, "(]"),
        "daterange": ranges(DAYS),
        "tsrange": ranges(MOMENTS, "()"),
        "int4multirange": st.integers(0, 99).map(lambda n: Multirange([Range(n, n + 1), Range(n + 5, None)])),
        "datemultirange": ranges(DAYS).map(lambda each: Multirange([each] if each else [])),
    },
    "mysql": {
        "BIGINT": st.integers(-(2**63), 2**63 - 1),
        "BIGINT UNSIGNED": st.integers(0, 2**64 - 1),
        "DECIMAL(65,3)": NUMBERS,
        "DOUBLE": st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(bool),
        "VARCHAR(50)": TEXT,
        "BLOB": st.binary(max_size=50),
        "BIT(64)": st.integers(0, 2**64 - 1),
        "DATE": st.dates(),
        "DATETIME(6)": MOMENTS,
        "TIME(6)": st.timedeltas(timedelta(hours=-838), timedelta(hours=838)),
        "SET('a','b','c')": st.sets(st.sampled_from("abc")),
        "POINT": st.tuples(FLOATS, FLOATS).map(lambda xy: Geometry(0, struct.pack("<BIdd", 1, 1, *xy))),
    },
}
TYPES["mariadb"] = TYPES["mysql"]
SINCE = {"int4multirange": 14, "datemultirange": 14}  # the version that brought a type
CASES = [(name, type_) for name in COVERED for type_ in TYPES[ENGINES[name].kind]]


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    options = {} if server.kind == "postgresql" else {"sslmode": "verify-full", "sslrootcert": server.ca_path}
    with dbapi.connect(server.url("admin", **options), autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize(("server", "type_"), CASES, indirect=["server"])
def test_values_come_back(connection: dbapi.Connection, server: Server, type_: str) -> None:
    if int(server.version.split(".")[0]) < SINCE.get(type_, 0):
        return
    arrays = server.kind == "postgresql"
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS t")
    cursor.execute(f"CREATE TEMPORARY TABLE t (n int, c {type_} NULL{f', a {type_}[]' if arrays else ''})")

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.none() | TYPES[server.kind][type_], min_size=1, max_size=20))
    def trip(values: list[Any]) -> None:
        cursor.execute("DELETE FROM t")
        rows = [(n, value, values) if arrays else (n, value) for n, value in enumerate(values)]
        cursor.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(rows[0]))})", rows)
        for sql, parameters in (("SELECT * FROM t ORDER BY n", None), ("SELECT * FROM t WHERE 1 = ? ORDER BY n", (1,))):
            assert told(cursor.execute(sql, parameters).fetchall()) == told(rows)

    trip()
