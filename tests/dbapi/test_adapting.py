"""Adapters and loaders: for one connection and for all, within values that hold others, and when they fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import pytest

import sqlx
from sqlx import dbapi
from tests.servers.server import Server


class Mood(Enum):
    SAD = "sad"
    OK = "it's ok"


@dataclass
class Address:
    street: str
    moods: list[Mood]


class Spot(NamedTuple):
    x: int
    y: int


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class Euros(Money): ...


@pytest.fixture(scope="module")
def database(postgres: Server) -> Iterator[str]:
    url = postgres.url() + "?search_path=adapting"
    with dbapi.connect(url, autocommit=True) as connection:
        for statement in (
            "CREATE SCHEMA adapting",
            "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
            "CREATE TYPE address AS (street text, moods mood[])",
            "CREATE TYPE spot AS (x int, y int)",
            "CREATE DOMAIN amount AS numeric",
            "CREATE TYPE purse AS (held amount)",
            "CREATE TYPE amounts AS RANGE (subtype = amount)",
        ):
            connection.cursor().execute(statement)
        yield url
        connection.cursor().execute("DROP SCHEMA adapting CASCADE")


@pytest.fixture
def connection(database: str) -> Iterator[dbapi.Connection]:
    with dbapi.connect(database, autocommit=True) as opened:
        yield opened


def one(connection: dbapi.Connection, sql: str, *values: Any) -> Any:
    """The value of a statement, which is the same when the statement is known."""
    first, second = (connection.cursor().execute(sql, values or None).fetchone() for _ in range(2))
    assert first == second
    assert first is not None
    return first[0]


def test_an_enum_both_ways(connection: dbapi.Connection) -> None:
    assert one(connection, "SELECT 'sad'::mood") == "sad"
    connection.types.enum("mood", Mood)
    assert one(connection, "SELECT 'sad'::mood") is Mood.SAD
    assert one(connection, "SELECT ?::mood", Mood.OK) is Mood.OK
    assert one(connection, "SELECT ?::mood[]", [Mood.OK, None]) == [Mood.OK, None]
    assert one(connection, "SELECT ARRAY[['sad'],['sad']]::mood[]") == [[Mood.SAD], [Mood.SAD]]


def test_an_enum_by_name(connection: dbapi.Connection) -> None:
    class Named(Enum):
        sad = 1

    connection.types.enum("adapting.mood", Named, by="name")
    assert one(connection, "SELECT ?::mood", Named.sad) is Named.sad
    with pytest.raises(ValueError, match="'value' or 'name'"):
        connection.types.enum("mood", Named, by="label")


def test_composites_both_ways(connection: dbapi.Connection) -> None:
    connection.types.enum("mood", Mood)
    connection.types.composite("address", Address)
    connection.types.composite("spot", Spot)
    home = Address("Elm, 'St'", [Mood.SAD])
    assert one(connection, "SELECT ?::address", home) == home
    assert one(connection, "SELECT ?::address[]", [home, None]) == [home, None]
    spot = one(connection, "SELECT ?::spot", Spot(1, 2))
    assert spot == Spot(1, 2) and type(spot) is Spot


def test_loaders_reach_into_values(connection: dbapi.Connection) -> None:
    connection.types.load("numeric", float)
    assert repr(one(connection, "SELECT 1.5")) == "1.5"
    assert repr(one(connection, "SELECT ARRAY[1.5, NULL]")) == "[1.5, None]"
    assert repr(one(connection, "SELECT ROW(1.5)::purse")[0]) == "1.5"
    assert repr(one(connection, "SELECT '[1.5,2)'::amounts")) == "Range(1.5, 2.0, '[)')"


def test_a_type_by_its_number_and_json_and_uuid(connection: dbapi.Connection) -> None:
    connection.types.load(2950, str)
    assert one(connection, "SELECT ?", UUID(int=1)) == str(UUID(int=1))
    connection.types.load("jsonb", lambda value: json.dumps(value))
    assert one(connection, """SELECT '{"a": 1}'::jsonb""") == '{"a": 1}'


def test_an_adapter_is_for_subclasses_and_leads_to_others(connection: dbapi.Connection) -> None:
    connection.types.adapt(Money, lambda money: Decimal(money.cents) / 100)
    connection.types.adapt(Spot, lambda spot: Euros(spot.x))
    assert one(connection, "SELECT ?", Euros(150)) == Decimal("1.5")
    assert one(connection, "SELECT ?", Spot(150, 0)) == Decimal("1.5")
    assert one(connection, "SELECT ?::numeric[]", [Money(150)]) == [Decimal("1.5")]
    cursor = connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE purses (held numeric)")
    cursor.executemany("INSERT INTO purses VALUES (?)", [(Money(100),), (Euros(200),)])
    assert one(connection, "SELECT sum(held) FROM purses") == 3


def test_adapters_in_a_circle_end(connection: dbapi.Connection) -> None:
    connection.types.adapt(Money, lambda money: Spot(1, 2))
    connection.types.adapt(Spot, lambda spot: Money(1))
    with pytest.raises(dbapi.ProgrammingError, match="without end"):
        connection.cursor().execute("SELECT ?", (Money(1),))
    assert one(connection, "SELECT 1") == 1


def test_a_failing_loader_says_where(connection: dbapi.Connection) -> None:
    connection.types.load("int4", lambda value: 1 // (value - 2))
    cursor = connection.cursor().execute("SELECT 1 AS small UNION ALL SELECT 2")
    assert cursor.fetchone() == (-1,)
    with pytest.raises(dbapi.DataError, match=r"int4.*'small'.*type int.*ZeroDivisionError") as caught:
        cursor.fetchone()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert connection.cursor().execute("SELECT 3").fetchone() == (1,)


def test_for_all_connections_and_one_over_them(connection: dbapi.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlx.types, "_loaders", {})
    sqlx.types.load("int8", str)
    assert one(connection, "SELECT 1::int8") == "1"
    connection.types.load("int8", float)
    assert one(connection, "SELECT ARRAY[1::int8]") == [1.0]


def test_streams_and_scripts(connection: dbapi.Connection) -> None:
    connection.types.load("int4", str)
    with connection.cursor(stream=True) as stream:
        assert [row for (row,) in stream.execute("SELECT generate_series(1, 3)")] == ["1", "2", "3"]
    cursor = connection.cursor().execute("SELECT 1; SELECT 2, 'x'")
    assert cursor.fetchall() == [("1",)]
    assert cursor.nextset() and cursor.fetchall() == [("2", "x")]


@pytest.mark.parametrize(
    ("server", "name", "sql", "load", "value"),
    [
        ("mariadb", "INT", "SELECT CAST(? AS INTEGER) AS n", str, "7"),
        ("mariadb", "BIGINT", "SELECT CAST(? AS INTEGER) AS n", str, "7"),
        ("", "integer", "SELECT n FROM numbers WHERE n = ?", str, "7"),
    ],
)
def test_other_engines(
    request: pytest.FixtureRequest, server: str, name: str, sql: str, load: Callable[[Any], Any], value: Any
) -> None:
    url = request.getfixturevalue(server).url() if server else "sqlite://"
    with dbapi.connect(url) as connection:
        cursor = connection.cursor()
        if not server:
            cursor.execute("CREATE TABLE numbers (n integer)")
            cursor.execute("INSERT INTO numbers VALUES (7)")
        cursor.execute(sql, (7,))
        assert cursor.description is not None
        connection.types.load(cursor.description[0][1].name, load)
        assert cursor.execute(sql, (7,)).fetchone() == (value,)


def test_a_declared_type_is_one_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loader of the connection wins over one for all, whatever the case; types of a server keep theirs."""
    monkeypatch.setattr(sqlx.types, "_loaders", {})
    with dbapi.connect("sqlite://?decltypes=true") as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE pet (a date, b DATE, c Date, d decimal(4, 1))")
        cursor.execute("INSERT INTO pet VALUES ('2024-02-29', '2024-02-29', '2024-02-29', 1.5)")
        sqlx.types.load("DATE", lambda day: day.year)
        sqlx.types.load("Decimal", str)
        assert cursor.execute("SELECT * FROM pet").fetchone() == (2024, 2024, 2024, "1.5")
        connection.types.load("date", lambda day: day.month)
        assert cursor.execute("SELECT * FROM pet").fetchone() == (2, 2, 2, "1.5")


@pytest.mark.parametrize("name", [None, True, 1.5, b"int4", ""])
def test_what_names_no_type_is_refused(name: Any) -> None:
    with pytest.raises(TypeError, match="name, or its number"):
        sqlx.types.load(name, str)


@pytest.mark.parametrize("cls", [5, "Money", None, list[int], object])
def test_what_is_no_class_is_refused(cls: Any) -> None:
    for register in (lambda: sqlx.types.adapt(cls, str), lambda: sqlx.types.composite("spot", cls)):
        with pytest.raises(TypeError, match="class"):
            register()


@pytest.mark.parametrize("cls", [Money, "Mood", None])
def test_what_is_no_enum_is_refused(cls: Any) -> None:
    with pytest.raises(TypeError, match="enum"):
        sqlx.types.enum("mood", cls)


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="function"):
        sqlx.types.load("int4", "int")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="function"):
        sqlx.types.adapt(Money, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("integer", "int4"),
        ("bigint[]", "int8[]"),
        ("double precision", "float8"),
        ("decimal", "numeric"),
    ],
)
def test_a_type_goes_by_its_own_name(postgres: Server, word: str, name: str) -> None:
    """Under another one its loader would never be called."""
    with dbapi.connect(postgres.url()) as connection:
        with pytest.raises(ValueError, match=f"called {re.escape(repr(name))}"):
            connection.types.load(word, str)
        connection.types.load(name, repr)
        connection.types.load("may_come_later", repr)
        cursor = connection.cursor()
        assert cursor.execute(f"SELECT NULL::{word}").description[0][1].name == name


@pytest.mark.parametrize(("word", "name"), [("bigint[]", "int8[]"), ("decimal", "numeric"), ("UUID", "uuid")])
def test_a_copy_names_a_type_by_its_own_name(postgres: Server, word: str, name: str) -> None:
    with dbapi.connect(postgres.url()) as connection:
        with (
            pytest.raises(dbapi.ProgrammingError) as caught,
            connection.cursor().copy("COPY (SELECT 1) TO STDOUT (FORMAT binary)", types=[word]) as copy,
        ):
            list(copy.rows())
        assert repr(name) in (caught.value.hint or "")


@pytest.mark.parametrize(("name", "told"), [("Interval", "Interval"), ("Date", "Date"), ("decimal", "public.decimal")])
def test_a_type_of_ones_own_goes_by_the_name_that_is_told(postgres: Server, name: str, told: str) -> None:
    """The case tells it from a built-in one, and its schema from another word for one."""
    with dbapi.connect(postgres.url()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE TYPE public.\"{name}\" AS ENUM ('sad')")
        if name != told:
            with pytest.raises(ValueError, match=f"schema.{name}"):
                connection.types.enum(name, Mood)
        connection.types.enum(told, Mood)
        cursor.execute(f"SELECT 'sad'::public.\"{name}\", ARRAY['sad']::public.\"{name}\"[]")
        assert cursor.description[0][1].name == name
        assert cursor.fetchall() == [(Mood.SAD, [Mood.SAD])]
        connection.rollback()


@pytest.mark.parametrize(
    ("word", "said"),
    [("integer", "called 'int'"), ("varchr", "did you mean 'varchar'"), ("xyzzy", "no type"), (99, "99")],
)
def test_an_engine_whose_types_are_all_known(mariadb: Server, word: str | int, said: str) -> None:
    with dbapi.connect(mariadb.url()) as connection:
        with pytest.raises(ValueError, match=said):
            connection.types.load(word, str)
        connection.types.load("int", repr)
        connection.types.load(253, repr)
        assert connection.cursor().execute("SELECT CAST(7 AS int), 'a'").fetchone() == ("7", "'a'")
