"""Rows that stream in binary: into tables and out of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

import sqlx.aio as face
from sqlx import Interval, ServerText, dbapi
from tests.servers.server import Server

BERLIN = ZoneInfo("Europe/Berlin")
COLUMNS = {
    "id": "int4",
    "word": "text",
    "number": "numeric",
    "at": "timestamptz",
    "key": "uuid",
    "days": "date[]",
    "words": "text[]",
    "document": "jsonb",
    "raw": "bytea",
    "span": "interval",
    "yes": "bool",
}
TYPES = tuple(COLUMNS.values())
ROWS: list[tuple[Any, ...]] = [
    (
        1,
        "tab\tand \\N",
        Decimal("1.50"),
        datetime(2024, 7, 1, 12, 0, 0, 5, BERLIN),
        UUID(int=7),
        [date(2024, 2, 29), None],
        ["a", None, '"'],
        {"k": [1, None, "ü"]},
        b"\0\xff\n",
        Interval(1, 2, 3),
        True,
    ),
    (2, "", Decimal("NaN"), ServerText("infinity"), UUID(int=0), [], [["x"], ["y"]], "a text", b"", Interval(), False),
    (3, *[None] * (len(COLUMNS) - 1)),
]
INTO = "COPY binary_rows FROM STDIN (FORMAT binary)"
OUT = "COPY (SELECT * FROM binary_rows ORDER BY id) TO STDOUT (FORMAT binary)"


class Colour(Enum):
    """What is bound as its value."""

    RED = "red"


@pytest.fixture(params=["postgres", "postgres18"])
async def connection(request: pytest.FixtureRequest) -> AsyncIterator[face.Connection]:
    """A connection with two tables, in Berlin."""
    server: Server = request.getfixturevalue(request.param)
    opened = await face.connect(server.url(), timezone="Europe/Berlin")
    definitions = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
    for table in ("binary_rows", "others"):
        await opened.cursor().execute(f"CREATE TEMPORARY TABLE {table} ({definitions})")
    await opened.commit()
    yield opened
    await opened.close()


async def fetched(connection: face.Connection, table: str = "binary_rows") -> list[tuple[Any, ...]]:
    return await (await connection.cursor().execute(f"SELECT * FROM {table} ORDER BY id")).fetchall()


async def test_rows_go_from_one_table_to_another(connection: face.Connection) -> None:
    """In as values, out as values and in again, and they are what a SELECT of either table gives."""
    cursor = connection.cursor()
    async with cursor.copy(INTO, types=TYPES) as copy:
        await copy.write_row(ROWS[0])
        await copy.write_rows(ROWS[1:])
    assert cursor.rowcount == len(ROWS)
    assert repr(await fetched(connection)) == repr(ROWS)  # NaN is not equal to itself
    async with cursor.copy(OUT, types=TYPES) as copy:
        rows = [row async for row in copy.rows()]
    assert repr(rows) == repr(ROWS)
    async with cursor.copy("COPY others FROM STDIN (FORMAT binary)", types=TYPES) as copy:
        await copy.write_rows(rows)
    assert repr(await fetched(connection, "others")) == repr(ROWS)


async def test_both_formats_give_the_same(connection: face.Connection) -> None:
    cursor = connection.cursor()
    async with cursor.copy("COPY binary_rows FROM STDIN", types=TYPES) as copy:
        await copy.write_rows(ROWS[::2])
    found = []
    for form in ("text", "csv", "binary"):
        async with cursor.copy(OUT.replace("binary)", f"{form})"), types=TYPES) as copy:
            found.append([row async for row in copy.rows()])
    assert [[repr(row) for row in rows] for rows in found] == [[repr(row) for row in ROWS[::2]]] * 3


async def test_values_are_adapted(connection: face.Connection) -> None:
    """By what the connection was taught, and as they are bound: members as their values, floats as their digits, a
    moment without a zone as one of the session's."""
    connection.types.adapt(complex, lambda value: Decimal(str(value.real)))
    cursor = connection.cursor()
    async with cursor.copy("COPY binary_rows (id, word, words, number, at, span) FROM STDIN (FORMAT binary)",
                           types=["int4", "text", "text[]", "numeric", "timestamptz", "interval"]) as copy:  # fmt: skip
        await copy.write_row((1, Colour.RED, [Colour.RED], 2.5 + 0j, datetime(2024, 1, 1), timedelta(hours=1)))
        await copy.write_row((2, None, None, 0.1, datetime(2024, 1, 1, tzinfo=UTC), None))
    await cursor.execute("SELECT word, words, number::text, at::text, span FROM binary_rows ORDER BY id")
    assert await cursor.fetchall() == [
        ("red", ["red"], "2.5", "2024-01-01 00:00:00+01", Interval(0, 0, 3_600_000_000)),
        (None, None, "0.1", "2024-01-01 01:00:00+01", None),
    ]


@pytest.mark.parametrize("form", ["text", "binary"])
async def test_values_are_loaded(connection: face.Connection, form: str) -> None:
    """As they are when fetched; a loader that fails is told with its column."""
    query = f"COPY (SELECT 1, 2.5, ARRAY[3, NULL]) TO STDOUT (FORMAT {form})"
    connection.types.load("int4", lambda value: value * 10)
    async with connection.cursor().copy(query, types=["int4", "numeric", "int4[]"]) as copy:
        assert [row async for row in copy.rows()] == [(10, Decimal("2.5"), [30, None])]
    connection.types.load("numeric", lambda value: 1 / 0)
    refused = pytest.raises(dbapi.DataError, match="the loader of numeric, the type of the column '2', failed")
    with refused as caught:
        async with connection.cursor().copy(query, types=["int4", "numeric", "int4[]"]) as copy:
            _ = [row async for row in copy.rows()]
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


async def test_an_enum_is_text_and_a_domain_the_type_beneath(connection: face.Connection) -> None:
    cursor = connection.cursor()
    await cursor.execute("CREATE TYPE pg_temp.size AS ENUM ('small', 'large')")
    await cursor.execute("CREATE DOMAIN pg_temp.age AS int CHECK (VALUE >= 0)")
    await cursor.execute("CREATE TEMPORARY TABLE shirts (size pg_temp.size, age pg_temp.age)")
    async with cursor.copy("COPY shirts FROM STDIN (FORMAT binary)", types=("text", "int4")) as copy:
        await copy.write_rows([("small", 3), (None, None)])
    async with cursor.copy("COPY shirts TO STDOUT (FORMAT binary)", types=("text", "int4")) as copy:
        assert [row async for row in copy.rows()] == [("small", 3), (None, None)]
    refused = pytest.raises(dbapi.ProgrammingError, match="no type of this engine is called 'size'")
    with refused as caught:
        async with cursor.copy("COPY shirts TO STDOUT (FORMAT binary)", types=("size", "age")) as copy:
            _ = [row async for row in copy.rows()]
    assert "an enum is text" in str(caught.value)


async def test_no_rows(connection: face.Connection) -> None:
    cursor = connection.cursor()
    async with cursor.copy(INTO, types=TYPES) as copy:
        await copy.write_rows([])
    assert cursor.rowcount == 0
    async with cursor.copy(OUT, types=TYPES) as copy:
        assert [row async for row in copy.rows()] == []


async def test_types_must_be_given(connection: face.Connection) -> None:
    cursor = connection.cursor()
    refused = pytest.raises(dbapi.ProgrammingError, match=r"(?s)does not say of which types it is.*give types=")
    with refused:
        async with cursor.copy(INTO) as copy:
            await copy.write_row(ROWS[0])
    await connection.rollback()
    refused = pytest.raises(dbapi.ProgrammingError, match="binary data does not say of which types it is")
    with refused:
        async with cursor.copy(OUT) as copy:
            _ = [row async for row in copy.rows()]
    await connection.rollback()
    assert await fetched(connection) == []


@pytest.mark.parametrize("types", ["int4", 5, b"int4"], ids=repr)
async def test_types_are_a_list_of_names(connection: face.Connection, types: Any) -> None:
    refused = pytest.raises(dbapi.ProgrammingError, match=r"not (b?'int4'|5): .*types=\['int4'")
    with refused:
        async with connection.cursor().copy(INTO, types=types) as copy:
            await copy.write_row(ROWS[0])


async def test_a_type_that_has_no_binary_form_here(connection: face.Connection) -> None:
    cursor = connection.cursor()
    await cursor.execute("CREATE TEMPORARY TABLE searched (words tsvector)")
    await connection.commit()
    refused = pytest.raises(dbapi.NotSupportedError, match=r"(?s)tsvector are not written in binary here.*text format")
    with refused:
        async with cursor.copy("COPY searched FROM STDIN (FORMAT binary)", types=["tsvector"]) as copy:
            await copy.write_row(("a",))
    await connection.rollback()
    await cursor.execute("SELECT * FROM searched")
    assert await cursor.fetchall() == []


async def test_a_wrong_value_keeps_nothing(connection: face.Connection) -> None:
    """It is told by its column and type, and the rows before it are undone with the copy."""
    refused = pytest.raises(dbapi.DataError, match="column 2 is text, as which no int is written")
    with refused as caught:
        async with connection.cursor().copy(
            "COPY binary_rows (id, word) FROM STDIN (FORMAT binary)", types=("int4", "text")
        ) as copy:
            await copy.write_rows([(1, "one"), (2, 2)])
    assert caught.value.outcome == "not_run"
    await connection.rollback()
    assert await fetched(connection) == []


async def test_a_wrong_value_that_is_caught_leaves_the_others(connection: face.Connection) -> None:
    cursor = connection.cursor()
    async with cursor.copy("COPY binary_rows (id) FROM STDIN (FORMAT binary)", types=["int4"]) as copy:
        for value in ("x", 1, 2**40, 2):
            try:
                await copy.write_row((value,))
            except dbapi.DataError:
                continue
    assert [row[0] for row in await fetched(connection)] == [1, 2]


async def test_types_that_are_not_the_table_s(connection: face.Connection) -> None:
    """Whoever reads looks at each value; the server at what is written."""
    cursor = connection.cursor()
    async with cursor.copy("COPY binary_rows (id) FROM STDIN (FORMAT binary)", types=["int4"]) as copy:
        await copy.write_row((1,))
    await connection.commit()
    for types, class_, said in (
        (["int8"], dbapi.DataError, "column 1 holds no int8"),
        (["int4", "text"], dbapi.InterfaceError, "the rows have 1 columns, and 2 types are given"),
    ):
        refused = pytest.raises(class_, match=said)
        with refused:
            async with cursor.copy("COPY binary_rows (id) TO STDOUT (FORMAT binary)", types=types) as copy:
                _ = [row async for row in copy.rows()]
        await connection.rollback()
    refused = pytest.raises(dbapi.DataError, match="incorrect binary data format")
    with refused as caught:
        async with cursor.copy("COPY binary_rows (id) FROM STDIN (FORMAT binary)", types=["int8"]) as copy:
            await copy.write_row((1,))
    assert "COPY binary_rows, line 1, column id" in caught.value.fields["where"]
    await connection.rollback()
    assert len(await fetched(connection)) == 1


async def test_many_rows_in_little_memory(connection: face.Connection) -> None:
    cursor = connection.cursor()
    types = ("int4", "text")
    tracemalloc.start()
    try:
        async with cursor.copy("COPY binary_rows (id, word) FROM STDIN (FORMAT binary)", types=types) as copy:
            await copy.write_rows((number, "x" * 990) for number in range(4_000))
        count = 0
        async with cursor.copy("COPY binary_rows (id, word) TO STDOUT (FORMAT binary)", types=types) as copy:
            async for _ in copy.rows():
                count += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == cursor.rowcount == 4_000
    assert peak < 2 << 20
