# Generated from tests/aio/test_lying_servers.py by scripts/async_to_sync.py; do not edit.
"""Servers that lie about where a result, its data or their answer ends: none is taken for whole that is not."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import sqlx.dbapi as face
from sqlx.dbapi import exceptions
from tests.wire import peers
from tests.wire.peers import READY, WELCOME, Peer, columns, complete, message, row, serving

Script = Callable[[socket.socket], None]
Connected = Callable[..., Any]
PREPARED = message("1") + message("t", b"\0\0")
BOUND = message("2")
SUSPENDED = message("s")


def answering(*answers: bytes) -> Script:
    """A server that gives one of these answers to each message that wants one: Query, Sync, CopyDone."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        for answer in answers:
            while peers.heard(peer)[0] not in "QSc":
                pass
            peer.sendall(answer)

    return script


@pytest.fixture
def connected() -> Iterator[Connected]:
    """Connects to a peer."""
    connections = []

    def connect(peer: Peer, **options: Any) -> face.Connection:
        url = f"postgresql://ada@127.0.0.1:{peer.port}/test?sslmode=disable"
        connections.append(face.connect(url, **{"autocommit": True, **options}))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


HALF = {
    "rows and no end": (columns(23) + row(b"1") + READY, "ended its answer in the midst of a result"),
    "a result within another": (
        columns(23) + row(b"1") + columns(23) + row(b"2") + complete("SELECT 1") + READY,
        "a result while another is open",
    ),
    "a part that nobody asked for": (columns(23) + row(b"1") + SUSPENDED + READY, "message 's' while"),
}


@pytest.mark.parametrize(("answer", "reason"), HALF.values(), ids=HALF.keys())
def test_a_result_that_is_not_whole(connected: Connected, answer: bytes, reason: str) -> None:
    with serving(answering(answer)) as peer:
        connection = connected(peer)
        with pytest.raises(exceptions.OperationalError, match=reason):
            connection.cursor().execute("SELECT")
        assert connection.closed


def test_a_prepared_statement_s_result_that_is_not_whole(connected: Connected) -> None:
    """Of what is asked for as a whole no part is taken for it."""
    answer = PREPARED + columns(23) + BOUND + row(b"1") + SUSPENDED + READY
    with serving(answering(answer)) as peer:
        connection = connected(peer)
        with pytest.raises(exceptions.OperationalError, match="a part of a result that was asked for as a whole"):
            connection.cursor().execute("SELECT ?", ["x"])
        assert connection.closed
