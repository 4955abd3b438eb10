"""What a server tells of its session: the driver follows, and refuses what would garble text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sqlx import dbapi
from tests.servers.server import Server


@pytest.fixture(params=["mariadb", "mysql9"])
def server(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture
def connection(server: Server) -> Iterator[dbapi.Connection]:
    opened = dbapi.connect(server.url("empty"), autocommit=True)
    yield opened
    opened.close()


def test_the_schema_is_known(connection: dbapi.Connection, server: Server) -> None:
    assert connection.parameters["schema"] == server.database
    connection.cursor().execute("USE information_schema")
    assert connection.parameters["schema"] == "information_schema"


def test_settings_are_known_however_they_are_changed(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("SET time_zone = '+01:00'")
    assert connection.parameters["time_zone"] == "+01:00"
    cursor.execute("SELECT 1; SET time_zone = '+02:00'; SELECT 2")
    assert connection.parameters["time_zone"] == "+02:00"
    cursor.execute("SET time_zone = ?", ("+03:00",))
    assert connection.parameters["time_zone"] == "+03:00"


def test_more_settings_where_the_server_is_asked_to_tell_them(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute("SET session_track_system_variables = '*'")
    cursor.execute("SET sql_mode = 'ANSI_QUOTES', sort_buffer_size = 65536")
    assert connection.parameters["sql_mode"] == "ANSI_QUOTES"
    assert connection.parameters["sort_buffer_size"] == "65536"


@pytest.mark.parametrize(
    "statement",
    [
        "SET NAMES latin1",
        "SELECT 1; SET NAMES latin1; SELECT 'x'",
        "SET character_set_client = latin1",
        "SET character_set_results = latin1",
        "SET character_set_results = NULL",
        "SET character_set_results = binary",
        "SET CHARACTER SET latin1",
    ],
)
def test_another_character_set_is_refused(connection: dbapi.Connection, statement: str) -> None:
    with pytest.raises(dbapi.OperationalError, match="character_set_client, _connection and _results are") as caught:
        connection.cursor().execute(statement)
    assert (caught.value.outcome, connection.closed) == ("unknown", True)
    assert "SET NAMES utf8mb4" in str(caught.value.hint)


def test_a_character_set_that_a_procedure_changes_is_refused(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("DROP PROCEDURE IF EXISTS garble")
    cursor.execute("CREATE PROCEDURE garble() BEGIN SET NAMES latin1; END")
    with pytest.raises(dbapi.OperationalError, match="latin1"):
        cursor.callproc("garble")


@pytest.mark.parametrize("name", ["utf8mb4", "utf8mb3", "utf8mb4 COLLATE utf8mb4_bin"])
def test_the_same_encoding_by_another_name_is_not(connection: dbapi.Connection, name: str) -> None:
    cursor = connection.cursor().execute(f"SET NAMES {name}")
    assert cursor.execute("SELECT 'é', ?", ("é",)).fetchall() == [("é", "é")]


def test_backslashes_follow_the_mode(connection: dbapi.Connection) -> None:
    """Whether `?` stands inside a text depends on it."""
    cursor = connection.cursor()
    escaped, plain = r"SELECT '\'', ? -- '", r"SELECT '\', ?"
    assert cursor.execute(escaped, (1,)).fetchall() == [("'", 1)]
    cursor.execute("SET sql_mode = concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')")
    assert cursor.execute(plain, (2,)).fetchall() == [("\\", 2)]
    cursor.execute("SELECT 1; SET sql_mode = ''")
    assert cursor.execute(escaped, (3,)).fetchall() == [("'", 3)]


def test_other_engines_tell_what_they_tell(postgres: Server) -> None:
    with dbapi.connect(postgres.url(), autocommit=True) as connection:
        assert connection.parameters["client_encoding"] == "UTF8"
        connection.cursor().execute("SET TimeZone = 'Asia/Tokyo'")
        assert connection.parameters["TimeZone"] == "Asia/Tokyo"
    with dbapi.connect("sqlite://") as connection:
        assert connection.parameters == {}
