# Generated from tests/aio/test_two_phase.py by scripts/async_to_sync.py; do not edit.
"""PEP 249's two-phase commit, where the engine has it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.engines import ENGINES, Engine
from tests.servers.server import Server


@pytest.fixture(params=[name for name, engine in ENGINES.items() if engine.two_phase])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine with two-phase transactions in turn."""
    return ENGINES[request.param]


@pytest.fixture
def table(connection: face.Connection) -> Iterator[str]:
    """A table that other connections see."""
    name = "two_phase_" + face.__name__.rpartition(".")[2]
    connection.cursor().execute(f"CREATE TABLE {name} (id integer)")
    connection.commit()
    yield name
    connection.rollback()
    connection.cursor().execute(f"DROP TABLE {name}")
    connection.commit()


def count(connection: face.Connection, table: str) -> int:
    row = (connection.cursor().execute(f"SELECT count(*) FROM {table}")).fetchone()
    connection.rollback()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_both_phases(connection: face.Connection, table: str, verb: str, prepared: bool) -> None:
    xid = connection.xid(42, "global it's", f"branch {verb} {prepared}")
    connection.tpc_begin(xid)
    connection.cursor().execute(f"INSERT INTO {table} VALUES (?)", (1,))
    if prepared:
        connection.tpc_prepare()
    getattr(connection, f"tpc_{verb}")()
    assert count(connection, table) == (verb == "commit")


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_another_connection_recovers_what_was_prepared(
    connection: face.Connection, table: str, url: str, verb: str
) -> None:
    xid = connection.xid(1, "recovered", verb)
    other = face.connect(url)
    other.tpc_begin(xid)
    other.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    other.tpc_prepare()
    other.close()
    assert xid in connection.tpc_recover()
    assert tuple(xid) == (1, "recovered", verb)
    getattr(connection, f"tpc_{verb}")(xid)
    assert xid not in connection.tpc_recover()
    assert count(connection, table) == (verb == "commit")


def test_one_that_another_connection_has_ended_is_told_and_forgotten(postgres: Server) -> None:
    """The error is raised, and the connection goes on."""
    with face.connect(postgres.url()) as connection, face.connect(postgres.url()) as other:
        xid = connection.xid(1, "ended", "elsewhere")
        connection.tpc_begin(xid)
        connection.tpc_prepare()
        other.tpc_commit(xid)
        with pytest.raises(dbapi.ProgrammingError, match="does not exist"):
            connection.tpc_rollback()
        connection.cursor().execute("SELECT 1")
        connection.commit()


def test_calls_in_the_wrong_order_are_refused(connection: face.Connection, table: str) -> None:
    xid = connection.xid(7, "order", "")
    for call in (connection.tpc_prepare, connection.tpc_commit, connection.tpc_rollback):
        with pytest.raises(dbapi.ProgrammingError, match="tpc_begin"):
            call()
    connection.tpc_begin(xid)
    connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    for call in (connection.commit, connection.rollback):
        with pytest.raises(dbapi.ProgrammingError, match="tpc_commit"):
            call()
    with pytest.raises(dbapi.ProgrammingError, match="open already"):
        connection.tpc_begin(xid)
    connection.tpc_prepare()
    with pytest.raises(dbapi.ProgrammingError, match="tpc_commit"):
        connection.cursor().execute("SELECT 1")
    connection.tpc_rollback()


def test_two_phases_do_not_begin_inside_a_transaction(connection: face.Connection, table: str) -> None:
    connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    with pytest.raises(dbapi.ProgrammingError, match="open already"):
        connection.tpc_begin(connection.xid(7, "inside", ""))


def test_settings_and_ends_of_other_transactions_wait(connection: face.Connection, table: str) -> None:
    """Before and behind the first phase, where the server may see no transaction any more."""
    connection.tpc_begin(connection.xid(3, "settings", "a"))
    connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    for prepared in (False, True):
        if prepared:
            connection.tpc_prepare()
        with pytest.raises(dbapi.InterfaceError, match="autocommit cannot change"):
            connection.autocommit = True
        with pytest.raises(dbapi.InterfaceError, match="isolation level cannot change"):
            connection.isolation_level = "serializable"
        for call in (connection.commit, connection.rollback):
            with pytest.raises(dbapi.ProgrammingError, match="two-phase"):
                call()
        with pytest.raises(dbapi.ProgrammingError, match="open already"):
            connection.tpc_begin(connection.xid(3, "settings", "b"))
        with pytest.raises(dbapi.ProgrammingError, match="only outside"):
            connection.tpc_commit(connection.xid(3, "settings", "b"))
    with pytest.raises(dbapi.ProgrammingError, match="no two-phase transaction to prepare"):
        connection.tpc_prepare()
    connection.tpc_rollback()
    connection.autocommit = True
    connection.autocommit = False
    assert count(connection, table) == 0


def test_with_autocommit_they_work_or_are_refused_before_anything_ran(url: str, engine: Engine) -> None:
    with face.connect(url, autocommit=True) as connection:
        xid = connection.xid(4, "autocommit", "")
        if engine.name == "postgres":
            with pytest.raises(dbapi.ProgrammingError, match="autocommit off"):
                connection.tpc_begin(xid)
            assert not connection.in_transaction
        else:
            connection.tpc_begin(xid)
            connection.tpc_rollback()
        assert (connection.cursor().execute("SELECT 1")).fetchall() == [(1,)]


def test_ids_are_equal_by_their_parts_and_read_as_tuples(connection: face.Connection) -> None:
    xid = connection.xid(5, "global", "branch")
    assert (xid.format_id, xid.gtrid, xid.bqual) == (xid[0], xid[1], xid[2]) == (5, "global", "branch")
    assert xid == connection.xid(5, "global", "branch")
    assert xid != connection.xid(5, "global", "other")
    assert len({xid, connection.xid(5, "global", "branch")}) == 1
    for call in (connection.tpc_begin, connection.tpc_commit, connection.tpc_rollback):
        with pytest.raises(dbapi.ProgrammingError, match=r"xid\(\)"):
            call("5_global_branch")  # type: ignore[arg-type]


def test_an_id_that_is_taken_fails_the_first_phase_and_is_rolled_back(
    connection: face.Connection, table: str, url: str, engine: Engine
) -> None:
    xid = connection.xid(6, "taken", "")
    with face.connect(url) as other:
        other.tpc_begin(xid)
        other.cursor().execute(f"INSERT INTO {table} VALUES (1)")
        other.tpc_prepare()
        with pytest.raises(dbapi.DatabaseError):
            connection.tpc_begin(xid)
            connection.cursor().execute(f"INSERT INTO {table} VALUES (2)")
            connection.tpc_prepare()
        if engine.name == "postgres":
            with pytest.raises(dbapi.ProgrammingError, match="ended already"):
                connection.tpc_commit()
            connection.tpc_rollback()
        assert count(connection, table) == 0
        other.tpc_commit()
    assert count(connection, table) == 1


def test_a_transaction_that_failed_is_neither_prepared_nor_committed(
    connection: face.Connection, table: str, engine: Engine
) -> None:
    """A server may answer with success, and have rolled back."""
    xid = connection.xid(8, "failed", "")
    connection.tpc_begin(xid)
    connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    with pytest.raises(dbapi.DatabaseError):
        connection.cursor().execute("SELECT nonsense FROM nowhere")
    if engine.name == "postgres":
        for call in (connection.tpc_prepare, connection.tpc_commit):
            with pytest.raises(dbapi.InternalError, match="has failed"):
                call()
    connection.tpc_rollback()
    assert xid not in connection.tpc_recover()
    assert count(connection, table) == 0


def test_one_that_ended_in_sql_is_not_called_prepared(connection: face.Connection, table: str, engine: Engine) -> None:
    connection.tpc_begin(connection.xid(9, "ended", ""))
    connection.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    with contextlib.suppress(dbapi.DatabaseError):  # which says that no such words go inside of it
        connection.cursor().execute("ROLLBACK")
    if engine.name == "postgres":
        for call in (connection.tpc_prepare, connection.tpc_commit):
            with pytest.raises(dbapi.ProgrammingError, match="ended already"):
                call()
    connection.tpc_rollback()
    assert count(connection, table) == 0


def test_a_line_that_breaks_behind_the_first_phase_leaves_it_to_another(
    connection: face.Connection, table: str, url: str, engine: Engine
) -> None:
    xid = connection.xid(10, "broken", "line")
    lost = face.connect(url)
    lost.tpc_begin(xid)
    lost.cursor().execute(f"INSERT INTO {table} VALUES (1)")
    process = "pg_backend_pid()" if engine.name == "postgres" else "connection_id()"
    row = (lost.cursor().execute(f"SELECT {process}")).fetchone()
    assert row is not None
    lost.tpc_prepare()
    kill = f"SELECT pg_terminate_backend({row[0]}, 10000)" if engine.name == "postgres" else f"KILL {row[0]}"
    connection.cursor().execute(kill)
    connection.rollback()
    with pytest.raises((dbapi.OperationalError, dbapi.InterfaceError)):
        lost.tpc_commit()
    assert lost.closed
    lost.close()
    assert xid in connection.tpc_recover()
    for _ in range(100):
        try:
            connection.tpc_commit(xid)
            break
        except dbapi.DatabaseError:  # the server has not noticed yet that its owner is gone
            assert engine.name != "postgres"
    assert xid not in connection.tpc_recover()
    assert count(connection, table) == 1


@pytest.mark.parametrize(("format_id", "gtrid"), [(-1, "a"), (2**31, "a"), (1, "a" * 65), (1, "é"), (1, "a\n")])
def test_ids_that_no_server_takes_are_refused(connection: face.Connection, format_id: int, gtrid: str) -> None:
    with pytest.raises(dbapi.ProgrammingError):
        connection.xid(format_id, gtrid, "")


def test_what_is_no_part_of_an_id(connection: face.Connection) -> None:
    for parts in ((None, "a", "b"), ("1", "a", "b"), (1, None, "b"), (1, "a", 5)):
        with pytest.raises(dbapi.ProgrammingError, match=r"format_id is a number|has up to 64"):
            connection.xid(*parts)  # type: ignore[arg-type]
