"""The catalog for asyncio: one query for all who ask, and nothing left of one that was cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sqlx import aio, dbapi
from sqlx.catalog import Relation, Schema
from sqlx.catalog.aio import Catalog
from tests.catalog.shop import Shop
from tests.servers.server import Server

PUBLIC = Schema("public")


@pytest.fixture
async def catalog(postgres: Server) -> AsyncIterator[Catalog]:
    async with await aio.connect(postgres.url("admin"), autocommit=True) as connection:
        await connection.cursor().execute("CREATE SEQUENCE IF NOT EXISTS ticket")
        yield Catalog(connection)
        await connection.cursor().execute("DROP SEQUENCE ticket")


@pytest.fixture
async def held(postgres: Server) -> AsyncIterator[aio.Connection]:
    """Holds what only the query for sequences reads, until it rolls back."""
    async with await aio.connect(postgres.url("admin")) as connection:
        await connection.cursor().execute("LOCK TABLE pg_catalog.pg_sequence")
        yield connection


async def somebody_waits(connection: aio.Connection) -> None:
    """Return when a statement waits for the lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'pg_catalog.pg_sequence'::regclass"
    async with asyncio.timeout(20):
        while (await (await connection.cursor().execute(waiting)).fetchall()) == [(0,)]:
            await asyncio.sleep(0)


async def test_it_tells_what_its_blocking_twin_tells(shop: Shop) -> None:
    async with await aio.connect(shop.url, autocommit=True) as connection:
        catalog = Catalog(connection)
        if not shop.server:
            await connection.cursor().execute("CREATE TABLE book (shelf int)")
        columns = await catalog.columns(Relation(shop.schema, "book"))
        assert columns[0].name == "shelf"
        assert shop.schema in [schema.name for schema in await catalog.schemas()]


async def test_who_asks_at_the_same_time_gets_the_same_answer(catalog: Catalog, held: aio.Connection) -> None:
    asked = [asyncio.create_task(catalog.sequences(PUBLIC)) for _ in range(5)]
    await somebody_waits(held)
    await held.rollback()
    first, *others = await asyncio.gather(*asked)
    assert [sequence.name for sequence in first] == ["ticket"]
    assert all(answer is first for answer in others)


async def test_a_question_that_was_cancelled_is_asked_again(catalog: Catalog, held: aio.Connection) -> None:
    cancelled = asyncio.create_task(catalog.sequences(PUBLIC))
    await somebody_waits(held)
    waiting = asyncio.create_task(catalog.sequences(PUBLIC))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await somebody_waits(held)
    await held.rollback()
    assert [sequence.name for sequence in await waiting] == ["ticket"]


async def test_an_answer_that_comes_after_a_refresh_is_not_remembered(catalog: Catalog, held: aio.Connection) -> None:
    asked = asyncio.create_task(catalog.sequences(PUBLIC))
    await somebody_waits(held)
    catalog.refresh()
    await held.rollback()
    assert await catalog.sequences(PUBLIC) is not await asked
    assert await catalog.sequences(PUBLIC) is await catalog.sequences(PUBLIC)


async def test_what_is_known_is_told_while_another_question_waits(catalog: Catalog, held: aio.Connection) -> None:
    known = await catalog.relations(PUBLIC)
    asked = asyncio.create_task(catalog.sequences(PUBLIC))
    await somebody_waits(held)
    assert await catalog.relations(PUBLIC) is known
    assert not asked.done()
    await held.rollback()
    await asked


async def test_a_question_ends_with_the_connections_timeout(catalog: Catalog, held: aio.Connection) -> None:
    catalog.connection.statement_timeout = 0.2
    with pytest.raises(dbapi.OperationalError, match="took longer"):
        await catalog.sequences(PUBLIC)
    await held.rollback()
    assert len(await catalog.sequences(PUBLIC)) == 1
