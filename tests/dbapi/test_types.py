"""What is the same for all engines: how Python's values are bound, and what is said of those that cannot be."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sqlx import Json, dbapi
from tests.dbapi.values import BOUND, PLAIN, column, told
from tests.engines import Engine
from tests.servers.server import Server

MIB = 1 << 20


class Text(str):
    """A subclass whose own text is another one."""

    def __str__(self) -> str:
        return "another"


class Day(date):
    def isoformat(self) -> str:
        return "another"


class Colour(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


@pytest.fixture
def text_type(engine: Engine) -> str:
    return "LONGTEXT" if engine.name == "mariadb" else "text"


def back(connection: dbapi.Connection, type_: str, value: Any) -> Any:
    """A value that went to the server and came back both ways."""
    cursor = column(connection, type_)
    cursor.execute("INSERT INTO t VALUES (?)", (value,))
    plain, bound = cursor.execute(PLAIN).fetchall(), cursor.execute(BOUND, (1,)).fetchall()
    assert told(plain) == told(bound)
    return plain[0][0]


@pytest.mark.parametrize("text", ["", " ", "é", "😀", "'; DROP TABLE t; --", "\\", "a\nb\tc", "%s ? :x $1"])
def test_a_text(connection: dbapi.Connection, text_type: str, text: str) -> None:
    """What looks like anything else is a text all the same; the empty one is not null."""
    assert told(back(connection, text_type, text)) == told(text)


def test_a_text_of_16_mib(connection: dbapi.Connection, text_type: str) -> None:
    """Larger than one frame of the engines whose frames are small."""
    text = "0123456789abcdé\n" * MIB
    assert back(connection, text_type, text) == text


def test_none_is_null(connection: dbapi.Connection, text_type: str) -> None:
    assert back(connection, text_type, None) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(Text("plain"), "plain"), (Colour.RED, "red"), (Day(2024, 2, 29), "2024-02-29")],
)
def test_a_subclass_and_an_enum_bind_as_what_they_are(
    connection: dbapi.Connection, text_type: str, value: Any, wanted: str
) -> None:
    assert str(back(connection, "date" if isinstance(value, date) else text_type, value)) == wanted


def test_the_sizes_of_a_column(connection: dbapi.Connection) -> None:
    """Precision and scale of a number, read with parameters and without."""
    cursor = connection.cursor().execute("CREATE TEMPORARY TABLE sized (price numeric(10, 2))")
    for where, parameters in (("", None), (" WHERE 1 = ?", (1,))):
        cursor.execute(f"SELECT price FROM sized{where}", parameters)
        assert [column[4:6] for column in cursor.description or ()] == [(10, 2)]


def test_numbers_of_numpy_bind_as_pythons(connection: dbapi.Connection) -> None:
    numpy = pytest.importorskip("numpy")
    for value in (numpy.int64(7), numpy.uint8(200), Number.ONE):
        assert int(back(connection, "integer", value)) == int(value)
    assert bool(back(connection, "boolean", numpy.bool_(True))) is True
    for value in (numpy.float64(0.1), numpy.float32(0.5)):
        assert float(back(connection, "double precision", value)) == float(value)


def test_an_array_of_numpy_is_refused_with_what_to_do(connection: dbapi.Connection) -> None:
    numpy = pytest.importorskip("numpy")
    with pytest.raises(dbapi.DataError, match=r"parameter 1 \(ndarray\).*\.tolist\(\)"):
        connection.cursor().execute("SELECT ?", (numpy.array([1, 2]),))


def test_a_value_of_no_type_is_refused_with_what_to_do(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.DataError, match=r"parameter 2 \(object\) cannot be sent.*convert it to str"):
        connection.cursor().execute("SELECT ?, ?", (1, object()))


def test_half_a_character_is_refused(connection: dbapi.Connection, text_type: str) -> None:
    """A surrogate alone is no text in any encoding."""
    with pytest.raises(dbapi.DataError, match=r"surrogate|parameter 1"):
        back(connection, text_type, "\ud83d")


def test_a_value_keeps_its_sign_and_its_scale(connection: dbapi.Connection, engine: Engine) -> None:
    if engine.name == "sqlite":
        pytest.skip("it has no type for decimals")
    assert told(back(connection, "numeric(10,4)", Decimal("-0.5000"))) == told(Decimal("-0.5000"))


# ---- many rows whose types differ


def test_executemany_takes_rows_of_different_types(connection: dbapi.Connection) -> None:
    """Small and large integers, and none, in one column: each is bound as it fits."""
    values = [1, 2**40, None, -1, 2**15, 2**31, 0]
    cursor = column(connection, "bigint")
    cursor.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
    assert [row[0] for row in cursor.execute(PLAIN)] == values
    assert cursor.execute(f"{PLAIN} WHERE c = ?", (2**40,)).fetchall() == [(2**40,)]


def test_one_statement_takes_values_of_different_types(connection: dbapi.Connection) -> None:
    cursor = column(connection, "double precision")
    for value in (1, 0.5, None, 2**40, 1):
        cursor.execute("INSERT INTO t VALUES (?)", (value,))
    assert [row[0] for row in cursor.execute(PLAIN)] == [1.0, 0.5, None, float(2**40), 1.0]


def test_a_column_of_nulls_stays_one(connection: dbapi.Connection, text_type: str) -> None:
    cursor = column(connection, text_type)
    cursor.executemany("INSERT INTO t VALUES (?)", [(None,)] * 3)
    assert cursor.execute(PLAIN).fetchall() == cursor.execute(BOUND, (1,)).fetchall() == [(None,)] * 3


# ---- PostgreSQL alone


@pytest.fixture
def pg(postgres: Server) -> Any:
    with dbapi.connect(postgres.url(), autocommit=True, timezone="UTC") as connection:
        yield connection.cursor()


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([1, 3], [1, 3]), ([2**15, 1], [1, 32768]), ([], []), ([None, 3], [3]), ((3,), [3]), ([2**40], [])],
)
def test_any_takes_a_list(pg: dbapi.Cursor, values: Any, wanted: list[int]) -> None:
    pg.execute("SELECT n FROM unnest(ARRAY[1, 2, 3, 32768]) AS n WHERE n = ANY(?) ORDER BY n", (values,))
    assert [row[0] for row in pg] == wanted


def test_any_takes_texts(pg: dbapi.Cursor) -> None:
    sql = "SELECT relname FROM pg_class WHERE relname = ANY(?)"
    assert pg.execute(sql, (["pg_class", "it's"],)).fetchall() == [("pg_class",)]


@pytest.mark.parametrize(
    "value",
    [
        1, 2**15, 2**31, 1.5, True, b"\x00\xff", Decimal("1.10"), date(2024, 2, 29), datetime(2024, 2, 29, 12, 30),
        [1, None, 2**40], [[1.5], [None]], [b"\xff"], [date(2024, 1, 1)], [True], [Decimal("1.10"), Decimal("NaN")],
    ],
)  # fmt: skip
def test_a_value_carries_its_type(pg: dbapi.Cursor, value: Any) -> None:
    assert told(pg.execute("SELECT ?", (value,)).fetchone()[0]) == told(value)


def test_an_integer_beyond_the_largest_is_a_numeric(pg: dbapi.Cursor) -> None:
    assert told(pg.execute("SELECT ?", (2**63,)).fetchone()[0]) == told(Decimal(2**63))
    assert told(pg.execute("SELECT ?", (10**5000,)).fetchone()[0]) == told(Decimal("1" + "0" * 5000))


def test_a_span_of_python_is_an_interval(pg: dbapi.Cursor) -> None:
    day = timedelta(days=1, hours=-1)
    assert pg.execute("SELECT timestamptz '2024-03-30 12:00+00' + ?", (day,)).fetchone() == (
        datetime(2024, 3, 31, 11, tzinfo=UTC),
    )


def test_a_text_takes_the_type_that_the_server_wants(pg: dbapi.Cursor) -> None:
    assert pg.execute("SELECT ? + 1, ?::date, ?::inet IS NULL", ("41", "2024-02-29", None)).fetchone() == (
        42, date(2024, 2, 29), True,
    )  # fmt: skip


@pytest.mark.parametrize("value", [{"a": [1, None]}, Json([1, {"b": "\N{SNOWMAN}"}]), Json("text")])
def test_json_is_an_object(pg: dbapi.Cursor, value: Any) -> None:
    wanted = value.value if isinstance(value, Json) else value
    assert pg.execute("SELECT ?::jsonb, ?::json", (value, value)).fetchone() == (wanted, wanted)


def test_a_nul_in_a_text_is_refused(pg: dbapi.Cursor) -> None:
    """The server has no such text; it must not be cut either."""
    with pytest.raises(dbapi.DataError):
        pg.execute("SELECT ?::text", ("a\0b",))
    with pytest.raises(dbapi.Error):
        pg.execute("SELECT 'a\0b'")
    assert pg.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("sql", "value", "said"),
    [
        ("SELECT ?::smallint", 2**20, "out of range"),
        ("SELECT ?::date", "no date", "invalid input syntax for type date"),
        ("SELECT ?::numeric(3,1)", Decimal(100), "overflow"),
        ("SELECT ?::jsonb", "{", "invalid input syntax for type json"),
        ("SELECT ?::uuid", "x", "invalid input syntax for type uuid"),
        ("SELECT ?", [1, "a"], "different kinds"),
        ("SELECT ?", [[[[[[[1]]]]]]], "nested more than 6 deep"),
        ("SELECT ?::jsonb", {"a": float("nan")}, "cannot be sent"),
    ],
)
def test_a_value_that_does_not_fit_is_a_data_error(pg: dbapi.Cursor, sql: str, value: Any, said: str) -> None:
    with pytest.raises(dbapi.DataError, match=said):
        pg.execute(sql, (value,))


# ---- statements that a server cannot prepare

WRITE = "write the values into the text"
UNPREPARABLE = {
    "postgres": [
        ("SELECT 1 WHERE 1 IN ?", [1], "write = ANY"),
        ("SELECT INTERVAL ?", "1 day", "interval"),
        ("SET work_mem = ?", "4MB", "set_config"),
        ("CREATE TEMPORARY TABLE u (c int DEFAULT ?)", 1, WRITE),
        ("SELECT ? IS NULL", None, r"CAST\(\? AS text\)"),
    ],
    "mariadb": [
        ("SELECT 1 FROM dual WHERE 1 IN ?", [1], r"IN \(\?, \?\)"),
        ("SHOW TABLES LIKE ?", "x", "SHOW"),
        ("PREPARE s FROM ?", "SELECT 1", WRITE),
        ("CREATE VIEW u AS SELECT ?", 1, WRITE),
    ],
    "mysql9": [
        ("SHOW TABLES LIKE ?", "x", "SHOW"),
        ("KILL ?", 1, WRITE),
        ("CREATE PROCEDURE u() SELECT ?", 1, WRITE),
    ],
}


@pytest.mark.parametrize(
    ("name", "sql", "value", "said"), [(name, *case) for name, cases in UNPREPARABLE.items() for case in cases]
)
def test_a_statement_that_cannot_be_prepared_says_what_to_write(
    name: str, sql: str, value: Any, said: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(name)
    with dbapi.connect(server.url("admin", sslmode="verify-full", sslrootcert=server.ca_path)) as connection:
        with pytest.raises((dbapi.ProgrammingError, dbapi.NotSupportedError)) as caught:
            connection.cursor().execute(sql, (value,))
        connection.rollback()
    assert caught.value.outcome in ("not_run", "rolled_back")
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(caught.value.hint)


def test_the_place_of_a_misplaced_parameter_is_that_in_ones_own_text(pg: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.ProgrammingError) as caught:
        pg.execute("SELECT ?, 1 WHERE 1 IN ?", (1, [1]))
    assert caught.value.position == 24
