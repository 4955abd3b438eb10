# Generated from tests/aio/test_lying_servers.py by scripts/async_to_sync.py; do not edit.
"""Servers that lie about where a result, its data or their answer ends: none is taken for whole that is not."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest

import sqlx.dbapi as face
from sqlx.dbapi import exceptions
from sqlx.wire import io, io_asyncio
from tests.wire import peers
from tests.wire.peers import READY, WELCOME, Peer, columns, complete, error, message, row, serving

Script = Callable[[socket.socket], None]
Connected = Callable[..., Any]
COPY_IN = message("G", b"\0\0\1\0\0")
COPY_OUT = message("H", b"\0\0\1\0\0")
COPY_DONE = message("c")
LINE = message("d", b"1\n")
PREPARED = message("1") + message("t", b"\0\0")
BOUND = message("2")
SUSPENDED = message("s")
SOMEBODY = message("1") + BOUND + row(b"1") + complete("SELECT 1") + READY  # who answers: asked before a first stream


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
    "nothing": (READY, "ended its answer, in which there is no result"),
    "nothing but a notice": (message("N", b"Mx\0\0") + READY, "ended its answer, in which there is no result"),
    "rows and no end": (columns(23) + row(b"1") + READY, "ended its answer in the midst of a result"),
    "the last of two without an end": (
        columns(23) + row(b"1") + columns(23) + row(b"2") + READY,
        "ended its answer in the midst of a result",
    ),
    "rows behind their end": (
        columns(23) + row(b"1") + complete("SELECT 1") + row(b"2") + READY,
        "a row without",
    ),
    "rows and the end of an empty text": (columns(23) + row(b"1") + message("I") + READY, "message 'I' while"),
    "a part that nobody asked for": (columns(23) + row(b"1") + SUSPENDED + READY, "message 's' while"),
}


@pytest.mark.parametrize(("answer", "reason"), HALF.values(), ids=HALF.keys())
def test_a_result_that_is_not_whole(connected: Connected, answer: bytes, reason: str) -> None:
    with serving(answering(answer)) as peer:
        connection = connected(peer)
        with pytest.raises(exceptions.OperationalError, match=reason):
            connection.cursor().execute("SELECT")
        assert connection.closed


BEGUN = complete("BEGIN") + message("Z", b"T")


@pytest.mark.parametrize("end", ["commit", "ping", "transaction"])
def test_nothing_waits_longer_than_a_statement_may(
    connected: Connected, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is the driver that has something to say."""
    for runner in (io, io_asyncio):
        monkeypatch.setattr(runner, "GRACE", 0.2)
        monkeypatch.setattr(runner, "CANCEL", 0.2)

    def run(connection: face.Connection) -> None:
        if end == "transaction":
            with connection.transaction():
                raise AssertionError("the server has not answered")
        else:
            getattr(connection, end)()

    with serving(answering(BEGUN, b"", b"")) as peer:
        connection = connected(peer, statement_timeout=0.2)
        connection.cursor().execute("BEGIN")
        with pytest.raises(exceptions.OperationalError, match=r"longer than 0\.2 s"):
            run(connection)
        assert connection.closed


@pytest.mark.parametrize(("end", "answer"), [("commit", "ROLLBACK"), ("rollback", "COMMIT"), ("block", "ROLLBACK")])
def test_the_other_end_of_a_transaction_is_no_success(connected: Connected, end: str, answer: str) -> None:
    with serving(answering(BEGUN, complete(answer) + READY, READY)) as peer:
        connection = connected(peer)
        with pytest.raises(exceptions.InternalError, match=f"the server answered .* with {answer}") as caught:
            if end == "block":
                with connection.transaction():
                    pass
            else:
                connection.cursor().execute("BEGIN")
                getattr(connection, end)()
        assert caught.value.outcome == ("rolled_back" if answer == "ROLLBACK" else "unknown")


PREPARED_HALF = {
    "its end alone": (complete("SELECT 0") + READY, "message 'C' while parse complete"),
    "its rows before they are described": (PREPARED + row(b"1") + complete("SELECT 1") + READY, "message 'D' while"),
    "described and not bound": (
        PREPARED + columns(23) + row(b"1") + complete("SELECT 1") + READY,
        "message 'D' while bind complete",
    ),
    "not described": (PREPARED + BOUND + complete("SELECT 0") + READY, "message '2' while row description or no data"),
    "the end of an empty text": (message("I") + READY, "message 'I' while parse complete"),
    "rows and the end of an empty text": (
        PREPARED + columns(23) + BOUND + row(b"1") + message("I") + READY,
        "message 'I' while",
    ),
    "a result within another": (PREPARED + columns(23) + BOUND + row(b"1") + columns(23), "message 'T' while"),
    "nothing": (READY, "message 'Z' while parse complete"),
    "preparation alone": (PREPARED + columns(23) + READY, "message 'Z' while"),
    "no end": (PREPARED + columns(23) + BOUND + row(b"1") + READY, "message 'Z' while"),
    "a part": (
        PREPARED + columns(23) + BOUND + row(b"1") + SUSPENDED + READY,
        "a part of a result that was asked for as a whole",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), PREPARED_HALF.values(), ids=PREPARED_HALF.keys())
def test_a_prepared_statement_s_result_that_is_not_whole(connected: Connected, answer: bytes, reason: str) -> None:
    """Of what is asked for as a whole no part is taken for it."""
    with serving(answering(answer)) as peer:
        connection = connected(peer)
        with pytest.raises(exceptions.OperationalError, match=reason):
            connection.cursor().execute("SELECT ?", ["x"])
        assert connection.closed


def test_a_count_below_zero_is_none(connected: Connected) -> None:
    many = PREPARED + message("n") + BOUND + complete("UPDATE -7") + BOUND + complete("UPDATE 9") + READY
    with serving(answering(complete("UPDATE -7") + READY, many)) as peer:
        cursor = (connected(peer)).cursor()
        cursor.execute("UPDATE t")
        assert cursor.rowcount == -1
        cursor.executemany("UPDATE t SET a = ?", [["x"], ["y"]])
        assert cursor.rowcount == -1


RAN = PREPARED + columns(25) + BOUND + row(b"1") + complete("SELECT 1")
AGAIN = BOUND + row(b"1") + complete("SELECT 1")
ITSELF = message("1") + BOUND + row(b"7") + complete("SELECT 1") + READY  # the process that WELCOME has told of
SHORTER = {
    "no sign of being bound": (complete("SELECT 0"), "message 'C' while bind complete"),
    "rows before it is bound": (row(b"1") + complete("SELECT 1"), "message 'D' while bind complete"),
    "rows and the end of an empty text": (BOUND + row(b"1") + message("I"), "message 'I' while"),
}


@pytest.mark.parametrize(("answer", "reason"), SHORTER.values(), ids=SHORTER.keys())
def test_a_statement_that_is_known_and_is_answered_with_less(connected: Connected, answer: bytes, reason: str) -> None:
    """From its third execution on a statement is bound and run, and no more."""
    with serving(answering(RAN + ITSELF, RAN + READY, AGAIN + READY, answer + READY)) as peer:
        connection = connected(peer)
        cursor = connection.cursor()
        for _ in range(3):
            assert (cursor.execute("SELECT ?", ["x"])).fetchall() == [("1",)]
        with pytest.raises(exceptions.OperationalError, match=reason):
            cursor.execute("SELECT ?", ["x"])
        assert connection.closed


@pytest.mark.parametrize(("answer", "reason"), SHORTER.values(), ids=SHORTER.keys())
def test_one_of_many_rows_that_is_answered_with_less(connected: Connected, answer: bytes, reason: str) -> None:
    """What belongs to one row is never taken for another's."""
    with serving(answering(RAN + answer + AGAIN + READY)) as peer:
        connection = connected(peer)
        with pytest.raises(exceptions.OperationalError, match=reason):
            connection.cursor().executemany("SELECT ?", [["x"], ["y"], ["z"]])
        assert connection.closed


def test_a_pipeline_with_an_end_too_many(connected: Connected) -> None:
    """One more end, one answer less: each statement would have the result of the one before it."""
    with serving(answering(complete("SELECT 0") + RAN + RAN + READY)) as peer:
        connection = connected(peer)
        cursors = [connection.cursor() for _ in range(3)]
        shifted = pytest.raises(exceptions.OperationalError, match="message 'C' while parse complete")
        with shifted, connection.pipeline():
            for number, cursor in enumerate(cursors):
                cursor.execute("SELECT ?", [str(number)])
        assert connection.closed


def test_no_part_comes_of_a_result_without_columns(connected: Connected) -> None:
    nothing = PREPARED + message("n") + BOUND + SUSPENDED + message("Z", b"T")
    with serving(answering(BEGUN, SOMEBODY, nothing, nothing)) as peer:
        connection = connected(peer)
        connection.cursor().execute("BEGIN")
        with pytest.raises(exceptions.OperationalError, match="a part of a result"):
            connection.cursor(stream=True).execute("SELECT ?", ["x"])
        assert connection.closed


DATA_OUT = {
    "no end": (COPY_OUT + LINE + READY, "message 'Z' while copy data or copy done"),
    "an end that is not confirmed": (COPY_OUT + LINE + COPY_DONE + READY, "message 'Z' while command"),
    "confirmed before its end": (COPY_OUT + complete("COPY 1") + READY, "message 'C' while copy data or copy done"),
    "twice": (COPY_OUT + LINE + COPY_OUT + COPY_DONE + complete("COPY 1") + READY, "message 'H' while"),
    "again": ((COPY_OUT + LINE + COPY_DONE + complete("COPY 1")) * 2 + READY, "message 'H' while ready"),
    "rows": (columns(23) + row(b"1") + complete("SELECT 1") + READY, "answered COPY with the rows of a query"),
}


@pytest.mark.parametrize(("answer", "reason"), DATA_OUT.values(), ids=DATA_OUT.keys())
def test_data_that_is_not_whole(connected: Connected, answer: bytes, reason: str) -> None:
    with serving(answering(answer)) as peer:
        connection = connected(peer)
        cursor = connection.cursor()
        refused = pytest.raises(exceptions.OperationalError, match=reason)
        with refused as caught, cursor.copy("COPY t TO STDOUT") as copy:
            while copy.read():
                pass
        assert (connection.closed, caught.value.outcome) == (True, "unknown")


DATA_IN = {
    "not confirmed": (COPY_IN, READY, "message 'Z' while command complete"),
    "asked for again": (COPY_IN, COPY_IN, "message 'G' while command complete"),
    "asked for twice": (COPY_IN, complete("COPY 1") + COPY_IN, "message 'G' while ready"),
    "confirmed before its end": (COPY_IN + complete("COPY 1"), b"", "was done before it had all the data"),
    "ended before its end": (COPY_IN + complete("COPY 1") + READY, b"", "was done before it had all the data"),
}


@pytest.mark.parametrize(("first", "then", "reason"), DATA_IN.values(), ids=DATA_IN.keys())
def test_data_that_is_not_taken_as_it_should(connected: Connected, first: bytes, then: bytes, reason: str) -> None:
    with serving(answering(first, then)) as peer:
        connection = connected(peer)
        cursor = connection.cursor()
        with pytest.raises(exceptions.OperationalError, match=reason), cursor.copy("COPY t FROM STDIN") as copy:
            copy.write(b"1\n")
        assert connection.closed
        with pytest.raises(exceptions.Error, match="the connection is closed"):
            cursor.execute("SELECT 1")


@pytest.mark.parametrize("sql", ["COPY t TO STDOUT", "COPY t FROM STDIN"])
def test_a_copy_without_any_data(connected: Connected, sql: str) -> None:
    """The server says that it is done, and had no data to send and took none."""
    with serving(answering(complete("COPY 0") + READY, columns(23) + row(b"1") + complete("SELECT 1") + READY)) as peer:
        connection = connected(peer)
        cursor = connection.cursor()
        refused = pytest.raises(exceptions.InterfaceError, match="ended the statement and began no data")
        with refused, cursor.copy(sql):
            pytest.fail("there is nothing to be done in its block")
        assert (cursor.execute("SELECT 1")).fetchone() == (1,)


DONE_OUT = LINE + COPY_DONE + complete("COPY 1") + READY
EXECUTED = {
    "a text": ("SELECT 1", [], COPY_OUT + DONE_OUT),
    "with parameters": ("SELECT ?", ["x"], PREPARED + message("n") + BOUND + COPY_OUT + DONE_OUT),
    "with parameters and rows": ("SELECT ?", ["x"], PREPARED + columns(23) + BOUND + COPY_OUT + DONE_OUT),
}


@pytest.mark.parametrize(("sql", "parameters", "answer"), EXECUTED.values(), ids=EXECUTED.keys())
def test_data_that_execute_has_no_place_for(
    connected: Connected, sql: str, parameters: list[str], answer: bytes
) -> None:
    """It is not passed over in silence, and what comes next is in step."""
    with serving(answering(answer, columns(23) + row(b"1") + complete("SELECT 1") + READY)) as peer:
        cursor = (connected(peer)).cursor()
        with pytest.raises(exceptions.InterfaceError, match=r"no place for\nhint: use cursor\.copy\(\)") as caught:
            cursor.execute(sql, parameters)
        assert caught.value.outcome == "unknown"  # the query that the data comes from may change rows
        assert (cursor.execute("SELECT 1")).fetchone() == (1,)


CANCEL = struct.pack(">i", 80877102)
LATE = r"took longer than 0\.2 s"


class Endless:
    """Says each of `answers` to what is asked, and after the last `more` without end, or without `more` nothing.

    It stops when it is asked to cancel, where it `obeys`.
    """

    def __init__(self, *answers: bytes, more: bytes, obeys: bool) -> None:
        self.answers, self.more, self.obeys = answers, more, obeys
        self.cancelled = threading.Event()
        self.said = 0  # bytes

    def __call__(self, peer: socket.socket) -> None:
        if peers.startup(peer).startswith(CANCEL):
            self.cancelled.set()
            peer.shutdown(socket.SHUT_RDWR)
            return
        peer.sendall(WELCOME)
        for answer in self.answers:
            while peers.heard(peer)[0] not in "QS":
                pass
            peer.sendall(answer)
        while self.more and not (self.obeys and self.cancelled.wait(0.001)):  # no faster than it is read
            peer.sendall(self.more)
            self.said += len(self.more)
        if self.cancelled.wait(peers.DEADLINE):
            peer.sendall(error("57014", "cancelled") + READY)


ROW = PREPARED + columns(23) + BOUND + row(b"1")
NOTICE, SETTING = message("N", b"SNOTICE\0Mmore\0\0"), message("S", b"TimeZone\0UTC\0")
LONG = {"notices": message("N", b"M%s\0\0" % (b"x" * 60000)), "settings": message("S", b"a\0%s\0" % (b"x" * 60000))}


@pytest.mark.parametrize("more", LONG.values(), ids=LONG.keys())
def test_leaving_a_stream_that_goes_on_for_ever(connected: Connected, more: bytes) -> None:
    """All that comes is counted, rows or not."""
    with serving(Endless(SOMEBODY, ROW, more=more, obeys=False)) as peer:
        connection = connected(peer)
        cursor = connection.cursor(stream=True).execute("SELECT ?", ["x"])
        assert cursor.fetchone() == (1,)
        with pytest.raises(exceptions.OperationalError, match="went on after it was cancelled"):
            cursor.close()
        assert connection.closed


def test_what_nobody_asked_for_is_soon_too_much(connected: Connected) -> None:
    """It costs more time than a row does, and an honest server that was cancelled has little of it on its way."""
    setting = message("S", b"a\0%s\0" % (b"x" * 200))
    server = Endless(SOMEBODY, ROW, more=setting * 300, obeys=False)
    with serving(server) as peer:
        cursor = (connected(peer)).cursor(stream=True).execute("SELECT ?", ["x"])
        with pytest.raises(exceptions.OperationalError, match="went on after it was cancelled"):
            cursor.close()
        assert server.said < 25_000_000  # what is in the buffers of both ends is not read


SHORT = {"rows": row(b"1") * 30, "notices": NOTICE * 30, "settings": SETTING * 30, "nothing": b""}


@pytest.mark.parametrize("more", SHORT.values(), ids=SHORT.keys())
def test_leaving_a_stream_has_it_cancelled(connected: Connected, more: bytes) -> None:
    """Each message costs something, however short, and so does waiting."""
    with serving(Endless(SOMEBODY, ROW, more=more, obeys=True)) as peer:
        connection = connected(peer, statement_timeout=None if more else 0.2)
        cursor = connection.cursor(stream=True).execute("SELECT ?", ["x"])
        assert cursor.fetchone() == (1,)
        cursor.close()
        assert not connection.closed


def test_leaving_a_copy_of_nothing_without_end_has_it_cancelled(connected: Connected) -> None:
    with serving(Endless(COPY_OUT + LINE, more=message("d") * 30, obeys=True)) as peer:
        connection = connected(peer)
        with connection.cursor().copy("COPY t TO STDOUT") as copy:
            assert copy.read() == b"1\n"
        assert not connection.closed


def test_data_without_end_that_is_empty_does_not_outlive_the_deadline(connected: Connected) -> None:
    """Each part comes in time."""
    with serving(Endless(COPY_OUT, more=message("d") * 30, obeys=True)) as peer:
        connection = connected(peer, statement_timeout=0.2)
        cursor = connection.cursor()
        with pytest.raises(exceptions.OperationalError, match=LATE), cursor.copy("COPY t TO STDOUT") as copy:
            copy.read()
        assert not connection.closed


IN_TRANSACTION = message("Z", b"T")
OPENED = message("1") + BOUND + complete("BEGIN") + PREPARED + columns(23) + BOUND


@pytest.mark.parametrize("read", ["fetchone", "fetchall", "nextset"])
def test_parts_without_rows_do_not_outlive_the_deadline(connected: Connected, read: str) -> None:
    def script(peer: socket.socket) -> None:
        if peers.startup(peer).startswith(CANCEL):
            peer.shutdown(socket.SHUT_RDWR)
            return
        peer.sendall(WELCOME)
        answers = chain([SOMEBODY, OPENED + SUSPENDED + IN_TRANSACTION], repeat(SUSPENDED + IN_TRANSACTION))
        while True:
            if peers.heard(peer)[0] == "S":
                peer.sendall(next(answers))

    with serving(script) as peer:
        connection = connected(peer, autocommit=False, statement_timeout=0.2)
        cursor = connection.cursor(stream=True).execute("SELECT ?", ["x"])
        with pytest.raises(exceptions.OperationalError, match=LATE):
            getattr(cursor, read)()
        assert not connection.closed


def test_a_part_with_more_rows_than_were_asked_for(connected: Connected) -> None:
    rows = row(b"1") * 20_000
    with serving(answering(SOMEBODY, OPENED + rows + SUSPENDED + IN_TRANSACTION)) as peer:
        connection = connected(peer, autocommit=False)
        with pytest.raises(exceptions.OperationalError, match="more rows than the 1000 that were asked for"):
            connection.cursor(stream=True).execute("SELECT ?", ["x"])
        assert connection.closed
