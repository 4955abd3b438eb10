"""Row factories: every way to fetch, columns that do not fit, and what the type checker makes of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from sqlx import Record, dbapi
from sqlx.rows import (
    RowFactory,
    class_row,
    dataclass_row,
    dict_row,
    namedtuple_row,
    pydantic_row,
    scalar_row,
    tuple_row,
)

SQL = "SELECT 1 AS id, 'Ada' AS name UNION ALL SELECT 2, 'Grace'"


@dataclass
class Person:
    id: int
    name: str = "?"
    friends: list[str] = field(default_factory=list)


class Model(BaseModel):
    id: int
    name: str


@pytest.fixture
def connection() -> Iterator[dbapi.Connection]:
    with dbapi.connect("sqlite://") as opened:
        yield opened


ADA, GRACE = Person(1, "Ada"), Person(2, "Grace")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("factory", "rows"),
    [
        (tuple_row, [(1, "Ada"), (2, "Grace")]),
        (namedtuple_row, [Record((1, "Ada"), ("id", "name")), Record((2, "Grace"), ("id", "name"))]),
        (dict_row, [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}]),
        (dataclass_row(Person), [ADA, GRACE]),
        (class_row(Person), [ADA, GRACE]),
        (pydantic_row(Model), [Model(id=1, name="Ada"), Model(id=2, name="Grace")]),
    ],
)
def test_every_way_to_fetch(connection: dbapi.Connection, factory: RowFactory[Any], rows: Any, stream: bool) -> None:
    cursor = connection.cursor(stream=stream, row_factory=factory)
    first, second = rows
    assert cursor.execute(SQL).fetchall() == rows
    assert cursor.execute(SQL).fetchone() == first
    assert cursor.fetchmany(5) == [second] and cursor.fetchone() is None
    assert list(cursor.execute(SQL)) == rows
    assert type(cursor.execute(SQL).fetchone()) is type(first) or factory is namedtuple_row


def test_of_a_connection(connection: dbapi.Connection) -> None:
    connection.row_factory = dict_row
    row: Any = connection.cursor().execute("SELECT 1 AS n").fetchone()
    assert row == {"n": 1}
    assert connection.cursor(row_factory=scalar_row).execute("SELECT 1 AS n").fetchone() == 1


def test_what_is_no_factory_is_refused_before_anything_is_run(connection: dbapi.Connection) -> None:
    for wrong in (5, 0, "dict"):
        with pytest.raises(dbapi.ProgrammingError, match=r"a row factory is a function.*, not"):
            connection.cursor(row_factory=wrong)  # type: ignore[call-overload]
    connection.row_factory = 5  # type: ignore[assignment]
    with pytest.raises(dbapi.ProgrammingError, match=r"a row factory is a function.*, not 5"):
        connection.cursor()
    assert connection.cursor(row_factory=dict_row).execute("SELECT 1 AS n").fetchone() == {"n": 1}


def test_scroll_and_the_next_result(connection: dbapi.Connection) -> None:
    cursor = connection.cursor(row_factory=dict_row).execute(SQL + "; SELECT 3 AS other")
    assert cursor.fetchall()[1]["name"] == "Grace"
    cursor.scroll(0, "absolute")
    assert cursor.fetchone() == {"id": 1, "name": "Ada"}
    assert cursor.nextset() and cursor.fetchall() == [{"other": 3}]


def test_what_each_row_of_many_returns(connection: dbapi.Connection) -> None:
    connection.cursor().execute("CREATE TABLE people (id integer, name text)")
    cursor = connection.cursor(row_factory=dataclass_row(Person))
    cursor.executemany("INSERT INTO people VALUES (?, ?) RETURNING *", [(1, "Ada"), (2, "Grace")])
    assert cursor.fetchall() == [ADA, GRACE]


def test_a_null_of_a_scalar_does_not_end_a_loop(connection: dbapi.Connection) -> None:
    assert list(connection.cursor(row_factory=scalar_row).execute("SELECT NULL UNION ALL SELECT 1")) == [None, 1]


def test_any_name_is_a_name(connection: dbapi.Connection) -> None:
    names = ["class", "__class__", "a b", "id", "id", "count", "x); import os; (", "ü", ""]
    sql = "SELECT " + ", ".join(f'{place} AS "{name}"' for place, name in enumerate(names))
    row = connection.cursor(row_factory=namedtuple_row).execute(sql).fetchall()[0]
    assert isinstance(row, Record) and row == tuple(range(len(names)))
    assert [row[name] for name in names] == [0, 1, 2, 3, 3, 5, 6, 7, 8]
    assert row.id == 3 and getattr(row, "class") == 0


def test_many_columns(connection: dbapi.Connection) -> None:
    sql = "SELECT " + ", ".join(f"{place} AS c{place}" for place in range(1600))
    assert connection.cursor(row_factory=namedtuple_row).execute(sql).fetchall()[0].c1599 == 1599
    assert connection.cursor(row_factory=dict_row).execute(sql).fetchall()[0]["c1599"] == 1599


@pytest.mark.parametrize(
    ("factory", "sql", "words"),
    [
        (dict_row, "SELECT 1 AS id, 2 AS id", "several columns are called 'id'"),
        (scalar_row, "SELECT 1, 2", "2 columns"),
        (dataclass_row(Person), "SELECT 1 AS id, 2 AS age", "Person has no field for the column 'age'"),
        (dataclass_row(Person), "SELECT 'Ada' AS name", "Person needs a value for its field 'id'"),
    ],
)
def test_what_does_not_fit(connection: dbapi.Connection, factory: RowFactory[Any], sql: str, words: str) -> None:
    cursor = connection.cursor(row_factory=factory).execute(sql)
    with pytest.raises(dbapi.ProgrammingError, match=words):
        cursor.fetchone()


def test_errors_of_a_model_are_its_own(connection: dbapi.Connection) -> None:
    cursor = connection.cursor(row_factory=pydantic_row(Model)).execute("SELECT 'x' AS id, 'y' AS name")
    with pytest.raises(ValidationError):
        cursor.fetchall()
    with pytest.raises(TypeError, match="no dataclass"):
        dataclass_row(int)


SNIPPET = """
from dataclasses import dataclass
from typing import Any, assert_type
from sqlx import Record, aio, dbapi
from sqlx.rows import dataclass_row, dict_row, namedtuple_row

@dataclass
class Person:
    id: int

connection = dbapi.connect("sqlite://")
assert_type(connection.cursor().fetchall(), list[tuple[Any, ...]])
people = connection.cursor(row_factory=dataclass_row(Person)).execute("SELECT 1 AS id")
assert_type(people.fetchall(), list[Person])
assert_type(people.fetchone(), Person | None)
assert_type([person for person in people], list[Person])
assert_type(connection.cursor(row_factory=dict_row).fetchmany(), list[dict[str, Any]])
assert_type(connection.cursor(row_factory=namedtuple_row).fetchone(), Record | None)

async def use(connection: aio.Connection) -> None:
    async with connection.cursor(row_factory=dataclass_row(Person)) as cursor:
        assert_type(await cursor.fetchall(), list[Person])
"""


def test_the_type_checker_knows_the_rows(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "snippet.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
