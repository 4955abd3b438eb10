"""Types that the pack does not know, as the server tells of them: the same with and without parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sqlx import Multirange, Range, Record, dbapi
from tests.servers.server import Server

SCHEMA = (
    "CREATE SCHEMA looked_up",
    "SET search_path = looked_up, public",
    "CREATE TYPE mood AS ENUM ('sad', 'it''s \"so\", (ok)')",
    "CREATE DOMAIN positive AS int CHECK (value > 0)",
    'CREATE TYPE pair AS (a int, "b\'s, ""c""" text)',
    "CREATE TYPE thing AS (pair pair, moods mood[], count positive)",
    "CREATE TYPE prices AS RANGE (subtype = numeric, multirange_type_name = price_set)",
    "CREATE TYPE empty AS ()",
    'CREATE TYPE braces AS ("{size}" int, "{nope}" int, "\'{format}" int)',
)


@pytest.fixture(scope="module")
def database(postgres: Server) -> Iterator[str]:
    url = postgres.url() + "?search_path=looked_up,public"
    with dbapi.connect(url, autocommit=True) as connection:
        for statement in SCHEMA:
            connection.cursor().execute(statement)
        yield url
        connection.cursor().execute("DROP SCHEMA looked_up CASCADE")


@pytest.fixture
def connection(database: str) -> Iterator[dbapi.Connection]:
    with dbapi.connect(database, autocommit=True) as opened:
        opened.types.refresh()
        yield opened


PAIR = Record((1, "x,\"y')"), ("a", 'b\'s, "c"'))
THING = Record((PAIR, ["sad", None], 3), ("pair", "moods", "count"))
VALUES: list[tuple[str, str, Any]] = [
    ("'sad'::mood", "mood", "sad"),
    ("ARRAY['it''s \"so\", (ok)', NULL]::mood[]", "mood[]", ['it\'s "so", (ok)', None]),
    ("ROW(1, 'x,\"y'')')::pair", "pair", PAIR),
    ("ARRAY[ROW(1, 'x,\"y'')')::pair]", "pair[]", [PAIR]),
    ("ROW(ROW(1, 'x,\"y'')')::pair, ARRAY['sad', NULL]::mood[], 3)::thing", "thing", THING),
    ("'[1.50,2)'::prices", "prices", Range(Decimal("1.50"), 2)),
    ("'{[1,2),[3,4)}'::price_set", "price_set", Multirange([Range(1, 2), Range(3, 4)])),
    ("ARRAY['[1,2)'::prices]", "prices[]", [Range(1, 2)]),
    ("ROW()::empty", "empty", Record(())),
    ("ARRAY[1, 2]::positive[]", "positive[]", [1, 2]),
    ("NULL::pair", "pair", None),
    ("ROW(1, 2, 3)::braces", "braces", Record((1, 2, 3), ("{size}", "{nope}", "'{format}"))),
]


@pytest.mark.parametrize(("expression", "name", "value"), VALUES, ids=[name for _, name, _ in VALUES])
def test_the_same_with_and_without_parameters(
    connection: dbapi.Connection, expression: str, name: str, value: Any
) -> None:
    """At first sight, at the second, and where the other way was the first."""
    for first, second in (((), (7,)), ((7,), ())):
        connection.types.refresh()
        for given in (first, second, first):
            cursor = connection.cursor().execute(f"SELECT {expression}, {'?' if given else 7}::int", given or None)
            assert cursor.fetchall() == [(value, 7)]
            assert cursor.description is not None
            assert cursor.description[0][1].name == name


def test_records_have_names(connection: dbapi.Connection) -> None:
    thing = connection.cursor().execute(f"SELECT {VALUES[4][0]}").fetchall()[0][0]
    assert thing["count"] == 3 and thing.moods == ["sad", None]
    assert thing.pair['b\'s, "c"'] == "x,\"y')"


def test_names_of_fields_are_filled_with_nothing(connection: dbapi.Connection) -> None:
    """They look like the holes of a pack's operations, and are a server's text."""
    ((braces,),) = connection.cursor().execute("SELECT ROW(1, 2, 3)::braces").fetchall()
    assert braces._asdict() == {"{size}": 1, "{nope}": 2, "'{format}": 3}


def test_a_script_and_a_stream(connection: dbapi.Connection) -> None:
    cursor = connection.cursor().execute("SELECT 1; SELECT ROW(1, 'z')::pair; SELECT '[1,2)'::prices")
    assert cursor.nextset() and cursor.fetchall() == [((1, "z"),)]
    assert cursor.nextset() and cursor.fetchall() == [(Range(1, 2),)]


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_stream(database: str, autocommit: bool) -> None:
    """In a transaction it comes in parts, outside of one in one go."""
    with dbapi.connect(database, autocommit=autocommit) as connection:
        connection.cursor().execute("SELECT ?::int", (1,))
        connection.types.refresh()
        with connection.cursor(stream=True) as stream:
            stream.execute("SELECT ROW(n, 'z')::pair FROM generate_series(1, 3000) AS n")
            assert [pair.a for (pair,) in stream] == list(range(1, 3001))


def test_returning_of_many(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE kept (id int, pair pair)")
    cursor.executemany("INSERT INTO kept VALUES (?, ?) RETURNING pair", [(1, PAIR), (2, None)])
    assert cursor.fetchall() == [(PAIR,), (None,)]


def test_all_of_them_are_bound(connection: dbapi.Connection) -> None:
    for expression, name, value in VALUES:
        if name == "empty":  # no literal of a record says that it has no fields
            continue
        given = str(value) if name == "prices" else value  # a range of numbers is bound as the server's own type of it
        cursor = connection.cursor().execute(f"SELECT ?::{name}, {expression}", (given,))
        assert cursor.fetchone() == (value, value)


def test_one_query_for_all_types_and_none_at_second_sight(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trace shows what is sent."""
    trace = tmp_path / "trace"
    monkeypatch.setenv("SQLX_TRACE", str(trace))

    def queries() -> int:
        return [json.loads(line)["message"] for line in trace.read_text().splitlines()].count("query")

    sql = "SELECT 'sad'::mood, ROW(1, 'z')::pair, $$[1,2)$$::prices, ?::text"
    with dbapi.connect(database, autocommit=True) as connection:
        connection.types.refresh()
        cursor = connection.cursor()
        for value in "abc":
            cursor.execute(sql, (value,)).fetchall()
        assert queries() == 1
        cursor.execute(sql.replace("?", "'c'")).fetchall()
        assert queries() == 2


def test_what_an_open_line_says_of_types_is_nothing_to_a_verified_one(
    postgres: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody in the middle of the one might have said it. The trace shows who is asked."""
    secured = f"&sslmode=verify-full&sslrootcert={postgres.ca_path}"
    for number, options in enumerate(("&sslmode=disable", secured, secured)):
        trace = tmp_path / str(number)
        monkeypatch.setenv("SQLX_TRACE", str(trace))
        with dbapi.connect(database + options, autocommit=True) as connection:
            assert connection.cursor().execute("SELECT ROW(1, 'z')::pair WHERE ?", (True,)).fetchall() == [((1, "z"),)]
        sent = [json.loads(line)["message"] for line in trace.read_text().splitlines()]
        assert sent.count("query") == (number < 2), options


def test_a_changed_type_is_looked_up_again(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TYPE pg_temp.shifting AS (a int)")
    assert cursor.execute("SELECT ROW(1)::pg_temp.shifting").fetchall() == [(Record((1,), ("a",)),)]
    cursor.execute("ALTER TYPE pg_temp.shifting ADD ATTRIBUTE b text")
    ((value,),) = cursor.execute("SELECT ROW(1, 'x')::pg_temp.shifting WHERE ?", (True,)).fetchall()
    assert value._asdict() == {"a": 1, "b": "x"}


def test_changed_by_another(connection: dbapi.Connection, database: str) -> None:
    """What cannot be read any more arrives as the server's text, until somebody refreshes."""
    cursor = connection.cursor()
    cursor.execute("CREATE TYPE grown AS (a int)")
    sql = "SELECT row_to_grown.* FROM (SELECT ?::text::grown) AS row_to_grown"
    assert cursor.execute(sql, ("(1)",)).fetchall()[0][0] == (1,)
    with dbapi.connect(database, autocommit=True) as other:
        other.cursor().execute("ALTER TYPE grown ADD ATTRIBUTE b int")
    assert cursor.execute(sql, ("(1,2)",)).fetchall() == [("(1,2)",)]
    connection.types.refresh()
    assert cursor.execute(sql, ("(1,2)",)).fetchall()[0][0].b == 2


def test_two_databases_do_not_mix(postgres: Server, connection: dbapi.Connection) -> None:
    with dbapi.connect(postgres.url("admin"), autocommit=True) as admin:
        admin.cursor().execute("CREATE DATABASE elsewhere")
    with dbapi.connect(postgres.url("admin"), database="elsewhere", autocommit=True) as other:
        other.cursor().execute("CREATE TYPE pair AS (other text)")
        assert other.cursor().execute("SELECT ROW('x')::pair").fetchall()[0][0]._asdict() == {"other": "x"}
        assert connection.cursor().execute("SELECT ROW(1, 'z')::pair").fetchall()[0][0].a == 1
    with dbapi.connect(postgres.url("admin"), autocommit=True) as admin:
        admin.cursor().execute("DROP DATABASE elsewhere")


def test_in_a_transaction_that_failed_nothing_is_asked(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    with pytest.raises(dbapi.DatabaseError):
        cursor.execute("BEGIN; SELECT 'sad'::mood; SELECT 1/0")
    assert connection.in_failed_transaction
    connection.rollback()
    assert cursor.execute("SELECT ARRAY['sad'::mood]").fetchall() == [(["sad"],)]


def test_a_server_that_does_not_tell(postgres: Server) -> None:
    """Values arrive as its text, and a transaction goes on."""
    with dbapi.connect(postgres.url("admin"), autocommit=True) as admin:
        admin.cursor().execute("CREATE DATABASE discreet")
    with dbapi.connect(postgres.url("admin", database="discreet"), autocommit=True) as admin:
        admin.cursor().execute("CREATE TYPE pair AS (a int); REVOKE SELECT ON pg_catalog.pg_type FROM PUBLIC")
    with dbapi.connect(postgres.url(database="discreet")) as connection:
        for parameters in (None, (True,)):
            cursor = connection.cursor().execute("SELECT 1")
            cursor.execute(f"SELECT ROW(1)::pair {'WHERE ?' if parameters else ''}", parameters)
            assert cursor.fetchall() == [("(1)",)] and connection.in_transaction
            assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    with dbapi.connect(postgres.url("admin"), autocommit=True) as admin:
        admin.cursor().execute("DROP DATABASE discreet WITH (FORCE)")


def test_in_a_transaction(connection: dbapi.Connection) -> None:
    """What asks within it leaves nothing behind."""
    connection.autocommit = False
    cursor = connection.cursor().execute("CREATE TYPE pg_temp.new AS (a int)")
    for parameters in (None, (True,)):
        connection.types.refresh()
        cursor.execute(f"SELECT ROW(1)::pg_temp.new {'WHERE ?' if parameters else ''}", parameters)
        assert cursor.fetchall()[0][0].a == 1
    with pytest.raises(dbapi.DatabaseError):
        cursor.execute("ROLLBACK TO SAVEPOINT sqlx_types")
    connection.rollback()


def test_rows_of_system_tables(connection: dbapi.Connection) -> None:
    """Composites with fields of types that nobody reads."""
    (row,) = connection.cursor().execute("SELECT c FROM pg_class AS c WHERE relname = ?", ("pg_class",)).fetchall()
    assert row[0].relname == "pg_class"
