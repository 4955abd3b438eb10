"""Data and rows that are waited for themselves: what goes into a table may come from anything asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count as count_from
from typing import Any

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.servers.server import Server
from tests.wire.peers import DEADLINE

INTO = "COPY copied FROM STDIN"
Write = Callable[[Any, AsyncIterator[Any]], Awaitable[None]]


async def of_rows(copy: Any, rows: AsyncIterator[tuple[int, str]]) -> None:
    await copy.write_rows(rows)


async def of_bytes(copy: Any, rows: AsyncIterator[tuple[int, str]]) -> None:
    await copy.write_from(b"%d\t%s\n" % (number, word.encode()) async for number, word in rows)


WAYS = pytest.mark.parametrize("write", [of_rows, of_bytes])


@pytest.fixture
async def connection(postgres: Server) -> AsyncIterator[face.Connection]:
    """A connection with a table to copy into."""
    opened = await face.connect(postgres.url())
    await opened.cursor().execute("CREATE TEMPORARY TABLE copied (id int, word text)")
    await opened.commit()
    yield opened
    await opened.close()


async def count(connection: face.Connection) -> int:
    (number,) = await (await connection.cursor().execute("SELECT count(*) FROM copied")).fetchone() or ()
    return int(number)


async def slowly(rows: int) -> AsyncIterator[tuple[int, str]]:
    for number in range(rows):
        await asyncio.sleep(0)
        yield number, "a word"


@WAYS
async def test_what_comes_is_written(connection: face.Connection, write: Write) -> None:
    cursor = connection.cursor()
    async with cursor.copy(INTO) as copy:
        await write(copy, slowly(3))
        await write(copy, slowly(0))
        await write(copy, slowly(2))
    assert cursor.rowcount == await count(connection) == 5


async def test_rows_in_binary(connection: face.Connection) -> None:
    cursor = connection.cursor()
    async with cursor.copy(f"{INTO} (FORMAT binary)", types=["int4", "text"]) as copy:
        await copy.write_rows(slowly(3))
    await cursor.execute("SELECT * FROM copied ORDER BY id")
    assert await cursor.fetchall() == [row async for row in slowly(3)]


async def test_a_file_that_is_waited_for(connection: face.Connection) -> None:
    """In parts of its own choice: no line ends in most of them."""
    reader = asyncio.StreamReader()
    reader.feed_data(b"1\t" + b"x" * 200_000)
    cursor = connection.cursor()

    async def feed() -> None:
        reader.feed_data(b"y\n2\tz\n")
        reader.feed_eof()

    async with cursor.copy(INTO) as copy:
        feeding = asyncio.create_task(feed())
        await copy.write_from(reader)
        await feeding
    await cursor.execute("SELECT id, length(word), right(word, 1) FROM copied ORDER BY id")
    assert await cursor.fetchall() == [(1, 200_001, "y"), (2, 1, "z")]


async def test_a_file_that_is_waited_for_and_has_nothing_yet(connection: face.Connection) -> None:
    class Giving:
        def __init__(self) -> None:
            self._left: list[Any] = [b"1\ta\n", None, b""]

        async def read(self, size: int) -> Any:
            return self._left.pop(0)

    with pytest.raises(dbapi.InterfaceError, match="gives bytes, none at its end, and not None"):
        async with connection.cursor().copy(INTO) as copy:
            await copy.write_from(Giving())
    await connection.rollback()
    assert await count(connection) == 0


async def test_one_table_into_another_connection_s(connection: face.Connection, postgres: Server) -> None:
    query, types = "SELECT n, 'w' FROM generate_series(1, 1000) AS n", ["int4", "text"]
    async with (
        await face.connect(postgres.url()) as other,
        other.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", types=types) as out,
        connection.cursor().copy(f"{INTO} (FORMAT binary)", types=types) as copy,
    ):
        await copy.write_rows(out.rows())
    assert await count(connection) == 1000


@WAYS
async def test_an_error_of_the_source_keeps_nothing(connection: face.Connection, write: Write) -> None:
    """It is raised as it is, whether or not a part was sent; the connection goes on."""
    for before in (0, 1, 20_000):

        async def failing(rows: int = before) -> AsyncIterator[tuple[int, str]]:
            async for row in slowly(rows):
                yield row
            raise ZeroDivisionError

        refused = pytest.raises(ZeroDivisionError)
        with refused:
            async with connection.cursor().copy(INTO) as copy:
                await write(copy, failing())
        await connection.rollback()
        assert await count(connection) == 0


@WAYS
@pytest.mark.parametrize("before", [1, 20_000])
async def test_being_cancelled_while_the_source_waits(connection: face.Connection, write: Write, before: int) -> None:
    waiting = asyncio.Event()

    async def never() -> AsyncIterator[tuple[int, str]]:
        async for row in slowly(before):
            yield row
        waiting.set()
        await asyncio.Event().wait()

    async def work() -> None:
        async with connection.cursor().copy(INTO) as copy:
            await write(copy, never())

    task = asyncio.create_task(work())
    await asyncio.wait_for(waiting.wait(), DEADLINE)
    task.cancel()
    cancelled = pytest.raises(asyncio.CancelledError)
    with cancelled:
        await task
    await connection.rollback()
    assert await count(connection) == 0


@WAYS
async def test_an_error_of_the_server_ends_a_source_that_never_would(connection: face.Connection, write: Write) -> None:
    async def without_end() -> AsyncIterator[tuple[int, str]]:
        for number in count_from(0):
            yield number, "x" * 500

    await connection.cursor().execute("ALTER TABLE copied ADD CHECK (id < 10)")
    await connection.commit()
    refused = pytest.raises(dbapi.IntegrityError)
    with refused:
        async with connection.cursor().copy(INTO) as copy:
            await write(copy, without_end())
    await connection.rollback()
    assert await count(connection) == 0


async def test_others_have_their_turn_while_rows_are_at_hand(connection: face.Connection) -> None:
    """Rows that never wait, to a server that takes them at once: the task can be cancelled all the same."""

    async def work() -> None:
        async with connection.cursor().copy(INTO) as copy:
            await copy.write_rows((number, "x") for number in count_from(0))

    task = asyncio.create_task(work())
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    cancelled = pytest.raises(asyncio.CancelledError)
    with cancelled:
        await task
    await connection.rollback()
    assert await count(connection) == 0


@WAYS
async def test_a_source_is_not_read_ahead(connection: face.Connection, postgres: Server, write: Write) -> None:
    """While the server takes nothing, for it waits for a lock, no more is taken than lies in buffers."""
    taken, size, rows = 0, 10_000, 4_000

    async def counted() -> AsyncIterator[tuple[int, str]]:
        nonlocal taken
        for taken in range(1, rows + 1):
            yield taken, "x" * size
            await asyncio.sleep(0)

    async def work() -> None:
        async with connection.cursor().copy(INTO) as copy:
            await write(copy, counted())

    cursor = connection.cursor()
    await cursor.execute(
        "CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END'"
    )
    await cursor.execute("CREATE TRIGGER waits BEFORE INSERT ON copied FOR EACH ROW EXECUTE FUNCTION pg_temp.wait()")
    async with await face.connect(postgres.url()) as holder:
        await holder.cursor().execute("SELECT pg_advisory_lock(4711)")
        task = asyncio.create_task(work())
        before = -1
        while before != taken or not taken:
            before = taken
            await holder.cursor().execute("SELECT count(*) FROM pg_locks, generate_series(1, 20000)")
        assert not task.done()
        assert taken * size < 20 << 20
        await holder.cursor().execute("SELECT pg_advisory_unlock(4711)")
        await task
    assert taken == rows


async def test_rows_of_parameters_are_not_waited_for(connection: face.Connection) -> None:
    async def rows() -> AsyncIterator[tuple[int]]:
        yield (1,)

    with pytest.raises(dbapi.ProgrammingError, match="rows are an iterable, not async_generator") as caught:
        await connection.cursor().executemany("INSERT INTO copied VALUES (?)", rows())  # type: ignore[arg-type]
    assert caught.value.hint == "what is waited for is collected first: [row async for row in rows]"
