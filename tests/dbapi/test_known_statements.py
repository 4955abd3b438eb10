"""A statement that the connection already knows answers as one that it sees for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest

from sqlx import dbapi

VALUES = [1, "abc", 2.5, Decimal("1.10"), 2**40, None, -5, date(2024, 1, 2), "", datetime(2024, 1, 2, 3, 4, 5, 6), 7]


@pytest.fixture(params=["postgres", "postgres18", "mariadb", "mysql9"])
def url(request: pytest.FixtureRequest) -> str:
    """Where each server is to be reached."""
    server = request.getfixturevalue(request.param)
    return str(server.url("admin", sslmode="verify-full", sslrootcert=server.ca_path))


@pytest.fixture
def connection(url: str) -> Iterator[dbapi.Connection]:
    """A connection in its default mode."""
    with dbapi.connect(url) as opened:
        yield opened


def test_a_parameter_may_change_its_type_from_one_execution_to_the_next(connection: dbapi.Connection) -> None:
    """What the server inferred for one value is not held against the next."""
    cursor = connection.cursor()
    answers = [cursor.execute("SELECT ?", (value,)).fetchone() for value in VALUES + VALUES[::-1]]
    assert answers == [(value,) for value in VALUES + VALUES[::-1]]
    assert [type(answer[0]) for answer in answers if answer] == [type(value) for value in VALUES + VALUES[::-1]]


@pytest.mark.parametrize("text", ["DEALLOCATE ALL", "DISCARD PLANS", "SELECT 1; DEALLOCATE ALL"])
def test_prepared_statements_may_be_dropped_inside_a_transaction(
    postgres_connection: dbapi.Connection, text: str
) -> None:
    """The transaction goes on: what was prepared is prepared again before it is missed."""
    cursor = postgres_connection.cursor()
    cursor.execute("SELECT ?::int", (1,))
    cursor.execute(text)
    assert cursor.execute("SELECT ?::int", (1,)).fetchall() == [(1,)]
    cursor.execute(text)
    cursor.executemany("SELECT ?::int", [(2,), (3,)])
    assert cursor.fetchall() == [(2,), (3,)]


@pytest.mark.parametrize("stream", [False, True])
def test_a_copy_without_data_ends_with_a_sentence(postgres_connection: dbapi.Connection, stream: bool) -> None:
    """The server waits for data that a cursor has not; the connection stays in step."""
    plain = postgres_connection.cursor()
    plain.execute("CREATE TEMPORARY TABLE copied (a int)")
    postgres_connection.commit()
    with pytest.raises(dbapi.OperationalError, match=r"its data is given by cursor\.copy"):
        postgres_connection.cursor(stream=stream).execute("COPY copied FROM STDIN")
    postgres_connection.rollback()
    assert plain.execute("SELECT 1").fetchall() == [(1,)]


@pytest.fixture
def postgres_connection(request: pytest.FixtureRequest) -> Iterator[dbapi.Connection]:
    with dbapi.connect(request.getfixturevalue("postgres").url()) as opened:
        yield opened
