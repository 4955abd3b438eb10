"""Blocks that happen together or not at all, on every engine and in either mode."""

from __future__ import annotations

from typing import Any

import pytest

import sqlx.aio as face
from sqlx import dbapi
from sqlx.dbapi import Rollback
from tests.engines import Engine


async def insert(connection: face.Connection, number: int) -> None:
    await connection.cursor().execute("INSERT INTO keyed VALUES (?)", (number,))


async def enter(connection: face.Connection, sql: str, **modes: Any) -> None:
    """Run one statement in a block of its own."""
    async with connection.transaction(**modes):
        await connection.cursor().execute(sql)


async def ids(connection: face.Connection) -> list[int]:
    """What is there when everything that is open is undone."""
    await connection.rollback()
    cursor = await connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    found = [row[0] for row in await cursor.fetchall()]
    await connection.rollback()
    return found


async def test_a_block_commits(keyed: face.Connection) -> None:
    async with keyed.transaction():
        assert keyed.in_transaction
        await insert(keyed, 1)
        async with keyed.transaction():
            await insert(keyed, 2)
    assert not keyed.in_transaction
    assert await ids(keyed) == [1, 2]


async def test_a_block_that_raises_is_undone(keyed: face.Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        async with keyed.transaction():
            await insert(keyed, 1)
            raise ZeroDivisionError
    assert not keyed.in_transaction
    assert await ids(keyed) == []


async def test_an_inner_block_is_undone_alone(keyed: face.Connection) -> None:
    async with keyed.transaction():
        await insert(keyed, 1)
        with pytest.raises(dbapi.IntegrityError):
            async with keyed.transaction():
                await insert(keyed, 2)
                await insert(keyed, 1)
        await insert(keyed, 3)
    assert await ids(keyed) == [1, 3]


async def test_a_block_in_a_transaction_that_is_open_leaves_it_open(keyed: face.Connection) -> None:
    if keyed.autocommit:
        await keyed.cursor().execute("BEGIN")
    await insert(keyed, 1)
    async with keyed.transaction():
        await insert(keyed, 2)
    assert keyed.in_transaction
    await keyed.commit()
    assert await ids(keyed) == [1, 2]


async def test_rollback_leaves_without_an_error(keyed: face.Connection) -> None:
    async with keyed.transaction() as outer:
        await insert(keyed, 1)
        async with keyed.transaction():
            await insert(keyed, 2)
            raise Rollback
        async with keyed.transaction():
            raise Rollback(outer)
        raise AssertionError("the outer block was to be left")
    assert await ids(keyed) == []
    async with keyed.transaction():
        await insert(keyed, 1)
        async with keyed.transaction():
            await insert(keyed, 2)
            raise Rollback
        await insert(keyed, 3)
    assert await ids(keyed) == [1, 3]


async def test_commit_and_rollback_are_refused_inside(keyed: face.Connection) -> None:
    async with keyed.transaction():
        await insert(keyed, 1)
        for call in (keyed.commit, keyed.rollback):
            with pytest.raises(dbapi.ProgrammingError, match="block has not ended"):
                await call()
    assert await ids(keyed) == [1]


async def test_a_block_is_entered_once_and_modes_are_for_the_outermost(keyed: face.Connection) -> None:
    block = keyed.transaction()
    async with block:
        with pytest.raises(dbapi.ProgrammingError, match="entered once"):
            await block.__aenter__()
        with pytest.raises(dbapi.ProgrammingError, match="read_only cannot change"):
            await enter(keyed, "SELECT 1", read_only=True)
    assert not keyed.in_transaction


async def test_a_failure_that_was_caught_in_the_block_is_not_committed(keyed: face.Connection) -> None:
    """Where the transaction has failed with it; elsewhere the rest stays."""
    failed = False
    try:
        async with keyed.transaction():
            await insert(keyed, 1)
            with pytest.raises(dbapi.IntegrityError):
                await insert(keyed, 1)
            failed = keyed.in_failed_transaction
    except dbapi.InternalError as error:
        assert failed and error.sqlstate == "25P02"
    assert not keyed.in_transaction
    assert await ids(keyed) == ([] if failed else [1])


async def test_a_connection_that_broke_keeps_the_first_error(keyed: face.Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        async with keyed.transaction(), keyed.transaction():
            await insert(keyed, 1)
            keyed._runner.link.abort()
            raise ZeroDivisionError
    assert keyed.closed
    await keyed.close()


async def test_the_modes_of_a_transaction(keyed: face.Connection) -> None:
    name = keyed.pack.name
    if name == "sqlite":
        options: list[dict[str, Any]] = [
            {"read_only": True},
            {"deferrable": False},
            {"isolation_level": "serializable"},
        ]
        for modes in options:
            with pytest.raises(dbapi.NotSupportedError):
                await enter(keyed, "SELECT 1", **modes)
        assert not keyed.in_transaction
        return
    with pytest.raises(dbapi.InterfaceError, match="no isolation level"):
        await enter(keyed, "SELECT 1", isolation_level="none")
    await enter(keyed, "CREATE TABLE only_read (a integer)")
    try:
        with pytest.raises(dbapi.DatabaseError, match=r"(?i)read.only"):
            await enter(keyed, "DELETE FROM only_read", isolation_level="serializable", read_only=True)
    finally:
        await enter(keyed, "DROP TABLE only_read")
    async with keyed.transaction(isolation_level="repeatable read", read_only=False):
        await insert(keyed, 1)
        if name == "postgresql":
            cursor = await keyed.cursor().execute("SHOW transaction_isolation")
            assert await cursor.fetchone() == ("repeatable read",)
    assert await ids(keyed) == [1]


async def test_a_block_that_raises_is_undone_while_it_reads(keyed: face.Connection, engine: Engine) -> None:
    """Also where a stream bars every other statement."""
    async with keyed.transaction():
        with pytest.raises(ZeroDivisionError):
            async with keyed.transaction():
                await insert(keyed, 1)
                stream = await keyed.cursor(stream=True).execute(engine.rows(300_000))
                await stream.fetchone()
                raise ZeroDivisionError
        await stream.close()
        await insert(keyed, 2)
    assert await ids(keyed) == [2]
