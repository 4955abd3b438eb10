# Generated from tests/aio/test_notifications.py by scripts/async_to_sync.py; do not edit.
"""Notifications, on a server that sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from sqlx.kernel.notifications import KEPT
from tests.servers.server import Server

SOON = 10.0  # seconds in which what was sent must have come


@pytest.fixture
def ears(postgres: Server) -> Iterator[face.Connection]:
    """A connection that listens to the channels `news` and `other`."""
    opened = face.connect(postgres.url(), autocommit=True)
    opened.cursor().execute("LISTEN news; LISTEN other")
    yield opened
    opened.close()


@pytest.fixture
def mouth(postgres: Server) -> Iterator[face.Connection]:
    """Another connection to the same database."""
    opened = face.connect(postgres.url(), autocommit=True)
    yield opened
    opened.close()


def say(connection: face.Connection, *payloads: str, channel: str = "news") -> None:
    connection.cursor().executemany("SELECT pg_notify(?, ?)", [(channel, payload) for payload in payloads])


def heard(connection: face.Connection, timeout: float | None = SOON, stop_after: int | None = None) -> list[str]:
    return [found.payload for found in connection.notifies(timeout, stop_after)]


def test_a_notification_has_channel_payload_and_process(ears: face.Connection, mouth: face.Connection) -> None:
    row = (mouth.cursor().execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    say(mouth, "grüße", channel="other")
    found = list(ears.notifies(timeout=SOON, stop_after=1))
    assert found == [dbapi.Notification("other", "grüße", row[0])]
    assert (found[0].channel, found[0].payload, found[0].process_id) == ("other", "grüße", row[0])


def test_a_timeout_of_zero_polls(ears: face.Connection, mouth: face.Connection) -> None:
    assert heard(ears, timeout=0) == []
    say(mouth, "1", "2", "3")
    ears.ping()
    assert heard(ears, timeout=0) == ["1", "2", "3"]
    assert heard(ears, timeout=0) == []


def test_a_timeout_ends_the_loop(ears: face.Connection) -> None:
    assert heard(ears, timeout=0.05) == []


def test_leaving_the_loop_loses_nothing(ears: face.Connection, mouth: face.Connection) -> None:
    say(mouth, "1", "2", "3", "4")
    for found in ears.notifies(timeout=SOON):
        assert found.payload == "1"
        break
    assert heard(ears, stop_after=2) == ["2", "3"]
    assert heard(ears, stop_after=0) == []
    assert heard(ears, stop_after=1) == ["4"]


def test_statements_may_run_between(ears: face.Connection, mouth: face.Connection) -> None:
    say(mouth, "1")
    seen = []
    for found in ears.notifies(timeout=SOON, stop_after=3):
        seen.append(found.payload)
        row = (ears.cursor().execute("SELECT ?::int + 1", (int(found.payload),))).fetchone()
        assert row is not None
        say(mouth, str(row[0]))
    assert seen == ["1", "2", "3"]


def test_what_comes_with_a_statement_s_reply_is_kept(ears: face.Connection) -> None:
    say(ears, "to", "myself")
    assert heard(ears, timeout=0) == ["to", "myself"]


def test_within_a_transaction_nothing_comes(postgres: Server, mouth: face.Connection) -> None:
    with face.connect(postgres.url()) as ears:
        ears.cursor().execute("LISTEN news")
        ears.commit()
        ears.cursor().execute("SELECT 1")
        say(mouth, "later")
        assert heard(ears, timeout=0.05) == []
        ears.commit()
        assert heard(ears, stop_after=1) == ["later"]


def test_ten_thousand_notifications(ears: face.Connection, mouth: face.Connection) -> None:
    mouth.cursor().execute("SELECT pg_notify('news', n::text) FROM generate_series(1, 10000) AS n")
    assert heard(ears, stop_after=10_000) == [str(number) for number in range(1, 10_001)]


def test_the_largest_payload(ears: face.Connection, mouth: face.Connection) -> None:
    payload = "x" * 7999
    say(mouth, payload)
    assert heard(ears, stop_after=1) == [payload]


def test_what_nobody_reads_makes_room(ears: face.Connection) -> None:
    ears.cursor().execute(f"SELECT pg_notify('news', n::text) FROM generate_series(1, {KEPT + 7}) AS n")
    with pytest.warns(RuntimeWarning, match="^7 notifications were lost"):
        found = heard(ears, timeout=0)
    assert (len(found), found[0]) == (KEPT, "8")


def test_a_callback_hears_what_comes_with_a_statement(ears: face.Connection) -> None:
    first: list[dbapi.Notification] = []
    second: list[dbapi.Notification] = []
    end = ears.on_notify(first.append)
    ears.on_notify(second.append)
    say(ears, "1")
    end()
    end()
    say(ears, "2")
    assert [[each.payload for each in heard] for heard in (first, second)] == [["1"], ["1", "2"]]


def test_callbacks_and_iterators_both_hear(ears: face.Connection, mouth: face.Connection) -> None:
    told: list[dbapi.Notification] = []
    ears.on_notify(told.append)
    say(ears, "before anybody iterates")
    loop = ears.notifies(timeout=SOON, stop_after=1)
    say(mouth, "both")
    assert [each.payload for each in loop] == ["both"]
    assert [each.payload for each in told] == ["before anybody iterates", "both"]


def test_a_killed_backend_ends_the_loop_with_its_error(ears: face.Connection, mouth: face.Connection) -> None:
    row = (ears.cursor().execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    say(mouth, "the last")
    mouth.cursor().execute("SELECT pg_terminate_backend(?)", (row[0],))
    with pytest.raises(dbapi.OperationalError, match="terminating connection") as caught:
        heard(ears)
    assert (caught.value.sqlstate, ears.closed) == ("57P01", True)
    with pytest.raises(dbapi.OperationalError, match="terminating connection") as caught:
        ears.cursor().execute("SELECT 1")
    assert caught.value.outcome == "not_run"


def test_a_stream_that_was_dropped_is_ended_first(ears: face.Connection, mouth: face.Connection) -> None:
    cursor = ears.cursor(stream=True).execute("SELECT generate_series(1, 300000)")
    assert cursor.fetchone() == (1,)
    with pytest.raises(dbapi.InterfaceError, match="still being read"):
        heard(ears)
    cursor.close()
    say(mouth, "1")
    assert heard(ears, stop_after=1) == ["1"]


@pytest.mark.parametrize(("timeout", "stop_after"), [(-1.0, None), (float("nan"), None), (None, -1)])
def test_numbers_that_cannot_be_meant(ears: face.Connection, timeout: float | None, stop_after: int) -> None:
    with pytest.raises(dbapi.InterfaceError, match="is not negative"):
        ears.notifies(timeout, stop_after)


@pytest.mark.parametrize("server", ["", "mariadb"])
def test_other_engines_send_none(server: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server).url() if server else "sqlite://"
    with face.connect(url) as connection:
        with pytest.raises(dbapi.NotSupportedError, match="sends no notifications"):
            connection.notifies()
        with pytest.raises(dbapi.NotSupportedError, match="sends no notifications"):
            connection.on_notify(print)


def test_a_closed_connection(ears: face.Connection) -> None:
    loop = ears.notifies()
    ears.close()
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        for _ in loop:
            pass
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        ears.notifies()
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        ears.on_notify(print)


def test_what_is_no_callback_is_refused(ears: face.Connection) -> None:
    for callback in (asyncio.sleep, 5, None):
        with pytest.raises(dbapi.ProgrammingError, match="a callback is a function that nobody waits for"):
            ears.on_notify(callback)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", ["x", -1, float("nan")])
def test_what_is_no_time_to_listen_is_refused(ears: face.Connection, timeout: float) -> None:
    with pytest.raises(dbapi.InterfaceError, match="timeout is a number that is not negative"):
        ears.notifies(timeout)
