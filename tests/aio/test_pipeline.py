"""Statements that are sent together mean on every engine what they mean one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import sqlx.aio as face
from sqlx import dbapi
from sqlx.kernel import pipelines
from tests.engines import ENGINES, Engine


@pytest.fixture(params=[False, True], ids=["transaction", "autocommit"])
async def keyed(request: pytest.FixtureRequest, url: str) -> AsyncIterator[face.Connection]:
    """A connection with an empty table."""
    async with await face.connect(url, autocommit=request.param) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY, name varchar(40))")
        await connection.commit()
        yield connection
        await connection.rollback()


async def ids(connection: face.Connection) -> list[int]:
    cursor = await connection.cursor().execute("SELECT id FROM keyed ORDER BY id")
    return [row[0] for row in await cursor.fetchall()]


async def test_results_are_read_after_the_block(keyed: face.Connection) -> None:
    one, many, told, plain = (keyed.cursor() for _ in range(4))
    for run in range(3):  # the third time, what is prepared is known
        async with keyed.pipeline():
            assert await one.execute("INSERT INTO keyed VALUES (?, ?)", (run * 10, "one")) is one
            await many.executemany("INSERT INTO keyed VALUES (?, ?)", [(run * 10 + 1, "x"), (run * 10 + 2, None)])
            await told.execute("SELECT id, name FROM keyed WHERE id >= ? ORDER BY id", (run * 10,))
            await plain.execute("SELECT 'it''s', 1")
            with pytest.raises(dbapi.InterfaceError, match="after the pipeline's block"):
                await told.fetchall()
        assert (one.rowcount, many.rowcount) == (1, 2)
        assert await told.fetchall() == [(run * 10, "one"), (run * 10 + 1, "x"), (run * 10 + 2, None)]
        assert await plain.fetchone() == ("it's", 1)
        await one.execute("SELECT name FROM keyed WHERE id = ?", (1,))
        assert await one.fetchall() == [("x",)]


async def test_a_failure_skips_what_follows(keyed: face.Connection) -> None:
    before, failing, after = (keyed.cursor() for _ in range(3))
    with pytest.raises(dbapi.IntegrityError) as caught:
        async with keyed.pipeline():
            await before.execute("INSERT INTO keyed VALUES (?, ?)", (1, "a"))
            await failing.execute("INSERT INTO keyed VALUES (?, ?)", (1, "again"))
            await after.execute("INSERT INTO keyed VALUES (?, ?)", (2, "b"))
    assert caught.value.outcome == "rolled_back"
    with pytest.raises(dbapi.IntegrityError):
        await failing.fetchall()
    with pytest.raises(dbapi.InterfaceError, match="was not run"):
        await after.fetchall()
    if keyed.autocommit:
        assert not keyed.in_transaction
        assert await ids(keyed) == []
    elif keyed.in_failed_transaction:
        await keyed.rollback()
        assert await ids(keyed) == []
    else:
        assert await ids(keyed) == [1]


async def test_a_table_is_made_and_used(keyed: face.Connection) -> None:
    """Nothing is parsed before what it needs has run."""
    cursor = keyed.cursor()
    async with keyed.pipeline():
        await cursor.execute("CREATE TEMPORARY TABLE made (a integer)")
        await keyed.cursor().execute("INSERT INTO made VALUES (?)", (1,))
        await cursor.execute("SELECT a FROM made")
    assert await cursor.fetchall() == [(1,)]


async def test_an_exception_in_the_block_runs_nothing(keyed: face.Connection) -> None:
    cursor = keyed.cursor()
    with pytest.raises(ZeroDivisionError):
        async with keyed.pipeline():
            await cursor.execute("INSERT INTO keyed VALUES (1, 'a')")
            raise ZeroDivisionError
    with pytest.raises(dbapi.InterfaceError, match="was not run"):
        await cursor.fetchall()
    assert await ids(keyed) == []


async def test_a_pipeline_inside_another_joins_it(keyed: face.Connection) -> None:
    cursor = keyed.cursor()
    async with keyed.pipeline():
        async with keyed.pipeline():
            await cursor.execute("INSERT INTO keyed VALUES (1, 'a')")
        with pytest.raises(dbapi.InterfaceError, match="after the pipeline's block"):
            await cursor.fetchall()
    assert await ids(keyed) == [1]


async def test_what_does_not_go_in_is_refused_at_once(keyed: face.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the block goes on."""
    monkeypatch.setattr(pipelines, "QUEUED", 3)
    cursor = keyed.cursor()
    async with keyed.pipeline():
        await cursor.execute("INSERT INTO keyed VALUES (1, 'a')")
        with pytest.raises(dbapi.ProgrammingError, match="2 parameter markers"):
            await keyed.cursor().execute("SELECT ?, ?", (1,))
        with pytest.raises(dbapi.ProgrammingError, match="script"):
            await keyed.cursor().execute("SELECT 1; SELECT 2")
        with pytest.raises(dbapi.InterfaceError, match="timeout"):
            await keyed.cursor().execute("SELECT 1", timeout=1)
        with pytest.raises(dbapi.InterfaceError, match="stream"):
            await keyed.cursor(stream=True).execute("SELECT 1")
        with pytest.raises(dbapi.InterfaceError, match="3 statements"):
            await keyed.cursor().executemany("INSERT INTO keyed VALUES (?, 'b')", ((n,) for n in range(2, 9)))
        for waits in (keyed.commit, keyed.rollback, keyed.ping):
            with pytest.raises(dbapi.InterfaceError, match="pipeline is open"):
                await waits()
    assert await ids(keyed) == [1]


async def test_a_pipeline_can_be_stopped(keyed: face.Connection, engine: Engine) -> None:
    endless, after = keyed.cursor(), keyed.cursor()
    with pytest.raises(dbapi.OperationalError):
        async with keyed.pipeline(timeout=0.2):
            await endless.execute(engine.endless)
            await after.execute("INSERT INTO keyed VALUES (1, 'a')")
    with pytest.raises(dbapi.InterfaceError, match="was not run"):
        await after.fetchall()
    await keyed.rollback()
    assert await ids(keyed) == []


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_what_follows_the_end_of_a_transaction_is_in_the_next(url: str, end: str) -> None:
    async with await face.connect(url) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        await connection.commit()
        async with connection.pipeline():
            await connection.cursor().execute("INSERT INTO keyed VALUES (1)")
            await connection.cursor().execute(end)
            await connection.cursor().executemany("INSERT INTO keyed VALUES (?)", [(2,), (3,)])
            cursor = await connection.cursor().execute("SELECT count(*) FROM keyed")
        assert await cursor.fetchone() == (3 if end == "COMMIT" else 2,)
        assert connection.in_transaction
        await connection.rollback()
        assert await ids(connection) == ([1] if end == "COMMIT" else [])


async def test_a_pipeline_is_entered_once(keyed: face.Connection) -> None:
    pipeline = keyed.pipeline()
    async with pipeline:
        await keyed.cursor().execute("INSERT INTO keyed VALUES (1, 'a')")
        with pytest.raises(dbapi.ProgrammingError, match="entered once"):
            async with pipeline:
                raise AssertionError
    assert await ids(keyed) == [1]
    with pytest.raises(dbapi.ProgrammingError, match="entered once"):
        await pipeline.__aenter__()
    await keyed.rollback()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # which alone has notifications
async def test_notifications_are_not_waited_for_in_a_pipeline(keyed: face.Connection) -> None:
    async with keyed.pipeline():
        with pytest.raises(dbapi.InterfaceError, match="a pipeline is open"):
            async for _ in keyed.notifies(timeout=0.1):
                raise AssertionError


async def test_data_is_not_loaded_in_a_pipeline(keyed: face.Connection) -> None:
    async with keyed.pipeline():
        with pytest.raises(dbapi.InterfaceError, match="local_infile does not go with a pipeline"):
            await keyed.cursor().execute("LOAD DATA LOCAL INFILE 'x' INTO TABLE keyed", local_infile=[b"1\n"])
    assert await ids(keyed) == []


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
async def test_what_is_remarked_in_a_pipeline_is_the_connection_s(keyed: face.Connection) -> None:
    first, last = keyed.cursor(), keyed.cursor()
    async with keyed.pipeline():
        await first.execute("DO 'BEGIN RAISE NOTICE ''one''; END'")
        await last.execute("SELECT 1")
    await last.execute("SELECT 2")
    assert [str(warning) for _, warning in keyed.messages] == ["one"]
    assert (first.messages, last.messages) == ([], [])
    await last.execute("DO 'BEGIN RAISE NOTICE ''two''; END'")
    assert [str(warning) for _, warning in last.messages] == ["two"]
    assert len(keyed.messages) == 1
