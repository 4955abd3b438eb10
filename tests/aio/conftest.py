"""A connection to each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

import sqlx.aio as face
from tests.engines import ENGINES, Engine


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    return ENGINES[request.param]


@pytest.fixture
def url(engine: Engine, request: pytest.FixtureRequest) -> str:
    """Where the engine is to be reached."""
    return engine.url(request)


@pytest.fixture
async def connection(url: str) -> AsyncIterator[face.Connection]:
    """A connection in its default mode."""
    opened = await face.connect(url)
    yield opened
    await opened.close()


@pytest.fixture
async def people(connection: face.Connection) -> face.Connection:
    """A connection whose transaction has a table of three people."""
    cursor = connection.cursor()
    await cursor.execute("CREATE TEMPORARY TABLE people (id integer, name varchar(20))")
    await cursor.executemany("INSERT INTO people VALUES (?, ?)", [(1, "Ada"), (2, "Grace"), (3, "Edsger")])
    return connection


@pytest.fixture(params=[False, True], ids=["transaction", "autocommit"])
async def keyed(request: pytest.FixtureRequest, url: str) -> AsyncIterator[face.Connection]:
    """A connection with an empty table, and no transaction open."""
    async with await face.connect(url, autocommit=request.param) as connection:
        await connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        await connection.commit()
        yield connection
