"""Transactions that other programs have prepared under names of their own."""

from __future__ import annotations

import pytest

from sqlx import dbapi
from tests.servers.server import Server


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_one_that_was_named_in_another_way_is_found_and_finished(postgres: Server, verb: str) -> None:
    with dbapi.connect(postgres.url(), autocommit=True) as other, dbapi.connect(postgres.url()) as connection:
        other.cursor().execute("BEGIN").execute("CREATE TABLE foreign_id (a int)")
        other.cursor().execute("PREPARE TRANSACTION 'it''s; mine'")
        (found,) = [xid for xid in connection.tpc_recover() if xid.format_id is None]
        assert tuple(found) == (None, "it's; mine", "")
        getattr(connection, f"tpc_{verb}")(found)
        assert found not in connection.tpc_recover()
        other.cursor().execute("DROP TABLE IF EXISTS foreign_id")


def test_an_id_that_could_be_read_as_code_is_not_written(postgres: Server) -> None:
    with dbapi.connect(postgres.url(), autocommit=True) as other, dbapi.connect(postgres.url()) as connection:
        other.cursor().execute("BEGIN").execute("CREATE TABLE foreign_id (a int)")
        other.cursor().execute(r"PREPARE TRANSACTION '\''; DROP TABLE x; --'")
        try:
            (found,) = [xid for xid in connection.tpc_recover() if xid.format_id is None]
            with pytest.raises(dbapi.ProgrammingError, match="cannot be written"):
                connection.tpc_commit(found)
        finally:
            other.cursor().execute(r"ROLLBACK PREPARED '\''; DROP TABLE x; --'")
