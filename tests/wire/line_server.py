"""The line engine of the guides: what it answers, and a server that speaks so."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

FURTHER = {
    "tell now": ["!news it rains", "+0"],
    "tell later": ["+0", "!news still"],
    "BEGIN": ["+0 T"],
    "COMMIT": ["+0"],
    "LOAD DATA": ["?"],
}


def answers(line: str) -> list[str]:
    """What docs/wire-packs.md says that it answers; nothing to QUIT."""
    word, _, rest = line.partition(" ")
    if word == "LOGIN":
        return ["+"] if rest == "anna secret" else ["-28000 no such account, or another password"]
    if word == "QUERY" and rest in FURTHER:
        return FURTHER[rest]
    if word == "QUERY" and rest.startswith("select "):
        return ["=one", f":{rest[7:]}", "+1"]
    if word == "QUERY":
        return [f"-42601 no statement begins with {rest.split()[0]}"]
    return ["+"] if word == "PING" else []


@contextmanager
def line_server() -> Iterator[int]:
    """Where a line engine listens, while it does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, connection.makefile("rwb") as stream:
            for line in stream:
                told = answers(line.decode().rstrip("\r\n"))
                if not told:
                    break
                stream.write("".join(f"{each}\r\n" for each in told).encode())
                stream.flush()
                if told == ["?"]:
                    stream.write(b"+%d\r\n" % _taken(stream))
                    stream.flush()


def _taken(stream: IO[bytes]) -> int:
    """Reads pieces with a length before each up to an empty one; how many lines they have."""
    data = b""
    while size := int.from_bytes(stream.read(4), "big"):
        data += stream.read(size)
    return data.count(b"\n")
