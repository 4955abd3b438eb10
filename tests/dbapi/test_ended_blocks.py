# Generated from tests/aio/test_ended_blocks.py by scripts/async_to_sync.py; do not edit.
"""Blocks whose transaction is ended by what stands in them: they say so, and let nothing pass for kept or undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from sqlx.dbapi import Rollback
from tests.engines import ENGINES, Engine

ENDS = {
    "sqlite": ["COMMIT", "END", "ROLLBACK", "SELECT 1; COMMIT"],
    "postgres": ["COMMIT", "END", "ABORT", "-- by the way\nROLLBACK", "SELECT 1; COMMIT"],
    "mariadb": ["COMMIT", "ROLLBACK", "SELECT 1; COMMIT"],
}
EACH = [pytest.param(ENGINES[name], sql, id=f"{name}-{sql}") for name, texts in ENDS.items() for sql in texts]


def insert(connection: face.Connection, number: int) -> None:
    connection.cursor().execute("INSERT INTO keyed VALUES (?)", (number,))


def ids(connection: face.Connection) -> list[int]:
    """What is there when everything that is open is undone."""
    connection.rollback()
    cursor = connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    found = [row[0] for row in cursor.fetchall()]
    connection.rollback()
    return found


@pytest.mark.parametrize(("engine", "sql"), EACH)
def test_sql_that_ends_a_block_says_so(keyed: face.Connection, sql: str) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="has ended the transaction") as caught, keyed.transaction():
        insert(keyed, 1)
        keyed.cursor().execute(sql)
    assert caught.value.outcome == "unknown"
    assert not keyed.in_transaction
    keyed.commit()
    with keyed.transaction():
        insert(keyed, 2)
    assert ids(keyed) == ([1, 2] if "COMMIT" in sql or sql == "END" else [2])


def test_nothing_is_run_behind_the_end_of_a_block(keyed: face.Connection) -> None:
    """It would be a transaction of its own, or of nobody."""
    with pytest.raises(dbapi.ProgrammingError, match="was not kept"), keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.ProgrammingError, match="has ended the transaction"), keyed.transaction():
            insert(keyed, 2)
            keyed.cursor().execute("ROLLBACK")
        for block in (keyed.transaction(), keyed.savepoint("s")):
            with pytest.raises(dbapi.ProgrammingError, match="this block has ended"):
                block.__enter__()
        with pytest.raises(dbapi.ProgrammingError, match="this block has ended"):
            insert(keyed, 3)
    assert not keyed.in_transaction
    assert ids(keyed) == []


def test_a_commit_in_a_pipeline_says_so(keyed: face.Connection) -> None:
    """And nothing is run in the block any more, whatever opened a transaction again."""
    with pytest.raises(dbapi.ProgrammingError, match="this block has ended"), keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.ProgrammingError, match=r"^COMMIT has ended"), keyed.pipeline():
            keyed.cursor().execute("COMMIT")
            insert(keyed, 2)
        insert(keyed, 3)
        raise Rollback
    assert (ids(keyed))[0] == 1


def test_going_back_to_a_savepoint_ends_no_block(keyed: face.Connection) -> None:
    with keyed.transaction():
        insert(keyed, 1)
        keyed.cursor().execute("SAVEPOINT here")
        insert(keyed, 2)
        keyed.cursor().execute("ROLLBACK TO SAVEPOINT here")
    assert ids(keyed) == [1]


@pytest.mark.parametrize("engine", [ENGINES["sqlite"]], ids=["sqlite"])
def test_an_error_that_undoes_the_transaction_is_not_passed_over(keyed: face.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="was not kept"), keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.IntegrityError):
            keyed.cursor().execute("INSERT OR ROLLBACK INTO keyed VALUES (1)")
        with pytest.raises(dbapi.ProgrammingError, match="this block has ended"):
            insert(keyed, 2)
    assert ids(keyed) == []


@pytest.fixture
def defining(keyed: face.Connection) -> Iterator[face.Connection]:
    """A connection whose DDL commits by the way."""
    yield keyed
    keyed.cursor().execute("DROP TABLE IF EXISTS defined")


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
@pytest.mark.parametrize("nested", [False, True])
def test_ddl_that_commits_is_kept(defining: face.Connection, engine: Engine, nested: bool) -> None:
    with defining.transaction():
        insert(defining, 1)
        if nested:
            with defining.transaction():
                defining.cursor().execute("CREATE TABLE defined (a integer)")
        else:
            defining.cursor().execute("CREATE TABLE defined (a integer)")
        insert(defining, 2)
        with defining.transaction():
            insert(defining, 3)
    assert not defining.in_transaction
    assert ids(defining) == [1, 2, 3]


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
def test_ddl_that_commits_is_told_of_where_it_cannot_be_undone(defining: face.Connection, engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError) as caught, defining.transaction():
        insert(defining, 1)
        with defining.transaction():
            defining.cursor().execute("CREATE TABLE defined (a integer)")
            raise ZeroDivisionError
    assert [note.partition(",")[0] for note in caught.value.__notes__] == [
        "a statement in the block has committed what was done before it"
    ]
    with pytest.raises(dbapi.ProgrammingError, match="cannot be undone"), defining.transaction():
        insert(defining, 2)
        defining.cursor().execute("DROP TABLE defined")
        raise Rollback
    assert not defining.in_transaction
    assert ids(defining) == [1, 2]


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
@pytest.mark.parametrize("nested", [False, True])
def test_ddl_that_fails_has_committed_too(keyed: face.Connection, nested: bool) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="cannot be undone"), keyed.transaction() as outer:
        insert(keyed, 1)
        with pytest.raises(dbapi.Error, match=r"(?i)unknown table"):
            if nested:
                with keyed.transaction():
                    keyed.cursor().execute("DROP TABLE nosuch")
            else:
                keyed.cursor().execute("DROP TABLE nosuch")
        raise Rollback(outer)
    assert not keyed.in_transaction
    assert ids(keyed) == [1]


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
def test_what_fails_and_commits_nothing_leaves_its_block_whole(keyed: face.Connection) -> None:
    with keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.IntegrityError):
            insert(keyed, 1)
        raise Rollback
    assert ids(keyed) == []


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
def test_a_commit_within_a_script_says_so(keyed: face.Connection) -> None:
    """Also where what follows it has opened another transaction, and where that fails."""
    for number, last in ((1, "INSERT INTO keyed VALUES (11)"), (2, "INSERT INTO keyed VALUES (12); nonsense")):
        with pytest.raises(dbapi.ProgrammingError, match=r"block has ended|be undone"), keyed.transaction():
            insert(keyed, number)
            with pytest.raises(dbapi.ProgrammingError, match=r"^COMMIT; .* has ended|SQL syntax"):
                keyed.cursor().execute(f"COMMIT; SELECT 1; {last}")
            insert(keyed, number + 20)
            raise Rollback
    assert {1, 2} <= set(ids(keyed))


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
@pytest.mark.parametrize("way", ["pipeline", "script"])
def test_ddl_among_others_has_committed_too(defining: face.Connection, way: str) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="cannot be undone"), defining.transaction():
        insert(defining, 1)
        cursor = defining.cursor()
        if way == "script":
            cursor.execute("CREATE TABLE defined (a integer); INSERT INTO keyed VALUES (2)")
        else:
            with defining.pipeline():
                cursor.execute("CREATE TABLE defined (a integer)")
                insert(defining, 2)
        raise Rollback
    assert not defining.in_transaction
    assert (ids(defining))[0] == 1


@pytest.mark.parametrize("raising", [False, True])
def test_a_savepoint_that_is_gone_replaces_no_exception(keyed: face.Connection, raising: bool) -> None:
    if keyed.autocommit:
        keyed.cursor().execute("BEGIN")
    with pytest.raises(ZeroDivisionError if raising else dbapi.ProgrammingError) as caught, keyed.savepoint("a"):
        insert(keyed, 1)
        keyed.commit()
        if keyed.autocommit:
            keyed.cursor().execute("BEGIN")
        insert(keyed, 2)
        if raising:
            raise ZeroDivisionError
    if raising:
        assert "the savepoint 'a' was not gone back to" in caught.value.__notes__[0]
    else:
        assert "its transaction has ended" in str(caught.value)
    assert ids(keyed) == [1]


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
@pytest.mark.parametrize("rows", [[2, 3], [2, 2]])
def test_what_a_procedure_commits_row_by_row_cannot_be_undone(keyed: face.Connection, rows: list[int]) -> None:
    """Also where each call leaves another transaction open."""
    body = "INSERT INTO keyed VALUES (n); COMMIT; INSERT INTO keyed VALUES (n + 50)"
    keyed.cursor().execute(f"CREATE OR REPLACE PROCEDURE goes_on(n integer) BEGIN {body}; END")
    try:
        with pytest.raises(dbapi.ProgrammingError, match="cannot be undone"), keyed.transaction():
            insert(keyed, 1)
            with pytest.raises(dbapi.Error) as caught:
                keyed.cursor().executemany("CALL goes_on(?)", [(number,) for number in rows])
            assert caught.value.outcome == "unknown"
            raise Rollback
        assert (ids(keyed))[:2] == [1, 2]
    finally:
        keyed.cursor().execute("DROP PROCEDURE goes_on")
