"""Cursors that move in a result at the server."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import ENGINES

if TYPE_CHECKING:
    from tests.servers.server import Server

MANY = 5000
ROWS = f"SELECT n, n * 2 AS double FROM generate_series(0, {MANY - 1}) AS n"
OPEN = "SELECT count(*) FROM pg_cursors WHERE name LIKE 'sqlx_scroll%'"


@pytest.fixture(params=["postgres", "postgres18"])
def url(request: pytest.FixtureRequest) -> str:
    """Servers that have such cursors."""
    server: Server = request.getfixturevalue(request.param)
    return server.url()


async def open_there(connection: face.Connection) -> int:
    row = await (await connection.cursor().execute(OPEN)).fetchone()
    assert row is not None
    return int(row[0])


async def test_it_moves_in_both_directions(connection: face.Connection) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == ["n", "double"]
    for value, mode, row in (
        (0, "absolute", 0),
        (4000, "absolute", 4000),
        (-3000, "relative", 1001),
        (1, "relative", 1003),
        (-1, "relative", 1003),
        (-1004, "relative", 0),
        (MANY - 1, "absolute", MANY - 1),
        (3, "absolute", 3),
    ):
        await cursor.scroll(value, mode)  # type: ignore[arg-type]
        assert cursor.rownumber == row
        assert await cursor.fetchone() == (row, row * 2)
        assert cursor.rownumber == row + 1


async def test_reading_goes_on_from_wherever_it_stands(connection: face.Connection) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    assert len(await cursor.fetchall()) == MANY
    assert await cursor.fetchone() is None
    assert cursor.rowcount == MANY
    await cursor.scroll(-2)
    assert await cursor.fetchall() == [(n, n * 2) for n in (MANY - 2, MANY - 1)]
    await cursor.scroll(10, "absolute")
    assert [row async for row in cursor] == [(n, n * 2) for n in range(10, MANY)]
    await cursor.scroll(0, "absolute")
    assert await cursor.fetchmany(2500) == [(n, n * 2) for n in range(2500)]
    assert cursor.rownumber == 2500
    assert await cursor.nextset() is None


@pytest.mark.parametrize(
    ("value", "mode"),
    [(-1, "absolute"), (-201, "relative"), (MANY + 1, "absolute"), (MANY, "relative"), (2**31, "absolute")],
)
async def test_beyond_the_ends_is_an_index_error_and_no_move(
    connection: face.Connection, value: int, mode: str
) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    await cursor.scroll(200, "absolute")
    with pytest.raises(IndexError, match="beyond the rows"):
        await cursor.scroll(value, mode)  # type: ignore[arg-type]
    assert cursor.rownumber == 200
    assert await cursor.fetchone() == (200, 400)
    await cursor.scroll(MANY, "absolute")
    assert await cursor.fetchone() is None


async def test_an_empty_result_has_one_place_to_be(connection: face.Connection) -> None:
    cursor = await connection.cursor(scrollable=True).execute("SELECT 1 AS one WHERE false")
    assert cursor.rowcount == cursor.rownumber == 0
    await cursor.scroll(0)
    with pytest.raises(IndexError):
        await cursor.scroll(1)
    assert await cursor.fetchall() == []


async def test_a_mode_that_there_is_not(connection: face.Connection) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    with pytest.raises(dbapi.ProgrammingError, match="'backwards'"):
        await cursor.scroll(1, "backwards")  # type: ignore[arg-type]


async def test_parameters_are_bound_in_the_declared_query(connection: face.Connection) -> None:
    cursor = connection.cursor(scrollable=True)
    await cursor.execute("SELECT n, ?::text FROM generate_series(1, ?::int) AS n", ("it's", 2000))
    await cursor.scroll(1999, "absolute")
    assert await cursor.fetchall() == [(2000, "it's")]
    await cursor.execute("SELECT :a::int + :a", {"a": 21})
    assert await cursor.fetchall() == [(42,)]
    await cursor.execute("SELECT 1;", ())
    assert await cursor.fetchall() == [(1,)]
    with pytest.raises(dbapi.ProgrammingError, match="1 parameter marker, 0 values"):
        await cursor.execute("SELECT ?::int", ())


async def test_rows_are_what_the_factory_makes_of_them(connection: face.Connection) -> None:
    cursor = connection.cursor(scrollable=True, row_factory=lambda columns: lambda row: f"{len(columns)}: {row[0]}")
    await cursor.execute(ROWS)
    await cursor.scroll(1234)
    assert await cursor.fetchone() == "2: 1234"


async def test_an_error_points_into_the_callers_text(connection: face.Connection) -> None:
    cursor = connection.cursor(scrollable=True)
    for parameters in (None, (1,)):
        text = "SELECT nothing" if parameters is None else "SELECT ?::int, nothing"
        with pytest.raises(dbapi.ProgrammingError) as caught:
            await cursor.execute(text, parameters)
        assert caught.value.position == text.index("nothing") + 1
        await connection.rollback()


async def test_other_statements_run_beside_it(connection: face.Connection) -> None:
    cursors = [await connection.cursor(scrollable=True).execute(ROWS) for _ in range(3)]
    assert await open_there(connection) == 3
    for place, cursor in enumerate(cursors, 1):
        await cursor.scroll(place * 1000, "absolute")
        assert await cursor.fetchone() == (place * 1000, place * 2000)
    await cursors[0].close()
    await cursors[1].execute("SELECT 'another'")
    cursors.pop()
    del cursor
    gc.collect()
    await connection.cursor().execute("SELECT 1")
    assert await open_there(connection) == 1


@pytest.mark.parametrize("how", ["commit", "rollback"])
async def test_the_end_of_the_transaction_ends_it(connection: face.Connection, how: str) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    await getattr(connection, how)()
    for read in (cursor.fetchone, cursor.fetchall, lambda: cursor.scroll(1), lambda: cursor.scroll(4000)):
        with pytest.raises(dbapi.InterfaceError, match=rf"scrollable cursor 1 .*ended by {how}\(\)"):
            await read()
    await cursor.execute("SELECT 'again'")
    assert await cursor.fetchall() == [("again",)]


async def test_an_end_in_sql_is_noticed_too(connection: face.Connection) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    await connection.cursor().execute("COMMIT")
    with pytest.raises(dbapi.InterfaceError, match="ended by the end of its transaction"):
        await cursor.scroll(4000)
    assert not connection.in_transaction


async def test_with_hold_it_outlives_the_commit_and_not_a_rollback_of_its_own(connection: face.Connection) -> None:
    held = await connection.cursor(scrollable=True, hold=True).execute(ROWS)
    await connection.commit()
    lost = await connection.cursor(scrollable=True, hold=True).execute(ROWS)
    await connection.rollback()
    await held.scroll(4321, "absolute")
    assert await held.fetchone() == (4321, 8642)
    with pytest.raises(dbapi.InterfaceError, match=r"ended by rollback\(\)"):
        await lost.scroll(4321, "absolute")
    await connection.commit()
    await held.close()
    assert await open_there(connection) == 0


async def test_without_a_transaction_it_is_held_or_refused(url: str) -> None:
    async with await face.connect(url, autocommit=True) as connection:
        with pytest.raises(dbapi.ProgrammingError, match="hold=True"):
            await connection.cursor(scrollable=True).execute(ROWS)
        held = await connection.cursor(scrollable=True, hold=True).execute(ROWS + " WHERE n > ?", (1,))
        await held.scroll(3000, "absolute")
        assert await held.fetchone() == (3002, 6004)
        async with connection.transaction():
            inner = await connection.cursor(scrollable=True).execute(ROWS)
            await inner.scroll(4000)
        with pytest.raises(dbapi.InterfaceError, match=r"ended by commit\(\)"):
            await inner.fetchone()
        await held.scroll(0, "absolute")
        assert await held.fetchone() == (2, 4)


async def test_one_that_ended_with_a_savepoint_says_so(connection: face.Connection) -> None:
    await connection.cursor().execute("SELECT 1")
    savepoint = connection.savepoint("before")
    await savepoint.__aenter__()
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    await savepoint.rollback()
    with pytest.raises(dbapi.InterfaceError, match="was ended by the rollback to before"):
        await cursor.scroll(4000)
    await cursor.close()
    assert not connection.in_failed_transaction
    await connection.rollback()
    assert await (await connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


async def test_closing_one_in_a_failed_transaction_disturbs_nothing(connection: face.Connection) -> None:
    cursor = await connection.cursor(scrollable=True).execute(ROWS)
    with pytest.raises(dbapi.DataError):
        await connection.cursor().execute("SELECT 1 / 0")
    await cursor.close()
    assert connection.in_failed_transaction
    await connection.rollback()
    assert await open_there(connection) == 0


async def test_what_is_no_query_is_refused(connection: face.Connection) -> None:
    cursor = connection.cursor(scrollable=True)
    with pytest.raises(dbapi.ProgrammingError, match="one query, not a script"):
        await cursor.execute("SELECT 1; SELECT 2")
    with pytest.raises(dbapi.ProgrammingError):
        await cursor.execute("CREATE TABLE never (id int)")
    with pytest.raises(dbapi.ProgrammingError, match="scrollable=True"):
        connection.cursor(hold=True)
    with pytest.raises(dbapi.InterfaceError, match="not go with a pipeline"):
        async with connection.pipeline():
            await cursor.execute(ROWS)


@pytest.mark.parametrize("name", ["sqlite", "mariadb"])
async def test_engines_without_such_cursors_say_so(request: pytest.FixtureRequest, name: str) -> None:
    other = await face.connect(ENGINES[name].url(request))
    with pytest.raises(dbapi.NotSupportedError, match="no cursors that scroll"):
        other.cursor(scrollable=True)
    await other.close()
