"""An asyncio connection hears what comes while it idles."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.servers.proxy import Proxy
from tests.servers.server import Server
from tests.wire.peers import READY, WELCOME, error, heard, message, serving, startup

SOON = 10.0  # seconds in which what was sent must have come


@pytest.fixture(params=["disable", "require"])
async def ears(postgres: Server, request: pytest.FixtureRequest) -> AsyncIterator[face.Connection]:
    """A connection that listens to the channel `news`, in clear and over TLS."""
    opened = await face.connect(postgres.url(), autocommit=True, sslmode=request.param)
    await opened.cursor().execute("LISTEN news")
    yield opened
    await opened.close()


@pytest.fixture
async def mouth(postgres: Server) -> AsyncIterator[face.Connection]:
    """Another connection to the same database."""
    opened = await face.connect(postgres.url(), autocommit=True)
    yield opened
    await opened.close()


async def say(connection: face.Connection, *payloads: str) -> None:
    await connection.cursor().executemany("SELECT pg_notify('news', ?)", [(payload,) for payload in payloads])


def queue_of(connection: face.Connection) -> asyncio.Queue[str]:
    told: asyncio.Queue[str] = asyncio.Queue()
    connection.on_notify(lambda found: told.put_nowait(found.payload))
    return told


async def next_of(told: asyncio.Queue[str]) -> str:
    return await asyncio.wait_for(told.get(), SOON)


@contextlib.contextmanager
def complaints() -> Any:
    """What the event loop is told of."""
    loop, told = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: told.append(context))
    yield told
    loop.set_exception_handler(None)


async def test_a_callback_hears_while_the_connection_idles(ears: face.Connection, mouth: face.Connection) -> None:
    told = queue_of(ears)
    await say(mouth, "1", "2")
    assert [await next_of(told), await next_of(told)] == ["1", "2"]
    assert await (await ears.cursor().execute("SELECT 1")).fetchall() == [(1,)]
    await say(mouth, "3")
    assert await next_of(told) == "3"


async def test_statements_run_while_another_task_iterates(ears: face.Connection, mouth: face.Connection) -> None:
    async def listen() -> list[str]:
        return [found.payload async for found in ears.notifies(SOON, stop_after=3)]

    task = asyncio.create_task(listen())
    for payload in ("1", "2", "3"):
        await (await ears.cursor().execute("SELECT pg_sleep(0.01)")).fetchall()
        await say(mouth, payload)
    assert await task == ["1", "2", "3"]


async def test_statements_and_notifications_go_side_by_side(ears: face.Connection, mouth: face.Connection) -> None:
    told = queue_of(ears)

    async def talk() -> None:
        for number in range(100):
            await say(mouth, f"{number} " + "x" * 5000)

    async def query() -> None:
        for number in range(100):
            cursor = await ears.cursor().execute("SELECT ?", (number,))
            assert await cursor.fetchall() == [(number,)]

    await asyncio.gather(talk(), query())
    assert [(await next_of(told)).split()[0] for _ in range(100)] == [str(number) for number in range(100)]


async def test_a_callback_may_start_a_statement(ears: face.Connection, mouth: face.Connection) -> None:
    tasks: list[asyncio.Task[face.Cursor]] = []
    ears.on_notify(lambda found: tasks.append(asyncio.create_task(ears.cursor().execute("SELECT ?", (found.payload,)))))
    told = queue_of(ears)
    await say(mouth, "1")
    assert await next_of(told) == "1"
    assert await (await tasks[0]).fetchall() == [("1",)]


async def test_a_callback_that_fails_is_shown_and_stops_nothing(ears: face.Connection, mouth: face.Connection) -> None:
    def fail(found: dbapi.Notification) -> None:
        raise LookupError(found.payload)

    ears.on_notify(fail)
    told = queue_of(ears)
    with complaints() as shown:
        await say(mouth, "1")
        assert await next_of(told) == "1"
    assert [repr(each["exception"]) for each in shown] == ["LookupError('1')"]
    assert "a callback for notifications failed" in shown[0]["message"]
    assert await (await ears.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_a_cancelled_task_that_iterates_leaves_the_connection(
    ears: face.Connection, mouth: face.Connection
) -> None:
    async def listen() -> None:
        async for _ in ears.notifies():
            pass

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await say(mouth, "1")
    assert [found.payload async for found in ears.notifies(SOON, stop_after=1)] == ["1"]
    assert await (await ears.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_an_end_while_idle_is_told_and_kept(ears: face.Connection, mouth: face.Connection) -> None:
    row = await (await ears.cursor().execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    ears.on_notify(print)
    with complaints() as shown:
        await mouth.cursor().execute("SELECT pg_terminate_backend(?)", (row[0],))
        async with asyncio.timeout(SOON):
            while not shown:
                await asyncio.sleep(0.01)
    assert (shown[0]["message"], ears.closed) == ("an idle connection broke", True)
    with pytest.raises(dbapi.OperationalError, match="terminating connection") as caught:
        await ears.cursor().execute("SELECT 1")
    assert (caught.value.sqlstate, caught.value.outcome) == ("57P01", "not_run")


async def test_a_line_that_is_cut_while_idle_ends_the_loop(postgres: Server, proxy: Callable[[Server], Proxy]) -> None:
    line = proxy(postgres)
    ears = await face.connect(postgres.url(), port=line.port, autocommit=True, sslmode="disable")
    task = asyncio.create_task(anext(ears.notifies()))
    await asyncio.sleep(0.05)
    line.cut()
    with pytest.raises(dbapi.OperationalError, match="is lost"):
        await task
    await ears.close()


async def test_closing_wakes_whoever_iterates(ears: face.Connection) -> None:
    task = asyncio.create_task(anext(ears.notifies()))
    await asyncio.sleep(0.05)
    await ears.close()
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        await task


async def test_a_forgotten_connection_takes_its_reader_along(postgres: Server) -> None:
    """The next socket with the number of its own can be waited for."""
    connection = await face.connect(postgres.url(), autocommit=True)
    connection.on_notify(print)
    with pytest.warns(ResourceWarning, match="was not closed"):
        del connection
        gc.collect()
    async with await face.connect(postgres.url()) as other:
        other.on_notify(print)
        assert await (await other.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_a_stream_is_left_alone(ears: face.Connection, mouth: face.Connection) -> None:
    told = queue_of(ears)
    cursor = await ears.cursor(stream=True).execute("SELECT generate_series(1, 50000)")
    assert await cursor.fetchone() == (1,)
    await say(mouth, "1")
    assert len(await cursor.fetchall()) == 49999
    assert await next_of(told) == "1"


async def test_a_reply_that_nobody_asked_for_breaks_the_protocol() -> None:
    """Once the connection idles, a row, a result, a ready is no message that may come."""

    def script(peer: Any) -> None:
        startup(peer)
        peer.sendall(WELCOME)
        heard(peer)
        peer.sendall(READY + message("C", b"SELECT 1\0"))

    with serving(script) as peer, complaints() as shown:
        connection = await face.connect("postgresql://ada@127.0.0.1", port=peer.port, sslmode="disable")
        connection.on_notify(print)
        with contextlib.suppress(dbapi.OperationalError):
            await connection.ping()
        async with asyncio.timeout(SOON):
            while not shown:
                await asyncio.sleep(0.01)
        assert connection.closed
        await connection.close()
    assert [context["message"] for context in shown] == ["an idle connection broke"]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (READY, "the server sent message 'Z' while nothing was due"),
        (message("D", b"\0\0"), "the server sent message 'D' while nothing was due"),
        (message("A", b"\0\0\0\1no end"), "malformed message while nothing was due"),
        (message("A", b"\0\0\0\1a\0b\0c"), "bytes too many in 'notification'"),
        (b"A\xff\xff\xff\xff", "a message of -5 bytes"),
        (b"A\x7f\xff\xff\xff", "at most 1073741824 are accepted"),
        (error("57P01", "the administrator says so", "FATAL"), "the administrator says so"),
    ],
)
async def test_what_may_not_come_while_idle_ends_the_connection(said: bytes, problem: str) -> None:
    def script(peer: Any) -> None:
        startup(peer)
        peer.sendall(WELCOME)
        peer.sendall(message("A", b"\0\0\0\1news\0hello\0") + said)

    with serving(script) as peer:
        connection = await face.connect("postgresql://ada@127.0.0.1", port=peer.port, sslmode="disable")
        loop = connection.notifies(timeout=SOON)
        assert (await anext(loop)).payload == "hello"
        with pytest.raises(dbapi.OperationalError, match=problem):
            await anext(loop)
        assert connection.closed
        with pytest.raises(dbapi.OperationalError, match=problem):
            await connection.ping()
        await connection.close()
        assert peer.closed.wait(SOON)
