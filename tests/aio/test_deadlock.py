"""A deadlock, which takes a whole transaction from one of two blocks."""

from __future__ import annotations

import asyncio

import pytest

import sqlx.aio as face
from sqlx import dbapi
from tests.engines import ENGINES


@pytest.mark.parametrize("engine", [ENGINES["mariadb"]], ids=["mariadb"])
async def test_a_block_that_lost_its_transaction_goes_no_further(url: str) -> None:
    """Where the server opens none that has failed, what follows would be kept without what went before."""
    both = asyncio.Barrier(2)

    async def cross(connection: face.Connection, first: int, second: int) -> None:
        update = "UPDATE crossed SET by_whom = ? WHERE id = ?"
        async with connection.transaction():
            await connection.cursor().execute(update, (first, first))
            await both.wait()
            try:
                await connection.cursor().execute(update, (first, second))
            except dbapi.OperationalError as error:
                assert error.retry == "deadlock"
                with pytest.raises(dbapi.ProgrammingError, match="this block has ended"):
                    await connection.cursor().execute(update, (first, first))

    async with await face.connect(url, autocommit=True) as one, await face.connect(url, autocommit=True) as other:
        cursor = one.cursor()
        await cursor.execute("CREATE TABLE crossed (id integer PRIMARY KEY, by_whom integer) ENGINE = InnoDB")
        try:
            await cursor.execute("INSERT INTO crossed VALUES (1, 0), (2, 0)")
            said = await asyncio.gather(cross(one, 1, 2), cross(other, 2, 1), return_exceptions=True)
            (lost,) = filter(None, said)
            assert isinstance(lost, dbapi.ProgrammingError) and "was not kept" in lost.message
            await cursor.execute("SELECT DISTINCT by_whom FROM crossed")
            assert await cursor.fetchall() == [(said.index(None) + 1,)]
        finally:
            await cursor.execute("DROP TABLE crossed")
