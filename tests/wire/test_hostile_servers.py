"""Servers that lie, drift, stall or attack: each gives a clear error in time, and the connection is closed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
import socket
import struct
import time
from collections.abc import Callable

import pytest

from sqlx.wire.errors import WireError
from sqlx.wire.values.types import ServerText
from tests.wire import peers
from tests.wire.peers import (
    DEADLINE,
    READY,
    WELCOME,
    authentication,
    columns,
    complete,
    error,
    link_to,
    message,
    row,
    serving,
)

CLOSING = ("protocol", "connection", "refused", "timeout", "unsupported")


def opening(script: Callable[[socket.socket], None], sslmode: str = "disable", timeout: float = DEADLINE) -> WireError:
    """The error of opening a link to a server that does this; afterwards the link is closed and the server knows."""
    with serving(script) as peer:
        link, runner = link_to(peer.port, sslmode=sslmode)
        start = time.monotonic()
        with pytest.raises(WireError) as caught:
            runner.open(timeout)
        assert time.monotonic() - start < timeout + 2
        assert link.state == "closed"
        assert peer.closed.wait(DEADLINE)
    return caught.value


def answering(*data: bytes) -> Callable[[socket.socket], None]:
    """A server that answers the startup with these bytes and says no more."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(b"".join(data))

    return script


FRAMES = {
    "length -1": (b"R\xff\xff\xff\xff", "announced a message of -5 bytes"),
    "length 0": (b"R\0\0\0\0", "announced a message of -4 bytes"),
    "length 3": (b"R\0\0\0\3", "announced a message of -1 bytes"),
    "2 GiB": (b"R\x7f\xff\xff\xff", "at most 30000 are accepted here"),
    "more than a stranger may send": (b"E" + struct.pack(">i", 30005), "at most 30000 are accepted here"),
    "unknown message": (message("q", b"abc"), "message 'q' while authentication"),
    "no text as tag": (message("\x00"), r"message '\\x00' while authentication"),
    "row before authentication": (row(b"1"), "message 'D' while authentication"),
    "ready before authentication": (READY, "message 'Z' while authentication"),
    "a salt too long": (authentication(5, b"salty"), "1 bytes too many in 'authentication'"),
    "authentication too short": (message("R", b"\0\0"), "the frame ends inside 'method'"),
    "salt too short": (authentication(5, b"abc"), "the frame ends inside 'salt'"),
    "unknown method": (authentication(99), "authentication method 99, which is not known here"),
    "password in clear": (authentication(3), "the password in clear, and this connection is not private"),
    "error without end": (message("E", b"SERROR\0Mtext\0"), "the frame ends inside 'fields'"),
    "error of nothing": (message("E", b"\0"), "the server gave no reason"),
    "no mechanism": (authentication(10, b"\0"), "no SASL mechanism that is known here"),
    "another mechanism": (authentication(10, b"PLAIN\0\0"), r"only \['PLAIN'\]"),
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "at most 30000 are accepted here"),
}


@pytest.mark.parametrize(("data", "reason"), FRAMES.values(), ids=FRAMES.keys())
def test_wrong_frames_before_authentication(data: bytes, reason: str) -> None:
    caught = opening(answering(data))
    assert re.search(reason, str(caught))
    assert caught.kind in (*CLOSING, "server")


def parameter(name: str, value: str) -> bytes:
    return message("S", f"{name}\0{value}\0".encode())


ENCODINGS = {
    "while connecting": (authentication(0) + parameter("client_encoding", "LATIN1") + READY, b""),
    "behind the first setting": (
        authentication(0) + parameter("server_version", "9.6") + READY,
        parameter("client_encoding", "LATIN1") + complete("SET") + READY,
    ),
}


@pytest.mark.parametrize(("welcome", "then"), ENCODINGS.values(), ids=ENCODINGS.keys())
def test_another_encoding_from_the_start(welcome: bytes, then: bytes) -> None:
    caught = opening(answering(welcome + then))
    assert (caught.kind, "client_encoding is LATIN1" in str(caught)) == ("refused", True)


@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII", "UNICODE"])
def test_the_encodings_of_honest_servers(encoding: str) -> None:
    with serving(answering(authentication(0) + parameter("client_encoding", encoding) + READY)) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        assert link.variables["parameters"] == {"client_encoding": encoding}
        runner.close()


def test_notices_without_end_do_not_outlive_the_deadline() -> None:
    """Each is a fine message; there is always one more to read."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        notice = message("N", b"SNOTICE\0Mmore\0\0") * 1000
        while True:
            peer.sendall(notice)

    caught = opening(script, timeout=0.5)
    assert (caught.kind, "longer than 0.5 s" in str(caught)) == ("timeout", True)


def test_a_server_that_says_nothing() -> None:
    assert opening(lambda peer: peers.startup(peer), timeout=0.3).kind == "timeout"


class TestTls:
    """What may come in the place of one byte, `S` or `N`."""

    @pytest.mark.parametrize(
        ("data", "kind", "reason"),
        [
            (b"X", "protocol", "message 'X' while tls accepted or tls refused"),
            (b"\0", "protocol", "while tls accepted"),
            (b"S" + WELCOME, "protocol", "data before the encryption"),
            (b"S" + b"\x16\x03\x03", "protocol", "data before the encryption"),
            (b"N", "refused", "does not offer TLS"),
            (b"N" + WELCOME, "refused", "does not offer TLS"),
            (error("XX000", "you should not read this"), "protocol", "with an error instead of yes or no"),
        ],
    )
    def test_an_answer_to_the_request(self, data: bytes, kind: str, reason: str) -> None:
        caught = opening(answering(data), sslmode="require")
        assert (caught.kind, reason in str(caught)) == (kind, True)
        assert "you should not read this" not in str(caught) + str(caught.fields)

    def test_what_is_no_handshake(self) -> None:
        def script(peer: socket.socket) -> None:
            peers.startup(peer)
            peer.sendall(b"S")
            peer.recv(1000)
            peer.sendall(b"this is no handshake" * 10)

        assert opening(script, sslmode="require").kind in ("protocol", "connection")

    def test_nothing_is_said_in_clear_where_tls_is_required(self) -> None:
        """No user name, no proof: only the request itself."""
        with serving(answering(b"N")) as peer:
            _, runner = link_to(peer.port, sslmode="require")
            with pytest.raises(WireError):
                runner.open(DEADLINE)
            assert peer.closed.wait(DEADLINE)
            assert peer.heard == b""


class Scram:
    """A server that knows the password `secret`, but for one lie."""

    def __init__(
        self,
        nonce: str = "{theirs}server",
        iterations: str = "4096",
        salt: str = "c2FsdA==",
        signature: bytes | None = None,
    ) -> None:
        self.nonce = nonce
        self.iterations = iterations
        self.salt = salt
        self.signature = signature

    def __call__(self, peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(authentication(10, b"SCRAM-SHA-256\0\0"))
        first = peers.heard(peer)[1].partition(b"n,,")[2].decode()
        theirs = first.partition("r=")[2]
        challenge = f"r={self.nonce.format(theirs=theirs)},s={self.salt},i={self.iterations}"
        peer.sendall(authentication(11, challenge.encode()))
        final = peers.heard(peer)[1].decode().partition(",p=")[0]
        salted = hashlib.pbkdf2_hmac("sha256", b"secret", b"salt", 4096)
        text = ",".join((first, challenge, final)).encode()
        signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), text, "sha256")
        proof = base64.b64encode(signature if self.signature is None else self.signature)
        peer.sendall(authentication(12, b"v=" + proof) + WELCOME)


class TestScram:
    def test_an_honest_server(self) -> None:
        """The script itself is right: without a lie the link opens."""
        with serving(Scram()) as peer:
            link, runner = link_to(peer.port)
            runner.open(DEADLINE)
            assert link.state == "idle"
            runner.close()

    @pytest.mark.parametrize(
        ("server", "reason"),
        [
            (Scram(nonce="another"), "nonce does not begin with ours"),
            (Scram(nonce="{theirs}"), "nonce does not begin with ours"),
            (Scram(nonce=""), "nonce does not begin with ours"),
            (Scram(iterations="2147483647"), "more than the 1000000 that scram_max_iterations allows"),
            (Scram(iterations="99999999999999999999999"), "20 digits"),
            (Scram(iterations="1"), "for 1 iterations, and fewer than 4096 make a password easy to guess"),
            (Scram(iterations="4095"), "4095 iterations"),
            (Scram(iterations="0"), "0 iterations"),
            (Scram(iterations="-1"), "-1 iterations"),
            (Scram(iterations="many"), "a text that is no number"),
            (Scram(iterations="4_096"), "a text that is no number"),
            (Scram(iterations=" 4096"), "a text that is no number"),
            (Scram(iterations="+4096"), "a text that is no number"),
            (Scram(iterations="٤٠٩٦"), "a text that is no number"),
            (Scram(iterations="1,i=4096"), "a name stands twice"),
            (Scram(nonce="another,r={theirs}server"), "a name stands twice"),
            (Scram(salt="c2FsdA==,s=c2FsdA=="), "a name stands twice"),
            (Scram(salt="not base64!"), "that are not base64"),
            (Scram(salt=""), "or has no salt"),
            (Scram(iterations="4096,m=more"), "asks for an extension that is not known"),
            (Scram(signature=b"x" * 32), "could not prove that it knows the password"),
            (Scram(signature=b""), "could not prove that it knows the password"),
        ],
    )
    def test_a_lie(self, server: Scram, reason: str) -> None:
        caught = opening(server)
        assert reason in str(caught)
        assert caught.kind in ("protocol", "refused")
        assert "secret" not in str(caught)

    @pytest.mark.parametrize("after", [1, 2])
    def test_welcome_before_the_proof(self, after: int) -> None:
        """A server that skips its own proof does not know the password."""

        def script(peer: socket.socket) -> None:
            peers.startup(peer)
            peer.sendall(authentication(10, b"SCRAM-SHA-256\0\0"))
            first = peers.heard(peer)[1].partition(b"r=")[2].decode()
            if after == 2:
                peer.sendall(authentication(11, f"r={first}x,s=c2FsdA==,i=4096".encode()))
                peers.heard(peer)
            peer.sendall(WELCOME)

        assert opening(script).kind == "protocol"

    def test_a_method_that_changes(self) -> None:
        """After SCRAM has begun nothing weaker is answered."""

        def script(peer: socket.socket) -> None:
            peers.startup(peer)
            peer.sendall(authentication(10, b"SCRAM-SHA-256\0\0"))
            peers.heard(peer)
            peer.sendall(authentication(5, b"salt"))

        assert opening(script).kind == "protocol"

    def test_authentication_without_end(self) -> None:
        def script(peer: socket.socket) -> None:
            peers.startup(peer)
            with contextlib.suppress(ConnectionError):
                for _ in range(100_000):
                    peer.sendall(authentication(5, b"salt"))
                    peers.heard(peer)

        assert opening(script, timeout=1).kind in ("protocol", "timeout")


RESULTS = {
    "a column count that lies": (message("T", b"\0\5c\0" + b"\0" * 18), "the frame ends inside"),
    "more columns than any engine has": (columns(*[25] * 8193), "announced 8193 columns; at most 8192 are accepted"),
    "65535 columns in no bytes": (message("T", b"\xff\xff"), "the frame ends inside"),
    "bytes behind the columns": (message("T", b"\0\0x"), "bytes are left after the column definitions"),
    "a row without columns": (row(b"1"), "a row without columns"),
    "fewer values than columns": (columns(23, 23) + row(b"1"), "do not fill its frame"),
    "more values than columns": (columns(23) + row(b"1", b"2"), "do not fill its frame"),
    "a value of -2 bytes": (columns(23) + message("D", b"\0\1\xff\xff\xff\xfe"), "do not fill its frame"),
    "a value longer than its row": (columns(25) + message("D", b"\0\1\0\0\0\x09abc"), "do not fill its frame"),
    "a value of 2 GiB": (columns(25) + message("D", b"\0\1\x7f\xff\xff\xffabc"), "do not fill its frame"),
    "a value that reaches into the next row": (
        columns(25) + message("D", b"\0\1\0\0\0\x10abc") + row(b"abc" * 10),
        "do not fill its frame",
    ),
    "bytes behind the values": (columns(25) + message("D", b"\0\1\0\0\0\1ab"), "do not fill its frame"),
    "a row that ends in a length": (columns(25) + message("D", b"\0\1\0\0"), "a malformed message"),
    "an unknown message": (message("q"), "message 'q' while"),
    "a message of another state": (message("1"), "message '1' while"),
    "authentication again": (authentication(3), "message 'R' while"),
    "a tag without end": (columns(23) + message("C", b"SELECT 1"), "the frame ends inside 'tag'"),
    "a state of two letters": (message("Z", b"II"), "1 bytes too many in 'ready'"),
    "a state that there is not": (complete("SELECT 1") + message("Z", b"?"), "ready in the state '\\?'"),
    "a state that is no letter": (complete("SELECT 1") + message("Z", b"\xff"), "ready in the state"),
    "a frame of 2 GiB": (b"D\x7f\xff\xff\xff", "at most 1073741824 are accepted"),
    "a negative frame": (b"D\xff\xff\xff\xff", "announced a message of -5 bytes"),
}


def after_query(data: bytes, then_close: bool = False) -> Callable[[socket.socket], None]:
    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        peers.heard(peer)
        peer.sendall(data)
        if then_close:
            peer.shutdown(socket.SHUT_WR)

    return script


@pytest.mark.parametrize(("data", "reason"), RESULTS.values(), ids=RESULTS.keys())
def test_wrong_results(data: bytes, reason: str) -> None:
    with serving(after_query(data + READY)) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        with pytest.raises(WireError, match=reason) as caught:
            runner.run(link.query("select"), DEADLINE)
        assert (caught.value.kind, caught.value.outcome) == ("protocol", "unknown")
        assert link.state == "closed"
        assert peer.closed.wait(DEADLINE)
        with pytest.raises(WireError, match="the connection is closed"):
            runner.run(link.query("select"))


def test_values_that_cannot_be_read_arrive_as_the_server_wrote_them() -> None:
    """They harm nobody: the frame they came in was right."""
    with serving(after_query(columns(23, 1082) + row(b"many", b"2020-13-45") + complete("SELECT 1") + READY)) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        values = runner.run(link.query("select"), DEADLINE).results[0].rows[0]
        assert (values, {type(value) for value in values}) == (("many", "2020-13-45"), {ServerText})
        runner.close()


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        (message("T", b"\0\2c\0" + b"\0" * 18), "cannot be understood"),
        (columns(*[25] * 8193), "announced 8193 columns; at most 8192 are accepted"),
    ],
    ids=["one that is not there", "too many"],
)
def test_wrong_columns_of_a_prepared_statement(description: bytes, reason: str) -> None:
    """They are looked at when they come, not when rows do."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        while peers.heard(peer)[0] != "S":
            pass
        peer.sendall(message("1") + message("t", b"\0\0") + description + READY)

    with serving(script) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        with pytest.raises(WireError, match=reason) as caught:
            runner.run(link.prepare("select", ()), DEADLINE)
        assert (caught.value.kind, link.state) == ("protocol", "closed")
        assert peer.closed.wait(DEADLINE)


WHOLE = columns(23, 25) + row(b"1", None) + row(b"22", b"text") + complete("SELECT 2") + READY


@pytest.mark.parametrize("end", range(len(WELCOME)))
def test_a_line_cut_while_opening(end: int) -> None:
    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME[:end])
        peer.shutdown(socket.SHUT_WR)

    caught = opening(script)
    assert (caught.kind, "is lost" in str(caught)) == ("connection", True)


@pytest.mark.parametrize("end", range(0, len(WHOLE), 3))
def test_a_line_cut_in_a_result(end: int) -> None:
    with serving(after_query(WHOLE[:end], then_close=True)) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        with pytest.raises(WireError) as caught:
            runner.run(link.query("select"), DEADLINE)
        assert (caught.value.kind, caught.value.outcome, link.state) == ("connection", "unknown", "closed")


def test_a_fatal_error_while_nobody_asked() -> None:
    """The server's last words are the error of the next statement."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME + error("57P01", "terminating connection due to administrator command", "FATAL"))
        peer.shutdown(socket.SHUT_WR)

    with serving(script) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        with pytest.raises(WireError, match="administrator command") as caught:
            runner.run(link.query("select"), DEADLINE)
        assert (caught.value.sqlstate, link.state) == ("57P01", "closed")


@pytest.mark.slow
def test_rows_without_end_from_a_server_that_ignores_being_cancelled() -> None:
    """A result of endless rows is ended by the deadline; the server never reacts to anything."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        peers.heard(peer)
        peer.sendall(columns(23))
        with contextlib.suppress(OSError):
            while True:
                peer.sendall(row(b"1") * 10)
                time.sleep(0.01)

    with serving(script) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        start = time.monotonic()
        with pytest.raises(WireError) as caught:
            runner.run(link.query("select"), 0.3)
        assert (caught.value.kind, link.state) == ("timeout", "closed")
        assert time.monotonic() - start < 15
