"""Warnings that the server only counts, asked for with `show_warnings`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sqlx import dbapi
from tests.servers.server import Server

OUT_OF_RANGE = "SELECT CAST('12x' AS SIGNED)"  # 1292, a warning each time


@pytest.fixture(params=["mariadb", "mysql9"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def connection(server: Server) -> Iterator[dbapi.Connection]:
    with dbapi.connect(server.url("empty"), show_warnings=True) as opened:
        yield opened


def codes(cursor: dbapi.Cursor) -> list[int | None]:
    return [warning.code for _, warning in cursor.messages]


def test_they_arrive_in_messages(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute(OUT_OF_RANGE)
    ((kind, warning),) = cursor.messages
    assert (kind, warning.code, warning.fields["severity"]) == (dbapi.Warning, 1292, "Warning")
    assert "12x" in str(warning)
    assert cursor.fetchall() == [(12,)]
    assert cursor.execute("SELECT 1").messages == []


def test_with_parameters_in_scripts_and_procedures(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    assert codes(cursor.execute("SELECT CAST(? AS SIGNED)", ("12x",))) == [1292]
    assert codes(cursor.execute(f"SELECT 1; {OUT_OF_RANGE}")) == [1292]
    assert codes(cursor.execute("DROP TABLE IF EXISTS nothing_of_the_kind")) == [1051]
    cursor.execute("DROP PROCEDURE IF EXISTS warn")
    cursor.execute("CREATE PROCEDURE warn() BEGIN SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT = 'mind the gap'; END")
    cursor.callproc("warn")
    assert [str(warning) for _, warning in cursor.messages] == ["mind the gap"]


def test_many_warnings(connection: dbapi.Connection) -> None:
    """As many as the server keeps."""
    cursor = connection.cursor()
    ((kept,),) = cursor.execute("SELECT @@max_error_count").fetchall()
    cursor.execute(" UNION ALL ".join([OUT_OF_RANGE] * 70))
    assert (len(cursor.fetchall()), codes(cursor)) == (70, [1292] * min(kept, 70))


def test_not_while_a_stream_is_read(connection: dbapi.Connection) -> None:
    with connection.cursor(stream=True) as stream:
        numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 900)"
        stream.execute(f"{numbers} SELECT CAST('12x' AS SIGNED), repeat('x', 1000) FROM c")
        assert len(stream.fetchall()) == 900
        assert stream.messages == []
    assert codes(connection.cursor().execute(OUT_OF_RANGE)) == [1292]


def test_an_error_is_not_its_own_warning(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    with pytest.raises(dbapi.ProgrammingError):
        cursor.execute("SELECT nothing_of_the_kind")
    assert cursor.messages == []


def test_nobody_is_asked_unless_told_to(server: Server) -> None:
    with dbapi.connect(server.url("empty")) as connection:
        cursor = connection.cursor().execute(OUT_OF_RANGE)
        assert cursor.messages == []
        assert cursor.execute("SHOW WARNINGS").fetchall()[0][1] == 1292
