# Generated from tests/aio/test_callproc.py by scripts/async_to_sync.py; do not edit.
"""Procedures and functions, called by their names."""

from __future__ import annotations

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.engines import ENGINES, Engine

SEVERAL = [engine for engine in ENGINES.values() if engine.results]  # whose procedures return results


@pytest.fixture(params=[name for name, engine in ENGINES.items() if engine.procedure])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine with procedures in turn."""
    return ENGINES[request.param]


def test_a_function_returns_its_value_as_a_result(connection: face.Connection) -> None:
    cursor = connection.cursor()
    assert cursor.callproc("lower", ("FOO",)) == ["FOO"]
    assert cursor.fetchall() == [("foo",)]


def test_a_procedure_is_found_by_its_name_and_called(connection: face.Connection, engine: Engine) -> None:
    name = "proc_" + face.__name__.rpartition(".")[2]
    cursor = connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE calls (n integer)")
    cursor.execute(engine.procedure.replace("{name}", name))
    try:
        cursor.callproc(name, (7,))
        cursor.execute("SELECT n FROM calls")
        assert cursor.fetchall() == [(7,)]
    finally:
        cursor.execute(f"DROP PROCEDURE {name}")
        connection.rollback()


@pytest.mark.parametrize("engine", SEVERAL, ids=lambda engine: engine.name)
def test_nextset_leads_through_the_results_of_a_procedure(connection: face.Connection, engine: Engine) -> None:
    name = "results_" + face.__name__.rpartition(".")[2]
    cursor = connection.cursor()
    cursor.execute(engine.results.replace("{name}", name))
    try:
        cursor.callproc(name)
        assert cursor.fetchall() == [(1,)]
        assert cursor.nextset()
        assert cursor.fetchall() == [(2,), (3,)]
        while cursor.nextset():
            assert cursor.description is None
    finally:
        cursor.execute(f"DROP PROCEDURE {name}")


@pytest.mark.parametrize("engine", SEVERAL, ids=lambda engine: engine.name)
@pytest.mark.parametrize("piped", [False, True])
def test_a_procedure_called_many_times_keeps_its_results_apart(connection: face.Connection, piped: bool) -> None:
    """Rows of different columns are never taken for those of one result; and what follows has its own."""
    name = f"many_{face.__name__.rpartition('.')[2]}"
    cursor, last = connection.cursor(), connection.cursor()
    cursor.execute(f"CREATE PROCEDURE {name}(a int) BEGIN SELECT a AS one; SELECT a + 1 AS two, 'x' AS three; END")
    try:
        if piped:
            with connection.pipeline():
                cursor.executemany(f"CALL {name}(?)", [(1,), (5,)])
                last.execute("SELECT ?", (7,))
        else:
            cursor.executemany(f"CALL {name}(?)", [(1,), (5,)])
            last.execute("SELECT ?", (7,))
        found = []
        while True:
            if cursor.description is not None:
                found.append(([column[0] for column in cursor.description], cursor.fetchall()))
            if not cursor.nextset():
                break
        one, two = ["one"], ["two", "three"]
        assert found == [(one, [(1,)]), (two, [(2, "x")]), (one, [(5,)]), (two, [(6, "x")])]
        assert last.fetchall() == [(7,)]
    finally:
        cursor.execute(f"DROP PROCEDURE {name}")


@pytest.mark.parametrize("engine", SEVERAL, ids=lambda engine: engine.name)
def test_a_procedure_called_many_times_brings_its_rows_as_one_result(connection: face.Connection) -> None:
    name = f"same_{face.__name__.rpartition('.')[2]}"
    cursor = connection.cursor()
    cursor.execute(f"CREATE PROCEDURE {name}(a int) SELECT a AS one UNION ALL SELECT a + 1")
    try:
        cursor.executemany(f"CALL {name}(?)", [(1,), (5,)])
        assert cursor.fetchall() == [(1,), (2,), (5,), (6,)]
        assert not cursor.nextset()
    finally:
        cursor.execute(f"DROP PROCEDURE {name}")


@pytest.mark.parametrize("name", ["lower('a'); DROP TABLE x; --", "no_such_procedure", 'a"b`c', "a b"])
def test_a_name_is_never_read_as_sql(connection: face.Connection, name: str) -> None:
    with pytest.raises(dbapi.DatabaseError) as caught:
        connection.cursor().callproc(name, (1,))
    assert caught.value.sqlstate is not None
    assert "syntax" not in caught.value.message


def test_a_name_that_cannot_be_one_is_refused(connection: face.Connection) -> None:
    for name in ("", "a\0b"):
        with pytest.raises(dbapi.ProgrammingError, match="cannot be a name"):
            connection.cursor().callproc(name)
