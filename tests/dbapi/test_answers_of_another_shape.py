"""Servers whose answers have not the shape that was asked for: an error of ours, or nothing lost."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from sqlx import dbapi
from sqlx.cli.report import show
from tests.dbapi.test_impostors import OK, packet, receive
from tests.dbapi.test_impostors import greeting as greeting_first
from tests.wire import peers
from tests.wire.peers import READY, WELCOME, columns, complete, message, row, serving

PREPARED = message("1") + message("t", b"\0\0")
BOUND = message("2")
ITSELF = message("1") + BOUND + row(b"7") + complete("SELECT 1")
Script = Callable[[socket.socket], None]


def answering(answer: bytes) -> Script:
    """A server that gives this answer to whatever it is asked."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        while (tag := peers.heard(peer)[0]) != "X":
            if tag in "QS":
                peer.sendall(answer + READY)

    return script


@contextmanager
def connected(answer: bytes) -> Iterator[dbapi.Connection]:
    with serving(answering(answer)) as peer:
        url = f"postgresql://ada@127.0.0.1:{peer.port}?sslmode=disable"
        with closing(dbapi.connect(url, autocommit=True)) as connection:
            yield connection


@pytest.mark.parametrize(
    "position", [b"abc", b"9" * 5000, b"-1", b"0", b"1e5", b"1_0", "\u0663".encode(), b"+1", b" 1"], ids=len
)
@pytest.mark.parametrize("parameters", [None, (1,)])
@pytest.mark.parametrize("scrollable", [False, True])
def test_a_position_that_is_none(position: bytes, parameters: tuple[int, ...] | None, scrollable: bool) -> None:
    fields = b"SERROR\0VERROR\0C42601\0Mno\0P" + position + b"\0\0"
    with connected(message("E", fields)) as connection:
        with pytest.raises(dbapi.ProgrammingError) as caught:
            cursor = connection.cursor(scrollable=scrollable, hold=scrollable)
            cursor.execute("SELECT ?" if parameters else "SELECT", parameters)
        assert (caught.value.message, caught.value.position) == ("no", None)
        assert not connection.closed
    shown = io.StringIO()
    show(caught.value, "SELECT ?", shown)
    assert shown.getvalue() == "error: no (42601)\n"


@pytest.mark.parametrize(
    "answer",
    [columns() + row() + complete("SHOW"), columns(25) + complete("SHOW"), complete("")],
    ids=["no columns", "no rows", "no result"],
)
def test_a_server_that_does_not_tell_what_it_is(answer: bytes) -> None:
    with serving(answering(answer)) as peer:
        url = f"postgresql://ada@127.0.0.1:{peer.port}?sslmode=disable&target_session_attrs=read-write"
        with pytest.raises(dbapi.OperationalError, match="does not tell whether it is read_only"):
            dbapi.connect(url)


PREPARED_TRANSACTIONS = {
    "no rows": (complete("SELECT 0"), []),
    "another's": (columns(23, 25, 25) + row(None, b"theirs", b"") + complete("SELECT 1"), [(None, "theirs", "")]),
    "no columns": (columns() + row() + complete("SELECT 1"), None),
    "a column too few": (columns(23, 25) + row(b"1", b"a") + complete("SELECT 1"), None),
    "a column too many": (columns(23, 25, 25, 25) + row(b"1", b"a", b"b", b"c") + complete("SELECT 1"), None),
    "texts": (columns(25, 25, 25) + row(b"1", b"a", b"b") + complete("SELECT 1"), None),
    "numbers": (columns(23, 23, 23) + row(b"1", b"2", b"3") + complete("SELECT 1"), None),
    "nothing": (columns(23, 25, 25) + row(None, None, None) + complete("SELECT 1"), None),
}


@pytest.mark.parametrize(("answer", "expected"), PREPARED_TRANSACTIONS.values(), ids=PREPARED_TRANSACTIONS.keys())
def test_what_a_server_says_of_prepared_transactions(answer: bytes, expected: list[tuple[object, ...]] | None) -> None:
    with connected(answer) as connection:
        if expected is not None:
            assert connection.tpc_recover() == expected
            return
        with pytest.raises(dbapi.OperationalError, match="tells of prepared transactions what cannot be understood"):
            connection.tpc_recover()
        assert connection.closed


KINDS = {
    "another word": columns(25) + BOUND + row(b"nonsense"),
    "a list": columns(1009) + BOUND + row(b"{procedure}"),
    "nothing": columns(25) + BOUND + row(None),
    "no columns": columns() + BOUND + row(),
    "one column too many": columns(25, 25) + BOUND + row(b"procedure", b"x"),
}


@pytest.mark.parametrize("answer", KINDS.values(), ids=KINDS.keys())
def test_a_server_that_does_not_tell_what_it_is_that_is_called(answer: bytes) -> None:
    with connected(PREPARED + answer + complete("SELECT 1") + ITSELF) as connection:
        with pytest.raises(dbapi.OperationalError, match="does not tell whether f is a procedure or a function"):
            connection.cursor().callproc("f")
        assert connection.closed


def fetching(*parts: bytes) -> Script:
    """A server that gives these parts of a result, and to all else its end."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        left = list(parts)
        while (said := peers.heard(peer))[0] == "Q":
            peer.sendall((left.pop(0) if said[1].startswith(b"FETCH") else b"") + complete("FETCH") + READY)

    return script


PARTS = {
    "a column more": (columns(23, 23) + row(b"1", b"2"), "other columns than those of the same result"),
    "another type": (columns(25) + row(b"1"), "other columns than those of the same result"),
    "no columns": (b"", "other columns than those of the same result"),
    "rows too many": (columns(23) + row(b"1") * 101, "more rows than the 100 that were asked for"),
}


@pytest.mark.parametrize(("part", "reason"), PARTS.values(), ids=PARTS.keys())
def test_a_part_of_a_result_that_is_no_part_of_it(part: bytes, reason: str) -> None:
    """It would be read under the names of the first."""
    with serving(fetching(columns(23) + row(b"1") * 100, columns(23) + row(b"2"), part)) as peer:
        url = f"postgresql://ada@127.0.0.1:{peer.port}?sslmode=disable"
        with closing(dbapi.connect(url, autocommit=True)) as connection:
            cursor = connection.cursor(scrollable=True, hold=True).execute("SELECT")
            cursor.scroll(100)
            assert cursor.fetchone() == (2,)
            cursor.scroll(0, "absolute")
            with pytest.raises(dbapi.OperationalError, match=reason):
                cursor.fetchone()
            assert connection.closed
            cursor.close()


def warned_by(names: list[bytes]) -> Script:
    """A server that has a warning for each statement, and tells of it in a row of these columns."""

    def text(value: bytes) -> bytes:
        return bytes([len(value)]) + value

    definitions = [
        text(b"def") + text(b"") * 3 + text(name) * 2 + b"\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0" for name in names
    ]
    end = b"\xfe\0\0\2\0\1\0"
    bodies = [bytes([len(names)]), *definitions, b"".join(map(text, names)), end]

    def script(peer: socket.socket) -> None:
        peer.sendall(greeting_first())
        receive(peer)
        peer.sendall(packet(2, OK))
        while asked := receive(peer):
            warned = packet(1, b"\0\0\0\2\0\1\0")
            result = b"".join(packet(number, body) for number, body in enumerate(bodies, 1))
            peer.sendall(result if b"SHOW WARNINGS" in asked else warned)

    return script


@pytest.mark.parametrize(("names", "told"), [([b"a"], []), ([b"a", b"7", b"c"], ["c"]), ([b"a", b"7", b"c", b"d"], [])])
def test_warnings_of_other_columns_are_let_go(names: list[bytes], told: list[str]) -> None:
    """The statement itself has succeeded."""
    with serving(warned_by(names)) as peer:
        url = f"mysql://ada:secret@127.0.0.1:{peer.port}/test?sslmode=disable"
        with dbapi.connect(url, show_warnings=True, autocommit=True) as connection:
            cursor = connection.cursor().execute("DO 1")
            assert [str(warning) for _, warning in cursor.messages] == told
            assert not connection.closed
