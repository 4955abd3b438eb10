"""What a session remembers, opens and refuses, seen through the driver on real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sqlx import dbapi
from sqlx.wire.registry import load
from tests.servers.proxy import Proxy
from tests.servers.server import Server

# Forgets what is prepared in words that nobody here can read.
BEHIND_OUR_BACK = "DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"


@pytest.fixture
def connection(postgres: Server) -> Iterator[dbapi.Connection]:
    """A connection to PostgreSQL, where statements are prepared by name and transactions fail as a whole."""
    with dbapi.connect(postgres.url()) as opened:
        yield opened


def value(connection: dbapi.Connection, sql: str, *parameters: object) -> object:
    row = connection.cursor().execute(sql, parameters or None).fetchone()
    assert row is not None
    return row[0]


def test_a_statement_is_prepared_once(connection: dbapi.Connection) -> None:
    for number in range(5):
        assert value(connection, "SELECT ? + 1", number) == number + 1
    assert value(connection, "SELECT count(*) FROM pg_prepared_statements") == 1


def test_no_more_than_a_hundred_statements_stay_prepared(connection: dbapi.Connection) -> None:
    for number in range(300):
        assert value(connection, f"SELECT ? + {number // 2}", 1) == number // 2 + 1
    assert value(connection, "SELECT count(*) FROM pg_prepared_statements") in range(95, 102)
    assert value(connection, "SELECT ? + 149", 1) == 150
    assert value(connection, "SELECT ? + 0", 1) == 1


def test_outside_a_transaction_a_stale_statement_is_prepared_anew(connection: dbapi.Connection) -> None:
    connection.cursor().execute("CREATE TEMPORARY TABLE t (a integer)").execute("INSERT INTO t VALUES (1)")
    query = "SELECT * FROM t WHERE a = ?"
    connection.commit()
    assert connection.cursor().execute(query, (1,)).fetchall() == [(1,)]
    connection.commit()
    connection.cursor().execute("ALTER TABLE t ADD COLUMN b text")
    connection.commit()
    assert connection.cursor().execute(query, (1,)).fetchall() == [(1, None)]
    connection.commit()
    connection.cursor().execute(BEHIND_OUR_BACK)
    connection.commit()
    assert connection.cursor().execute(query, (1,)).fetchall() == [(1, None)]


def test_inside_a_transaction_a_stale_statement_is_not_run_again(connection: dbapi.Connection) -> None:
    for _ in range(3):
        assert value(connection, "SELECT ?", 1) == 1
    connection.cursor().execute(BEHIND_OUR_BACK)
    with pytest.raises(dbapi.DatabaseError) as caught:
        value(connection, "SELECT ?", 1)
    assert caught.value.retry == "stale_statement"
    connection.rollback()
    assert value(connection, "SELECT ?", 1) == 1


def test_statements_that_bar_transactions_open_none(connection: dbapi.Connection) -> None:
    connection.cursor().execute("VACUUM pg_class")
    assert not connection.in_transaction
    connection.cursor().execute("-- first\n vacuum pg_class")
    assert not connection.in_transaction


def test_inside_a_transaction_they_are_refused_with_what_to_do(connection: dbapi.Connection) -> None:
    assert value(connection, "SELECT 1") == 1
    with pytest.raises(dbapi.ProgrammingError, match=r"(?s)VACUUM cannot run.*commit or roll back") as caught:
        connection.cursor().execute("VACUUM pg_class")
    assert caught.value.outcome == "not_run"
    assert value(connection, "SELECT 1") == 1


def test_a_failed_transaction_says_to_roll_back(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError):
        connection.cursor().execute("SELECT * FROM no_such_table")
    with pytest.raises(dbapi.InternalError, match=r"call rollback\(\)") as caught:
        connection.cursor().execute("SELECT 1")
    assert caught.value.sqlstate == "25P02"
    with pytest.raises(dbapi.InternalError, match=r"call rollback\(\)"):
        connection.commit()
    connection.rollback()
    assert value(connection, "SELECT 1") == 1


def test_a_failed_begin_does_not_run_the_statement(postgres: Server) -> None:
    """The statement goes in the same exchange as the BEGIN before it, and is skipped with it."""
    shipped = load("postgresql")
    pack = replace(shipped, session={**shipped.session, "begin": "BEGIN ISOLATION LEVEL NONSENSE"})
    with dbapi.connect(postgres.url(), pack=pack, autocommit=True) as connection:
        connection.cursor().execute("CREATE TEMPORARY SEQUENCE s")
        connection.autocommit = False
        with pytest.raises(dbapi.ProgrammingError, match="NONSENSE"):
            connection.cursor().execute("SELECT nextval('s')")
        with pytest.raises(dbapi.ProgrammingError, match="NONSENSE"):
            connection.cursor().execute("SELECT nextval('s') + ?", (1,))
        connection.autocommit = True
        assert value(connection, "SELECT nextval('s')") == 1


def test_notices_arrive_as_messages_of_the_cursor_that_caused_them(connection: dbapi.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("DO $$ BEGIN RAISE NOTICE 'first'; RAISE WARNING 'second'; END $$")
    assert [(kind, said.message) for kind, said in cursor.messages] == [
        (dbapi.Warning, "first"), (dbapi.Warning, "second"),
    ]  # fmt: skip
    assert [said.sqlstate for _, said in cursor.messages] == ["00000", "01000"]
    cursor.execute("SELECT 1")
    assert cursor.messages == []


def test_the_number_in_an_error_is_that_in_the_callers_text(connection: dbapi.Connection) -> None:
    sql = "SELECT :name || :name || :name, nonsense"
    with pytest.raises(dbapi.ProgrammingError) as caught:
        connection.cursor().execute(sql, {"name": "x"})
    assert caught.value.position == sql.index("nonsense") + 1
    connection.rollback()


def test_a_broken_line_is_an_operational_error_of_unknown_outcome(
    postgres: Server, proxy: Callable[[Server], Proxy]
) -> None:
    middle = proxy(postgres)
    connection = dbapi.connect(postgres.url(), host=middle.host, port=middle.port, autocommit=True)
    assert value(connection, "SELECT 1") == 1
    middle.cut()
    with pytest.raises(dbapi.OperationalError) as caught:
        connection.cursor().execute("SELECT 1")
    assert caught.value.outcome == "unknown"
    assert connection.closed
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        connection.cursor().execute("SELECT 1")
    connection.close()


def test_a_statement_that_cannot_be_stopped_closes_the_connection(
    postgres: Server, proxy: Callable[[Server], Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing gets through, neither the request to cancel nor an answer: the grace ends, and the outcome is unknown."""
    for name, seconds in (("GRACE", 0.5), ("REPEAT", 0.1), ("CANCEL", 0.2)):
        monkeypatch.setattr(f"sqlx.wire.io.{name}", seconds)
    middle = proxy(postgres)
    connection = dbapi.connect(postgres.url(), host=middle.host, port=middle.port, sslmode="disable")
    middle.stall()
    with pytest.raises(dbapi.OperationalError, match=r"took longer than 0\.2 s") as caught:
        connection.cursor().execute("SELECT 1", timeout=0.2)
    assert caught.value.outcome == "unknown"
    assert connection.closed
    middle.resume()
    connection.close()


def test_a_late_cancellation_hits_no_later_statement(postgres: Server) -> None:
    with dbapi.connect(postgres.url(), autocommit=True) as connection:
        for number in range(50):
            connection.cancel()
            assert value(connection, "SELECT ?", number) == number


def test_the_default_isolation_level_comes_back_where_the_engine_has_kept_it(connection: dbapi.Connection) -> None:
    connection.isolation_level = "serializable"
    assert value(connection, "SHOW transaction_isolation") == "serializable"
    connection.rollback()
    connection.isolation_level = None
    assert value(connection, "SHOW transaction_isolation") == "read committed"
    with dbapi.connect("sqlite://", isolation_level="read uncommitted") as embedded:
        assert value(embedded, "PRAGMA read_uncommitted") == 1
        embedded.rollback()
        with pytest.raises(dbapi.InterfaceError, match="name one: serializable"):
            embedded.isolation_level = None


@pytest.mark.parametrize("parameters", [(), [], {}])
def test_no_parameters_for_no_markers_run_like_none(connection: dbapi.Connection, parameters: object) -> None:
    assert connection.cursor().execute("SELECT 'a?', 1", parameters).fetchone() == ("a?", 1)
    with pytest.raises(dbapi.ProgrammingError, match="1 parameter"):
        connection.cursor().execute("SELECT ?", ())


@pytest.mark.parametrize(
    ("paramstyle", "sql", "parameters"),
    [
        ("format", "SELECT %s::int + 1, '%s'", (1,)),
        ("pyformat", "SELECT %(a)s::int + 1, '%s'", {"a": 1}),
        ("numeric", "SELECT :1::int + 1, '%s'", (1,)),
        ("native", "SELECT $1::int + 1, '%s'", (1,)),
        ("named", "SELECT :a::int + 1, '%s'", {"a": 1}),
    ],
)
def test_paramstyle_is_chosen_at_connect(postgres: Server, paramstyle: str, sql: str, parameters: object) -> None:
    with dbapi.connect(postgres.url(), paramstyle=paramstyle) as connection:
        assert connection.cursor().execute(sql, parameters).fetchone() == (2, "%s")
        assert connection.cursor().callproc("lower", ("A",)) == ["A"]


@pytest.mark.parametrize("name", ["postgres", "mysql9", "mariadb"])
def test_what_a_pack_has_for_programs_to_run_can_be_run(name: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    with dbapi.connect(server.url("admin", socket=server.socket), autocommit=True) as connection:
        words = connection.pack.session
        for query in ("current_user", "current_schema", "version"):
            assert value(connection, words[query])
        connection.cursor().execute(words["statement_timeout"].replace("{milliseconds}", "5000"))
        if words.get("reset"):
            connection.cursor().execute(words["reset"])


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_many_rows_are_sent_before_any_answer(
    name: str, proxy: Callable[[Server], Proxy], request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(name)
    middle = proxy(server)
    with dbapi.connect(server.url(host=middle.host, port=middle.port, sslmode="disable")) as connection:
        cursor = connection.cursor().execute("CREATE TEMPORARY TABLE many (n int)")
        cursor.executemany("INSERT INTO many VALUES (?)", [(0,)])
        middle.pieces.clear()
        cursor.executemany("INSERT INTO many VALUES (?)", [(number,) for number in range(200)])
        assert len([piece for piece in middle.pieces if piece.direction == "sent"]) < 10
