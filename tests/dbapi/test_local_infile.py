"""LOAD DATA LOCAL: the data of one statement comes from what is named for it, and a server gets nothing else."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sqlx import dbapi
from tests.dbapi.test_impostors import OK, Script, greeting, packet, receive
from tests.servers.server import Server
from tests.wire.peers import serving

LOAD = "LOAD DATA LOCAL INFILE 'people.csv' INTO TABLE people FIELDS TERMINATED BY ','"
DATA = b"1,Ada\n2,Grace\n3,\\N\n"
URL = "mysql://ada:secret@127.0.0.1:"
PEOPLE = [(1, "Ada"), (2, "Grace"), (3, None)]


@pytest.fixture(params=["mariadb", "mysql9"])
def connection(request: pytest.FixtureRequest) -> Iterator[dbapi.Connection]:
    """A connection that may send files, and a table for them."""
    server: Server = request.getfixturevalue(request.param)
    with dbapi.connect(server.url(local_infile="true", allow_cleartext="unverified-tls")) as opened:
        opened.cursor().execute("CREATE TEMPORARY TABLE people (id int PRIMARY KEY, name varchar(20))")
        yield opened


def people(connection: dbapi.Connection) -> list[tuple[object, ...]]:
    return connection.cursor().execute("SELECT * FROM people ORDER BY id").fetchall()


@pytest.mark.parametrize("kind", ["path", "text", "file", "pieces"])
def test_data_comes_from_what_is_named(connection: dbapi.Connection, tmp_path: Path, kind: str) -> None:
    """Whatever the name in the statement means on this machine."""
    path = tmp_path / "elsewhere"
    path.write_bytes(DATA)
    pieces = (DATA[at : at + 3] for at in range(0, len(DATA), 3))
    source: Any = {"path": path, "text": str(path), "file": io.BytesIO(DATA), "pieces": pieces}[kind]
    cursor = connection.cursor().execute(LOAD, local_infile=source)
    assert cursor.rowcount == 3
    assert people(connection) == PEOPLE


def test_much_data(connection: dbapi.Connection) -> None:
    """In many frames."""
    rows = (b"%d,%s\n" % (number, b"x" * 20) for number in range(100_000))
    assert connection.cursor().execute(LOAD, local_infile=rows).rowcount == 100_000


def test_no_data(connection: dbapi.Connection) -> None:
    assert connection.cursor().execute(LOAD, local_infile=io.BytesIO()).rowcount == 0


def test_a_file_that_has_nothing_yet_is_not_at_its_end(connection: dbapi.Connection) -> None:
    """A pipe whose writer has said half of it: what was sent can be undone."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.write(writing, DATA)
    refused = pytest.raises(dbapi.InterfaceError, match="gives bytes, none at its end, and not None")
    with os.fdopen(reading, "rb", buffering=0) as file, os.fdopen(writing, "wb"), refused:
        connection.cursor().execute(LOAD, local_infile=file)
    connection.rollback()
    assert people(connection) == []


def test_a_file_that_is_not_there_is_told_before_anything_is_sent(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.InterfaceError, match="nowhere cannot be read: No such file") as caught:
        connection.cursor().execute(LOAD, local_infile="/nowhere")
    assert caught.value.outcome == "not_run"
    assert people(connection) == []


def test_a_named_pipe_is_opened_by_who_knows_its_writer(connection: dbapi.Connection, tmp_path: Path) -> None:
    """Opening it waits, and no timeout would end that."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(dbapi.InterfaceError, match="pipe is a named pipe: open it"):
        connection.cursor().execute(LOAD, local_infile=pipe)
    assert people(connection) == []


def test_a_source_that_fails_in_the_middle(connection: dbapi.Connection) -> None:
    """The exception is the program's own; the connection is in step, and the rows before it can be undone."""

    def failing() -> Iterator[bytes]:
        yield b"1,Ada\n"
        raise ZeroDivisionError

    connection.commit()
    with pytest.raises(ZeroDivisionError):
        connection.cursor().execute(LOAD, local_infile=failing())
    connection.rollback()
    assert connection.cursor().execute("SELECT ?", (7,)).fetchall() == [(7,)]


def test_an_error_of_the_server(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.IntegrityError):
        connection.cursor().execute(LOAD, local_infile=io.BytesIO(b"1,a\n"))
        connection.cursor().execute("INSERT INTO people VALUES (?, ?)", (1, "twice"))
    with pytest.raises(dbapi.ProgrammingError):
        connection.cursor().execute(LOAD.replace("TABLE people", "TABLE nobody"), local_infile=io.BytesIO(DATA))
    assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]


def test_a_statement_that_asks_for_nothing_takes_nothing(connection: dbapi.Connection) -> None:
    assert connection.cursor().execute("SELECT 5", local_infile=io.BytesIO(DATA)).fetchall() == [(5,)]


@pytest.mark.parametrize("source", [b"data", 5])
def test_what_is_no_source(connection: dbapi.Connection, source: object) -> None:
    """Bytes would be a path to some and data to others: neither is guessed."""
    with pytest.raises(dbapi.Error):
        connection.cursor().execute(LOAD, local_infile=source)  # type: ignore[arg-type]


def test_a_connection_that_was_not_told(mariadb: Server) -> None:
    """The server does not know that it can ask, so it is not asked either."""
    with dbapi.connect(mariadb.url()) as connection:
        with pytest.raises(dbapi.InterfaceError, match="local_infile=true") as caught:
            connection.cursor().execute(LOAD, local_infile=io.BytesIO(DATA))
        assert caught.value.outcome == "not_run"
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("name", ["mariadb", "mysql9"])
def test_a_server_that_was_not_told_to_ask_says_no(name: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    with dbapi.connect(server.url(allow_cleartext="unverified-tls")) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE people (id int PRIMARY KEY, name varchar(20))")
        with pytest.raises(dbapi.DatabaseError) as caught:
            connection.cursor().execute(LOAD)
    assert "connect with local_infile=true" in (caught.value.hint or "")
    assert "local_infile=PATH" in (caught.value.hint or "")


def test_who_forgot_to_name_the_data_is_told_how(mariadb: Server) -> None:
    connection = dbapi.connect(mariadb.url(local_infile="true"))
    connection.cursor().execute("CREATE TEMPORARY TABLE people (id int PRIMARY KEY, name varchar(20))")
    with pytest.raises(dbapi.OperationalError, match="which no statement named") as caught:
        connection.cursor().execute(LOAD)
    connection.close()
    assert "local_infile=PATH" in (caught.value.hint or "")


def test_an_engine_whose_statements_ask_for_no_file(postgres: Server) -> None:
    for url, other in ((postgres.url(), "copy()"), ("sqlite://", "executemany()")):
        with dbapi.connect(url) as connection:
            with pytest.raises(dbapi.NotSupportedError, match="no statement that asks for a file") as caught:
                connection.cursor().execute("SELECT 1", local_infile="nowhere")
            assert caught.value.outcome == "not_run" and other in (caught.value.hint or "")


# -- impostors


def asking(name: bytes, heard: list[bytes]) -> Script:
    """A server that answers the first statement by asking for a file."""

    def script(peer: socket.socket) -> None:
        peer.sendall(greeting(b"mysql_native_password"))
        receive(peer)
        peer.sendall(packet(2, OK))
        receive(peer)  # the session's own first word
        peer.sendall(packet(1, OK))
        receive(peer)
        peer.sendall(packet(1, b"\xfb" + name))
        while data := peer.recv(65536):
            heard.append(data)

    return script


@pytest.mark.parametrize("local_infile", ["false", "true"])
def test_attack_11_a_file_that_no_statement_named(local_infile: str) -> None:
    """CVE-2025-62611: it gets the empty packet, and the connection is closed."""
    heard: list[bytes] = []
    with serving(asking(b"/etc/passwd", heard)) as peer:
        connection = dbapi.connect(f"{URL}{peer.port}/test?sslmode=disable&local_infile={local_infile}")
        with pytest.raises(dbapi.OperationalError, match="asks for the file /etc/passwd, which no statement named"):
            connection.cursor().execute("SELECT 1")
        assert connection.closed
        assert peer.closed.wait(5)
        connection.close()
    assert b"".join(heard) == packet(2, b"")


def test_attack_11_another_file_than_the_one_that_was_named() -> None:
    heard: list[bytes] = []
    with serving(asking(b"/etc/passwd", heard)) as peer:
        connection = dbapi.connect(f"{URL}{peer.port}/test?sslmode=disable&local_infile=true")
        with pytest.raises(dbapi.OperationalError, match="asks for the file /etc/passwd"):
            connection.cursor().execute(LOAD, local_infile=io.BytesIO(b"not for you"))
        assert connection.closed
        assert peer.closed.wait(5)
        connection.close()
    assert b"".join(heard) == packet(2, b"")
