"""A constraint that is held only at the end of a transaction."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlx import dbapi
from tests.servers.server import Server


@pytest.fixture
def connection(postgres: Server) -> Iterator[dbapi.Connection]:
    with dbapi.connect(postgres.url(), autocommit=True) as opened:
        opened.cursor().execute("CREATE TEMPORARY TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        yield opened


def test_one_statement_fails_at_the_end_of_its_exchange(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    for _ in range(4):
        with pytest.raises(dbapi.IntegrityError) as caught:
            cursor.execute("INSERT INTO late VALUES (?), (1)", (1,))
        assert caught.value.outcome == "rolled_back"
        assert cursor.execute("SELECT count(*) FROM late").fetchone() == (0,)


def test_so_does_a_pipeline(connection: dbapi.Connection) -> None:
    first, second = connection.cursor(), connection.cursor()
    with pytest.raises(dbapi.IntegrityError), connection.pipeline():
        first.execute("INSERT INTO late VALUES (?)", (1,))
        second.execute("INSERT INTO late VALUES (?)", (1,))
    with pytest.raises(dbapi.IntegrityError):
        second.fetchall()
    assert first.execute("SELECT count(*) FROM late").fetchone() == (0,)


def test_a_commit_says_so(connection: dbapi.Connection) -> None:
    connection.autocommit = False
    connection.cursor().execute("INSERT INTO late VALUES (1), (1)")
    with pytest.raises(dbapi.IntegrityError):
        connection.commit()
    assert not connection.in_transaction
