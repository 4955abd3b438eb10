"""The socket side: both directions at once, encryption, and what is said when there is nobody."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlx.wire.channel import Endpoint
from sqlx.wire.conversation import Conversation
from sqlx.wire.errors import WireError
from sqlx.wire.io import Blocking
from sqlx.wire.parameters import Parameters
from sqlx.wire.values import Context
from tests.servers.proxy import Proxy
from tests.servers.server import Server, free_port
from tests.wire import peers
from tests.wire.peers import DEADLINE, READY, WELCOME, complete, link_to, message, serving

STATEMENTS, SIZE = 1024, 65536


def answering_much(peer: socket.socket) -> None:
    """Answer each statement with 64 KiB before the next is read, as a simple server does: it never sends and receives
    at once."""
    peer.settimeout(None)
    peers.startup(peer)
    peer.sendall(WELCOME)
    much = message("N", b"SNOTICE\0M" + b"x" * SIZE + b"\0\0")
    answers = {"P": message("1"), "D": message("t", b"\0\1\0\0\0\x19") + message("n"), "B": message("2"), "S": READY}
    answers["E"] = much + complete("INSERT 0 1")
    with peer.makefile("rwb") as stream:
        while head := stream.read(5):
            stream.read(int.from_bytes(head[1:], "big") - 4)
            stream.write(answers.get(head[:1].decode(), b""))
            stream.flush()


def test_two_full_directions_do_not_wait_for_one_another() -> None:
    """64 MiB of statements in pipelines, to a server that answers each with 64 KiB."""
    with serving(answering_much) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        parameters = Parameters(link.pack.parameters, Context())
        types, values = parameters.bind(("x" * SIZE,))
        prepared = runner.run(link.prepare("INSERT INTO t VALUES ($1)", types), DEADLINE)
        reply = runner.run(link.execute_many(prepared, types, [values] * STATEMENTS), 60)
        assert len(reply.results) == STATEMENTS
        runner.close()


def test_one_pipeline_of_64_mib() -> None:
    """The machine may put everything in one segment: sending is not finished before the first answer is read."""
    with serving(answering_much) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        channel = link.line.channel
        given = message("B", b"x" * SIZE) + message("E", b"\0\0\0\0\0")
        answered = (
            len(message("2")) + len(message("N", b"SNOTICE\0M" + b"x" * SIZE + b"\0\0")) + len(complete("INSERT 0 1"))
        )
        received = runner.run(channel.transfer(given * STATEMENTS, answered * STATEMENTS), 60)
        assert len(received) == answered * STATEMENTS
        link.abort()


class TestNobodyThere:
    def refused(self, endpoint: Endpoint) -> WireError:
        link, _ = link_to(1)
        link.line.endpoint = endpoint
        with pytest.raises(WireError) as caught:
            Blocking(link).open(DEADLINE)
        assert (caught.value.kind, caught.value.outcome, link.state) == ("connection", "not_run", "closed")
        return caught.value

    def test_a_port_that_nobody_listens_on(self) -> None:
        port = free_port()
        caught = self.refused(Endpoint("127.0.0.1", port))
        assert str(caught).startswith(f"cannot connect to 127.0.0.1:{port}: connection refused")

    def test_a_socket_that_is_not_there(self, tmp_path: Path) -> None:
        caught = self.refused(Endpoint("", 0, socket=str(tmp_path / "none")))
        assert f"cannot connect to {tmp_path / 'none'}: no such file or directory" in str(caught)

    def test_a_name_without_an_address(self) -> None:
        caught = self.refused(Endpoint("nowhere.invalid", 1))
        assert str(caught).startswith("no address is known for the host 'nowhere.invalid'")

    def test_a_link_that_is_not_open(self) -> None:
        link, runner = link_to(1)
        for steps in (link.query("x"), link.ping(), link.prepare("x", ())):
            with pytest.raises(WireError, match="the connection is closed") as caught:
                runner.run(steps)
            assert caught.value.kind == "usage"
        runner.close()

    @pytest.mark.parametrize(
        ("endpoint", "shown"),
        [
            (Endpoint("db", 5), "db:5"),
            (Endpoint("::1", 5), "[::1]:5"),
            (Endpoint("", 0, socket="/run/s"), "/run/s"),
        ],
    )
    def test_how_an_endpoint_is_told(self, endpoint: Endpoint, shown: str) -> None:
        assert str(endpoint) == shown


def link_of(server: Server, port: int | None = None) -> tuple[Conversation, Blocking]:
    user, password = server.users["admin"]
    link, runner = link_to(port or server.port, sslmode="require", password=password)
    link.line.identity = link.line.identity._replace(user=user, database=server.database)
    return link, runner


class TestEncrypted:
    """Against a real server, with what passes cut small."""

    @pytest.mark.parametrize("chunk", [1, 7, 65536])
    def test_a_result_in_pieces(self, postgres: Server, proxy: Callable[[Server], Proxy], chunk: int) -> None:
        between = proxy(postgres)
        between.chunk = chunk
        link, runner = link_of(postgres, between.port)
        runner.open(DEADLINE)
        assert link.variables["encrypted"] and not link.variables["private"]
        rows = (
            runner.run(link.query("SELECT g, repeat('x', 50) FROM generate_series(1, 50) g"), DEADLINE).results[0].rows
        )
        assert [row[0] for row in rows] == list(range(1, 51))
        assert b"generate_series" not in between.sent and b"xxxxx" not in between.received
        runner.close()

    def test_large_both_ways(self, postgres: Server) -> None:
        link, runner = link_of(postgres)
        runner.open(DEADLINE)
        text = "x" * 5_000_000
        assert runner.run(link.query(f"SELECT '{text}'"), 20).results[0].rows == [(text,)]
        runner.close()

    @pytest.mark.parametrize("after", [0, 1, 100, 1500])
    def test_a_line_cut_in_the_handshake(self, postgres: Server, proxy: Callable[[Server], Proxy], after: int) -> None:
        between = proxy(postgres)
        between.cut_after(after + 1)
        link, runner = link_of(postgres, between.port)
        with pytest.raises(WireError) as caught:
            runner.open(DEADLINE)
        assert (caught.value.kind, link.state) == ("connection", "closed")

    def test_a_server_that_ends_in_the_handshake(self) -> None:
        def script(peer: socket.socket) -> None:
            peers.startup(peer)
            peer.sendall(b"S")
            peer.recv(10)
            peer.shutdown(socket.SHUT_WR)

        with serving(script) as peer:
            _, runner = link_to(peer.port, sslmode="require")
            with pytest.raises(WireError) as caught:
                runner.open(DEADLINE)
            assert caught.value.kind == "connection"


def test_closing_is_harmless_at_any_time() -> None:
    with serving(answering_much) as peer:
        link, runner = link_to(peer.port)
        runner.close()
        runner.open(DEADLINE)
        for _ in range(3):
            runner.close()
        assert link.state == "closed"
        assert peer.closed.wait(DEADLINE)


def test_what_was_read_with_the_end_is_not_lost() -> None:
    """A server's last words come before its end: the error it says, not that it is gone."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(peers.error("53300", "too many connections", "FATAL"))

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            script(peer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        _, runner = link_to(listener.getsockname()[1])
        with pytest.raises(WireError, match="too many connections"):
            runner.open(DEADLINE)
        thread.join(DEADLINE)
