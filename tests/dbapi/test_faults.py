# Generated from tests/aio/test_faults.py by scripts/async_to_sync.py; do not edit.
"""What breaks a conversation: a killed backend, a server that is gone, a line cut at any byte, a fork.

After each the connection is usable and clean, or closed with an error that says so; never out of step.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.servers.proxy import Proxy
from tests.servers.server import Server

LATE = 20.0  # seconds in which what is cut must have been noticed
LONG = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 900) SELECT a.x FROM c AS a, c AS b"
ROWS = "SELECT 1 AS n, 'one' AS word UNION ALL SELECT 2, 'two' UNION ALL SELECT 3, NULL"
Between = Callable[[Server], Proxy]


class Killing(NamedTuple):
    """How a backend is found, and killed by another."""

    me: str
    kill: str


KILLING = {
    "postgres": Killing("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({id}, 20000)"),
    "mariadb": Killing("SELECT connection_id()", "KILL CONNECTION {id}"),
}


@pytest.fixture(params=list(KILLING))
def server(request: pytest.FixtureRequest) -> Server:
    """Each server whose backends can be killed."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def connection(server: Server) -> Iterator[face.Connection]:
    """A connection to it."""
    opened = face.connect(server.url())
    yield opened
    opened.close()


def kill(connection: face.Connection, server: Server) -> None:
    """Have its backend killed."""
    words = KILLING[server.name]
    (number,) = ((connection.cursor().execute(words.me)).fetchone()) or ()
    with face.connect(server.url("admin"), autocommit=True) as other:
        other.cursor().execute(words.kill.format(id=number))


def closed(connection: face.Connection) -> bool:
    """Whether it is closed, and says so to whoever goes on."""
    with pytest.raises(dbapi.Error, match="connection is closed"):
        connection.cursor().execute("SELECT 1")
    with pytest.raises(dbapi.Error, match="connection is closed"):
        connection.commit()
    return connection.closed


def test_a_backend_killed_while_nothing_runs(connection: face.Connection, server: Server) -> None:
    """The next statement says so. It was not run, but nobody can know."""
    kill(connection, server)
    with pytest.raises(dbapi.OperationalError) as caught:
        connection.cursor().execute("SELECT ?", (1,), timeout=LATE)
    assert caught.value.retry == "connection"
    assert closed(connection)


def test_a_backend_killed_in_the_middle_of_a_stream(connection: face.Connection, server: Server) -> None:
    stream = connection.cursor(stream=True).execute("SELECT 1")
    assert stream.fetchall() == [(1,)]
    words = KILLING[server.name]
    (number,) = ((connection.cursor().execute(words.me)).fetchone()) or ()
    stream.execute(LONG, timeout=LATE)
    assert stream.fetchone() is not None
    with face.connect(server.url("admin"), autocommit=True) as other:
        other.cursor().execute(words.kill.format(id=number))
    with pytest.raises(dbapi.OperationalError):
        for _ in stream:
            pass
    assert closed(connection)


@pytest.mark.parametrize("parameters", [None, (1,)], ids=["script", "prepared"])
def test_a_line_cut_at_any_byte_of_an_answer(server: Server, proxy: Between, parameters: object) -> None:
    """Never a part of the rows as if they were all."""
    between = proxy(server)
    url = server.url(host=between.host, port=between.port)
    sql = ROWS if parameters is None else f"{ROWS} WHERE ? = 1"
    with face.connect(url) as connection:
        connection.cursor().execute(sql, parameters)
        before = len(between.received)
        rows = (connection.cursor().execute(sql, parameters)).fetchall()
        size = len(between.received) - before
    assert size > 20
    for count in range(0, size, 7):
        connection = face.connect(url)
        connection.cursor().execute(sql, parameters)
        between.cut_after(count)
        with pytest.raises(dbapi.OperationalError) as caught:
            connection.cursor().execute(sql, parameters, timeout=LATE)
        assert caught.value.outcome == "unknown"
        assert closed(connection)
        connection.close()
    with face.connect(url) as connection:
        assert (connection.cursor().execute(sql, parameters)).fetchall() == rows


def test_a_line_cut_in_the_middle_of_a_row_of_a_stream(server: Server, proxy: Between) -> None:
    between = proxy(server)
    connection = face.connect(server.url(host=between.host, port=between.port))
    stream = connection.cursor(stream=True).execute(LONG)
    assert stream.fetchone() is not None
    between.cut_after(1001)
    with pytest.raises(dbapi.OperationalError):
        for _ in stream:
            pass
    assert closed(connection)
    connection.close()


def test_a_server_killed_without_a_word(server: Server) -> None:
    """And started again: what is known of statements belongs to the connection that is gone."""
    connection = face.connect(server.url())
    connection.cursor().execute("SELECT ?", (1,))
    server.kill9()
    try:
        with pytest.raises(dbapi.OperationalError):
            connection.cursor().execute("SELECT ?", (1,), timeout=LATE)
        assert closed(connection)
        connection.close()
        with pytest.raises(dbapi.OperationalError) as caught:
            face.connect(server.url())
        assert str(server.port) in str(caught.value)
    finally:
        server.start()
    with face.connect(server.url()) as again:
        assert (again.cursor().execute("SELECT ?", (1,))).fetchall() == [(1,)]


def test_an_exception_of_the_program_in_the_middle_of_a_stream(server: Server) -> None:
    """The block that it leaves rolls back and closes; one around a cursor alone leaves a connection in step."""
    with face.connect(server.url()) as connection:
        with pytest.raises(ZeroDivisionError), connection.cursor(stream=True) as stream:
            for (n,) in stream.execute(LONG):
                1 / (n - n)
        assert (connection.cursor().execute("SELECT ?", (7,))).fetchall() == [(7,)]


def test_a_child_process_cannot_use_its_parents_connection(connection: face.Connection, server: Server) -> None:
    """Nor does it say goodbye in its name when it ends, or forgets it."""
    connection.cursor().execute("SELECT 1")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            connection.close()
            connection.cursor().execute("SELECT 2")
        except dbapi.Error as error:
            said = f"{type(error).__name__}: {error}"
        except BaseException as error:
            said = f"not ours: {error!r}"
        os.write(writing, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read().startswith(b"InterfaceError: the connection belongs to the process that opened it")
    assert (connection.cursor().execute("SELECT ?", (3,))).fetchall() == [(3,)]
