"""Behind a pooler that lends out server connections by the transaction, no statement fails for its name."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sqlx import dbapi
from tests.conftest import NO_SERVER
from tests.servers.pgbouncer import pooled, program
from tests.servers.server import Server

CLIENTS = 4
STATEMENTS = 1000


@pytest.fixture(params=[1, 2], ids=["one server connection", "two"])
def pooler(request: pytest.FixtureRequest, postgres: Server) -> Iterator[str]:
    """The URL of a pooler with so many connections to the server."""
    if missing := program()[1]:
        pytest.skip(NO_SERVER + missing)
    with pooled(postgres, request.param) as url:
        yield url


def ask(url: str, number: int, autocommit: bool) -> None:
    """What one of several clients does, most of it more often than it takes to be prepared."""
    with dbapi.connect(url, autocommit=autocommit) as connection:
        cursor = connection.cursor()
        for turn in range(60):
            assert cursor.execute("SELECT ?::int + ?::int", (number, turn)).fetchall() == [(number + turn,)]
            assert cursor.execute(f"SELECT ?::text || '{number}'", (turn and "x",)).fetchone() is not None
            if turn % 7 == 0:
                cursor.executemany("SELECT ?::int, 'it'", [(turn,), (number,)])
                assert cursor.fetchone() == (turn, "it")
            if turn % 3 == 0:
                connection.commit()


@pytest.mark.parametrize("autocommit", [True, False])
def test_several_clients_share_few_server_connections(pooler: str, autocommit: bool) -> None:
    failures: list[BaseException] = []

    def client(number: int) -> None:
        try:
            ask(pooler, number, autocommit)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_thousand_statements_leave_nothing_prepared(pooler: str, autocommit: bool) -> None:
    with dbapi.connect(pooler, autocommit=autocommit, prepared_max=10) as connection:
        cursor = connection.cursor()
        for number in range(STATEMENTS):
            assert cursor.execute(f"SELECT {number} + ?", (number % 3,)).fetchone() == (number + number % 3,)
        for _ in range(5):
            assert cursor.execute("SELECT 5 + ?", (1,)).fetchone() == (6,)
            connection.commit()
        assert cursor.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)


def test_many_rows_streams_and_errors(pooler: str) -> None:
    """What else is sent with parameters needs no name either."""
    with dbapi.connect(pooler) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE pooled (a int PRIMARY KEY)")
        cursor.executemany("INSERT INTO pooled VALUES (?)", [(number,) for number in range(2500)])
        cursor.executemany("INSERT INTO pooled VALUES (?) RETURNING a", [(-1,), (-2,)])
        assert cursor.fetchone() == (-1,)
        stream = connection.cursor(stream=True).execute("SELECT a FROM pooled WHERE a >= ? ORDER BY a", (0,))
        for number, (a,) in enumerate(stream):
            assert a == number
            if number % 500 == 0:
                assert cursor.execute("SELECT ?::int", (number,)).fetchone() == (number,)
        with pytest.raises(dbapi.IntegrityError):
            cursor.execute("INSERT INTO pooled VALUES (?)", (7,))
        connection.rollback()
        assert cursor.execute("SELECT ?::int", (1,)).fetchone() == (1,)
        connection.rollback()
