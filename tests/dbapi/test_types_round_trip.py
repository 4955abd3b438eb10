"""Whatever values a type has, they go to each server and come back equal: as text and in binary, alone and in arrays.

A server that joins `tests.servers` joins here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlx import dbapi
from tests.dbapi.type_values import TYPES, Case
from tests.dbapi.values import told
from tests.servers.fleet import COVERED, ENGINES
from tests.servers.server import Server
from tests.thoroughness import examples

CASES = [(name, case) for name in COVERED for case in TYPES[ENGINES[name].kind]]
QUIET = settings(max_examples=examples(1, 100), deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    postgresql = server.kind == "postgresql"
    options = {"timezone": "UTC"} if postgresql else {"sslmode": "verify-full", "sslrootcert": server.ca_path}
    with dbapi.connect(server.url("admin", **options), autocommit=True) as opened:
        if postgresql:  # before version 12 the text of a float has not all its digits unless they are asked for
            opened.cursor().execute("SET extra_float_digits = 3")
        yield opened


@pytest.mark.parametrize(("server", "case"), CASES, indirect=["server"], ids=[f"{n}-{case.type}" for n, case in CASES])
def test_values_come_back(connection: dbapi.Connection, server: Server, case: Case) -> None:
    if int(server.version.split(".")[0]) < case.since:
        return
    arrays = server.kind == "postgresql"
    cursor = connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS t")
    cursor.execute(f"CREATE TEMPORARY TABLE t (n int, c {case.type} NULL{f', a {case.type}[]' if arrays else ''})")

    def trip(values: list[Any]) -> None:
        cursor.execute("DELETE FROM t")
        bound = [case.binds(value) for value in values]
        columns = [range(len(values)), bound, *([[bound] * len(values)] if arrays else [])]
        cursor.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", list(zip(*columns, strict=True)))
        wanted = [(n, value, values) if arrays else (n, value) for n, value in enumerate(values)]
        for sql, parameters in (("SELECT * FROM t ORDER BY n", None), ("SELECT * FROM t WHERE 1 = ? ORDER BY n", (1,))):
            assert told(cursor.execute(sql, parameters).fetchall()) == told(wanted)

    trip([*case.edges, None])
    # Where arrays have another separator than usual, a list of nothing but None is read as one text.
    lists = st.lists(st.none() | case.values, min_size=1, max_size=20).filter(
        lambda values: any(v is not None for v in values)
    )
    QUIET(given(lists)(trip))()
