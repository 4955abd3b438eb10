"""What a failed statement has locked is given back by rollback()."""

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
