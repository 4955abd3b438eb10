"""Servers too different for a test of each server: engines that speak another's protocol, and the oldest MySQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sqlx import dbapi
from sqlx.catalog import Relation
from sqlx.catalog.dbapi import Catalog
from tests.servers.server import Server

NAMES = ["timescaledb", "pglite", "seekdb", "mysql56"]


@pytest.fixture(scope="module", params=NAMES)
def related(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(request.param)
    return server


VALUES: dict[str, list[tuple[str, Any]]] = {
    "pglite": [
        ("1::int2", 1), ("2::int8", 2), ("1.50::numeric", Decimal("1.50")), ("0.1::float8", 0.1), ("true", True),
        ("'é😀'::text", "é😀"), (r"'\x00ff'::bytea", b"\0\xff"), ("date '2026-02-03'", date(2026, 2, 3)),
        ("'{1,NULL}'::int[]", [1, None]), ("'[1]'::jsonb", [1]), ("NULL::int", None),
    ],
    "seekdb": [
        ("CAST(1 AS SIGNED)", 1), ("CAST(1.50 AS DECIMAL(5, 2))", Decimal("1.50")), ("1.5e0", 1.5), ("true", 1),
        ("'é😀'", "é😀"), ("x'00ff'", b"\0\xff"), ("DATE '2026-02-03'", date(2026, 2, 3)), ("NULL", None),
        ("TIMESTAMP '2026-02-03 04:05:06'", datetime(2026, 2, 3, 4, 5, 6)), ("TIME '01:00:00'", timedelta(hours=1)),
        ("JSON_OBJECT('a', 1)", {"a": 1}),
    ],
    "mysql56": [
        ("CAST(1 AS SIGNED)", 1), ("CAST(1.50 AS DECIMAL(5, 2))", Decimal("1.50")), ("1.5e0", 1.5), ("true", 1),
        ("'é😀'", "é😀"), ("x'00ff'", b"\0\xff"), ("DATE '2026-02-03'", date(2026, 2, 3)), ("NULL", None),
        ("TIMESTAMP '2026-02-03 04:05:06.5'", datetime(2026, 2, 3, 4, 5, 6, 500000)),
        ("TIME '-01:00:00'", timedelta(hours=-1)),
    ],
}  # fmt: skip
VALUES["timescaledb"] = VALUES["pglite"]


def test_a_value_with_parameters_and_without(related: Server) -> None:
    """As text, bound, and from a prepared statement, on the third run."""
    with dbapi.connect(related.url()) as connection:
        cursor = connection.cursor()
        for written, value in VALUES[related.name]:
            assert cursor.execute(f"SELECT {written}").fetchone() == (value,), written
            for number in range(3):
                assert cursor.execute(f"SELECT {written}, ? + 0", (number,)).fetchone() == (value, number), written


def test_rows_transactions_and_errors(related: Server) -> None:
    with dbapi.connect(related.url()) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE things (a int PRIMARY KEY, b varchar(20))")
        connection.commit()
        cursor.executemany("INSERT INTO things VALUES (?, ?)", [(number, f"é{number}") for number in range(500)])
        connection.commit()
        with connection.transaction():
            cursor.execute("INSERT INTO things VALUES (?, NULL)", (500,))
            with pytest.raises(dbapi.IntegrityError) as caught, connection.transaction():
                cursor.execute("INSERT INTO things VALUES (?, NULL)", (7,))
        assert caught.value.sqlstate in ("23505", "23000")
        cursor.execute("DELETE FROM things")
        connection.rollback()
        stream = connection.cursor(stream=True).execute("SELECT a, b FROM things ORDER BY a")
        assert [a for a, _ in stream] == list(range(501))
        with pytest.raises(dbapi.ProgrammingError):
            cursor.execute("SELECT nothing FROM things")
        connection.rollback()
        cursor.execute("DROP TABLE things")
        connection.commit()


@pytest.mark.parametrize("related", ["pglite", "seekdb"], indirect=True)
def test_no_two_phases(related: Server) -> None:
    with dbapi.connect(related.url()) as connection, pytest.raises(dbapi.NotSupportedError):
        connection.tpc_begin(connection.xid(1, "g", "b"))


@pytest.mark.parametrize("related", ["pglite", "seekdb", "mysql56"], indirect=True)
def test_no_tls(related: Server) -> None:
    with pytest.raises(dbapi.OperationalError, match="does not offer TLS"):
        dbapi.connect(related.url(sslmode="require"))


# ---- TimescaleDB


def test_timescaledb_is_an_extension(timescaledb: Server) -> None:
    """A hypertable is a table; the rows that parameters brought into it are found by its functions."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with dbapi.connect(timescaledb.url("admin"), autocommit=True) as connection:
        cursor = connection.cursor()
        assert cursor.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone() == (17,)
        cursor.execute("CREATE EXTENSION timescaledb")
        cursor.execute("CREATE TABLE measured (at timestamptz NOT NULL, value float8)")
        cursor.execute("SELECT create_hypertable('measured', 'at')")
        cursor.executemany(
            "INSERT INTO measured VALUES (?, ?)", [(start + timedelta(hours=n), float(n)) for n in range(48)]
        )
        days = (
            "SELECT time_bucket('1 day', at) AS day, max(value) FROM measured WHERE value > ? GROUP BY day ORDER BY day"
        )
        for _ in range(3):
            assert cursor.execute(days, (-1,)).fetchall() == [(start, 23.0), (start + timedelta(days=1), 47.0)]
        catalog = Catalog(connection)
        (schema,) = catalog.schemas()
        assert [relation.name for relation in catalog.relations(schema)] == ["measured"]
        cursor.execute("DROP TABLE measured")
        cursor.execute("DROP EXTENSION timescaledb")


# ---- PGlite


def test_pglite_asks_nobody_who_he_is(pglite: Server) -> None:
    """Where a login is asked for, that is refused."""
    with dbapi.connect(pglite.url(user="anybody", password="anything", database="anywhere")) as connection:
        found = connection.cursor().execute("SELECT current_user, current_database()").fetchone()
    assert found == ("postgres", "postgres")
    with pytest.raises(dbapi.OperationalError, match="in without asking for anything"):
        dbapi.connect(pglite.url(require_auth="scram-sha-256"))


def test_pglite_has_one_session_for_all_connections(pglite: Server) -> None:
    """What one of them has set or made for itself, another finds; so nothing is prepared under a name."""
    with dbapi.connect(pglite.url(), autocommit=True) as first, dbapi.connect(pglite.url(), autocommit=True) as second:
        first.cursor().execute("CREATE TEMPORARY TABLE shared AS SELECT 1 AS a")
        assert second.cursor().execute("SELECT a FROM shared").fetchall() == [(1,)]
        for number in range(4):
            assert first.cursor().execute("SELECT ?::int", (number,)).fetchone() == (number,)
            assert second.cursor().execute("SELECT ?::text", (f"{number}",)).fetchone() == (f"{number}",)
        assert first.cursor().execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
        first.cursor().execute("DROP TABLE shared")


def test_pglite_is_not_asked_to_stop(pglite: Server) -> None:
    """It would not hear it: what runs, runs to its end, which is waited for some seconds."""
    with dbapi.connect(pglite.url()) as connection:
        cursor = connection.cursor()
        assert cursor.execute("SELECT 1 FROM pg_sleep(0.3)", timeout=0.1).fetchone() == (1,)


def test_pglite_tells_what_was_notified(pglite: Server) -> None:
    with dbapi.connect(pglite.url(), autocommit=True) as connection:
        connection.cursor().execute("LISTEN news")
        connection.cursor().execute("NOTIFY news, 'hello'")
        assert [told.payload for told in connection.notifies(timeout=5, stop_after=1)] == ["hello"]


def test_pglite_sends_copies(pglite: Server) -> None:
    copies = "COPY (SELECT 1, 'x') TO STDOUT"
    with dbapi.connect(pglite.url()) as connection, connection.cursor().copy(copies) as copy:
        assert b"".join(copy) == b"1\tx\n"


# ---- OceanBase seekdb


@pytest.fixture
def seekdb_table(seekdb: Server) -> Iterator[str]:
    """The name of a table with the rows (1, 1) and (2, 2)."""
    with dbapi.connect(seekdb.url(), autocommit=True) as connection:
        connection.cursor().execute("CREATE TABLE met (i int PRIMARY KEY, v int)")
        connection.cursor().execute("INSERT INTO met VALUES (1, 1), (2, 2)")
        yield "met"
        connection.cursor().execute("DROP TABLE met")


def test_seekdb_knows_its_users(seekdb: Server) -> None:
    """By their password, and by name and tenant."""
    with dbapi.connect(seekdb.url(), autocommit=True) as connection:
        connection.cursor().execute("CREATE USER anna IDENTIFIED BY 'pw-anna'")
        connection.cursor().execute("GRANT ALL ON test.* TO anna")
        for user in ("anna", "anna@sys"):
            with dbapi.connect(seekdb.url(user=user, password="pw-anna")) as other:
                assert str(other.cursor().execute("SELECT user()").fetchone()[0]).startswith("anna@")
        with pytest.raises(dbapi.OperationalError, match="Access denied") as caught:
            dbapi.connect(seekdb.url(user="anna", password="another"))
        assert caught.value.code == 1045
        connection.cursor().execute("DROP USER anna")


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_seekdb_refuses_to_change_what_has_changed(seekdb: Server, seekdb_table: str, level: str) -> None:
    with (
        dbapi.connect(seekdb.url(), isolation_level=level) as first,
        dbapi.connect(seekdb.url(), autocommit=True) as second,
    ):
        first.cursor().execute(f"SELECT v FROM {seekdb_table}").fetchall()
        second.cursor().execute(f"UPDATE {seekdb_table} SET v = 10")
        with pytest.raises(dbapi.OperationalError) as caught:
            first.cursor().execute(f"UPDATE {seekdb_table} SET v = v + 1")
        first.rollback()
    assert (caught.value.code, caught.value.retry) == (6235, "serialization")


def test_seekdb_reads_nothing_uncommitted(seekdb: Server, seekdb_table: str) -> None:
    """It takes the level for another, so it is not to be had."""
    with pytest.raises(dbapi.InterfaceError, match="isolation level"):
        dbapi.connect(seekdb.url(), isolation_level="read uncommitted")
    with dbapi.connect(seekdb.url()) as writer, dbapi.connect(seekdb.url()) as reader:
        writer.cursor().execute(f"UPDATE {seekdb_table} SET v = 10")
        reader.cursor().execute("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
        assert reader.cursor().execute(f"SELECT v FROM {seekdb_table} WHERE i = 1").fetchone() == (1,)
        writer.rollback()


def test_seekdb_ends_what_takes_too_long(seekdb: Server) -> None:
    """On request, and by its own limit; the connection goes on."""
    with dbapi.connect(seekdb.url()) as connection:
        cursor = connection.cursor()
        with pytest.raises(dbapi.OperationalError) as caught:
            cursor.execute("SELECT sleep(60)", timeout=0.3)
        assert caught.value.code == 1317
        cursor.execute("SET ob_query_timeout = 300000")
        with pytest.raises(dbapi.OperationalError) as caught:
            cursor.execute("SELECT sleep(60)")
        assert (caught.value.code, caught.value.retry) == (4012, "cancelled")
        assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_seekdb_tells_what_is_in_it(seekdb: Server, seekdb_table: str) -> None:
    with dbapi.connect(seekdb.url()) as connection:
        catalog = Catalog(connection)
        (schema,) = catalog.schemas()
        table = next(relation for relation in catalog.relations(schema) if relation.name == seekdb_table)
        assert [(column.name, column.type) for column in catalog.columns(table)] == [("i", "int(11)"), ("v", "int(11)")]
        assert [key.kind for key in catalog.constraints(table)] == ["primary"]
        assert [index.columns for index in catalog.indexes(table)] == [("i",)]
        assert (catalog.triggers(table), catalog.sequences(schema)) == ((), ())


def test_seekdb_tells_defaults_from_what_is_generated(seekdb: Server) -> None:
    """It has the expression of a generated column as its default, too, and says of no default that it is computed."""
    with dbapi.connect(seekdb.url(), autocommit=True) as connection:
        connection.cursor().execute(
            "CREATE TABLE made (a int DEFAULT 4, b int AS (a * 2) STORED, c int AS (a * 3) VIRTUAL,"
            " d varchar(20) DEFAULT 'CURRENT_TIMESTAMP', e timestamp DEFAULT CURRENT_TIMESTAMP)"
        )
        columns = Catalog(connection).columns(Relation("test", "made"))
        connection.cursor().execute("DROP TABLE made")
    assert [column.default for column in columns] == ["4", None, None, "'CURRENT_TIMESTAMP'", "CURRENT_TIMESTAMP"]
    assert [column.generated for column in columns] == [None, "stored", "virtual", None, None]
    assert columns[1].expression == "(`a` * 2)"


# ---- MySQL 5.6


@pytest.mark.parametrize("method", ["native", "empty", "admin"])
def test_the_oldest_mysql_lets_its_users_in(mysql56: Server, method: str) -> None:
    with dbapi.connect(mysql56.url(method)) as connection:
        told = str(connection.cursor().execute("SELECT user()").fetchone()[0])
    assert told.rpartition("@")[0] == mysql56.users[method][0]


@pytest.mark.parametrize("password", ["pw-old", "pw-wrong"])
def test_the_password_hash_of_mysql_4_is_refused(mysql56: Server, password: str) -> None:
    """Nothing that was made of the password has been sent; what to do is said."""
    with pytest.raises(dbapi.NotSupportedError, match=r"password hash of MySQL 4\.0") as caught:
        dbapi.connect(mysql56.url("old_password", password=password))
    assert "mysql_native_password" in str(caught.value)
    assert password not in str(caught.value)


def test_the_oldest_mysql_in_two_phases(mysql56: Server) -> None:
    with dbapi.connect(mysql56.url("admin")) as connection:
        connection.cursor().execute("CREATE TABLE phased (a int) ENGINE=InnoDB")
        xid = connection.xid(1, "old", "branch")
        connection.tpc_begin(xid)
        connection.cursor().execute("INSERT INTO phased VALUES (?)", (1,))
        connection.tpc_prepare()
        assert connection.tpc_recover() == [xid]
        connection.tpc_commit()
        assert connection.cursor().execute("SELECT a FROM phased").fetchall() == [(1,)]
        connection.cursor().execute("DROP TABLE phased")


def test_the_oldest_mysql_ends_what_takes_too_long(mysql56: Server) -> None:
    endless = ", ".join(f"information_schema.collations AS {name}" for name in "abcd")
    with dbapi.connect(mysql56.url()) as connection:
        with pytest.raises(dbapi.OperationalError) as caught:
            connection.cursor().execute(f"SELECT count(*) FROM {endless}", timeout=0.3)
        assert caught.value.code == 1317
        connection.ping()


@pytest.mark.parametrize("compression", ["none", "zlib"])
def test_the_oldest_mysql_gives_several_results(mysql56: Server, compression: str) -> None:
    """Their ends are told in the old way; of what changes in the session nothing is told."""
    with dbapi.connect(mysql56.url(compression=compression)) as connection:
        cursor = connection.cursor().execute("SELECT repeat('x', 1000); SET time_zone = '+01:00'; SELECT 2")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall() if cursor.description else [])
        assert results == [[("x" * 1000,)], [], [(2,)]]
        assert connection.parameters == {}
