"""A password that has to be awaited: by `sqlx.aio`, and by nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sqlx import aio, dbapi
from tests.servers.server import Server


def fetching(server: Server) -> Any:
    async def fetch() -> str:
        await asyncio.sleep(0)
        return server.users["scram"][1]

    return fetch


async def test_it_is_awaited_under_asyncio(postgres: Server) -> None:
    async with await aio.connect(postgres.url(password=""), password=fetching(postgres)) as connection:
        await connection.ping()


def test_it_is_refused_where_nothing_is_awaited(postgres: Server) -> None:
    with pytest.raises(dbapi.InterfaceError, match="a coroutine, which only asyncio awaits"):
        dbapi.connect(postgres.url(password=""), password=fetching(postgres))
