"""A task that is cancelled has the server stop, and leaves a clean connection."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import Engine
from tests.wire.peers import DEADLINE, serving

SOON = 0.3  # seconds until a statement that runs is stopped
LATE = 20.0  # seconds in which it must have stopped


async def usable(connection: face.Connection) -> bool:
    await connection.rollback()
    return await (await connection.cursor().execute("SELECT ?", (1,))).fetchall() == [(1,)]


async def test_a_cancelled_task_leaves_a_usable_connection(connection: face.Connection, engine: Engine) -> None:
    task = asyncio.create_task(connection.cursor().execute(engine.endless))
    await asyncio.sleep(SOON)
    task.cancel()
    begun = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < LATE
    assert await usable(connection)


async def test_a_task_cancelled_twice_still_leaves_a_usable_connection(
    connection: face.Connection, engine: Engine
) -> None:
    task = asyncio.create_task(connection.cursor().execute(engine.endless))
    await asyncio.sleep(SOON)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await usable(connection)


async def test_a_timeout_block_around_a_statement_works(connection: face.Connection, engine: Engine) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SOON):
            await connection.cursor().execute(engine.endless)
    assert await usable(connection)


async def test_another_task_cancels_the_statement(connection: face.Connection, engine: Engine) -> None:
    task = asyncio.create_task(connection.cursor().execute(engine.endless))
    await asyncio.sleep(SOON)
    await connection.cancel()
    with pytest.raises(dbapi.OperationalError) as caught:
        await task
    assert (caught.value.outcome, caught.value.retry) == ("rolled_back", "cancelled")
    assert await usable(connection)


async def test_a_task_waiting_for_its_turn_can_be_cancelled(connection: face.Connection, engine: Engine) -> None:
    running = asyncio.create_task(connection.cursor().execute(engine.endless))
    await asyncio.sleep(SOON)
    waiting = asyncio.create_task(connection.cursor().execute("SELECT 2"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await usable(connection)


async def test_a_task_may_be_cancelled_at_any_moment(url: str, engine: Engine) -> None:
    """While it prepares, sends, waits or reads: the next statement gets its own answer."""
    choose = random.Random(7)
    async with await face.connect(url, autocommit=True) as connection:
        for number in range(120):
            sql = choose.choice([engine.rows(5000), f"SELECT ? + {number}", "SELECT ?"])
            task = asyncio.create_task(connection.cursor().execute(sql, (number,) if "?" in sql else None))
            for _ in range(choose.randrange(12)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            cursor = await connection.cursor().execute("SELECT ?", (number,))
            assert await cursor.fetchall() == [(number,)]


async def test_the_event_loop_runs_on_while_a_statement_runs(connection: face.Connection, engine: Engine) -> None:
    task = asyncio.create_task(connection.cursor().execute(engine.endless))
    turns = 0
    begun = time.monotonic()
    while time.monotonic() - begun < SOON:
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_tasks_share_a_connection_one_statement_at_a_time(connection: face.Connection) -> None:
    async def work(number: int) -> list[tuple[object, ...]]:
        return await (await connection.cursor().execute("SELECT ?", (number,))).fetchall()

    assert await asyncio.gather(*map(work, range(20))) == [[(number,)] for number in range(20)]


async def test_a_stream_whose_reader_was_cancelled_bars_nothing(connection: face.Connection, engine: Engine) -> None:
    """The rows that came before the cancellation leave the stream open; whoever runs another statement ends it."""
    connection.autocommit = True
    cursor = connection.cursor(stream=True)

    async def read_slowly() -> None:
        await cursor.execute(engine.rows(200000))
        while True:
            await cursor.fetchone()

    for moment in range(0, 20, 3):
        task = asyncio.create_task(read_slowly())
        await asyncio.sleep(moment / 1000)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await (await connection.cursor().execute("SELECT 7")).fetchall() == [(7,)]


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
async def test_a_task_cancelled_while_it_connects_leaves_nothing_behind(scheme: str) -> None:
    """The server sees the line closed at once: a connection that nobody will have is not kept."""
    with serving(lambda peer: None) as silent:
        url = f"{scheme}://ada:secret@127.0.0.1:{silent.port}/test?sslmode=disable"
        task = asyncio.create_task(face.connect(url))
        await asyncio.sleep(SOON)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(silent.closed.wait, DEADLINE)
