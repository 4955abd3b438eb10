# Generated from tests/aio/test_connection.py by scripts/async_to_sync.py; do not edit.
"""Transactions, modes and the life of a connection, on every engine."""

from __future__ import annotations

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.engines import Engine

COUNT = "SELECT count(*) FROM people"


def count(connection: face.Connection) -> int:
    row = (connection.cursor().execute(COUNT)).fetchone()
    assert row is not None
    return int(row[0])


def test_exceptions_are_attributes_of_the_connection(connection: face.Connection) -> None:
    for name in ("Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError"):
        assert getattr(connection, name) is getattr(dbapi, name)
    for name in ("IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError"):
        assert getattr(connection, name) is getattr(dbapi, name)


def test_commit_and_rollback_without_a_transaction_do_nothing(connection: face.Connection) -> None:
    assert not connection.in_transaction
    connection.commit()
    connection.rollback()
    assert not connection.in_transaction


def test_a_statement_opens_a_transaction_and_commit_ends_it(connection: face.Connection) -> None:
    connection.cursor().execute("CREATE TEMPORARY TABLE people (id integer)")
    connection.cursor().execute("INSERT INTO people VALUES (1)")
    assert connection.in_transaction
    connection.commit()
    assert not connection.in_transaction
    assert count(connection) == 1


def test_rollback_undoes(people: face.Connection) -> None:
    people.commit()
    people.cursor().execute("DELETE FROM people WHERE id > ?", (0,))
    assert count(people) == 0
    people.rollback()
    assert count(people) == 3


def test_autocommit_opens_no_transaction(url: str) -> None:
    with face.connect(url, autocommit=True) as connection:
        assert connection.autocommit
        connection.cursor().execute("CREATE TEMPORARY TABLE people (id integer)")
        connection.cursor().execute("INSERT INTO people VALUES (?)", (1,))
        assert not connection.in_transaction
        connection.rollback()
        assert count(connection) == 1


def test_autocommit_changes_only_between_transactions(people: face.Connection) -> None:
    with pytest.raises(dbapi.InterfaceError, match="commit or roll back first"):
        people.autocommit = True
    people.commit()
    people.autocommit = True
    people.cursor().execute("INSERT INTO people VALUES (4, 'x')")
    assert not people.in_transaction
    people.autocommit = False
    people.cursor().execute("INSERT INTO people VALUES (5, 'y')")
    assert people.in_transaction
    people.rollback()
    assert count(people) == 4


def test_a_transaction_can_be_opened_by_hand_in_either_mode(people: face.Connection) -> None:
    people.commit()
    people.cursor().execute("BEGIN")
    people.cursor().execute("DELETE FROM people")
    people.rollback()
    people.autocommit = True
    people.cursor().execute("BEGIN")
    people.cursor().execute("DELETE FROM people")
    assert people.in_transaction
    people.rollback()
    assert count(people) == 3


def test_isolation_levels_are_the_engines_own_in_any_spelling(connection: face.Connection) -> None:
    assert connection.isolation_level is None
    connection.isolation_level = "Read_Uncommitted"
    assert connection.isolation_level == "read uncommitted"
    (connection.cursor().execute("SELECT 1")).fetchall()
    connection.rollback()
    with pytest.raises(dbapi.InterfaceError, match="serializable"):
        connection.isolation_level = "chaos"
    connection.isolation_level = "serializable"
    connection.cursor().execute("SELECT 1")


def test_isolation_does_not_change_inside_a_transaction(people: face.Connection) -> None:
    with pytest.raises(dbapi.InterfaceError, match="commit or roll back first"):
        people.isolation_level = "serializable"


def test_a_savepoint_undoes_its_block_alone(people: face.Connection) -> None:
    with pytest.raises(ZeroDivisionError), people.savepoint('a "quoted` name'):
        people.cursor().execute("DELETE FROM people")
        raise ZeroDivisionError
    assert count(people) == 3
    with people.savepoint("outer"):
        people.cursor().execute("DELETE FROM people WHERE id = 1")
        with people.savepoint("inner") as inner:
            people.cursor().execute("DELETE FROM people")
            inner.rollback()
    assert count(people) == 2


def test_a_savepoint_saves_a_transaction_whose_statement_failed(people: face.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError), people.savepoint("try"):
        people.cursor().execute("SELECT * FROM no_such_table")
    assert count(people) == 3


def test_a_savepoint_may_be_gone_back_to_before_anything_else(connection: face.Connection) -> None:
    with connection.savepoint("first") as savepoint:
        savepoint.rollback()
    assert (connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


def test_a_savepoint_opens_the_transaction_it_needs(people: face.Connection) -> None:
    people.commit()
    with people.savepoint("first"):
        people.cursor().execute("DELETE FROM people")
    assert people.in_transaction
    people.rollback()
    assert count(people) == 3
    people.rollback()
    people.autocommit = True
    with pytest.raises(dbapi.InterfaceError, match="autocommit"), people.savepoint("second"):
        pass


def test_a_block_commits_and_closes(url: str, engine: Engine) -> None:
    name = "kept_by_" + face.__name__.rpartition(".")[2]
    with face.connect(url) as connection:
        connection.cursor().execute(f"CREATE TABLE {name} (id integer)")
        connection.cursor().execute(f"INSERT INTO {name} VALUES (1)")
    assert connection.closed
    if engine.fixture:  # a database in memory is gone with its connection
        with face.connect(url) as connection:
            row = (connection.cursor().execute(f"SELECT count(*) FROM {name}")).fetchone()
            connection.cursor().execute(f"DROP TABLE {name}")
        assert row == (1,)


def test_a_block_that_raises_rolls_back_and_closes(url: str) -> None:
    with pytest.raises(ZeroDivisionError), face.connect(url) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE people (id integer)")
        raise ZeroDivisionError
    assert connection.closed


def test_a_closed_connection_refuses_everything_but_close(url: str) -> None:
    connection = face.connect(url)
    cursor = connection.cursor()
    connection.close()
    connection.close()
    assert connection.closed
    for call in (connection.commit, connection.rollback, connection.ping, connection.cancel):
        with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
            call()
    with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
        connection.cursor()
    with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
        connection.autocommit = True
    with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
        cursor.execute("SELECT 1")
    with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
        cursor.fetchone()


def test_ping_is_answered(connection: face.Connection) -> None:
    connection.ping()
    assert connection.server_version[0].isdigit()


def test_cancelling_what_does_not_run_harms_nothing(people: face.Connection) -> None:
    people.cancel()
    assert count(people) == 3


def test_an_endless_statement_ends_with_its_timeout(people: face.Connection, engine: Engine) -> None:
    people.commit()
    with pytest.raises(dbapi.OperationalError, match=r"took longer than 0\.2 s") as caught:
        people.cursor().execute(engine.endless, timeout=0.2)
    assert caught.value.outcome == "rolled_back"
    people.rollback()
    assert count(people) == 3
    people.statement_timeout = 0.2
    with pytest.raises(dbapi.OperationalError, match="took longer"):
        people.cursor().execute(engine.endless)
    people.rollback()
    assert count(people) == 3


def test_a_syntax_error_says_where_in_the_text_that_was_written(connection: face.Connection) -> None:
    sql = "SELECT ? + ? FROMM x"
    with pytest.raises(dbapi.ProgrammingError) as caught:
        connection.cursor().execute(sql, (1, 2))
    error = caught.value
    assert error.sqlstate is not None and error.sqlstate.startswith("42")
    assert error.position is None or sql[error.position - 1 :].startswith(("FROMM", "x"))
    assert error.outcome != "unknown"


def test_a_violated_constraint_is_an_integrity_error_that_names_it(connection: face.Connection) -> None:
    connection.cursor().execute("CREATE TEMPORARY TABLE people (id integer PRIMARY KEY, name varchar(9) NOT NULL)")
    connection.cursor().execute("INSERT INTO people VALUES (1, 'Ada')")
    with connection.savepoint("one"), pytest.raises(dbapi.IntegrityError) as caught, connection.savepoint("two"):
        connection.cursor().execute("INSERT INTO people VALUES (?, ?)", (1, "Grace"))
    assert caught.value.sqlstate is not None and caught.value.sqlstate.startswith("23")
    assert caught.value.outcome == "rolled_back"
    assert count(connection) == 1


def test_repr_has_no_secret(connection: face.Connection, url: str) -> None:
    password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    assert not password or password not in repr(connection)
    assert "Connection" in repr(connection)


def test_the_mode_is_set_as_it_is_when_connecting(connection: face.Connection) -> None:
    connection.autocommit = "on"  # type: ignore[assignment]
    assert connection.autocommit is True
    connection.autocommit = "off"  # type: ignore[assignment]
    assert connection.autocommit is False
    with pytest.raises(dbapi.InterfaceError, match="autocommit is true or false, not 'perhaps'"):
        connection.autocommit = "perhaps"  # type: ignore[assignment]
