"""Transactions that meet: what a failed statement has locked is given back; what came too late may be tried again."""

from __future__ import annotations

import pytest

from sqlx import dbapi
from tests.servers.server import Server

WAIT = 10.0  # seconds; a row that nobody holds is had at once


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_rollback_after_an_error_gives_back_every_lock(name: str, request: pytest.FixtureRequest) -> None:
    """Also where the error was the first thing in a transaction that the server opens by itself: it tells of none."""
    server: Server = request.getfixturevalue(name)
    with dbapi.connect(server.url()) as first, dbapi.connect(server.url()) as second:
        first.cursor().execute("CREATE TABLE locked (n integer PRIMARY KEY)")
        first.cursor().execute("INSERT INTO locked VALUES (1)")
        first.commit()
        with pytest.raises(dbapi.IntegrityError):
            first.cursor().execute("INSERT INTO locked VALUES (?)", (1,))
        assert first.in_transaction
        first.rollback()
        rows = second.cursor().execute("SELECT n FROM locked WHERE n = 1 FOR UPDATE", timeout=WAIT).fetchall()
        assert rows == [(1,)]
        second.rollback()
        first.cursor().execute("DROP TABLE locked")


def test_a_row_that_changed_since_it_was_read(mariadb11: Server) -> None:
    """MariaDB 11 refuses to change it (innodb_snapshot_isolation); older ones changed what they had never seen."""
    with dbapi.connect(mariadb11.url()) as first, dbapi.connect(mariadb11.url()) as second:
        first.cursor().execute("CREATE TABLE changed (n integer)")
        first.cursor().execute("INSERT INTO changed VALUES (1)")
        first.commit()
        first.cursor().execute("SELECT n FROM changed").fetchall()
        second.cursor().execute("UPDATE changed SET n = 10")
        second.commit()
        with pytest.raises(dbapi.OperationalError) as caught:
            first.cursor().execute("UPDATE changed SET n = n + 1")
        assert (caught.value.code, caught.value.retry) == (1020, "serialization")
        first.rollback()
        first.cursor().execute("UPDATE changed SET n = n + 1")
        assert first.cursor().execute("SELECT n FROM changed").fetchall() == [(11,)]
        first.commit()
        first.cursor().execute("DROP TABLE changed")
