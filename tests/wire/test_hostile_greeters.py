"""Servers that speak first and lie, in the protocol of `mysql.wire.json`: each gives a clear error in time and in
bounded memory, and the connection is closed."""

from __future__ import annotations

import dataclasses
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from sqlx.wire import registry
from sqlx.wire.conversation import Conversation
from sqlx.wire.errors import WireError
from sqlx.wire.registry import Pack
from sqlx.wire.result import Reply
from tests.wire.peers import DEADLINE, exactly, link_to, serving

PLAIN = 0xFFFFFFFF & ~(2048 | 32 | 67108864)  # everything but TLS and compression
OLD = PLAIN & ~(8388608 | 16777216)  # neither session tracking nor a single kind of end
ZLIB = PLAIN | 32
FULL = (1 << 24) - 1
MEGABYTE = 1 << 20


def frame(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


def block(number: int, body: bytes, inflated: int = 0) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + inflated.to_bytes(3, "little") + body


def greeting(capabilities: int) -> bytes:
    low, high = capabilities & 0xFFFF, capabilities >> 16
    parts = [
        b"\x0a8.0.0\0",
        bytes(4),
        b"12345678\0",
        low.to_bytes(2, "little"),
        b"\x2d\2\0",
        high.to_bytes(2, "little"),
    ]
    return frame(0, b"".join([*parts, b"\x15", bytes(10), b"123456789012\0", b"mysql_native_password\0"]))


def ok(sequence: int, status: int = 2, rest: bytes = b"", header: int = 0) -> bytes:
    return frame(sequence, bytes([header, 0, 0]) + status.to_bytes(2, "little") + b"\0\0" + rest)


def text(value: bytes) -> bytes:
    return bytes([len(value)]) + value


def change(kind: int, *parts: bytes) -> bytes:
    return bytes([kind]) + text(b"".join(map(text, parts)))


def definition(sequence: int) -> bytes:
    names = b"".join(map(text, (b"def", b"", b"", b"", b"a", b"")))
    return frame(sequence, names + b"\x0c\x2d\0" + bytes(4) + b"\xfd" + b"\0\0\0\0\0")


def asked(peer: socket.socket) -> None:
    """Read the client's next frame."""
    head = exactly(peer, 4)
    exactly(peer, int.from_bytes(head[:3], "little"))


def script(capabilities: int, *answer: bytes) -> Callable[[socket.socket], None]:
    """A server that lets everybody in, and answers the first statement with this."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(greeting(capabilities))
        asked(peer)
        peer.sendall(ok(2))
        if capabilities == ZLIB:
            head = exactly(peer, 7)
            exactly(peer, int.from_bytes(head[:3], "little"))
        else:
            asked(peer)
        for data in answer:
            peer.sendall(data)

    return serve


def query(
    capabilities: int, *answer: bytes, pack: str | Pack = "mysql", timeout: float = DEADLINE
) -> tuple[Conversation, Reply | WireError]:
    """What a statement gives; an error has closed the link if it is none of the server's."""
    options: dict[str, Any] = {"compression": ["zlib"]} if capabilities == ZLIB else {}
    with serving(script(capabilities, *answer)) as peer:
        link, runner = link_to(peer.port, pack, password=None, **options)
        runner.open(DEADLINE)
        start = time.monotonic()
        try:
            return link, runner.run(link.query("SELECT a"), timeout)
        except WireError as error:
            assert time.monotonic() - start < timeout + 6
            assert link.state == "closed" or error.kind == "server"
            return link, error
        finally:
            link.abort()
            assert peer.closed.wait(DEADLINE)


ANSWERS = {
    "a count of 2^63 columns": (frame(1, b"\xfe" + (1 << 63).to_bytes(8, "little")), "9223372036854775808 columns"),
    "a count of 2^32 columns": (frame(1, b"\xfe" + (1 << 32).to_bytes(8, "little")), "4294967296 columns"),
    "more columns than any engine has": (frame(1, b"\xfc\1\x20"), "announced 8193 columns; at most 8192 are accepted"),
    "a count that is cut": (frame(1, b"\xfe\1\2"), "the frame ends inside an integer"),
    "a count of null columns": (frame(1, b"\xfb/etc/passwd"), "the file /etc/passwd, which no statement named"),
    "a count behind which more stands": (frame(1, b"\1\1"), "1 bytes too many in 'column count'"),
    "an empty frame": (frame(1, b""), "malformed message"),
    "an error without a code": (frame(1, b"\xff"), "the frame ends inside 'header'"),
    "a frame counted wrong": (ok(2), "frame 2 came where 1 was due"),
    "a frame counted backwards": (frame(1, b"\1") + definition(1), "frame 1 came where 2 was due"),
    "a row counted wrong": (frame(1, b"\1") + definition(2) + frame(7, b"\1x"), "frame 7 came where 3 was due"),
    "a column that is cut": (frame(1, b"\1") + frame(2, b"\3def"), "cannot be understood"),
    "a column whose name is longer than its frame": (
        frame(1, b"\1") + frame(2, b"\3def\0\0\0\xfe" + b"\xff" * 8), "cannot be understood",
    ),
    "a value longer than its row": (frame(1, b"\1") + definition(2) + frame(3, b"\xfc\xff\xffx"), "malformed"),
    "a value of 2^63 bytes": (
        frame(1, b"\2") + definition(2) + definition(3) + frame(4, b"\0\xfe" + (1 << 63).to_bytes(8, "little")),
        "malformed",
    ),
    "a value whose length begins with 0xff": (
        frame(1, b"\2") + definition(2) + definition(3) + frame(4, b"\0\xff\1\0xyz"), "malformed",
    ),
    "a row with a value too many": (frame(1, b"\1") + definition(2) + frame(3, b"\1x\1y"), "malformed"),
    "an end where a column is due": (frame(1, b"\1") + ok(2, header=254), "cannot be understood"),
    "an OK that is cut": (frame(1, b"\0\0\0\2"), "the frame ends inside 'status'"),
    "an OK whose count is null": (frame(1, b"\0\xfb\0\2\0\0\0"), "cannot be understood"),
    "an OK whose count begins with 0xff": (frame(1, b"\0\xff\0\2\0\0\0"), "malformed message"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "problem"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_that_lie(answer: bytes, problem: str) -> None:
    _, error = query(PLAIN, answer)
    assert isinstance(error, WireError), error.results[0].rows
    assert (problem in str(error), error.outcome) == (True, "unknown")


CHANGES = {
    "longer than the frame": (b"\0" + b"\xfc\xff\xff", "malformed message"),
    "of 2^63 bytes": (b"\0" + b"\xfe" + (1 << 63).to_bytes(8, "little"), "malformed message"),
    "null": (b"\0\xfb", "malformed message"),
    "a change longer than all": (b"\0" + text(b"\0\x20\1a\1b"), "malformed message"),
    "a name longer than its change": (b"\0" + text(b"\0\4\x20a\1b"), "malformed message"),
    "a name without a value": (b"\0" + text(b"\0\2\1a"), "malformed message"),
    "a schema longer than its change": (b"\0" + text(b"\1\2\x7fa"), "malformed message"),
    "a kind alone": (b"\0" + text(b"\0"), "malformed message"),
    "none, and yet announced": (b"", "malformed message"),
    "something behind them": (b"\0" + text(change(1, b"a")) + b"!", ""),
    "unknown kinds": (b"\0" + text(change(99, b"a", b"b") + change(3, b"gtid") + change(1, b"shop")), ""),
}


@pytest.mark.parametrize(("rest", "problem"), CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("ends", [False, True], ids=["ok", "end of rows"])
def test_changes_of_the_session_that_lie(rest: bytes, problem: str, ends: bool) -> None:
    rows = frame(1, b"\1") + definition(2) + ok(3, 2 | 16384, rest, header=254)
    _, said = query(PLAIN, rows if ends else ok(1, 2 | 16384, rest))
    assert isinstance(said, WireError) == bool(problem)
    assert problem in str(said)


def test_a_file_that_is_asked_for_behind_a_change() -> None:
    """What came first may have been done."""
    _, error = query(PLAIN, ok(1, 2 | 8) + frame(2, b"\xfb/etc/passwd"))
    assert isinstance(error, WireError)
    assert ("/etc/passwd, which no statement named" in str(error), error.outcome) == (True, "unknown")


def test_changes_of_a_server_that_never_offered_to_tell_them_are_not_read() -> None:
    """Nor is it missed where the server has no such capability."""
    link, said = query(OLD, ok(1, 2 | 16384, b"\0" + text(change(1, b"shop"))))
    assert isinstance(said, Reply)
    assert link.variables["parameters"] == {}
    link, said = query(PLAIN, ok(1, 2 | 16384, b"\0" + text(change(1, b"shop") + change(0, b"a", b"b", b"c", b"d"))))
    assert isinstance(said, Reply)
    assert link.variables["parameters"] == {"schema": "shop", "a": "b", "c": "d"}


def test_more_settings_than_anybody_has() -> None:
    def all_of(start: int) -> bytes:
        pairs = b"".join(text(b"%d" % number) * 2 for number in range(start, start + 600))
        inner = b"\0\xfd" + len(pairs).to_bytes(3, "little") + pairs
        return b"\0\xfd" + len(inner).to_bytes(3, "little") + inner

    status = 2 | 8 | 16384
    _, error = query(PLAIN, b"".join(ok(number + 1, status, all_of(number * 600)) for number in range(2)))
    assert isinstance(error, WireError)
    assert "a map of 1200 entries" in str(error)


def test_full_frames_without_end_before_login() -> None:
    """A stranger may send 64 KiB."""
    with serving(lambda peer: peer.sendall(frame(0, b"\x0a" + bytes(FULL - 1)))) as peer:
        link, runner = link_to(peer.port, "mysql", password=None)
        with pytest.raises(WireError, match="announced a message of 16777215 bytes; at most 65536"):
            runner.open(DEADLINE)
        assert link.state == "closed"


def small(limit: int) -> Pack:
    """The pack with a smaller limit: the real one would take minutes to reach."""
    pack = registry.load("mysql")
    server = {**pack.framing["server"], "limit": {"connecting": 65536, "ready": limit}}
    return dataclasses.replace(pack, framing={**pack.framing, "server": server})


def test_full_frames_without_end_in_a_result() -> None:
    row = b"\xfd\xff\xff\xff" + bytes(FULL - 4)
    frames = [frame(3, row), *(frame(number, bytes(FULL)) for number in range(4, 6))]
    _, error = query(PLAIN, frame(1, b"\1"), definition(2), *frames, pack=small(20 * MEGABYTE))
    assert isinstance(error, WireError)
    assert "a message of more than 20971520 bytes" in str(error)


def test_the_frames_of_one_message_are_counted() -> None:
    row = b"\xfd\xff\xff\xff" + bytes(FULL - 4)
    _, error = query(PLAIN, frame(1, b"\1"), definition(2), frame(3, row), frame(9, b"xyz"))
    assert isinstance(error, WireError)
    assert "frame 9 came where 4 was due" in str(error)


ZEROS = zlib.compress(bytes(64 * MEGABYTE))
SMALL = ok(1)
BLOCKS = {
    "a bomb": ([block(1, ZEROS, 100)], "says that it has 100 bytes, and has more"),
    "a bomb that says so": ([block(1, ZEROS, FULL)], "says that it has 16777215 bytes, and has more"),
    "too little": ([block(1, zlib.compress(SMALL), 100)], "and has others"),
    "nothing compressed": ([block(1, bytes(50), 100)], "cannot be read"),
    "a block counted wrong": ([block(2, SMALL)], "block 2 where 0 was due"),
    "a block counted twice": ([block(1, SMALL[:3]), block(1, SMALL[3:])], "block 1 where 2 was due"),
    "a lie inside": ([block(1, zlib.compress(frame(1, b"\0\xff\0")), 7)], "malformed message"),
    "no blocks": ([SMALL + bytes(10)], "the server sent"),
}


@pytest.mark.parametrize(("answer", "problem"), BLOCKS.values(), ids=BLOCKS.keys())
def test_blocks_that_lie(answer: list[bytes], problem: str) -> None:
    tracemalloc.start()
    try:
        _, error = query(ZLIB, *answer, timeout=0.5)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(error, WireError)
    assert problem in str(error)
    assert peak < 40 * MEGABYTE


def test_empty_blocks_cost_nothing() -> None:
    """Ten thousand of them, and then the answer."""
    numbers = [(1 + number) & 255 for number in range(10_001)]
    _, said = query(ZLIB, b"".join(block(number, b"") for number in numbers[:-1]), block(numbers[-1], SMALL))
    assert isinstance(said, Reply)


def test_data_that_came_before_the_compression() -> None:
    """What stands behind the login's end was sent by somebody who did not know of it."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(greeting(ZLIB))
        asked(peer)
        peer.sendall(ok(2) + ok(1))

    with serving(serve) as peer:
        _, runner = link_to(peer.port, "mysql", password=None, compression=["zlib"])
        with pytest.raises(WireError, match="sent data before the compression that it agreed to"):
            runner.open(DEADLINE)


def test_data_that_came_before_the_encryption() -> None:
    """What stands behind the greeting, to be taken for the encrypted word of the server; its sender hears nothing."""
    with serving(lambda peer: peer.sendall(greeting(PLAIN | 2048) + ok(2))) as peer:
        _, runner = link_to(peer.port, "mysql", sslmode="require")
        with pytest.raises(WireError, match="sent data before the encryption that it agreed to"):
            runner.open(DEADLINE)
        assert peer.closed.wait(DEADLINE)
        assert b"ada" not in peer.heard


def test_what_the_server_said_before_it_heard_of_the_statement() -> None:
    """It tells why it has gone, with frames that it counts from 0."""
    gone = b"\xff\xbf\x0f#HY000The client was disconnected by the server because of inactivity."
    for capabilities, answer in ((PLAIN, frame(0, gone)), (ZLIB, block(0, frame(0, gone)))):
        _, error = query(capabilities, answer)
        assert isinstance(error, WireError)
        assert (error.kind, error.code, "inactivity" in str(error)) == ("server", 4031, True)
