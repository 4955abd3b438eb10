"""What cannot be meant, or does not fit: what is said of it, and what is not."""

from __future__ import annotations

import copy
from decimal import Decimal

import pytest

import sqlx.dbapi
from sqlx import Multirange, Vector
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
        with pytest.raises(sqlx.dbapi.DataError, match="a NUL character as byte 14, and would end there") as refused:
            connection.cursor().execute("SELECT 'zorro\0quux'")
        assert "zorro" not in str(refused.value)
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "option", ["application_name", "database", "options", "password", "search_path", "timezone", "user"]
)
def test_no_option_ends_early_and_begins_another(option: str) -> None:
    """Names and values of a startup end with a zero byte: one within would begin a parameter of its own."""
    with pytest.raises(sqlx.dbapi.InterfaceError, match=f"{option} holds a NUL character"):
        sqlx.dbapi.connect("postgresql://127.0.0.1:1", **{option: "x\0options\0-c role=admin"})


def test_a_number_of_parameters_that_the_protocol_cannot_count(postgres: Server) -> None:
    with sqlx.dbapi.connect(postgres.url("trust")) as connection:
        marks = ", ".join("?" * 65536)
        with pytest.raises(sqlx.dbapi.DataError, match="the protocol counts in 2 bytes, and 65536 does not fit"):
            connection.cursor().execute(f"SELECT ARRAY[{marks}]", [1] * 65536)
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("value", [10**66, Decimal("1e400")])
def test_a_number_of_more_digits_than_the_server_keeps(mariadb: Server, value: int | Decimal) -> None:
    with sqlx.dbapi.connect(mariadb.url()) as connection:
        with pytest.raises(sqlx.dbapi.DataError):
            connection.cursor().execute("SELECT ?", (value,))
        assert connection.cursor().execute("SELECT ?", (10**65 - 1,)).fetchall() == [(10**65 - 1,)]


def test_a_connection_is_not_copied(postgres: Server) -> None:
    with sqlx.dbapi.connect(postgres.url("trust")) as connection:
        with pytest.raises(TypeError, match="connect again"):
            copy.copy(connection)
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]


def test_what_an_engine_in_the_process_cannot_hold() -> None:
    with sqlx.dbapi.connect("sqlite://") as connection:
        cursor = connection.cursor()
        with pytest.raises(sqlx.dbapi.DataError, match="no number for NaN: send None"):
            cursor.execute("SELECT ?", (float("nan"),))
        assert cursor.execute("SELECT ?", (memoryview(b"abc")[::2],)).fetchone() == (b"ac",)


def test_what_does_not_belong_into_a_value(postgres: Server, mariadb: Server) -> None:
    """In our words, not in those of Python's own error."""
    for server, value in ((postgres, Multirange([1])), (mariadb, Vector(["a"]))):  # type: ignore[list-item]
        refused = pytest.raises(sqlx.dbapi.DataError, match="what stands in it does not fit its type")
        with sqlx.dbapi.connect(server.url()) as connection, refused:
            connection.cursor().execute("SELECT ?", (value,))


def test_half_a_character_in_a_statement_is_told_by_its_place(postgres: Server, mariadb: Server) -> None:
    for server in (postgres, mariadb):
        refused = pytest.raises(sqlx.dbapi.DataError, match=r"half a character \(U\+D800\) at character 9: take it out")
        with sqlx.dbapi.connect(server.url()) as connection, refused:
            connection.cursor().execute("SELECT '\ud800'")
