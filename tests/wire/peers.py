"""Servers that say what a test tells them, and links to them."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

from sqlx.wire import registry
from sqlx.wire.channel import Endpoint
from sqlx.wire.conversation import Conversation
from sqlx.wire.identity import Identity
from sqlx.wire.io import Blocking
from sqlx.wire.registry import Pack

DEADLINE = 5.0
Script = Callable[[socket.socket], None]


class Peer:
    """Listens on 127.0.0.1 and runs `script` for each connection, then reads until the client closes.

    `closed` is set when a client has closed its end; `heard` is what it said that no script read.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.closed = threading.Event()
        self.heard = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(DEADLINE)
            with contextlib.suppress(OSError):
                self.script(connection)
            with contextlib.suppress(OSError):
                while data := connection.recv(65536):
                    self.heard += data
            self.closed.set()


@contextlib.contextmanager
def serving(script: Script) -> Iterator[Peer]:
    peer = Peer(script)
    try:
        yield peer
    finally:
        peer.end()


def link_to(
    port: int,
    pack: str | Pack = "postgresql",
    *,
    sslmode: str = "disable",
    password: str | None = "secret",
    **options: Any,
) -> tuple[Conversation, Blocking]:
    """A link that is not yet open, and its runner."""
    whole = registry.load(pack) if isinstance(pack, str) else pack
    defaults = {name: rule.get("default") for name, rule in whole.options.items()}
    common = {"allow_cleartext": None, "application_name": None}
    identity = Identity("ada", password, "test", {**common, **defaults, **options})
    link = Conversation(whole, Endpoint("127.0.0.1", port, sslmode=sslmode), identity)  # type: ignore[arg-type]
    return link, Blocking(link)


# -- the server's side of the protocol of `postgresql.wire.json`


def message(tag: str, body: bytes = b"") -> bytes:
    return tag.encode() + struct.pack(">i", len(body) + 4) + body


def authentication(method: int, rest: bytes = b"") -> bytes:
    return message("R", struct.pack(">i", method) + rest)


def error(sqlstate: str, text: str, severity: str = "ERROR") -> bytes:
    return message("E", f"S{severity}\0V{severity}\0C{sqlstate}\0M{text}\0\0".encode())


def columns(*types: int) -> bytes:
    body = struct.pack(">H", len(types))
    return message("T", body + b"".join(b"c\0" + struct.pack(">IhIhih", 0, 0, type_, -1, -1, 0) for type_ in types))


def row(*values: bytes | None) -> bytes:
    parts = (struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value for value in values)
    return message("D", struct.pack(">H", len(values)) + b"".join(parts))


def complete(tag: str) -> bytes:
    return message("C", tag.encode() + b"\0")


READY = message("Z", b"I")
WELCOME = authentication(0) + message("K", struct.pack(">ii", 7, 8)) + READY


def startup(peer: socket.socket) -> bytes:
    """The body of the client's first message."""
    return exactly(peer, struct.unpack(">i", exactly(peer, 4))[0] - 4)


def heard(peer: socket.socket) -> tuple[str, bytes]:
    """The client's next message."""
    tag, size = struct.unpack(">ci", exactly(peer, 5))
    return tag.decode(), exactly(peer, size - 4)


def exactly(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise ConnectionError("the client is gone")
        data += more
    return data
