"""A server whose data is what it should not be: an error of ours, and the connection goes on."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx import dbapi
from tests.wire import peers
from tests.wire.peers import READY, WELCOME, complete, message, serving

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
ROW = struct.pack(">hii", 1, 4, 7)
END = b"\xff\xff"


class Copying:
    """Answers each COPY with the parts that are to be sent, and all else with nothing."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def __call__(self, peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        while (said := peers.heard(peer))[0] == "Q":
            data = b"".join(message("d", part) for part in self.parts)
            form = b"\1" if b"binary" in said[1] else b"\0"
            copied = message("H", form + b"\0\1\0" + form) + data + message("c")
            peer.sendall((copied if said[1].startswith(b"COPY") else b"") + complete("COPY 0") + READY)


@contextmanager
def connected(server: Copying) -> Iterator[dbapi.Connection]:
    with serving(server) as peer:
        url = f"postgresql://ada@127.0.0.1:{peer.port}?sslmode=disable"
        with dbapi.connect(url, autocommit=True) as connection:
            yield connection


def read(cursor: dbapi.Cursor) -> list[tuple[int]]:
    with cursor.copy("COPY t TO STDOUT (FORMAT binary)", types=["int4"]) as copy:
        return list(copy.rows())


def test_junk_is_refused_and_the_connection_goes_on() -> None:
    server = Copying()
    with connected(server) as connection:
        cursor = connection.cursor()

        @given(st.lists(st.sampled_from([HEADER, ROW, ROW[:5], ROW[5:], END, b""]) | st.binary(max_size=9)))
        def check(parts: list[bytes]) -> None:
            server.parts = parts
            try:
                rows = read(cursor)
            except (dbapi.DatabaseError, dbapi.InterfaceError):
                pass
            else:
                assert b"".join(parts) == HEADER + b"".join(struct.pack(">hii", 1, 4, row[0]) for row in rows) + END
            server.parts = [HEADER, ROW[:3], b"", ROW[3:] + END]
            assert read(cursor) == [(7,)]

        check()


@pytest.mark.parametrize("parts", [[HEADER + ROW], [HEADER, ROW, ROW[:7]], [HEADER, ROW, END, ROW], []])
def test_rows_without_an_end_are_not_all_rows(parts: list[bytes]) -> None:
    server = Copying()
    server.parts = parts
    with connected(server) as connection:
        with pytest.raises(dbapi.DataError, match=r"no whole binary data: it (breaks off before|goes on behind)"):
            read(connection.cursor())
        assert not connection.closed


@pytest.mark.parametrize(("form", "delimiter"), [("", b"\t"), ("(FORMAT csv)", b",")])
@pytest.mark.parametrize("types", [None, ["text", "int4"]])
@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([b"a,1", b"2\n"], "not one whole row"),
        ([b"a,1\nb,2\n"], "not one whole row"),
        ([b"a,1\nb,2"], "not one whole row"),
        ([b"a,1\n\n"], "not one whole row"),
        ([b"a,1\n", b"b,2"], "not one whole row"),
        ([b"\xff,1\n"], "no text"),
    ],
)
def test_a_part_is_one_whole_row_of_text(
    form: str, delimiter: bytes, types: list[str] | None, parts: list[bytes], said: str
) -> None:
    """What is cut elsewhere would be read as other rows."""
    server = Copying()
    server.parts = [part.replace(b",", delimiter) for part in parts]
    with connected(server) as connection:
        cursor = connection.cursor()
        refused = pytest.raises(dbapi.DataError, match=said)
        with refused, cursor.copy(f"COPY t TO STDOUT {form}", types=types) as copy:
            list(copy.rows())
        server.parts = [b"a" + delimiter + b"1\n"]
        with cursor.copy(f"COPY t TO STDOUT {form}") as copy:
            assert list(copy.rows()) == [("a", "1")]
