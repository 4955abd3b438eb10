"""Blocks whose task is cancelled, in every one of their steps: what they did is undone, whoever has to do it."""

from __future__ import annotations

import asyncio

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import ENGINES, Engine

SHARED = [ENGINES["postgres"], ENGINES["mariadb"]]  # where a statement waits for a server, and the loop goes on


async def insert(connection: face.Connection, number: int) -> None:
    await connection.cursor().execute("INSERT INTO keyed VALUES (?)", (number,))


async def ids(connection: face.Connection) -> list[int]:
    cursor = await connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    return [row[0] for row in await cursor.fetchall()]


async def usable(connection: face.Connection) -> None:
    """Nothing of a block is left: a statement stands for itself, and so does the next block."""
    await connection.rollback()
    assert not connection.in_transaction
    await insert(connection, 100)
    await connection.commit()
    assert not connection.in_transaction
    async with connection.transaction():
        await insert(connection, 101)
    await connection.commit()
    assert (await ids(connection))[-2:] == [100, 101]


def cancel_soon() -> None:
    """Cancel this task in its next wait."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().call_soon(task.cancel)


async def test_a_block_that_is_cancelled_as_it_opens_leaves_no_transaction(keyed: face.Connection) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            async with keyed.transaction():
                raise AssertionError("it was opened")
    assert not keyed.in_transaction
    await usable(keyed)


async def test_an_inner_block_that_is_cancelled_as_it_opens_leaves_the_outer_one(keyed: face.Connection) -> None:
    async with keyed.transaction():
        await insert(keyed, 1)
        try:
            async with asyncio.timeout(0), keyed.transaction():
                raise AssertionError("it was opened")
        except TimeoutError:
            pass
        except dbapi.Error:  # the server was asked to cancel, and did
            assert keyed.in_failed_transaction
        if keyed.in_failed_transaction:
            raise dbapi.Rollback
    kept = await ids(keyed)
    assert kept in ([1], [])
    await usable(keyed)


async def test_a_block_that_is_cancelled_at_its_end_is_kept_or_undone_and_says_so(keyed: face.Connection) -> None:
    """The cancellation is what is raised, whether or not the server was quicker."""

    async def work() -> None:
        async with keyed.transaction():
            await insert(keyed, 1)
            async with keyed.transaction():
                await insert(keyed, 2)
                cancel_soon()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(work())
    assert not keyed.in_transaction
    assert await ids(keyed) == []
    await usable(keyed)


@pytest.mark.parametrize("engine", SHARED, ids=lambda engine: engine.name)
@pytest.mark.parametrize("block", ["transaction", "savepoint"])
async def test_what_waits_for_its_turn_to_be_undone_is_undone_in_any_case(
    keyed: face.Connection, engine: Engine, block: str
) -> None:
    """Another task's statement runs as the block ends, and the block's task is cancelled while it waits for that."""
    inserted, ended = asyncio.Event(), asyncio.Event()

    async def other() -> None:
        await inserted.wait()
        slow = keyed.cursor().execute(engine.endless, timeout=0.5)
        ended.set()
        with pytest.raises(dbapi.OperationalError):
            await slow

    async def inner() -> None:
        async with keyed.transaction() if block == "transaction" else keyed.savepoint("mine"):
            await insert(keyed, 2)
            inserted.set()
            await ended.wait()
            cancel_soon()
            raise ZeroDivisionError

    await keyed.cursor().execute("BEGIN")
    await insert(keyed, 1)
    sibling = asyncio.ensure_future(other())
    await asyncio.wait([asyncio.ensure_future(inner())])
    await sibling
    if keyed.in_failed_transaction:  # and what it has failed in is undone with the block
        assert engine.name == "postgres"
    await keyed.commit()
    assert await ids(keyed) == [1]
    await usable(keyed)


async def test_what_a_connection_s_block_leaves_unfinished_is_not_committed(url: str) -> None:
    connection = await face.connect(url)
    table = f"unfinished_{face.__name__.rpartition('.')[2]}"
    await connection.cursor().execute(f"CREATE TABLE {table} (id integer)")
    await connection.commit()
    observer = connection if url == "sqlite://" else await face.connect(url)
    try:
        with pytest.raises(dbapi.ProgrammingError, match="nothing was committed"):
            async with connection:
                await connection.transaction().__aenter__()
                await connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
        if observer is not connection:
            cursor = await observer.cursor().execute(f"SELECT id FROM {table}")
            assert await cursor.fetchall() == []
            await observer.commit()
    finally:
        if observer is not connection:
            await observer.cursor().execute(f"DROP TABLE {table}")
            await observer.commit()
            await observer.close()


@pytest.mark.parametrize(
    "engine", [engine for engine in ENGINES.values() if engine.two_phase], ids=lambda engine: engine.name
)
async def test_a_block_is_not_ended_in_two_phases(keyed: face.Connection) -> None:
    async with keyed.transaction():
        await insert(keyed, 1)
        for end in (keyed.tpc_prepare(), keyed.tpc_commit(), keyed.tpc_rollback()):
            with pytest.raises(dbapi.ProgrammingError, match="would end a transaction whose block has not ended"):
                await end
    assert await ids(keyed) == [1]
