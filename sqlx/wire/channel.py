"""The socket side of a conversation: connect, send while receiving, encrypt. Generators of steps; no protocol is known
here.

Sockets never block. What cannot be sent at once is kept, and goes out while answers come in: with both directions
open, two full socket buffers cannot wait for one another.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias, cast

from sqlx.wire.errors import WireError
from sqlx.wire.link import LOOK, READ, WRITE, Resolve, Steps, Wait
from sqlx.wire.tls import Mode, Secured, TlsLayer, make_context

RECEIVE = 65536
SEND = 262144
_AGAIN = (BlockingIOError, InterruptedError)


Address: TypeAlias = tuple[int, Any]  # its family, and what a socket calls it


class Keepalive(NamedTuple):
    """When a TCP line counts as dead, after tcp(7): seconds but for `user_timeout`, in milliseconds; 0 is the system's
    own."""

    on: bool = True
    idle: int = 0
    interval: int = 0
    probes: int = 0
    user_timeout: int = 0

    def apply(self, sock: socket.socket) -> None:
        """Set what differs from the system's own, as far as the system knows it."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(self.on))
        timing = zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), self[1:4], strict=True) if self.on else ()
        for name, value in (*timing, ("TCP_USER_TIMEOUT", self.user_timeout)):
            number = getattr(socket, name, None)
            if value and number is not None:
                sock.setsockopt(socket.IPPROTO_TCP, number, value)


class Endpoint(NamedTuple):
    """Where a server is, and how the line to it is secured (`sqlx.wire.tls`). `socket` is the path of a Unix socket.

    `hostaddr` is the host's address where its name is not to be looked up, `peer` the one that was found for it;
    `shuffled`: a name's addresses are tried in no order.
    """

    host: str
    port: int
    socket: str | None = None
    sslmode: str = "prefer"
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None
    sslpassword: str | None = None
    hostaddr: str | None = None
    shuffled: bool = False
    keepalive: Keepalive = Keepalive()
    peer: Address | None = None

    def __repr__(self) -> str:
        return f"<Endpoint {self} sslmode={self.sslmode}>"

    def __str__(self) -> str:
        return self.socket or (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}")


class Channel:
    """One connected socket, encrypted or not."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.tls: TlsLayer | None = None
        self.tls_failed = False  # the two ends found no way to encrypt; not so when a certificate was refused
        self.peer = endpoint.peer  # what is connected to, or shall be
        self.untried: list[Address] = []  # what else the name leads to
        self._socket: socket.socket | None = None
        self._pending = bytearray()
        self._fd = -1
        self._readable = self._either = Wait(-1, READ)
        self._early = b""  # what came before anybody waited for it

    def connect(self) -> Steps[None]:
        """Open the socket. Raises WireError `connection` that says what was tried and what to look at."""
        failure: OSError | None = None
        self.untried = yield from self._addresses()
        while self.untried:
            self.peer = self.untried.pop(0)
            try:
                yield from self._connect(*self.peer)
                return
            except OSError as error:
                failure = error
                self.abort()
        raise self._unreachable(failure)

    def _addresses(self) -> Steps[list[Address]]:
        if self.peer is not None:
            return [self.peer]
        if self.endpoint.socket:
            return [(socket.AF_UNIX, self.endpoint.socket)]
        try:
            found = yield Resolve(self.endpoint.hostaddr or self.endpoint.host, self.endpoint.port)
        except OSError as error:
            sentence = f"no address is known for the host {self.endpoint.host!r}: {error.strerror or error}"
            raise WireError(
                "connection", sentence, fields={"hint": "check the host's name"}, outcome="not_run"
            ) from None
        addresses = [(family, address) for family, _, _, _, address in found]
        if self.endpoint.shuffled:
            from random import shuffle  # which nobody else needs

            shuffle(addresses)
        return addresses

    def _connect(self, family: int, address: Any) -> Steps[None]:
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        if family != socket.AF_UNIX:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.endpoint.keepalive.apply(self._socket)
        self._fd = self._socket.fileno()
        self._readable, self._either = Wait(self._fd, READ), Wait(self._fd, READ | WRITE)
        code = self._socket.connect_ex(address)
        if code in (errno.EINPROGRESS, errno.EAGAIN):
            yield Wait(self._fd, WRITE)
            code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def _unreachable(self, failure: OSError | None) -> WireError:
        reason = (failure.strerror or str(failure)).lower() if failure is not None else "no address"
        hint = "is the server running there, and is this its port?"
        if self.endpoint.socket:
            hint = "is the server running, and is this its socket?"
        return WireError(
            "connection",
            f"cannot connect to {self.endpoint}: {reason}",
            fields={"hint": hint},
            outcome="not_run",
        )

    def transfer(self, out: bytes | bytearray, want: int) -> Steps[bytes]:
        """Send `out` while receiving; return with at least `want` bytes. With `want` 0 return when all is sent, with
        LOOK after a look at what has come by then."""
        sock = self._open_socket()
        if out:
            self._send(sock, self.tls.send(out) if self.tls is not None else out)
        chunks: list[bytes] = [self._early] if self._early else []
        got = len(self._early)
        self._early = b""
        try:
            while got < want or (want <= 0 and self._pending):
                ready = yield self._either if self._pending else self._readable
                if self._pending and ready & WRITE:
                    self._send(sock, b"")
                if ready & READ:
                    chunk = self._receive(sock)
                    got += len(chunk)
                    chunks.append(chunk)
            if want == LOOK and not got:
                chunks.append(self._receive(sock))
        except GeneratorExit:  # nobody waits any more: what came is for whoever waits next
            self._early = b"".join(chunks)
            raise
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise WireError("usage", "the connection is closed", outcome="not_run")
        return self._socket

    def _send(self, sock: socket.socket, data: bytes | bytearray) -> None:
        """Send as much as goes; keep the rest. A broken pipe is told by reading: the server's last words may lie
        there."""
        try:
            if not self._pending and data:
                sent = sock.send(data)
                if sent < len(data):
                    self._pending += data[sent:]
                return
            self._pending += data
            while self._pending:
                del self._pending[: sock.send(self._pending[:SEND])]
        except _AGAIN:
            if not self._pending:
                self._pending += data
        except OSError:
            self._pending.clear()

    def _receive(self, sock: socket.socket) -> bytes:
        """What has arrived; empty when it was not enough to decrypt, or nothing."""
        try:
            data = sock.recv(RECEIVE)
        except _AGAIN:
            return b""
        except OSError as error:
            raise self._lost(error.strerror or str(error)) from None
        if not data:
            if self.tls is not None:
                self.tls.receive_eof()
            raise self._lost("the server closed it")
        if self.tls is None:
            return data
        plain = self.tls.receive(data)
        if not plain and self.tls.closed:
            raise self._lost("the server closed it")
        return plain

    def _lost(self, reason: str) -> WireError:
        return WireError("connection", f"the connection to {self.endpoint} is lost: {reason.lower()}")

    def start_tls(self, alpn: str | None = None) -> Steps[Secured]:
        """Encrypt from here on as the endpoint says, with a server that agrees on the protocol `alpn`."""
        end = self.endpoint
        mode = cast(Mode, end.sslmode if end.sslmode != "disable" else "prefer")
        context = make_context(mode, end.sslrootcert, end.sslcert, end.sslkey, end.sslpassword, alpn)
        try:
            secured = yield from self._handshake(context)
            if alpn is not None and self.tls is not None and self.tls.agreed != alpn:
                sentence = f"the server did not agree that {alpn} is spoken over TLS: it may not be what was expected"
                raise WireError("refused", sentence, outcome="not_run")
            return secured
        except WireError as error:
            distrusted = isinstance(error.__cause__, ssl.SSLCertVerificationError)
            self.tls_failed = error.kind == "connection" and not distrusted
            raise

    def _handshake(self, context: ssl.SSLContext) -> Steps[Secured]:
        sock = self._open_socket()
        layer = TlsLayer(context, self.endpoint.host)
        data, done = b"", False
        while True:
            try:
                out, done = layer.handshake(data)
            except WireError:
                self._send(sock, layer.pending())  # the alert that says why
                raise
            self._send(sock, out)
            while self._pending:
                yield Wait(self._fd, WRITE)
                self._send(sock, b"")
            if done:
                break
            yield Wait(self._fd, READ)
            data = self._receive(sock)
        self.tls, self._early = layer, layer.receive(b"")
        return layer.secured

    def last_words(self, out: bytes | bytearray) -> None:
        """Say what goes without waiting, before the line is closed."""
        if self._socket is not None and out:
            self._send(self._socket, self.tls.send(out) if self.tls is not None else out)

    def close(self) -> None:
        """End TLS if there is one, and close."""
        if self._socket is not None and self.tls is not None:
            with suppress(OSError):
                self._socket.send(self.tls.close_notify())
        self.abort()

    def abort(self) -> None:
        """Close the socket at once."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self._pending.clear()
