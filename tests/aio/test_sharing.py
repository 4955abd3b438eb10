"""What tasks may share of a connection, and what is refused: nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import ENGINES


@pytest.fixture
async def keyed(url: str) -> AsyncIterator[face.Connection]:
    """A connection with an empty table, and no transaction open."""
    async with await face.connect(url, autocommit=True) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        yield connection


async def insert(connection: face.Connection, number: int) -> None:
    await connection.cursor().execute("INSERT INTO keyed VALUES (?)", (number,))


async def ids(connection: face.Connection) -> list[int]:
    cursor = await connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    return [row[0] for row in await cursor.fetchall()]


async def in_a_block(connection: face.Connection, number: int) -> None:
    async with connection.transaction():
        await insert(connection, number)


async def in_a_pipeline(connection: face.Connection, number: int) -> None:
    async with connection.pipeline():
        await insert(connection, number)


async def test_one_of_several_blocks_at_a_time_is_had(keyed: face.Connection) -> None:
    async def work(number: int) -> int:
        async with keyed.transaction():
            await insert(keyed, number)
            await insert(keyed, number + 10)
        return number

    said = await asyncio.gather(*map(work, range(3)), return_exceptions=True)
    kept = [number for number in said if isinstance(number, int)]
    assert [type(error) for error in said if not isinstance(error, int)] == [dbapi.InterfaceError] * (3 - len(kept))
    assert kept and await ids(keyed) == sorted([*kept, *(number + 10 for number in kept)])
    await keyed.commit()
    await keyed.rollback()


@pytest.mark.parametrize("work", [insert, in_a_block, in_a_pipeline])
async def test_a_pipeline_takes_no_statement_of_another_task(
    keyed: face.Connection, work: Callable[[face.Connection, int], Awaitable[None]]
) -> None:
    async with keyed.pipeline():
        await insert(keyed, 1)
        with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
            await asyncio.gather(work(keyed, 2))
    await asyncio.gather(work(keyed, 3))
    assert await ids(keyed) == [1, 3]


async def in_a_savepoint(connection: face.Connection, number: int) -> None:
    async with connection.savepoint("kept"):
        await insert(connection, number)


async def test_a_savepoint_of_another_task_is_refused_in_a_block(keyed: face.Connection) -> None:
    async with keyed.transaction():
        await insert(keyed, 1)
        async with keyed.savepoint("mine") as mine:
            for work in (in_a_savepoint(keyed, 2), mine.rollback()):
                with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                    await asyncio.gather(work)
    await keyed.cursor().execute("BEGIN")
    await asyncio.gather(in_a_savepoint(keyed, 3))
    await keyed.commit()
    assert await ids(keyed) == [1, 3]


@pytest.mark.parametrize("work", [in_a_savepoint, in_a_block, in_a_pipeline])
async def test_no_block_begins_in_a_savepoint_of_another_task(
    keyed: face.Connection, work: Callable[[face.Connection, int], Awaitable[None]]
) -> None:
    await keyed.cursor().execute("BEGIN")
    with pytest.raises(ZeroDivisionError):
        async with keyed.savepoint("mine"):
            await insert(keyed, 1)
            with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                await asyncio.gather(work(keyed, 2))
            raise ZeroDivisionError
    await asyncio.gather(work(keyed, 3))
    await keyed.commit()
    assert await ids(keyed) == [3]


async def test_no_other_task_ends_the_transaction_of_a_savepoint(keyed: face.Connection) -> None:
    await keyed.cursor().execute("BEGIN")
    await insert(keyed, 1)
    async with keyed.savepoint("mine"):
        await insert(keyed, 2)
        for end in (keyed.commit(), keyed.rollback()):
            with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                await asyncio.gather(end)
        await insert(keyed, 3)
    await asyncio.gather(keyed.commit())
    await keyed.cursor().execute("BEGIN")
    async with keyed.savepoint("mine"):
        await insert(keyed, 4)
        await keyed.rollback()
    assert await ids(keyed) == [1, 2, 3]


@pytest.mark.parametrize("engine", [engine for engine in ENGINES.values() if engine.two_phase], ids=lambda e: e.name)
async def test_no_other_task_ends_a_two_phase_transaction_in_a_savepoint(keyed: face.Connection) -> None:
    keyed.autocommit = False
    await keyed.tpc_begin(keyed.xid(1, "shared", "by two"))
    await insert(keyed, 1)
    async with keyed.savepoint("mine"):
        for end in (keyed.tpc_prepare(), keyed.tpc_commit(), keyed.tpc_rollback()):
            with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                await asyncio.gather(end)
        await insert(keyed, 2)
    await asyncio.gather(keyed.tpc_commit())
    assert await ids(keyed) == [1, 2]


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
@pytest.mark.parametrize("block", ["transaction", "savepoint"])
async def test_a_copy_of_another_task_is_refused_in_a_block(keyed: face.Connection, block: str) -> None:
    """While it ran, the block could not be undone."""

    async def copy() -> None:
        async with keyed.cursor().copy("COPY keyed FROM STDIN") as copying:
            await copying.write_row((2,))

    if block == "savepoint":
        await keyed.cursor().execute("BEGIN")
    with pytest.raises(ZeroDivisionError):
        async with keyed.transaction() if block == "transaction" else keyed.savepoint("mine"):
            await insert(keyed, 1)
            with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                await asyncio.gather(copy())
            raise ZeroDivisionError
    assert keyed.in_transaction is (block == "savepoint")
    await keyed.commit()
    await asyncio.gather(copy())
    assert await ids(keyed) == [2]


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
async def test_no_pipeline_of_another_task_begins_in_a_copy(keyed: face.Connection) -> None:
    """While it was open, the copy could not go on."""

    async def piped() -> None:
        async with keyed.pipeline():
            raise AssertionError

    async with keyed.cursor().copy("COPY keyed FROM STDIN") as copying:
        await copying.write_row((1,))
        with pytest.raises(dbapi.InterfaceError, match=r"the copy .* is still being run"):
            await asyncio.gather(piped())
        await copying.write_row((2,))
    assert await ids(keyed) == [1, 2]
