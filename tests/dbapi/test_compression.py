"""Compressed connections to real servers do what plain ones do."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sqlx.aio
from sqlx import dbapi
from tests.servers.proxy import Proxy
from tests.servers.server import Server

FRAME = (1 << 24) - 1  # bytes in which a frame is full, and so is a block
ENDLESS = (
    "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"
    " WHERE sqrt(a.ordinal_position + b.ordinal_position + c.ordinal_position) < 0"
)
WAYS = [("mariadb", "zlib"), ("mysql9", "zlib"), ("mysql9", "zstd")]


@pytest.fixture(params=WAYS, ids=" ".join)
def way(request: pytest.FixtureRequest) -> tuple[Server, str]:
    name, algorithm = request.param
    return request.getfixturevalue(name), algorithm


@pytest.fixture
def connection(way: tuple[Server, str]) -> Iterator[dbapi.Connection]:
    server, algorithm = way
    with dbapi.connect(server.url("empty"), autocommit=True, compression=algorithm) as opened:
        yield opened


def value(connection: dbapi.Connection, sql: str, *parameters: object) -> object:
    row = connection.cursor().execute(sql, parameters or None).fetchone()
    assert row is not None
    return row[0]


def test_the_server_says_so(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute("SHOW SESSION STATUS LIKE 'Compression'")
    assert cursor.fetchall() == [("Compression", "ON")]


@pytest.mark.parametrize("size", [0, 51, 70_000, FRAME])
def test_values_of_any_size(connection: dbapi.Connection, size: int) -> None:
    """As text and bound, compressible and not, on both sides of a full frame and of a full block."""
    noise = random.Random(size).randbytes(min(size, 100_000)) + b"x" * max(0, size - 100_000)
    assert value(connection, "SELECT CAST(? AS BINARY)", noise) == noise
    assert value(connection, f"SELECT repeat('é', {size})") == "é" * size


def test_rows_scripts_and_batches(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE t (a integer, b varchar(200))")
    rows = [(number, str(number) * 20) for number in range(3000)]
    cursor.executemany("INSERT INTO t VALUES (?, ?)", rows)
    assert cursor.execute("SELECT a, b FROM t ORDER BY a").fetchall() == rows
    cursor.execute("SELECT 1; SELECT a, b FROM t ORDER BY a; SELECT repeat('z', 70000); SELECT 4")
    results = [cursor.fetchall()]
    while cursor.nextset():
        results.append(cursor.fetchall())
    assert results == [[(1,)], rows, [("z" * 70000,)], [(4,)]]
    with pytest.raises(dbapi.ProgrammingError):
        cursor.execute("SELECT nothing_of_the_kind")
    assert cursor.execute("SELECT ?", (5,)).fetchall() == [(5,)]


def test_streams_and_cancellation(connection: dbapi.Connection) -> None:
    long = "SELECT a.x FROM ({0}) a, ({0}) b, ({0}) c, ({0}) d, ({0}) e".format(
        " UNION ALL ".join(f"SELECT {digit} AS x" for digit in range(10))
    )
    with connection.cursor(stream=True) as cursor:
        assert len(cursor.execute(long).fetchall()) == 100_000
    with connection.cursor(stream=True) as cursor:
        assert cursor.execute(f"{long}, ({'SELECT 1 AS y UNION ALL SELECT 2'}) f").fetchone() is not None
    assert value(connection, "SELECT ?", 1) == 1
    with pytest.raises(dbapi.OperationalError, match=r"longer than 0\.2 s"):
        connection.cursor().execute(ENDLESS, timeout=0.2)
    assert value(connection, "SELECT ?", 2) == 2


def test_under_tls(way: tuple[Server, str]) -> None:
    server, algorithm = way
    url = server.url("empty", sslmode="verify-full", sslrootcert=server.ca_path)
    with dbapi.connect(url, compression=algorithm) as connection:
        assert value(connection, "SELECT repeat('x', 100000)") == "x" * 100_000


def test_under_asyncio(way: tuple[Server, str]) -> None:
    server, algorithm = way

    async def main() -> None:
        async with await sqlx.aio.connect(server.url("empty"), compression=algorithm) as connection:
            cursor = await connection.cursor().execute("SELECT ?, repeat('x', 100000)", (1,))
            assert await cursor.fetchall() == [(1, "x" * 100_000)]

    asyncio.run(main())


def test_less_passes_over_the_wire(way: tuple[Server, str], proxy: Callable[[Server], Proxy]) -> None:
    server, algorithm = way
    line = proxy(server)
    with dbapi.connect(server.url("empty", port=line.port, sslmode="disable"), compression=algorithm) as connection:
        assert value(connection, "SELECT length(?)", "x" * 1_000_000) == 1_000_000
        assert value(connection, "SELECT repeat('x', 1000000)") == "x" * 1_000_000
    assert len(line.sent) + len(line.received) < 50_000


def test_the_first_that_the_server_offers_is_taken(mariadb: Server) -> None:
    for wanted, compressed in (("zstd,zlib", "ON"), ("zstd,none,zlib", "OFF"), (["none"], "OFF")):
        with dbapi.connect(mariadb.url(), compression=wanted) as connection:
            cursor = connection.cursor().execute("SHOW SESSION STATUS LIKE 'Compression'")
            assert cursor.fetchall() == [("Compression", compressed)]


def test_what_the_server_does_not_offer_is_refused(mariadb: Server) -> None:
    with pytest.raises(dbapi.NotSupportedError, match=r"does not compress with any of \['zstd'\]"):
        dbapi.connect(mariadb.url(), compression="zstd")


def test_what_is_not_known_is_refused() -> None:
    for wanted in ("lz4", "zlib,", "", [], "zlib zstd", 5, {"zlib": 1}):
        with pytest.raises(dbapi.InterfaceError, match="compression is some of none, zlib, zstd, with commas between"):
            dbapi.connect("mysql://ada@localhost", compression=wanted)


def test_without_the_library(mariadb: Server) -> None:
    """The error names the extra; with another choice it is not missed."""
    code = f"""if True:
        import sys
        sys.modules["zstandard"] = None
        from sqlx import dbapi
        dbapi.connect({mariadb.url()!r}, compression="zstd,zlib").close()
        dbapi.connect({mariadb.url()!r}, compression="zstd")
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if sys.version_info < (3, 14):
        assert "nothing here can compress with ['zstd']" in done.stderr
        assert "pip install 'sqlx-os[zstd]'" in done.stderr


def test_the_trace_shows_messages(mariadb: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLX_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("SQLX_TRACE_VALUES", "1")
    with dbapi.connect(mariadb.url(), compression="zlib") as connection:
        value(connection, "SELECT 'a text that is long enough to be worth compressing'")
    assert "a text that is long enough to be worth compressing" in (tmp_path / "trace").read_text()
