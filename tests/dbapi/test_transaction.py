# Generated from tests/aio/test_transaction.py by scripts/async_to_sync.py; do not edit.
"""Blocks that happen together or not at all, on every engine and in either mode."""

from __future__ import annotations

from typing import Any

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from sqlx.dbapi import Rollback
from tests.engines import Engine


def insert(connection: face.Connection, number: int) -> None:
    connection.cursor().execute("INSERT INTO keyed VALUES (?)", (number,))


def enter(connection: face.Connection, sql: str, **modes: Any) -> None:
    """Run one statement in a block of its own."""
    with connection.transaction(**modes):
        connection.cursor().execute(sql)


def ids(connection: face.Connection) -> list[int]:
    """What is there when everything that is open is undone."""
    connection.rollback()
    cursor = connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    found = [row[0] for row in cursor.fetchall()]
    connection.rollback()
    return found


def test_a_block_commits(keyed: face.Connection) -> None:
    with keyed.transaction():
        assert keyed.in_transaction
        insert(keyed, 1)
        with keyed.transaction():
            insert(keyed, 2)
    assert not keyed.in_transaction
    assert ids(keyed) == [1, 2]


def test_a_block_that_raises_is_undone(keyed: face.Connection) -> None:
    with pytest.raises(ZeroDivisionError), keyed.transaction():
        insert(keyed, 1)
        raise ZeroDivisionError
    assert not keyed.in_transaction
    assert ids(keyed) == []


def test_an_inner_block_is_undone_alone(keyed: face.Connection) -> None:
    with keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.IntegrityError), keyed.transaction():
            insert(keyed, 2)
            insert(keyed, 1)
        insert(keyed, 3)
    assert ids(keyed) == [1, 3]


def test_a_block_in_a_transaction_that_is_open_leaves_it_open(keyed: face.Connection) -> None:
    if keyed.autocommit:
        keyed.cursor().execute("BEGIN")
    insert(keyed, 1)
    with keyed.transaction():
        insert(keyed, 2)
    assert keyed.in_transaction
    keyed.commit()
    assert ids(keyed) == [1, 2]


def test_rollback_leaves_without_an_error(keyed: face.Connection) -> None:
    with keyed.transaction() as outer:
        insert(keyed, 1)
        with keyed.transaction():
            insert(keyed, 2)
            raise Rollback
        with keyed.transaction():
            raise Rollback(outer)
        raise AssertionError("the outer block was to be left")
    assert ids(keyed) == []
    with keyed.transaction():
        insert(keyed, 1)
        with keyed.transaction():
            insert(keyed, 2)
            raise Rollback
        insert(keyed, 3)
    assert ids(keyed) == [1, 3]


def test_commit_and_rollback_are_refused_inside(keyed: face.Connection) -> None:
    with keyed.transaction():
        insert(keyed, 1)
        for call in (keyed.commit, keyed.rollback):
            with pytest.raises(dbapi.ProgrammingError, match="block has not ended"):
                call()
    assert ids(keyed) == [1]


def test_a_block_is_entered_once_and_modes_are_for_the_outermost(keyed: face.Connection) -> None:
    block = keyed.transaction()
    with block:
        with pytest.raises(dbapi.ProgrammingError, match="entered once"):
            block.__enter__()
        with pytest.raises(dbapi.ProgrammingError, match="read_only cannot change"):
            enter(keyed, "SELECT 1", read_only=True)
    assert not keyed.in_transaction


def test_a_failure_that_was_caught_in_the_block_is_not_committed(keyed: face.Connection) -> None:
    """Where the transaction has failed with it; elsewhere the rest stays."""
    failed = False
    try:
        with keyed.transaction():
            insert(keyed, 1)
            with pytest.raises(dbapi.IntegrityError):
                insert(keyed, 1)
            failed = keyed.in_failed_transaction
    except dbapi.InternalError as error:
        assert failed and error.sqlstate == "25P02"
    assert not keyed.in_transaction
    assert ids(keyed) == ([] if failed else [1])


def test_a_connection_that_broke_keeps_the_first_error(keyed: face.Connection) -> None:
    with pytest.raises(ZeroDivisionError), keyed.transaction(), keyed.transaction():
        insert(keyed, 1)
        keyed._runner.link.abort()
        raise ZeroDivisionError
    assert keyed.closed
    keyed.close()


def test_the_modes_of_a_transaction(keyed: face.Connection) -> None:
    name = keyed.pack.name
    if name == "sqlite":
        options: list[dict[str, Any]] = [
            {"read_only": True},
            {"deferrable": False},
            {"isolation_level": "serializable"},
        ]
        for modes in options:
            with pytest.raises(dbapi.NotSupportedError):
                enter(keyed, "SELECT 1", **modes)
        assert not keyed.in_transaction
        return
    with pytest.raises(dbapi.InterfaceError, match="no isolation level"):
        enter(keyed, "SELECT 1", isolation_level="none")
    enter(keyed, "CREATE TABLE only_read (a integer)")
    try:
        with pytest.raises(dbapi.DatabaseError, match=r"(?i)read.only"):
            enter(keyed, "DELETE FROM only_read", isolation_level="serializable", read_only=True)
    finally:
        enter(keyed, "DROP TABLE only_read")
    with keyed.transaction(isolation_level="repeatable read", read_only=False):
        insert(keyed, 1)
        if name == "postgresql":
            cursor = keyed.cursor().execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("repeatable read",)
    assert ids(keyed) == [1]


def test_a_block_that_raises_is_undone_while_it_reads(keyed: face.Connection, engine: Engine) -> None:
    """Also where a stream bars every other statement."""
    with keyed.transaction():
        with pytest.raises(ZeroDivisionError), keyed.transaction():
            insert(keyed, 1)
            stream = keyed.cursor(stream=True).execute(engine.rows(300_000))
            stream.fetchone()
            raise ZeroDivisionError
        stream.close()
        insert(keyed, 2)
    assert ids(keyed) == [2]
