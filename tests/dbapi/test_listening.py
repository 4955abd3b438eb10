"""A blocking connection that waits for notifications can be interrupted, and tells what its callbacks raise."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sqlx import dbapi
from tests.servers.server import Server
from tests.wire.peers import READY, WELCOME, complete, heard, message, serving, startup

SOON = 10.0  # seconds in which what was sent must have come


@pytest.fixture
def ears(postgres: Server) -> Iterator[dbapi.Connection]:
    with dbapi.connect(postgres.url(), autocommit=True) as opened:
        opened.cursor().execute("LISTEN news")
        yield opened


def say(connection: dbapi.Connection, payload: str) -> None:
    connection.cursor().execute("SELECT pg_notify('news', ?)", (payload,))


def test_ctrl_c_ends_the_loop_and_leaves_the_connection(ears: dbapi.Connection) -> None:
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        for _ in ears.notifies():
            pass
    timer.join()
    say(ears, "1")
    assert [found.payload for found in ears.notifies(SOON, stop_after=1)] == ["1"]


def test_half_a_message_is_not_lost_when_the_wait_ends() -> None:
    """The rest is read by whoever waits next."""
    whole = message("A", b"\0\0\0\1news\0hello\0")
    go = threading.Event()

    def script(peer: Any) -> None:
        startup(peer)
        peer.sendall(WELCOME + whole[:9])
        go.wait(SOON)
        peer.sendall(whole[9:])

    with serving(script) as peer:
        connection = dbapi.connect("postgresql://ada@127.0.0.1", port=peer.port, sslmode="disable")
        assert list(connection.notifies(timeout=0.1)) == []
        go.set()
        assert [found.payload for found in connection.notifies(SOON, stop_after=1)] == ["hello"]
        connection.close()


def test_what_nobody_reads_is_bounded_in_size() -> None:
    """A megabyte each, of which the newest stay."""
    large = b"x" * (1 << 20)
    told = [message("A", b"\0\0\0\1news\0" + large + b"%d\0" % number) for number in range(40)]
    told += [message("N", b"SNOTICE\0C00000\0M" + large + b"%d\0\0" % number) for number in range(20)]

    def script(peer: Any) -> None:
        startup(peer)
        peer.sendall(WELCOME)
        heard(peer)
        peer.sendall(b"".join(told) + complete("DO") + READY)

    with serving(script) as peer:
        connection = dbapi.connect("postgresql://ada@127.0.0.1", port=peer.port, sslmode="disable", autocommit=True)
        cursor = connection.cursor()
        cursor.execute("DO $$ $$")
        notices = [str(notice.message) for _, notice in cursor.messages]
        assert [notice[1 << 20 :] for notice in notices] == [str(number) for number in range(13, 20)]
        with pytest.warns(RuntimeWarning, match="^9 notifications were lost"):
            found = [notification.payload[1 << 20 :] for notification in connection.notifies(0)]
        assert found == [str(number) for number in range(9, 40)]
        connection.close()


def test_every_cut_of_a_message_is_the_same(postgres: Server) -> None:
    """Each byte for itself, with a loop that gives up between any two."""
    whole = message("A", b"\0\0\0\1news\0hello\0")

    def script(peer: Any) -> None:
        startup(peer)
        peer.sendall(WELCOME)
        for index in range(len(whole)):
            peer.sendall(whole[index : index + 1])

    with serving(script) as peer:
        connection = dbapi.connect("postgresql://ada@127.0.0.1", port=peer.port, sslmode="disable")
        found: list[dbapi.Notification] = []
        while not found:
            found += connection.notifies(timeout=0)
        assert found == [dbapi.Notification("news", "hello", 1)]
        connection.close()


def test_a_callback_may_run_a_statement(ears: dbapi.Connection) -> None:
    """It is called when the conversation is in step and nobody holds the connection."""
    seen: list[Any] = []
    ears.on_notify(lambda found: seen.extend(ears.cursor().execute("SELECT ?", (found.payload,)).fetchall()))
    say(ears, "1")
    assert seen == [("1",)]


def test_a_callback_that_fails_is_a_warning(ears: dbapi.Connection) -> None:
    ears.on_notify(lambda found: 1 // 0)
    with pytest.warns(RuntimeWarning, match="a callback for notifications failed .*ZeroDivisionError"):
        say(ears, "1")
    assert ears.cursor().execute("SELECT 1").fetchall() == [(1,)]
