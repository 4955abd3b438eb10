"""A small shop with odd names on every engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlx import dbapi
from sqlx.catalog import Catalog, Relation, Schema
from tests.catalog.shop import SHOPS, Shop
from tests.servers.server import Server


@pytest.fixture(scope="module", params=list(SHOPS))
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The shop on each engine in turn; its connection unqualified means the shop's own schema."""
    shop = SHOPS[request.param]
    server: Server | None = request.getfixturevalue(shop.server) if shop.server else None
    url = server.url("admin", socket=server.socket) if server else "sqlite://"
    with dbapi.connect(url, autocommit=True) as connection:
        for statement in (*shop.leave, *shop.enter, *shop.statements()):
            connection.cursor().execute(statement)
        yield shop.opened(url, connection)
        for statement in shop.leave:
            connection.cursor().execute(statement)


@pytest.fixture
def catalog(shop: Shop) -> Catalog:
    """A catalog that knows nothing yet."""
    return Catalog(shop.connection)


@pytest.fixture
def schema(catalog: Catalog) -> Schema:
    """The shop's own schema."""
    [schema] = [schema for schema in catalog.schemas() if schema.is_default]
    return schema


@pytest.fixture
def book(schema: Schema) -> Relation:
    """The table with a key of two columns."""
    return Relation(schema.name, "book")
