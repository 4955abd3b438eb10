"""The private servers and the proxy are what the other tests take them for."""

from __future__ import annotations

import os
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import sqlx.dbapi
from tests.servers.__main__ import show
from tests.servers.proxy import Proxy
from tests.servers.server import Server

TLS_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's SSLRequest; the server answers with one byte
ROOT = Path(__file__).parents[1]
MakeProxy = Callable[[Server], Proxy]


def connect(place: Server | Proxy) -> socket.socket:
    return socket.create_connection((place.host, place.port), timeout=10)


def presented(server: Server, trusted: ssl.SSLContext) -> ssl.SSLSocket:
    """A TLS connection to a PostgreSQL server."""
    plain = connect(server)
    plain.sendall(TLS_REQUEST)
    assert plain.recv(1) == b"S"
    return trusted.wrap_socket(plain, server_hostname="localhost")


@contextmanager
def certificate(server: Server, name: str) -> Iterator[None]:
    server.restart(name)
    try:
        yield
    finally:
        server.restart()


def test_a_server_listens_on_its_port_and_its_socket(server: Server) -> None:
    """The first byte of a conversation arrives on both."""
    hello = TLS_REQUEST if server.kind == "postgresql" else b""
    with connect(server) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.settimeout(10)
        unix.connect(str(server.socket))
        for conversation in (tcp, unix):
            conversation.sendall(hello)
            assert conversation.recv(1)


def test_the_good_certificate_is_verified(postgres: Server) -> None:
    """The authority of the run signed it, for localhost."""
    with presented(postgres, ssl.create_default_context(cafile=postgres.ca_path)) as line:
        assert line.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize(
    ("name", "said"), [("expired", "certificate has expired"), ("wrong-name", "Hostname mismatch")]
)
def test_a_bad_certificate_is_presented_on_demand(postgres: Server, name: str, said: str) -> None:
    """A restart chooses the certificate; each is bad for one reason."""
    trusted = ssl.create_default_context(cafile=postgres.ca_path)
    with certificate(postgres, name), pytest.raises(ssl.SSLCertVerificationError, match=said):
        presented(postgres, trusted)


def test_the_other_authority_verifies_nothing(postgres: Server) -> None:
    """other-ca.crt is there for sslrootcert= to be wrong."""
    stranger = ssl.create_default_context(cafile=postgres.tls / "other-ca.crt")
    with pytest.raises(ssl.SSLCertVerificationError, match="in certificate chain"):
        presented(postgres, stranger)


def test_a_server_comes_back_after_a_crash(mariadb: Server) -> None:
    """Its port is closed in between, and the same afterwards."""
    mariadb.kill9()
    try:
        with pytest.raises(ConnectionRefusedError):
            connect(mariadb)
    finally:
        mariadb.start()
    connect(mariadb).close()


def test_no_server_outlives_a_run_that_is_killed() -> None:
    """Whoever started the servers is killed by signal 9; the server goes with it."""
    command = [sys.executable, "-m", "tests.servers", "postgres"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        started = next(line for line in run.stdout if line.startswith("postgres "))
        data = Path(started.split()[-1]).parent / "data"
        with os.fdopen(os.pidfd_open(int((data / "postmaster.pid").read_text().split()[0]))) as server:
            run.kill()
            assert select.select([server], [], [], 10)[0], "the server still runs"


def test_every_url_that_is_shown_lets_in(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """`make servers` prints them for somebody to try, as they stand."""
    show(server)
    urls = [line.split()[1] for line in capsys.readouterr().out.splitlines() if "://" in line]
    assert len(urls) == len(server.users)
    for url in urls:
        with sqlx.dbapi.connect(url) as connection:
            assert connection.cursor().execute("SELECT 1").fetchone() == (1,)


def test_pressing_ctrl_c_twice_leaves_nothing_behind() -> None:
    """The servers' folder is gone, whatever arrives while they end."""
    command = [sys.executable, "-m", "tests.servers", "postgres"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        certificates = next(line for line in run.stdout if line.startswith("certificates")).split()[3]
        for _ in range(2):
            run.send_signal(signal.SIGINT)
            run.stdout.readline()  # the first is answered by an empty line, after which the second comes
        said = run.communicate(timeout=60)[1]
    assert (run.returncode, said) == (0, "")
    assert not Path(certificates.rstrip(";")).parent.exists()


def test_the_proxy_records_what_passes(postgres: Server, proxy: MakeProxy) -> None:
    """In order, with its direction."""
    between = proxy(postgres)
    with connect(between) as line:
        line.sendall(TLS_REQUEST)
        assert line.recv(1) == b"S"
    assert between.pieces == [("sent", TLS_REQUEST), ("received", b"S")]
    assert (between.sent, between.received) == (TLS_REQUEST, b"S")


def test_the_proxy_passes_byte_by_byte(postgres: Server, proxy: MakeProxy) -> None:
    """With chunk = 1 every boundary is cut."""
    between = proxy(postgres)
    between.chunk = 1
    with connect(between) as line:
        line.sendall(TLS_REQUEST)
        assert line.recv(1) == b"S"
    assert [piece.data for piece in between.pieces] == [bytes([byte]) for byte in TLS_REQUEST] + [b"S"]


def test_a_stalled_proxy_holds_everything_back(postgres: Server, proxy: MakeProxy) -> None:
    """Nothing arrives until it is resumed; then all of it does."""
    between = proxy(postgres)
    between.stall()
    with connect(between) as line:
        line.sendall(TLS_REQUEST)
        assert not select.select([line], [], [], 0.1)[0]
        between.resume()
        assert line.recv(1) == b"S"


def test_a_cut_resets_the_connections_there_are(mariadb: Server, proxy: MakeProxy) -> None:
    """New connections are served again."""
    between = proxy(mariadb)
    with connect(between) as line:
        assert line.recv(1)
        between.cut()
        with pytest.raises(ConnectionResetError):
            while line.recv(4096):
                pass
    with connect(between) as line:
        assert line.recv(1)


def test_a_cut_comes_after_so_many_bytes(mariadb: Server, proxy: MakeProxy) -> None:
    """The server's greeting is longer than 10 bytes; 10 of them pass."""
    between = proxy(mariadb)
    between.cut_after(10)
    # Connecting is inside: the reset may be there before the call has returned.
    with pytest.raises(ConnectionResetError), connect(between) as line:
        while line.recv(4096):
            pass
    assert len(between.received) == 10
