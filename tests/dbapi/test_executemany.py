# Generated from tests/aio/test_executemany.py by scripts/async_to_sync.py; do not edit.
"""A failed executemany leaves nothing of itself behind, on every engine and in either mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.engines import ENGINES
from tests.servers.server import Server

GOOD = [(number, f"row {number}") for number in range(10, 1500)]
BAD = [*GOOD, (1, "the key of another"), (2000, "behind the failure")]


@pytest.fixture(params=[False, True], ids=["transaction", "autocommit"])
def keyed(request: pytest.FixtureRequest, url: str) -> Iterator[face.Connection]:
    """A connection that has a table with one row, and in transaction mode has not committed it."""
    with face.connect(url, autocommit=request.param) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY, name varchar(40))")
        connection.commit()
        cursor.execute("INSERT INTO keyed VALUES (1, 'first')")
        yield connection
        connection.rollback()


def _count(connection: face.Connection) -> int:
    cursor = connection.cursor().execute("SELECT count(*) FROM keyed")
    (count,) = cursor.fetchone() or (0,)
    return int(count)


def test_failed_rows_leave_nothing_behind(keyed: face.Connection) -> None:
    with pytest.raises(dbapi.IntegrityError) as caught:
        keyed.cursor().executemany("INSERT INTO keyed VALUES (?, ?)", BAD)
    assert caught.value.outcome == "rolled_back"
    try:
        assert _count(keyed) == 1
    except dbapi.InternalError:  # where an error fails the whole transaction, the first row goes with it
        keyed.rollback()
        assert _count(keyed) == 0


def test_rows_by_the_thousand_arrive(keyed: face.Connection) -> None:
    cursor = keyed.cursor()
    cursor.executemany("INSERT INTO keyed VALUES (?, ?)", GOOD)
    assert cursor.rowcount == len(GOOD)
    assert _count(keyed) == len(GOOD) + 1


def test_rows_are_undone_with_their_transaction(url: str) -> None:
    with face.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY, name varchar(40))")
        connection.commit()
        cursor.executemany("INSERT INTO keyed VALUES (?, ?)", GOOD)
        connection.rollback()
        assert _count(connection) == 0


def test_what_a_script_has_done_is_not_called_undone(url: str) -> None:
    with face.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        with pytest.raises(dbapi.Error) as caught:
            cursor.execute("INSERT INTO keyed VALUES (1); INSERT INTO keyed VALUES (2); SELECT nonsense FROM keyed")
        assert caught.value.outcome != "rolled_back" or _count(connection) == 0


@pytest.mark.parametrize("runs", [1, 3])
def test_what_the_rows_return_is_one_result(keyed: face.Connection, runs: int) -> None:
    """In order, also where the rows have different types, and more of them than a pipeline holds."""
    cursor = keyed.cursor()
    for run in range(1, runs + 1):
        rows = [(run * 10_000 + number, f"row {number}" if number % 100 else None) for number in range(1500)]
        cursor.executemany("INSERT INTO keyed VALUES (?, ?) RETURNING id, name", rows)
        assert cursor.rowcount == len(rows)
        assert [column[0] for column in cursor.description or ()] == ["id", "name"]
        assert cursor.fetchone() == rows[0]
        assert cursor.fetchall() == rows[1:]
        assert not cursor.nextset()
    cursor.executemany("INSERT INTO keyed VALUES (?, ?) RETURNING id", [])
    assert (cursor.rowcount, cursor.description) == (0, None)


@pytest.mark.parametrize("piped", [False, True])
def test_no_rows_return_none(keyed: face.Connection, piped: bool) -> None:
    cursor = keyed.cursor()
    sql = "INSERT INTO keyed VALUES (?, ?) RETURNING id"
    if piped:
        with keyed.pipeline():
            cursor.executemany(sql, [])
    else:
        cursor.executemany(sql, [])
    assert (cursor.rowcount, cursor.fetchone()) == (0, None)
    assert (cursor.fetchmany(2), cursor.fetchall()) == ([], [])
    assert list(cursor) == []


def test_a_cursor_does_not_feed_itself(keyed: face.Connection) -> None:
    """What it had fetched from is kept."""
    cursor = keyed.cursor().execute("SELECT id + 1, name FROM keyed")
    with pytest.raises(dbapi.ProgrammingError, match=r"its own rows.*\nhint: .*another cursor"):
        cursor.executemany("INSERT INTO keyed VALUES (?, ?)", cursor)  # type: ignore[arg-type]
    assert cursor.fetchall() == [(2, "first")]


FIRST = len(GOOD) + 1  # the row of BAD that cannot be


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("prepared", [False, True])
def test_an_error_names_its_row(keyed: face.Connection, piped: bool, prepared: bool) -> None:
    """From 1: the first that failed, however many were sent behind it."""
    cursor = keyed.cursor()
    sql = "INSERT INTO keyed VALUES (?, ?)"
    for number in range(2, 6) if prepared else ():
        cursor.execute(sql, (number, "before"))
    with pytest.raises(dbapi.IntegrityError) as caught:
        if piped:
            with keyed.pipeline():
                keyed.cursor().executemany(sql, [(6, "six"), (7, "seven")])
                cursor.executemany(sql, BAD)
        else:
            cursor.executemany(sql, BAD)
    assert caught.value.row == FIRST
    assert f"\nrow: {FIRST}" in str(caught.value)


@pytest.mark.parametrize("row", [(2,), (2, object())], ids=["too few", "no value"])
@pytest.mark.parametrize("piped", [False, True])
def test_a_row_that_cannot_be_sent_is_named(keyed: face.Connection, row: tuple[object, ...], piped: bool) -> None:
    rows = [(8, "eight"), (9, "nine"), row]
    with pytest.raises(dbapi.Error) as caught:
        if piped:
            with keyed.pipeline():
                keyed.cursor().executemany("INSERT INTO keyed VALUES (?, ?)", rows)
        else:
            keyed.cursor().executemany("INSERT INTO keyed VALUES (?, ?)", rows)
    assert (caught.value.row, caught.value.outcome) == (3, "not_run")


def test_an_error_of_the_statement_names_no_row(keyed: face.Connection) -> None:
    with pytest.raises(dbapi.IntegrityError) as single:
        keyed.cursor().execute("INSERT INTO keyed VALUES (?, ?)", (1, "the key of another"))
    keyed.rollback()
    with pytest.raises(dbapi.ProgrammingError) as caught:
        keyed.cursor().executemany("INSERT INTO nowhere VALUES (?)", [(1,), (2,)])
    assert (single.value.row, caught.value.row) == (None, None)


def test_the_last_key_is_the_last_rows(url: str) -> None:
    with face.connect(url) as connection:
        key = {
            "postgresql": "integer",
            "mariadb": "integer AUTO_INCREMENT PRIMARY KEY",
            "sqlite": "integer PRIMARY KEY",
        }[connection.pack.name]
        cursor = connection.cursor()
        cursor.execute(f"CREATE TEMPORARY TABLE numbered (id {key}, name varchar(40))")
        cursor.executemany("INSERT INTO numbered (name) VALUES (?)", [("one",), ("two",), ("three",)])
        assert cursor.lastrowid == (None if connection.pack.name == "postgresql" else 3)


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
@pytest.mark.parametrize(("rows", "kept"), [([11, 12, 13], 3), ([11, 12, 11], 2), ([1, 11], 2)])
def test_what_a_procedure_has_committed_is_not_called_undone(
    keyed: face.Connection, rows: list[int], kept: int
) -> None:
    cursor = keyed.cursor()
    body = "INSERT INTO keyed VALUES (n + 50, ''); COMMIT; INSERT INTO keyed VALUES (n, ''); COMMIT"
    cursor.execute(f"CREATE OR REPLACE PROCEDURE commits(n integer) BEGIN {body}; END")
    try:
        try:
            cursor.executemany("CALL commits(?)", [(number,) for number in rows])
        except dbapi.Error as error:
            assert error.outcome == "unknown"
            assert isinstance(error, dbapi.IntegrityError) or "has ended the transaction" in error.message
        else:
            assert keyed.autocommit and rows[-1] == 13
        keyed.rollback()
        found = (cursor.execute("SELECT count(*) FROM keyed WHERE id > 50")).fetchone()
        assert found == (kept,)
    finally:
        cursor.execute("DROP PROCEDURE commits")


def test_a_row_that_fails_in_the_midst_of_rows_that_return(mariadb: Server) -> None:
    with face.connect(mariadb.url(), autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE b1 (a int PRIMARY KEY)")
        with pytest.raises(dbapi.IntegrityError) as caught:
            cursor.executemany("INSERT INTO b1 VALUES (?) RETURNING a", [(1,), (1,), (2,)])
        assert caught.value.row == 2
        assert (cursor.execute("SELECT 7")).fetchall() == [(7,)]


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("engine", [ENGINES["sqlite"]], ids=["sqlite"])
def test_what_fails_at_its_commit_leaves_no_transaction_open(url: str, piped: bool) -> None:
    """Or what is run next would be a part of it, and be lost with it."""
    with face.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("CREATE TABLE planet (id integer PRIMARY KEY)")
        cursor.execute("CREATE TABLE moon (of integer REFERENCES planet (id) DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(dbapi.IntegrityError) as caught:
            if piped:
                with connection.pipeline():
                    cursor.executemany("INSERT INTO moon VALUES (?)", [(1,), (2,)])
            else:
                cursor.executemany("INSERT INTO moon VALUES (?)", [(1,), (2,)])
        assert caught.value.outcome == "rolled_back"
        assert not connection.in_transaction
        cursor.execute("SELECT count(*) FROM moon")
        assert cursor.fetchone() == (0,)
