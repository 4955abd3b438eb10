# Generated from tests/aio/test_cursor.py by scripts/async_to_sync.py; do not edit.
"""What PEP 249 says of cursors, on every engine."""

from __future__ import annotations

from typing import Any

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.engines import Engine

NAMES = "SELECT name FROM people ORDER BY id"


def test_execute_returns_the_cursor(people: face.Connection) -> None:
    cursor = people.cursor()
    assert cursor.execute(NAMES) is cursor
    assert cursor.connection is people


def test_two_cursors_see_the_same_transaction(people: face.Connection) -> None:
    people.cursor().execute("INSERT INTO people VALUES (4, 'Barbara')")
    cursor = people.cursor().execute("SELECT count(*) FROM people")
    assert cursor.fetchone() == (4,)


def test_description_names_the_columns_and_their_types(people: face.Connection) -> None:
    cursor = people.cursor().execute("SELECT name, id FROM people")
    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == ["name", "id"]
    assert [len(column) for column in cursor.description] == [7, 7]
    assert cursor.description[0][1] == dbapi.STRING
    assert cursor.description[1][1] == dbapi.NUMBER
    assert cursor.description[1][1] != dbapi.STRING
    assert cursor.description[1][1].name


def test_description_is_none_without_rows(people: face.Connection) -> None:
    cursor = people.cursor()
    assert cursor.description is None
    cursor.execute(NAMES)
    assert cursor.description is not None
    cursor.execute("CREATE TEMPORARY TABLE empty_one (a integer)")
    assert cursor.description is None


def test_rowcount_counts_what_was_changed_or_returned(people: face.Connection) -> None:
    cursor = people.cursor()
    assert cursor.rowcount == -1
    assert (cursor.execute("UPDATE people SET name = 'x' WHERE id < ?", (3,))).rowcount == 2
    assert (cursor.execute(NAMES)).rowcount == 3
    assert (cursor.execute("CREATE TEMPORARY TABLE empty_one (a integer)")).rowcount in (-1, 0)


def test_fetchone_ends_with_none(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    assert [cursor.fetchone() for _ in range(5)] == [("Ada",), ("Grace",), ("Edsger",), None, None]


def test_fetchmany_takes_arraysize_rows_unless_told(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    assert cursor.arraysize == 1
    assert cursor.fetchmany() == [("Ada",)]
    cursor.arraysize = 5
    assert cursor.fetchmany(1) == [("Grace",)]
    assert cursor.fetchmany() == [("Edsger",)]
    assert cursor.fetchmany() == []


def test_fetchmany_of_zero_rows_takes_none(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    assert cursor.fetchmany(0) == []
    assert cursor.fetchone() == ("Ada",)


def test_fetches_of_all_kinds_follow_one_another(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    assert cursor.fetchone() == ("Ada",)
    assert cursor.fetchmany(1) == [("Grace",)]
    assert cursor.fetchall() == [("Edsger",)]
    assert cursor.fetchall() == []


def test_a_cursor_is_its_own_iterator(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    assert [name for (name,) in cursor] == ["Ada", "Grace", "Edsger"]


def test_a_result_without_rows_has_nothing_to_fetch_but_no_fault(people: face.Connection) -> None:
    cursor = people.cursor().execute("SELECT * FROM people WHERE id = 0")
    assert cursor.fetchone() is None
    assert cursor.fetchall() == []


@pytest.mark.parametrize(
    "statement", [None, "CREATE TEMPORARY TABLE t (a integer)", "INSERT INTO people VALUES (9, 'x')"]
)
def test_fetching_where_nothing_returned_rows_is_an_error(people: face.Connection, statement: str | None) -> None:
    cursor = people.cursor()
    if statement:
        cursor.execute(statement)
    for fetch in (cursor.fetchone, cursor.fetchmany, cursor.fetchall):
        with pytest.raises(dbapi.ProgrammingError, match="nothing to fetch"):
            fetch()


def test_a_failed_statement_leaves_nothing_of_the_one_before(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    with pytest.raises(dbapi.ProgrammingError):
        cursor.execute("SELECT * FROM no_such_table")
    assert cursor.description is None
    with pytest.raises(dbapi.ProgrammingError, match="nothing to fetch"):
        cursor.fetchone()


def test_sequences_bind_question_marks_and_mappings_names(people: face.Connection) -> None:
    cursor = people.cursor()
    cursor.execute("SELECT name FROM people WHERE id = ? OR name = ? ORDER BY id", [1, "Grace"])
    assert cursor.fetchall() == [("Ada",), ("Grace",)]
    cursor.execute("SELECT name FROM people WHERE id = :id OR id = :id + 1 ORDER BY id", {"id": 2})
    assert cursor.fetchall() == [("Grace",), ("Edsger",)]


def test_markers_in_strings_and_text_without_parameters_are_left_alone(people: face.Connection) -> None:
    cursor = people.cursor()
    cursor.execute("SELECT 'thi%s :may ca%(u)se? troub:1e'")
    assert cursor.fetchone() == ("thi%s :may ca%(u)se? troub:1e",)
    cursor.execute("SELECT 'thi%s :may ca%(u)se? troub:1e' FROM people WHERE id = ?", (1,))
    assert cursor.fetchone() == ("thi%s :may ca%(u)se? troub:1e",)


@pytest.mark.parametrize(
    ("sql", "parameters", "said"),
    [
        ("SELECT name FROM people WHERE id = ?", (1, 2), "1 parameter"),
        ("SELECT name FROM people WHERE id = ? OR id = ?", (1,), "2 parameter"),
        ("SELECT name FROM people WHERE id = :id", {"ID": 1}, "id"),
        ("SELECT name FROM people WHERE id = ? OR id = :id", (1,), "throughout"),
        ("SELECT name FROM people WHERE id = ?", "1", r"\(value,\)"),
        ("SELECT ?; SELECT ?", (1, 2), "several"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_in_words(
    people: face.Connection, sql: str, parameters: object, said: str
) -> None:
    cursor = people.cursor()
    with pytest.raises(dbapi.ProgrammingError, match=said) as caught:
        cursor.execute(sql, parameters)
    assert caught.value.outcome == "not_run"
    assert (cursor.execute(NAMES)).fetchone() == ("Ada",)


def test_a_value_that_cannot_be_sent_is_named_by_its_position(people: face.Connection) -> None:
    with pytest.raises(dbapi.DataError, match="parameter 2"):
        people.cursor().execute("SELECT name FROM people WHERE id = ? OR name = ?", (1, object()))


def test_none_is_null_both_ways(people: face.Connection) -> None:
    cursor = people.cursor().execute("INSERT INTO people VALUES (?, NULL)", (None,))
    cursor.execute("SELECT id, name FROM people WHERE id IS NULL")
    assert cursor.fetchall() == [(None, None)]


def test_executemany_runs_every_row_and_counts_them_all(people: face.Connection) -> None:
    cursor = people.cursor()
    cursor.executemany("INSERT INTO people VALUES (?, ?)", ((id, None if id % 2 else "even") for id in range(10, 20)))
    assert cursor.rowcount == 10
    cursor.execute("SELECT id, name FROM people WHERE id >= 10 ORDER BY id")
    assert cursor.fetchall() == [(id, None if id % 2 else "even") for id in range(10, 20)]


def test_executemany_binds_integers_of_every_size(people: face.Connection) -> None:
    values = [1, 100_000, 3, 2**31 - 1, -5] * 40
    cursor = people.cursor()
    cursor.execute("DELETE FROM people")
    cursor.executemany("INSERT INTO people (id) VALUES (?)", [(value,) for value in values])
    assert cursor.rowcount == 200
    cursor.execute("SELECT id FROM people")
    assert sorted(id for (id,) in cursor.fetchall()) == sorted(values)


def test_executemany_binds_mappings(people: face.Connection) -> None:
    cursor = people.cursor()
    cursor.executemany(
        "UPDATE people SET name = :name WHERE id = :id", [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    )
    assert cursor.rowcount == 2
    assert (cursor.execute(NAMES)).fetchall() == [("a",), ("b",), ("Edsger",)]


def test_executemany_without_rows_runs_nothing(people: face.Connection) -> None:
    cursor = people.cursor()
    cursor.executemany("INSERT INTO people VALUES (?, ?)", [])
    assert cursor.rowcount == 0
    assert cursor.fetchone() is None


def test_nextset_leads_through_the_results_of_a_script(people: face.Connection, engine: Engine) -> None:
    cursor = people.cursor()
    cursor.execute("SELECT count(*) FROM people; DELETE FROM people WHERE id = 1; SELECT name FROM people ORDER BY id")
    assert cursor.fetchone() == (3,)
    assert cursor.nextset() is True
    assert cursor.description is None
    assert cursor.rowcount == 1
    assert cursor.nextset() is True
    assert cursor.fetchall() == [("Grace",), ("Edsger",)]
    assert cursor.nextset() is None


def test_nextset_before_a_statement_is_an_error(people: face.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError):
        people.cursor().nextset()


def test_scroll_moves_and_rownumber_tells(people: face.Connection) -> None:
    cursor = people.cursor()
    assert cursor.rownumber is None
    cursor.execute(NAMES)
    assert cursor.rownumber == 0
    cursor.scroll(2)
    assert cursor.rownumber == 2
    assert cursor.fetchone() == ("Edsger",)
    cursor.scroll(0, "absolute")
    assert cursor.fetchone() == ("Ada",)
    cursor.scroll(-1)
    assert cursor.fetchall() == [("Ada",), ("Grace",), ("Edsger",)]


@pytest.mark.parametrize(("value", "mode"), [(4, "absolute"), (-1, "absolute"), (-1, "relative"), (9, "relative")])
def test_scrolling_out_of_the_result_moves_nothing(people: face.Connection, value: int, mode: str) -> None:
    cursor = people.cursor().execute(NAMES)
    with pytest.raises(IndexError):
        cursor.scroll(value, mode)  # type: ignore[arg-type]
    assert cursor.rownumber == 0
    with pytest.raises(dbapi.ProgrammingError, match="sideways"):
        cursor.scroll(1, "sideways")  # type: ignore[arg-type]


def test_sizes_may_be_announced_and_change_nothing(people: face.Connection) -> None:
    cursor = people.cursor()
    cursor.setinputsizes((25,))
    cursor.setoutputsize(1000)
    cursor.setoutputsize(2000, 0)
    assert (cursor.execute("SELECT name FROM people WHERE id = ?", (1,))).fetchone() == ("Ada",)


def test_a_closed_cursor_refuses_everything_but_close(people: face.Connection) -> None:
    cursor = people.cursor().execute(NAMES)
    cursor.close()
    cursor.close()
    with pytest.raises(dbapi.InterfaceError, match="cursor is closed"):
        cursor.execute(NAMES)
    for call in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, cursor.nextset):
        with pytest.raises(dbapi.InterfaceError, match="cursor is closed"):
            call()


def test_a_cursor_closes_with_its_block(people: face.Connection) -> None:
    with people.cursor() as cursor:
        cursor.execute(NAMES)
    with pytest.raises(dbapi.InterfaceError):
        cursor.fetchone()


@pytest.mark.parametrize("sql", [None, b"SELECT 1", 5, ["SELECT 1"]])
@pytest.mark.parametrize("parameters", [None, (1,)])
def test_what_is_no_text_is_no_statement(people: face.Connection, sql: object, parameters: object) -> None:
    with pytest.raises(dbapi.ProgrammingError, match=f"SQL is a text, not {type(sql).__name__}"):
        people.cursor().execute(sql, parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", ["soon", -1, float("nan"), True])
def test_a_timeout_that_cannot_be_meant_is_refused(people: face.Connection, timeout: float) -> None:
    cursor = people.cursor()
    with pytest.raises(dbapi.InterfaceError, match="a timeout is a number of seconds, 0 for no limit"):
        cursor.execute(NAMES, timeout=timeout)
    people.statement_timeout = 5
    with pytest.raises(dbapi.InterfaceError, match="a timeout is a number of seconds"):
        people.statement_timeout = timeout
    assert people.statement_timeout == 5
    assert (cursor.execute(NAMES)).rowcount == 3


@pytest.mark.parametrize("timeout", [2592000, 1e10, 1e300])
def test_a_timeout_of_many_days(people: face.Connection, timeout: float) -> None:
    """Longer than one wait of the system can be."""
    assert (people.cursor().execute(NAMES, timeout=timeout)).rowcount == 3
    people.statement_timeout = timeout
    assert (people.cursor().execute(NAMES)).rowcount == 3


def test_a_timeout_of_zero_is_none(people: face.Connection) -> None:
    people.statement_timeout = 0
    assert (people.cursor().execute(NAMES)).rowcount == 3
    people.statement_timeout = 1e-9
    assert (people.cursor().execute(NAMES, timeout=0)).rowcount == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda cursor: cursor.executemany("INSERT INTO people (id) VALUES (?)", None),
        lambda cursor: cursor.fetchmany("x"),
        lambda cursor: cursor.scroll("x"),
        lambda cursor: cursor.scroll(0.5),
        lambda cursor: cursor.connection.savepoint(5).__enter__(),
    ],
)
def test_what_cannot_be_meant_is_an_error_of_the_driver(people: face.Connection, call: Any) -> None:
    cursor = people.cursor().execute(NAMES)
    with pytest.raises(dbapi.Error, match=r"iterable, not|whole number, not|cannot be a name"):
        call(cursor)
    assert people.cursor().execute(NAMES)


def test_levels_are_texts(connection: face.Connection) -> None:
    with pytest.raises(dbapi.InterfaceError, match="5 is no isolation level of this engine"):
        connection.isolation_level = 5  # type: ignore[assignment]
    with pytest.raises(dbapi.InterfaceError, match="5 is no isolation level of this engine"):
        connection.transaction(isolation_level=5).__enter__()  # type: ignore[arg-type]


@pytest.mark.parametrize(("sql", "types"), [(None, None), ("COPY t TO STDOUT", 5), ("COPY t TO STDOUT", "int4")])
def test_what_is_no_copy_leaves_nothing_behind(people: face.Connection, sql: Any, types: Any) -> None:
    with pytest.raises(dbapi.ProgrammingError, match=r"SQL is a text, not NoneType|types are the names of all columns"):
        people.cursor().copy(sql, types=types)
