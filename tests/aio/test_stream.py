"""Results read in parts, on every engine."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import ENGINES, Engine

MANY = 5000
LONG = 300_000  # rows that no buffer holds: while the first are read, more are on their way


async def test_a_stream_brings_the_same_rows(connection: face.Connection, engine: Engine) -> None:
    async with connection.cursor(stream=True) as stream:
        await stream.execute(engine.rows(MANY))
        assert stream.description is not None
        assert stream.rownumber == 0
        assert await stream.fetchone() == (1,)
        assert await stream.fetchmany(3) == [(2,), (3,), (4,)]
        assert stream.rownumber == 4
        assert [row async for row in stream] == [(n,) for n in range(5, MANY + 1)]
        assert await stream.fetchone() is None
        assert await stream.fetchmany(2) == []


async def test_rows_taken_by_number_come_from_as_many_parts_as_it_takes(
    connection: face.Connection, engine: Engine
) -> None:
    """None is lost where what was asked for spans two parts of the stream."""
    stream = await connection.cursor(stream=True).execute(engine.rows(20_000))
    taken = [row for _ in range(29) for row in await stream.fetchmany(700)]
    assert taken == [(n,) for n in range(1, 20_001)]
    await stream.close()


async def test_a_stream_takes_parameters(connection: face.Connection, engine: Engine) -> None:
    stream = connection.cursor(stream=True)
    await stream.execute(f"SELECT * FROM ({engine.rows(MANY)}) AS t WHERE ? = 1", (1,))
    assert (await stream.fetchall())[-2:] == [(MANY - 1,), (MANY,)]
    await stream.close()


async def test_a_stream_holds_a_part_of_the_result_at_a_time(connection: face.Connection, engine: Engine) -> None:
    """Nothing of a long result that was read is kept, and not all of it is read ahead: all at once would be 6 MiB."""
    stream = await connection.cursor(stream=True).execute(engine.rows(60_000))
    tracemalloc.start()
    try:
        async for _ in stream:
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stream.rownumber == 60_000
    assert peak < 4 << 20
    await stream.close()


@pytest.mark.parametrize("how", ["commit", "rollback", "close"])
async def test_reading_an_ended_stream_says_what_ended_it(
    connection: face.Connection, engine: Engine, how: str
) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(LONG))
    assert await stream.fetchone() == (1,)
    await getattr(connection, how)()
    with pytest.raises(dbapi.InterfaceError, match=how if how != "close" else "closed"):
        await stream.fetchone()
    if how != "close":
        with pytest.raises(dbapi.InterfaceError, match=how):
            await stream.fetchall()
        cursor = await connection.cursor().execute("SELECT 1")
        assert await cursor.fetchall() == [(1,)]


async def test_another_statement_runs_beside_a_stream_or_is_refused_by_name(
    connection: face.Connection, engine: Engine
) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(LONG))
    assert await stream.fetchone() == (1,)
    other = connection.cursor()
    if engine.portals:
        await other.execute("SELECT 'beside'")
        assert await other.fetchall() == [("beside",)]
    else:
        with pytest.raises(dbapi.InterfaceError, match="stream cursor 1"):
            await other.execute("SELECT 'beside'")
    assert await stream.fetchall() == [(n,) for n in range(2, LONG + 1)]


async def test_a_stream_read_to_its_end_bars_nothing_and_survives_a_commit(
    connection: face.Connection, engine: Engine
) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(10))
    assert len(await stream.fetchall()) == 10
    await connection.cursor().execute("SELECT 1")
    await connection.commit()
    assert await stream.fetchone() is None


async def test_closing_the_cursor_in_mid_stream_leaves_a_usable_connection(
    connection: face.Connection, engine: Engine
) -> None:
    for _ in range(3):
        async with connection.cursor(stream=True) as stream:
            await stream.execute(engine.rows(LONG))
            await stream.fetchone()
    assert await (await connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_an_endless_stream_is_cancelled_when_its_cursor_closes(
    connection: face.Connection, engine: Engine
) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(5_000_000))
    assert await stream.fetchone() == (1,)
    await stream.close()
    await connection.rollback()
    assert await (await connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_executing_again_ends_the_cursors_own_stream(connection: face.Connection, engine: Engine) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(LONG))
    await stream.fetchone()
    await stream.execute("SELECT 'again'")
    assert await stream.fetchall() == [("again",)]


async def test_garbage_collection_ends_a_stream_with_the_next_statement(
    connection: face.Connection, engine: Engine
) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(LONG))
    await stream.fetchone()
    del stream
    gc.collect()
    assert await (await connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_a_stream_works_without_a_transaction(url: str, engine: Engine) -> None:
    async with await face.connect(url, autocommit=True) as connection:
        stream = await connection.cursor(stream=True).execute(engine.rows(MANY))
        assert await stream.fetchone() == (1,)
        assert len(await stream.fetchall()) == MANY - 1
        assert await (await connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_what_is_left_of_a_long_stream_is_cancelled_without_a_transaction(url: str, engine: Engine) -> None:
    async with await face.connect(url, autocommit=True) as connection:
        for number in range(3):
            stream = await connection.cursor(stream=True).execute(engine.rows(3_000_000))
            assert await stream.fetchone() == (1,)
            await stream.close()
            assert await (await connection.cursor().execute("SELECT ?", (number,))).fetchall() == [(number,)]


async def test_a_stream_does_not_scroll(connection: face.Connection, engine: Engine) -> None:
    stream = await connection.cursor(stream=True).execute(engine.rows(10))
    with pytest.raises(dbapi.NotSupportedError):
        await stream.scroll(1)
    await stream.close()


async def test_an_error_in_mid_stream_is_raised_and_ends_it(connection: face.Connection, engine: Engine) -> None:
    stream = connection.cursor(stream=True)
    with pytest.raises(dbapi.DatabaseError):
        await stream.execute("SELECT * FROM no_such_table")
    await connection.rollback()
    assert await (await connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_rowcount_is_known_when_the_last_row_has_come(connection: face.Connection, engine: Engine) -> None:
    """Not before, and not only for the part that came last."""
    cursor = connection.cursor(stream=True)
    await cursor.execute(engine.rows(LONG))
    await cursor.fetchone()
    assert cursor.rowcount == -1
    assert len(await cursor.fetchall()) == LONG - 1
    assert cursor.rowcount == LONG
    await cursor.execute(engine.rows(LONG))
    await cursor.fetchone()
    await connection.rollback()
    assert cursor.rowcount == -1


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # others' streams bar what could end them so
@pytest.mark.parametrize("gone", ["ROLLBACK TO SAVEPOINT here", "CLOSE ALL"])
async def test_a_stream_whose_end_only_the_server_knows_says_what_to_do(
    connection: face.Connection, engine: Engine, gone: str
) -> None:
    await connection.cursor().execute("SAVEPOINT here")
    stream = await connection.cursor(stream=True).execute(engine.rows(LONG))
    await stream.fetchone()
    await connection.cursor().execute(gone)
    with pytest.raises(dbapi.ProgrammingError) as caught:
        await stream.fetchall()
    assert "execute its statement again" in str(caught.value.hint)
    await connection.rollback()


@pytest.mark.parametrize("how", ["commit", "close", "another"])
async def test_what_a_script_does_behind_a_stream_is_done(url: str, engine: Engine, how: str) -> None:
    """However much of its rows is read, and however many there are."""
    async with await face.connect(url) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE done (n integer)")
        await connection.commit()
        cursor = connection.cursor(stream=True)
        await cursor.execute(f"INSERT INTO done VALUES (1); {engine.rows(LONG)}; INSERT INTO done VALUES (2)")
        assert await cursor.nextset()
        assert await cursor.fetchone() == (1,)
        if how == "another":
            await cursor.execute("SELECT 1")
        elif how == "close":
            await cursor.close()
        await connection.commit()
        cursor = await connection.cursor().execute("SELECT n FROM done ORDER BY n")
        assert await cursor.fetchall() == [(1,), (2,)]


async def test_what_fails_behind_a_stream_is_told(url: str, engine: Engine) -> None:
    async with await face.connect(url) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE done (n integer PRIMARY KEY)")
        await connection.commit()
        cursor = connection.cursor(stream=True)
        await cursor.execute(f"INSERT INTO done VALUES (1); {engine.rows(LONG)}; INSERT INTO done VALUES (1)")
        assert await cursor.nextset()
        with pytest.raises(dbapi.IntegrityError):
            await connection.commit()
        await connection.rollback()


async def test_what_changes_and_returns_rows_is_not_cancelled(url: str, engine: Engine) -> None:
    async with await face.connect(url, autocommit=True) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE done (n integer)")
        cursor = connection.cursor(stream=True)
        query = engine.rows(LONG)
        await cursor.execute(f"INSERT INTO done (n) {query} RETURNING n")
        assert await cursor.fetchone() == (1,)
        await cursor.close()
        cursor = await connection.cursor().execute("SELECT count(*) FROM done")
        assert await cursor.fetchone() == (LONG,)


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
async def test_a_stream_of_a_savepoint_ends_with_it(connection: face.Connection, engine: Engine) -> None:
    """The server is not asked for what it has no more: its error would end the transaction."""
    outer = await connection.cursor(stream=True).execute(engine.rows(MANY))
    with pytest.raises(ZeroDivisionError):
        async with connection.savepoint("mine"):
            inner = await connection.cursor(stream=True).execute(engine.rows(MANY))
            assert await inner.fetchone() == (1,)
            raise ZeroDivisionError
    with pytest.raises(dbapi.InterfaceError, match="was ended by the rollback to mine"):
        await inner.fetchall()
    assert len(await outer.fetchall()) == MANY
    assert not connection.in_failed_transaction
