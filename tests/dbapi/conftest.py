# Generated from tests/aio/conftest.py by scripts/async_to_sync.py; do not edit.
"""A connection to each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
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
def connection(url: str) -> Iterator[face.Connection]:
    """A connection in its default mode."""
    opened = face.connect(url)
    yield opened
    opened.close()


@pytest.fixture
def people(connection: face.Connection) -> face.Connection:
    """A connection whose transaction has a table of three people."""
    cursor = connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE people (id integer, name varchar(20))")
    cursor.executemany("INSERT INTO people VALUES (?, ?)", [(1, "Ada"), (2, "Grace"), (3, "Edsger")])
    return connection


@pytest.fixture(params=[False, True], ids=["transaction", "autocommit"])
def keyed(request: pytest.FixtureRequest, url: str) -> Iterator[face.Connection]:
    """A connection with an empty table, and no transaction open."""
    with face.connect(url, autocommit=request.param) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE keyed (id integer PRIMARY KEY)")
        connection.commit()
        yield connection
