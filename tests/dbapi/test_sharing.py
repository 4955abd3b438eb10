"""What threads may share of a connection, and what is refused: nothing is lost, and nobody waits for himself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from sqlx import dbapi
from tests.engines import ENGINES

T = TypeVar("T")
SECONDS = 10.0  # within which everything here has ended, unless it waits for itself


@pytest.fixture
def keyed(url: str) -> Iterator[dbapi.Connection]:
    """A connection with an empty table, and no transaction open."""
    with dbapi.connect(url, autocommit=True) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        yield connection


def insert(connection: dbapi.Connection, number: int) -> None:
    connection.cursor().execute("INSERT INTO keyed VALUES (?)", (number,))


def ids(connection: dbapi.Connection) -> list[int]:
    return [row[0] for row in connection.cursor().execute("SELECT id FROM keyed ORDER BY id")]


def elsewhere(work: Callable[..., T], *arguments: Any) -> T:
    """What work gives on another thread."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(work, *arguments).result(SECONDS)
    finally:
        pool.shutdown(wait=False)


def in_a_block(connection: dbapi.Connection, number: int) -> None:
    with connection.transaction():
        insert(connection, number)


def in_a_pipeline(connection: dbapi.Connection, number: int) -> None:
    with connection.pipeline():
        insert(connection, number)


@pytest.mark.parametrize("work", [in_a_block, in_a_pipeline])
def test_a_block_of_another_thread_is_refused(keyed: dbapi.Connection, work: Callable[..., None]) -> None:
    with pytest.raises(ZeroDivisionError), keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
            elsewhere(work, keyed, 2)
        raise ZeroDivisionError
    assert not keyed.in_transaction
    elsewhere(work, keyed, 3)
    assert ids(keyed) == [3]


def in_a_savepoint(connection: dbapi.Connection, number: int) -> None:
    with connection.savepoint("kept"):
        insert(connection, number)


def copied(connection: dbapi.Connection, number: int) -> None:
    with connection.cursor().copy("COPY keyed FROM STDIN") as copy:
        copy.write_row((number,))


@pytest.mark.parametrize("work", [in_a_savepoint, in_a_block, in_a_pipeline])
def test_no_block_begins_in_a_savepoint_of_another_thread(keyed: dbapi.Connection, work: Callable[..., None]) -> None:
    keyed.cursor().execute("BEGIN")
    with pytest.raises(ZeroDivisionError), keyed.savepoint("mine"):
        insert(keyed, 1)
        with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
            elsewhere(work, keyed, 2)
        raise ZeroDivisionError
    elsewhere(work, keyed, 3)
    keyed.commit()
    assert ids(keyed) == [3]


def test_a_savepoint_of_another_thread_is_refused_in_a_block(keyed: dbapi.Connection) -> None:
    with keyed.transaction(), keyed.savepoint("mine") as mine:
        insert(keyed, 1)
        for work in (in_a_savepoint, lambda *_: mine.rollback()):
            with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                elsewhere(work, keyed, 2)
    assert ids(keyed) == [1]


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
def test_a_copy_of_another_thread_is_refused_in_a_block(keyed: dbapi.Connection) -> None:
    """While it ran, the block could not be undone."""
    with pytest.raises(ZeroDivisionError), keyed.transaction():
        insert(keyed, 1)
        with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
            elsewhere(copied, keyed, 2)
        raise ZeroDivisionError
    assert not keyed.in_transaction
    elsewhere(copied, keyed, 3)
    assert ids(keyed) == [3]


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
def test_no_pipeline_of_another_thread_begins_in_a_copy(keyed: dbapi.Connection) -> None:
    """While it was open, the copy could not go on."""

    def piped() -> None:
        with keyed.pipeline():
            raise AssertionError

    with keyed.cursor().copy("COPY keyed FROM STDIN") as copying:
        copying.write_row((1,))
        with pytest.raises(dbapi.InterfaceError, match=r"the copy .* is still being run"):
            elsewhere(piped)
        copying.write_row((2,))
    assert ids(keyed) == [1, 2]


def test_statements_of_other_threads_join_a_block(keyed: dbapi.Connection) -> None:
    with keyed.transaction():
        elsewhere(insert, keyed, 1)
    assert ids(keyed) == [1]


def test_blocks_that_end_out_of_turn_are_forgotten(keyed: dbapi.Connection) -> None:
    outer, inner = keyed.transaction(), keyed.transaction()
    outer.__enter__()
    inner.__enter__()
    insert(keyed, 1)
    for block in (outer, inner):
        with pytest.raises(dbapi.ProgrammingError, match="reverse order"):
            block.__exit__(None, None, None)
    assert not keyed.in_transaction
    insert(keyed, 2)
    keyed.rollback()
    assert ids(keyed) == [2]


def test_a_pipeline_takes_no_statement_of_another_thread(keyed: dbapi.Connection) -> None:
    with pytest.raises(ZeroDivisionError), keyed.pipeline():
        insert(keyed, 1)
        for work in (insert, in_a_block, in_a_pipeline):
            with pytest.raises(dbapi.InterfaceError, match="another thread or task is open"):
                elsewhere(work, keyed, 2)
        raise ZeroDivisionError
    elsewhere(insert, keyed, 3)
    assert ids(keyed) == [3]


def test_rows_that_need_the_same_connection(keyed: dbapi.Connection) -> None:
    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        insert(keyed, 9)
        yield (2,)

    def work() -> None:
        with pytest.raises(dbapi.InterfaceError, match="cannot use its connection"):
            keyed.cursor().executemany("INSERT INTO keyed VALUES (?)", rows())

    elsewhere(work)
    assert ids(keyed) == []


@pytest.mark.parametrize("asked", ["execute", "close", "transaction"])
def test_an_adapter_that_needs_the_same_connection(keyed: dbapi.Connection, asked: str) -> None:
    class Key:
        pass

    def adapt(key: Key) -> int:
        if asked == "transaction":
            keyed.transaction().__enter__()
        elif asked == "close":
            keyed.close()
        else:
            keyed.cursor().execute("SELECT 1")
        return 1

    def work() -> None:
        with pytest.raises(dbapi.Error, match="cannot use its connection"):
            keyed.cursor().execute("INSERT INTO keyed VALUES (?)", (Key(),))

    keyed.types.adapt(Key, adapt)
    elsewhere(work)
    assert ids(keyed) == []


def test_a_stream_as_rows_for_the_same_connection(keyed: dbapi.Connection) -> None:
    """One that has rows left to ask the server for."""
    insert(keyed, 1)
    series = "WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 900) SELECT v FROM n"

    def work() -> None:
        with keyed.cursor(stream=True) as stream:
            stream.execute(series)
            with pytest.raises(dbapi.InterfaceError):
                keyed.cursor().executemany("INSERT INTO keyed VALUES (?)", rows_of(stream))

    def rows_of(stream: dbapi.Cursor) -> Iterator[Any]:
        yield (1000,)
        insert(keyed, 1001)
        yield from stream

    elsewhere(work)
    assert ids(keyed) == [1]
