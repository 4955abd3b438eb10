# Generated from tests/aio/test_pipeline.py by scripts/async_to_sync.py; do not edit.
"""Statements that are sent together mean on every engine what they mean one after the other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from sqlx.kernel import pipelines
from tests.engines import ENGINES, Engine


@pytest.fixture(params=[False, True], ids=["transaction", "autocommit"])
def keyed(request: pytest.FixtureRequest, url: str) -> Iterator[face.Connection]:
    """A connection with an empty table."""
    with face.connect(url, autocommit=request.param) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY, name varchar(40))")
        connection.commit()
        yield connection
        connection.rollback()


def ids(connection: face.Connection) -> list[int]:
    cursor = connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    return [row[0] for row in cursor.fetchall()]


def test_results_are_read_after_the_block(keyed: face.Connection) -> None:
    one, many, told, plain = (keyed.cursor() for _ in range(4))
    for run in range(3):  # the third time, what is prepared is known
        with keyed.pipeline():
            assert one.execute("INSERT INTO keyed VALUES (?, ?)", (run * 10, "one")) is one
            many.executemany("INSERT INTO keyed VALUES (?, ?)", [(run * 10 + 1, "x"), (run * 10 + 2, None)])
            told.execute("SELECT id, name FROM keyed WHERE id >= ? ORDER BY id", (run * 10,))
            plain.execute("SELECT 'it''s', 1")
            with pytest.raises(dbapi.InterfaceError, match="after the pipeline's block"):
                told.fetchall()
        assert (one.rowcount, many.rowcount) == (1, 2)
        assert told.fetchall() == [(run * 10, "one"), (run * 10 + 1, "x"), (run * 10 + 2, None)]
        assert plain.fetchone() == ("it's", 1)
        one.execute("SELECT name FROM keyed WHERE id = ?", (1,))
        assert one.fetchall() == [("x",)]


def test_a_failure_skips_what_follows(keyed: face.Connection) -> None:
    before, failing, after = (keyed.cursor() for _ in range(3))
    with pytest.raises(dbapi.IntegrityError) as caught, keyed.pipeline():
        before.execute("INSERT INTO keyed VALUES (?, ?)", (1, "a"))
        failing.execute("INSERT INTO keyed VALUES (?, ?)", (1, "again"))
        after.execute("INSERT INTO keyed VALUES (?, ?)", (2, "b"))
    assert caught.value.outcome == "rolled_back"
    with pytest.raises(dbapi.IntegrityError):
        failing.fetchall()
    with pytest.raises(dbapi.InterfaceError, match="was not run"):
        after.fetchall()
    if keyed.autocommit:
        assert not keyed.in_transaction
        assert ids(keyed) == []
    elif keyed.in_failed_transaction:
        keyed.rollback()
        assert ids(keyed) == []
    else:
        assert ids(keyed) == [1]


def test_a_table_is_made_and_used(keyed: face.Connection) -> None:
    """Nothing is parsed before what it needs has run."""
    cursor = keyed.cursor()
    with keyed.pipeline():
        cursor.execute("CREATE TEMPORARY TABLE made (a integer)")
        keyed.cursor().execute("INSERT INTO made VALUES (?)", (1,))
        cursor.execute("SELECT a FROM made")
    assert cursor.fetchall() == [(1,)]


def test_an_exception_in_the_block_runs_nothing(keyed: face.Connection) -> None:
    cursor = keyed.cursor()
    with pytest.raises(ZeroDivisionError), keyed.pipeline():
        cursor.execute("INSERT INTO keyed VALUES (1, 'a')")
        raise ZeroDivisionError
    with pytest.raises(dbapi.InterfaceError, match="was not run"):
        cursor.fetchall()
    assert ids(keyed) == []


def test_a_pipeline_inside_another_joins_it(keyed: face.Connection) -> None:
    cursor = keyed.cursor()
    with keyed.pipeline():
        with keyed.pipeline():
            cursor.execute("INSERT INTO keyed VALUES (1, 'a')")
        with pytest.raises(dbapi.InterfaceError, match="after the pipeline's block"):
            cursor.fetchall()
    assert ids(keyed) == [1]


def test_what_does_not_go_in_is_refused_at_once(keyed: face.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the block goes on."""
    monkeypatch.setattr(pipelines, "QUEUED", 3)
    cursor = keyed.cursor()
    with keyed.pipeline():
        cursor.execute("INSERT INTO keyed VALUES (1, 'a')")
        with pytest.raises(dbapi.ProgrammingError, match="2 parameter markers"):
            keyed.cursor().execute("SELECT ?, ?", (1,))
        with pytest.raises(dbapi.ProgrammingError, match="script"):
            keyed.cursor().execute("SELECT 1; SELECT 2")
        with pytest.raises(dbapi.InterfaceError, match="timeout"):
            keyed.cursor().execute("SELECT 1", timeout=1)
        with pytest.raises(dbapi.InterfaceError, match="stream"):
            keyed.cursor(stream=True).execute("SELECT 1")
        with pytest.raises(dbapi.InterfaceError, match="3 statements"):
            keyed.cursor().executemany("INSERT INTO keyed VALUES (?, 'b')", ((n,) for n in range(2, 9)))
        for waits in (keyed.commit, keyed.rollback, keyed.ping):
            with pytest.raises(dbapi.InterfaceError, match="pipeline is open"):
                waits()
    assert ids(keyed) == [1]


def test_a_pipeline_can_be_stopped(keyed: face.Connection, engine: Engine) -> None:
    endless, after = keyed.cursor(), keyed.cursor()
    with pytest.raises(dbapi.OperationalError), keyed.pipeline(timeout=0.2):
        endless.execute(engine.endless)
        after.execute("INSERT INTO keyed VALUES (1, 'a')")
    with pytest.raises(dbapi.InterfaceError, match="was not run"):
        after.fetchall()
    keyed.rollback()
    assert ids(keyed) == []


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_what_follows_the_end_of_a_transaction_is_in_the_next(url: str, end: str) -> None:
    with face.connect(url) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        connection.commit()
        with connection.pipeline():
            connection.cursor().execute("INSERT INTO keyed VALUES (1)")
            connection.cursor().execute(end)
            connection.cursor().executemany("INSERT INTO keyed VALUES (?)", [(2,), (3,)])
            cursor = connection.cursor().execute("SELECT count(*) FROM keyed")
        assert cursor.fetchone() == (3 if end == "COMMIT" else 2,)
        assert connection.in_transaction
        connection.rollback()
        assert ids(connection) == ([1] if end == "COMMIT" else [])


def test_a_pipeline_is_entered_once(keyed: face.Connection) -> None:
    pipeline = keyed.pipeline()
    with pipeline:
        keyed.cursor().execute("INSERT INTO keyed VALUES (1, 'a')")
        with pytest.raises(dbapi.ProgrammingError, match="entered once"), pipeline:
            raise AssertionError
    assert ids(keyed) == [1]
    with pytest.raises(dbapi.ProgrammingError, match="entered once"):
        pipeline.__enter__()
    keyed.rollback()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # which alone has notifications
def test_notifications_are_not_waited_for_in_a_pipeline(keyed: face.Connection) -> None:
    with keyed.pipeline(), pytest.raises(dbapi.InterfaceError, match="a pipeline is open"):
        for _ in keyed.notifies(timeout=0.1):
            raise AssertionError


def test_data_is_not_loaded_in_a_pipeline(keyed: face.Connection) -> None:
    with keyed.pipeline(), pytest.raises(dbapi.InterfaceError, match="local_infile does not go with a pipeline"):
        keyed.cursor().execute("LOAD DATA LOCAL INFILE 'x' INTO TABLE keyed", local_infile=[b"1\n"])
    assert ids(keyed) == []


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
def test_what_is_remarked_in_a_pipeline_is_the_connection_s(keyed: face.Connection) -> None:
    first, last = keyed.cursor(), keyed.cursor()
    with keyed.pipeline():
        first.execute("DO 'BEGIN RAISE NOTICE ''one''; END'")
        last.execute("SELECT 1")
    last.execute("SELECT 2")
    assert [str(warning) for _, warning in keyed.messages] == ["one"]
    assert (first.messages, last.messages) == ([], [])
    last.execute("DO 'BEGIN RAISE NOTICE ''two''; END'")
    assert [str(warning) for _, warning in last.messages] == ["two"]
    assert len(keyed.messages) == 1
