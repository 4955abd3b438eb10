"""Engines that speak another's protocol, where a server of theirs can be had: what their packs say is what it does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sqlx import dbapi
from tests.servers.server import Server

NAMES = ["pglite"]


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
}  # fmt: skip


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


def test_no_two_phases(related: Server) -> None:
    with dbapi.connect(related.url()) as connection, pytest.raises(dbapi.NotSupportedError):
        connection.tpc_begin(connection.xid(1, "g", "b"))


def test_no_tls(related: Server) -> None:
    with pytest.raises(dbapi.OperationalError, match="does not offer TLS"):
        dbapi.connect(related.url(sslmode="require"))


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
