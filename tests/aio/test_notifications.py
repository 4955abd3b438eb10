"""Notifications, on a server that sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

import sqlx.aio as face
from sqlx import dbapi
from sqlx.kernel.notifications import KEPT
from tests.servers.server import Server

SOON = 10.0  # seconds in which what was sent must have come


@pytest.fixture
async def ears(postgres: Server) -> AsyncIterator[face.Connection]:
    """A connection that listens to the channels `news` and `other`."""
    opened = await face.connect(postgres.url(), autocommit=True)
    await opened.cursor().execute("LISTEN news; LISTEN other")
    yield opened
    await opened.close()


@pytest.fixture
async def mouth(postgres: Server) -> AsyncIterator[face.Connection]:
    """Another connection to the same database."""
    opened = await face.connect(postgres.url(), autocommit=True)
    yield opened
    await opened.close()


async def say(connection: face.Connection, *payloads: str, channel: str = "news") -> None:
    await connection.cursor().executemany("SELECT pg_notify(?, ?)", [(channel, payload) for payload in payloads])


async def heard(connection: face.Connection, timeout: float | None = SOON, stop_after: int | None = None) -> list[str]:
    return [found.payload async for found in connection.notifies(timeout, stop_after)]


async def test_a_notification_has_channel_payload_and_process(ears: face.Connection, mouth: face.Connection) -> None:
    row = await (await mouth.cursor().execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    await say(mouth, "grüße", channel="other")
    found = [each async for each in ears.notifies(timeout=SOON, stop_after=1)]
    assert found == [dbapi.Notification("other", "grüße", row[0])]
    assert (found[0].channel, found[0].payload, found[0].process_id) == ("other", "grüße", row[0])


async def test_a_timeout_of_zero_polls(ears: face.Connection, mouth: face.Connection) -> None:
    assert await heard(ears, timeout=0) == []
    await say(mouth, "1", "2", "3")
    await ears.ping()
    assert await heard(ears, timeout=0) == ["1", "2", "3"]
    assert await heard(ears, timeout=0) == []


async def test_a_timeout_ends_the_loop(ears: face.Connection) -> None:
    assert await heard(ears, timeout=0.05) == []


async def test_leaving_the_loop_loses_nothing(ears: face.Connection, mouth: face.Connection) -> None:
    await say(mouth, "1", "2", "3", "4")
    async for found in ears.notifies(timeout=SOON):
        assert found.payload == "1"
        break
    assert await heard(ears, stop_after=2) == ["2", "3"]
    assert await heard(ears, stop_after=0) == []
    assert await heard(ears, stop_after=1) == ["4"]


async def test_statements_may_run_between(ears: face.Connection, mouth: face.Connection) -> None:
    await say(mouth, "1")
    seen = []
    async for found in ears.notifies(timeout=SOON, stop_after=3):
        seen.append(found.payload)
        row = await (await ears.cursor().execute("SELECT ?::int + 1", (int(found.payload),))).fetchone()
        assert row is not None
        await say(mouth, str(row[0]))
    assert seen == ["1", "2", "3"]


async def test_what_comes_with_a_statement_s_reply_is_kept(ears: face.Connection) -> None:
    await say(ears, "to", "myself")
    assert await heard(ears, timeout=0) == ["to", "myself"]


async def test_within_a_transaction_nothing_comes(postgres: Server, mouth: face.Connection) -> None:
    async with await face.connect(postgres.url()) as ears:
        await ears.cursor().execute("LISTEN news")
        await ears.commit()
        await ears.cursor().execute("SELECT 1")
        await say(mouth, "later")
        assert await heard(ears, timeout=0.05) == []
        await ears.commit()
        assert await heard(ears, stop_after=1) == ["later"]


async def test_ten_thousand_notifications(ears: face.Connection, mouth: face.Connection) -> None:
    await mouth.cursor().execute("SELECT pg_notify('news', n::text) FROM generate_series(1, 10000) AS n")
    assert await heard(ears, stop_after=10_000) == [str(number) for number in range(1, 10_001)]


async def test_the_largest_payload(ears: face.Connection, mouth: face.Connection) -> None:
    payload = "x" * 7999
    await say(mouth, payload)
    assert await heard(ears, stop_after=1) == [payload]


async def test_what_nobody_reads_makes_room(ears: face.Connection) -> None:
    await ears.cursor().execute(f"SELECT pg_notify('news', n::text) FROM generate_series(1, {KEPT + 7}) AS n")
    with pytest.warns(RuntimeWarning, match="^7 notifications were lost"):
        found = await heard(ears, timeout=0)
    assert (len(found), found[0]) == (KEPT, "8")


async def test_a_callback_hears_what_comes_with_a_statement(ears: face.Connection) -> None:
    first: list[dbapi.Notification] = []
    second: list[dbapi.Notification] = []
    end = ears.on_notify(first.append)
    ears.on_notify(second.append)
    await say(ears, "1")
    end()
    end()
    await say(ears, "2")
    assert [[each.payload for each in heard] for heard in (first, second)] == [["1"], ["1", "2"]]


async def test_callbacks_and_iterators_both_hear(ears: face.Connection, mouth: face.Connection) -> None:
    told: list[dbapi.Notification] = []
    ears.on_notify(told.append)
    await say(ears, "before anybody iterates")
    loop = ears.notifies(timeout=SOON, stop_after=1)
    await say(mouth, "both")
    assert [each.payload async for each in loop] == ["both"]
    assert [each.payload for each in told] == ["before anybody iterates", "both"]


async def test_a_killed_backend_ends_the_loop_with_its_error(ears: face.Connection, mouth: face.Connection) -> None:
    row = await (await ears.cursor().execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    await say(mouth, "the last")
    await mouth.cursor().execute("SELECT pg_terminate_backend(?)", (row[0],))
    with pytest.raises(dbapi.OperationalError, match="terminating connection") as caught:
        await heard(ears)
    assert (caught.value.sqlstate, ears.closed) == ("57P01", True)
    with pytest.raises(dbapi.OperationalError, match="terminating connection") as caught:
        await ears.cursor().execute("SELECT 1")
    assert caught.value.outcome == "not_run"


async def test_a_stream_that_was_dropped_is_ended_first(ears: face.Connection, mouth: face.Connection) -> None:
    cursor = await ears.cursor(stream=True).execute("SELECT generate_series(1, 300000)")
    assert await cursor.fetchone() == (1,)
    with pytest.raises(dbapi.InterfaceError, match="still being read"):
        await heard(ears)
    await cursor.close()
    await say(mouth, "1")
    assert await heard(ears, stop_after=1) == ["1"]


@pytest.mark.parametrize(("timeout", "stop_after"), [(-1.0, None), (float("nan"), None), (None, -1)])
async def test_numbers_that_cannot_be_meant(ears: face.Connection, timeout: float | None, stop_after: int) -> None:
    with pytest.raises(dbapi.InterfaceError, match="is not negative"):
        ears.notifies(timeout, stop_after)


@pytest.mark.parametrize("server", ["", "mariadb"])
async def test_other_engines_send_none(server: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server).url() if server else "sqlite://"
    async with await face.connect(url) as connection:
        with pytest.raises(dbapi.NotSupportedError, match="sends no notifications"):
            connection.notifies()
        with pytest.raises(dbapi.NotSupportedError, match="sends no notifications"):
            connection.on_notify(print)


async def test_a_closed_connection(ears: face.Connection) -> None:
    loop = ears.notifies()
    await ears.close()
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        async for _ in loop:
            pass
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        ears.notifies()
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        ears.on_notify(print)


async def test_what_is_no_callback_is_refused(ears: face.Connection) -> None:
    for callback in (asyncio.sleep, 5, None):
        with pytest.raises(dbapi.ProgrammingError, match="a callback is a function that nobody waits for"):
            ears.on_notify(callback)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", ["x", -1, float("nan")])
async def test_what_is_no_time_to_listen_is_refused(ears: face.Connection, timeout: float) -> None:
    with pytest.raises(dbapi.InterfaceError, match="timeout is a number that is not negative"):
        ears.notifies(timeout)
