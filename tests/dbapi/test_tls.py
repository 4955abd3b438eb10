"""The six meanings of sslmode, on every engine: against good, expired and misnamed certificates, and against no TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sqlx import dbapi
from tests.engines import ENGINES
from tests.servers.proxy import Proxy
from tests.servers.server import Server

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
WAYS = ("sslrootcert=PATH trusts the authorities in that file", "sslmode=require without sslrootcert encrypts, but")
TLS_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's
TLS_CAPABILITY = 0x0800  # MySQL's CLIENT_SSL; who wants it answers with a packet of 32 bytes
ALERT = 21  # RFC 8446 §5.1
HANDSHAKE = 22
ENCRYPTED = {
    "postgresql": "SELECT coalesce(version, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    "mysql": "SHOW SESSION STATUS LIKE 'Ssl_version'",
    "mariadb": "SHOW SESSION STATUS LIKE 'Ssl_version'",
}
MakeProxy = Callable[[Server], Proxy]


def tls_version(connection: dbapi.Connection, kind: str) -> str:
    """What the server says of the line: `TLSv1.3`, or nothing."""
    return str(connection.cursor().execute(ENCRYPTED[kind]).fetchone()[-1])


def connected(server: Server, **options: Any) -> str:
    """The TLS version of a connection, empty without TLS. Of several logins it takes one that needs no private line."""
    with dbapi.connect(server.url(METHODS.get(server.name), **options)) as connection:
        return tls_version(connection, server.kind)


METHODS = {"mysql9": "empty"}


@contextlib.contextmanager
def certificate(server: Server, name: str) -> Iterator[None]:
    server.restart(name)
    try:
        yield
    finally:
        server.restart()


# ---- a good certificate


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_encrypts_or_not(server: Server, mode: str) -> None:
    """`allow` takes what the server takes first; where the server speaks first, it means `prefer`."""
    options = {"sslrootcert": server.ca_path} if mode.startswith("verify") else {}
    version = connected(server, sslmode=mode, **options)
    plain = mode == "disable" or (mode == "allow" and server.kind == "postgresql")
    assert version in (("",) if plain else ("TLSv1.2", "TLSv1.3"))


def test_loopback_prefers_tls(server: Server) -> None:
    assert connected(server).startswith("TLS")


def test_other_hosts_are_verified_in_full(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a host is one whose name is not the loopback's, wherever it leads."""
    names = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        return names(server.host if host == "db.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(dbapi.OperationalError, match=r"certificate of db\.example was not accepted") as caught:
        connected(server, host="db.example")
    assert_ways(caught.value)
    with pytest.raises(dbapi.OperationalError, match="connect by a name that the certificate holds"):
        connected(server, host="db.example", sslrootcert=server.ca_path)


def assert_ways(error: dbapi.Error) -> None:
    """The sentence says what to do, and what each way gives up."""
    assert error.outcome == "not_run"
    for way in WAYS:
        assert way in str(error)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_an_authority_of_somebody_else_is_refused(server: Server, mode: str) -> None:
    with pytest.raises(dbapi.OperationalError, match=r"(self-signed|local issuer) certificate") as caught:
        connected(server, sslmode=mode, sslrootcert=server.tls / "other-ca.crt")
    assert_ways(caught.value)


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca"])
def test_the_authorities_of_the_system_need_the_name(server: Server, mode: str) -> None:
    with pytest.raises(dbapi.InterfaceError, match=r"sslrootcert=system.*sslmode=verify-full"):
        connected(server, sslmode=mode, sslrootcert="system")


def test_verify_ca_needs_an_authority(server: Server) -> None:
    with pytest.raises(dbapi.InterfaceError, match="sslmode=verify-ca needs sslrootcert=PATH"):
        connected(server, sslmode="verify-ca")


@pytest.mark.parametrize("option", ["sslrootcert", "sslcert"])
def test_a_file_that_is_not_there_is_named(server: Server, option: str) -> None:
    with pytest.raises(dbapi.OperationalError, match=f"{option}=/no/such/file"):
        connected(server, sslmode="verify-full", **{"sslrootcert": server.ca_path, option: "/no/such/file"})


# ---- bad certificates

OUTCOMES = {
    "expired": dict.fromkeys(("verify-ca", "verify-full"), "certificate has expired"),
    "wrong-name": {
        "verify-full": "mismatch, certificate is not valid for.*connect by a name that the certificate holds"
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTCOMES)
def test_a_bad_certificate_is_what_a_mode_takes_it_for(server: Server, name: str) -> None:
    """Without checks it encrypts all the same; with them the error says why, and which ways there are."""
    with certificate(server, name):
        for mode in MODES[1:4]:
            assert connected(server, sslmode=mode) or mode == "allow"
        for mode in MODES[4:]:
            reason = OUTCOMES[name].get(mode)
            if reason is None:
                assert connected(server, sslmode=mode, sslrootcert=server.ca_path).startswith("TLS")
                continue
            with pytest.raises(dbapi.OperationalError, match=reason) as caught:
                connected(server, sslmode=mode, sslrootcert=server.ca_path)
            assert_ways(caught.value)


# ---- no TLS at all


class Stripping:
    """Stands before a server and takes TLS away from what it offers, as somebody in the middle would."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sent = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        upstream = socket.create_connection((self.server.host, self.server.port))
        with client, upstream, contextlib.suppress(OSError):
            if self.server.kind != "postgresql":
                client.sendall(without_tls(upstream.recv(4096)))
            elif (first := client.recv(4096)) == TLS_REQUEST:
                client.sendall(b"N")
            else:
                self.pass_on(first, upstream)
            threading.Thread(target=self.pump, args=(upstream, client), daemon=True).start()
            while data := client.recv(4096):
                self.pass_on(data, upstream)

    def pass_on(self, data: bytes, upstream: socket.socket) -> None:
        self.sent += data
        upstream.sendall(data)

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


class Breaking(Stripping):
    """Stands before a server that offers TLS and cannot do it."""

    def serve(self, client: socket.socket) -> None:
        upstream = socket.create_connection((self.server.host, self.server.port))
        with client, upstream, contextlib.suppress(OSError):
            if self.server.kind != "postgresql":
                client.sendall(upstream.recv(4096))
            first = client.recv(4096)
            if first == TLS_REQUEST or first.startswith(b"\x20\0\0"):
                client.sendall(b"S" if first == TLS_REQUEST else b"no TLS here")
                client.recv(4096)
                client.sendall(b"no TLS here")
                return
            threading.Thread(target=self.pump, args=(upstream, client), daemon=True).start()
            self.pass_on(first, upstream)
            while data := client.recv(4096):
                self.pass_on(data, upstream)


def without_tls(greeting: bytes) -> bytes:
    """A greeting that does not offer TLS: the capabilities stand 13 bytes behind the version."""
    place = greeting.index(b"\0", 5) + 1 + 13
    low = int.from_bytes(greeting[place : place + 2], "little") & ~TLS_CAPABILITY
    return greeting[:place] + low.to_bytes(2, "little") + greeting[place + 2 :]


@contextlib.contextmanager
def before(server: Server, kind: type[Stripping]) -> Iterator[Stripping]:
    stripping = kind(server)
    yield stripping
    stripping.listener.shutdown(socket.SHUT_RDWR)
    stripping.listener.close()


@pytest.fixture
def stripped(server: Server) -> Iterator[Stripping]:
    with before(server, Stripping) as stripping:
        yield stripping


@pytest.fixture
def broken(server: Server) -> Iterator[Stripping]:
    with before(server, Breaking) as breaking:
        yield breaking


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_without_tls_a_mode_that_can_do_without_connects(server: Server, stripped: Stripping, mode: str) -> None:
    assert connected(server, port=stripped.port, sslmode=mode) == ""


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_without_tls_other_modes_reveal_nothing(server: Server, stripped: Stripping, mode: str) -> None:
    """Not even the user's name goes over an open line."""
    options = {"sslrootcert": server.ca_path} if mode != "require" else {}
    with pytest.raises(dbapi.OperationalError, match=r"does not offer TLS.*\n.*sslmode=prefer") as caught:
        connected(server, port=stripped.port, sslmode=mode, **options)
    assert caught.value.outcome == "not_run"
    assert stripped.sent == b""


@pytest.mark.parametrize("mode", ["allow", "prefer"])
def test_where_tls_fails_a_mode_that_can_do_without_connects(server: Server, broken: Stripping, mode: str) -> None:
    assert connected(server, port=broken.port, sslmode=mode) == ""


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_where_tls_fails_other_modes_reveal_nothing(server: Server, broken: Stripping, mode: str) -> None:
    options = {"sslrootcert": server.ca_path} if mode != "require" else {}
    with pytest.raises(dbapi.OperationalError, match="TLS handshake failed: what the server sent is not TLS"):
        connected(server, port=broken.port, sslmode=mode, **options)
    assert broken.sent == b""


@pytest.mark.parametrize("mode", ["allow", "prefer"])
def test_a_certificate_that_was_refused_is_no_reason_to_do_without_tls(server: Server, mode: str) -> None:
    """Who names an authority wants to know the server: whoever it is, it gets nothing."""
    if mode == "allow" and server.kind == "postgresql":
        assert connected(server, sslmode=mode, sslrootcert=server.tls / "other-ca.crt") == ""
        return
    with pytest.raises(dbapi.OperationalError, match="was not accepted") as caught:
        connected(server, sslmode=mode, sslrootcert=server.tls / "other-ca.crt")
    assert_ways(caught.value)


# ---- whom one speaks to


def test_something_that_is_no_tls_is_told() -> None:
    """A server that agrees to TLS and then goes on in clear."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(100)
                client.sendall(b"S")
                client.recv(4096)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(dbapi.OperationalError, match="TLS handshake failed: what the server sent is not TLS"):
            dbapi.connect(f"postgresql://user:secret@127.0.0.1:{port}/test?sslmode=require")
        thread.join()


def test_bytes_before_the_encryption_are_refused() -> None:
    """What somebody in the middle put before the handshake must not count as the server's word behind it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(100)
                client.sendall(b"S" + b"R\0\0\0\x08\0\0\0\0")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(dbapi.OperationalError, match="sent data before the encryption that it agreed to"):
            dbapi.connect(f"postgresql://user:secret@127.0.0.1:{port}/test?sslmode=require")
        thread.join()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_an_older_tls_is_refused(postgres: Server) -> None:
    """The server would speak TLS 1.2 too; one that speaks 1.1 alone is told what is missing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    folder = postgres.tls
    context.load_cert_chain(folder / "good.crt", folder / "good.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(100)
                client.sendall(b"S")
                with contextlib.suppress(OSError):
                    context.wrap_socket(client, server_side=True)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(dbapi.OperationalError, match=r"TLS handshake failed"):
            dbapi.connect(f"postgresql://user:secret@127.0.0.1:{port}/test?sslmode=require")
        thread.join()


# ---- a cancellation is as well protected as what it cancels


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_a_cancellation_uses_tls_where_its_connection_does(
    name: str, proxy: MakeProxy, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(name)
    between = proxy(server)
    url = server.url(port=between.port, sslmode="verify-full", sslrootcert=server.ca_path)
    with dbapi.connect(url) as connection:
        before = len(between.sent)
        stop = threading.Event()

        def cancel() -> None:
            while not stop.wait(0.1):
                connection.cancel()

        thread = threading.Thread(target=cancel, daemon=True)
        begun = time.monotonic()
        thread.start()
        with pytest.raises(dbapi.OperationalError) as caught:
            connection.cursor().execute(ENGINES[name].endless)
        stop.set()
        thread.join()
        assert time.monotonic() - begun < 20
        assert caught.value.retry == "cancelled"
        connection.rollback()
        assert_encrypted(between.sent[before:], server.kind)


def assert_encrypted(sent: bytes, kind: str) -> None:
    """Beside the request for TLS nothing is in clear: neither a key nor a statement."""
    assert b"KILL" not in sent
    if kind == "postgresql":
        assert TLS_REQUEST in sent
        assert struct.pack("!ii", 16, 80877102) not in sent
