"""Servers of two protocols that the project knows nothing about, each a thread a connection on a Unix socket."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from pathlib import Path
from typing import IO, Self


class Scripted:
    """Listens on `path`; `talk` holds one conversation. What breaks ends that conversation only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cancelled: dict[str, threading.Event] = {}
        self.waiting = threading.Event()  # a statement waits to be cancelled
        self.received: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def talk(self, stream: IO[bytes], token: str) -> None:
        raise AssertionError

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            for number in range(1, 1000):
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        token = self.name(number)
        self.cancelled[token] = threading.Event()
        with connection, connection.makefile("rwb", buffering=0) as stream, contextlib.suppress(OSError, ValueError):
            self.talk(stream, token)

    def name(self, number: int) -> str:
        """What a second connection says to cancel this one."""
        return str(number)

    def wait(self, token: str) -> None:
        """A statement that runs until it is cancelled."""
        self.waiting.set()
        if not self.cancelled[token].wait(20):
            raise ValueError("nobody cancelled")
        self.cancelled[token].clear()


class Tabby(Scripted):
    """Greeting, `LOGIN user password`, `QUERY text`, tab-separated rows up to `.`, `ERR code text`, `CANCEL token`."""

    TABLE = (("id", "name"), ("1", "ada"), ("2", ""), ("3", ".dot"), ("4", "ERR 42000 no error"))

    def name(self, number: int) -> str:
        return secrets.token_hex(8)

    def talk(self, stream: IO[bytes], token: str) -> None:
        stream.write(f"TABBY 1 {token}\r\n".encode())
        known = False
        while line := stream.readline().decode().removesuffix("\r\n"):
            self.received.append(line)
            word, _, rest = line.partition(" ")
            if word == "CANCEL" and rest in self.cancelled:
                self.cancelled[rest].set()
                stream.write(b"OK\r\n")
            elif word == "LOGIN":
                known = rest == "ada secret"
                stream.write(b"OK\r\n" if known else b"ERR 28000 wrong user or password\r\n")
            elif word == "NOOP":
                stream.write(b"OK\r\n")
            elif word == "QUERY" and known:
                stream.write(self.answer(rest, token).encode())
            else:
                return

    def answer(self, text: str, token: str) -> str:
        if text == "all":
            heads, *rows = self.TABLE
            lines = [f".{row}" if row.startswith(".") else row for row in ("\t".join(row) for row in rows)]
            return "\r\n".join(["COLUMNS " + "\t".join(heads), *lines, ".", ""])
        if text == "dots":
            return "COLUMNS line\r\n..\r\n...\r\n.\r\n"
        if text.startswith("say "):
            return f"COLUMNS said\r\n{text[4:]}\r\n.\r\n"
        if text == "change":
            return "OK 3\r\n"
        if text == "ragged":
            return "COLUMNS a\tb\r\n1\r\n.\r\n"
        if text == "wait":
            self.wait(token)
            return "ERR 57014 cancelled by its user\r\n"
        return f"ERR 42000 no statement {text}\r\n"


class Resp(Scripted):
    """A store of texts and lists that speaks RESP 2; commands come inline or as arrays."""

    def __init__(self, path: Path, password: str = "secret") -> None:
        self.password = password
        self.store: dict[bytes, bytes | list[bytes]] = {}
        super().__init__(path)

    def talk(self, stream: IO[bytes], token: str) -> None:
        known = False
        while words := self.command(stream):
            name, *arguments = [words[0].upper(), *words[1:]]
            self.received.append(b" ".join(words).decode())
            if name == b"AUTH":
                known = arguments == [b"ada", self.password.encode()]
                stream.write(b"+OK\r\n" if known else b"-WRONGPASS invalid username-password pair\r\n")
            elif name == b"QUIT":
                return
            elif not known:
                stream.write(b"-NOAUTH Authentication required.\r\n")
            else:
                stream.write(self.answer(name, arguments, token))

    def command(self, stream: IO[bytes]) -> list[bytes]:
        line = stream.readline().removesuffix(b"\r\n")
        if not line.startswith(b"*"):
            return line.split()
        words = []
        for _ in range(int(line[1:])):
            size = int(stream.readline()[1:])
            words.append(stream.read(size))
            stream.read(2)
        return words

    def answer(self, name: bytes, arguments: list[bytes], token: str) -> bytes:
        match name, arguments:
            case b"CLIENT", [b"ID"]:
                return b":%d\r\n" % int(token)
            case b"CLIENT", [b"UNBLOCK", target, b"ERROR"]:
                self.cancelled[target.decode()].set()
                return b":1\r\n"
            case b"PING", []:
                return b"+PONG\r\n"
            case b"SELECT", [number]:
                return b"+OK\r\n" if number.isdigit() else b"-ERR invalid DB index\r\n"
            case b"SET", [key, value]:
                self.store[key] = value
                return b"+OK\r\n"
            case b"GET", [key]:
                return self.text(key)
            case b"RPUSH", [key, *values]:
                self.store[key] = values
                return b":%d\r\n" % len(values)
            case b"LRANGE", [key, _, _]:
                values = list(self.store.get(key, []))
                return b"*%d\r\n" % len(values) + b"".join(b"$%d\r\n%b\r\n" % (len(v), v) for v in values)
            case b"MIXED", []:
                return b"*5\r\n+simple\r\n:7\r\n$-1\r\n$0\r\n\r\n-ERR inside\r\n"
            case b"NESTED", []:
                return b"*2\r\n*2\r\n:1\r\n*0\r\n$2\r\nab\r\n"
            case b"BLPOP", _:
                self.wait(token)
                return b"-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"
        return b"-ERR unknown command '%b'\r\n" % name

    def text(self, key: bytes) -> bytes:
        value = self.store.get(key)
        if isinstance(value, list):
            return b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
        return b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)
