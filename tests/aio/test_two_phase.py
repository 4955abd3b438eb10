"""PEP 249's two-phase commit, where the engine has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import ENGINES, Engine


@pytest.fixture(params=[name for name, engine in ENGINES.items() if engine.two_phase])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine with two-phase transactions in turn."""
    return ENGINES[request.param]


@pytest.fixture
async def table(connection: face.Connection) -> AsyncIterator[str]:
    """A table that other connections see."""
    name = "two_phase_" + face.__name__.rpartition(".")[2]
    await connection.cursor().execute(f"CREATE TABLE {name} (id integer)")
    await connection.commit()
    yield name
    await connection.rollback()
    await connection.cursor().execute(f"DROP TABLE {name}")
    await connection.commit()


async def count(connection: face.Connection, table: str) -> int:
    row = await (await connection.cursor().execute(f"SELECT count(*) FROM {table}")).fetchone()
    await connection.rollback()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("verb", ["commit", "rollback"])
async def test_both_phases(connection: face.Connection, table: str, verb: str, prepared: bool) -> None:
    xid = connection.xid(42, "global it's", f"branch {verb} {prepared}")
    await connection.tpc_begin(xid)
    await connection.cursor().execute(f"INSERT INTO {table} VALUES (?)", (1,))
    if prepared:
        await connection.tpc_prepare()
    await getattr(connection, f"tpc_{verb}")()
    assert await count(connection, table) == (verb == "commit")


@pytest.mark.parametrize("verb", ["commit", "rollback"])
async def test_another_connection_recovers_what_was_prepared(
    connection: face.Connection, table: str, url: str, verb: str
) -> None:
    xid = connection.xid(1, "recovered", verb)
    other = await face.connect(url)
    await other.tpc_begin(xid)
    await other.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    await other.tpc_prepare()
    await other.close()
    assert xid in await connection.tpc_recover()
    assert tuple(xid) == (1, "recovered", verb)
    await getattr(connection, f"tpc_{verb}")(xid)
    assert xid not in await connection.tpc_recover()
    assert await count(connection, table) == (verb == "commit")


async def test_calls_in_the_wrong_order_are_refused(connection: face.Connection, table: str) -> None:
    xid = connection.xid(7, "order", "")
    for call in (connection.tpc_prepare, connection.tpc_commit, connection.tpc_rollback):
        with pytest.raises(dbapi.ProgrammingError, match="tpc_begin"):
            await call()
    await connection.tpc_begin(xid)
    await connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    for call in (connection.commit, connection.rollback):
        with pytest.raises(dbapi.ProgrammingError, match="tpc_commit"):
            await call()
    with pytest.raises(dbapi.ProgrammingError, match="open already"):
        await connection.tpc_begin(xid)
    await connection.tpc_prepare()
    with pytest.raises(dbapi.ProgrammingError, match="tpc_commit"):
        await connection.cursor().execute("SELECT 1")
    await connection.tpc_rollback()


async def test_two_phases_do_not_begin_inside_a_transaction(connection: face.Connection, table: str) -> None:
    await connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    with pytest.raises(dbapi.ProgrammingError, match="open already"):
        await connection.tpc_begin(connection.xid(7, "inside", ""))


@pytest.mark.parametrize(("format_id", "gtrid"), [(-1, "a"), (2**31, "a"), (1, "a" * 65), (1, "é"), (1, "a\n")])
async def test_ids_that_no_server_takes_are_refused(connection: face.Connection, format_id: int, gtrid: str) -> None:
    with pytest.raises(dbapi.ProgrammingError):
        connection.xid(format_id, gtrid, "")
