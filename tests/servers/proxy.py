"""A TCP proxy between a test and a server that can record, cut, stall, and send byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Literal, NamedTuple, Self

Direction = Literal["sent", "received"]
Pair = tuple[socket.socket, socket.socket]
CHUNK = 65536
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds: close sends RST


class Piece(NamedTuple):
    """Bytes as they passed: `sent` by the client or `received` from the server."""

    direction: Direction
    data: bytes


class Proxy:
    """Listens on `host`:`port` and passes everything on to the server, until it is told otherwise.

    `pieces` is what passed, in order, over all connections. `chunk` is the most that passes at once; 1 cuts everywhere.
    """

    def __init__(self, host: str, port: int) -> None:
        self.chunk = CHUNK
        self.pieces: list[Piece] = []
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: list[Pair] = []
        self._budget: int | None = None
        threading.Thread(target=self._accept, name="proxy-accept", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def sent(self) -> bytes:
        """Everything clients have sent."""
        return self._passed("sent")

    @property
    def received(self) -> bytes:
        """Everything the server has answered."""
        return self._passed("received")

    def stall(self) -> None:
        """Let nothing through in either direction; connections stay open."""
        self._flowing.clear()

    def resume(self) -> None:
        """Let through what was held back, and everything that follows."""
        self._flowing.set()

    def cut(self) -> None:
        """Reset every connection; a stall ends. New connections are accepted."""
        with self._lock:
            pairs, self._pairs, self._budget = self._pairs, [], None
        for pair in pairs:
            for end in pair:
                _abort(end)
        self._flowing.set()

    def cut_after(self, count: int) -> None:
        """Cut once the server has answered `count` more bytes; what is over is not delivered."""
        with self._lock:
            self._budget = count

    def close(self) -> None:
        """Cut everything and accept no more."""
        # Closing alone does not wake a thread that waits in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _passed(self, direction: Direction) -> bytes:
        with self._lock:
            return b"".join(piece.data for piece in self.pieces if piece.direction == direction)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                _abort(client)
                continue
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = (client, server)
            with self._lock:
                self._pairs.append(pair)
            for direction in ("sent", "received"):
                threading.Thread(target=self._pump, args=(pair, direction), name="proxy-pump", daemon=True).start()

    def _pump(self, pair: Pair, direction: Direction) -> None:
        source, sink = pair if direction == "sent" else reversed(pair)
        with contextlib.suppress(OSError):
            while data := source.recv(self.chunk):
                self._flowing.wait()
                sink.sendall(self._allow(data, direction))
                if direction == "received" and self._budget == 0:
                    self.cut()
            # A cut wakes this thread too; to pass that on as an orderly end would forestall the reset.
            if pair in self._pairs:
                sink.shutdown(socket.SHUT_WR)

    def _allow(self, data: bytes, direction: Direction) -> bytes:
        """Record and return as much of `data` as may still pass."""
        with self._lock:
            if direction == "received" and self._budget is not None:
                data = data[: self._budget]
                self._budget -= len(data)
            self.pieces.append(Piece(direction, data))
            return data


def _abort(end: socket.socket) -> None:
    """Close with RST, and wake the thread that reads from it."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        end.shutdown(socket.SHUT_RD)
    end.close()
