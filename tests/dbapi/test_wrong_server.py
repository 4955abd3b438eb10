"""A URL that names the wrong kind of server, or a text that would end early: what is said, and what is not."""

from __future__ import annotations

import pytest

import sqlx.dbapi
from tests.servers.server import Server


def test_the_engine_that_was_expected_is_named(mariadb: Server) -> None:
    with pytest.raises(sqlx.dbapi.OperationalError) as caught:
        sqlx.dbapi.connect(f"postgresql://ada:secret@{mariadb.host}:{mariadb.port}/test", connect_timeout=10)
    assert caught.value.hint == "is it a PostgreSQL server that listens there?"


def test_a_server_that_waits_to_be_greeted_is_told_from_a_slow_one(postgres: Server) -> None:
    with pytest.raises(sqlx.dbapi.OperationalError, match="connecting took longer than") as caught:
        sqlx.dbapi.connect(f"mysql://ada:secret@{postgres.host}:{postgres.port}/test", connect_timeout=0.5)
    assert caught.value.hint == "is it a MySQL server that listens there?"


def test_a_zero_byte_is_refused_without_repeating_the_text(postgres: Server) -> None:
    with pytest.raises(sqlx.dbapi.InterfaceError, match="NUL") as caught:
        sqlx.dbapi.connect(postgres.url("trust"), database="zorro\0quux")
    assert "zorro" not in str(caught.value)
    with sqlx.dbapi.connect(postgres.url("trust")) as connection:
        with pytest.raises(sqlx.dbapi.DataError, match="as byte 14, and would end there") as refused:
            connection.cursor().execute("SELECT 'zorro\0quux'")
        assert "zorro" not in str(refused.value)
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]
