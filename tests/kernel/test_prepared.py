"""When a statement is prepared by name, and what becomes of the name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest

from sqlx import dbapi
from tests.servers.proxy import Proxy
from tests.servers.server import Server

NAMES = "SELECT count(*) FROM pg_prepared_statements"


def names(connection: dbapi.Connection) -> int:
    row = connection.cursor().execute(NAMES).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("threshold", "kept"), [(0, [0, 0, 0]), (1, [0, 1, 1]), (2, [0, 1, 1]), (3, [0, 0, 1])])
def test_the_run_that_gives_the_name(postgres: Server, threshold: int, kept: list[int]) -> None:
    """Not the first of a connection: by that one it learns who answers."""
    with dbapi.connect(postgres.url(), autocommit=True, prepare_threshold=threshold) as connection:
        seen = []
        for number in range(3):
            assert connection.cursor().execute("SELECT ?::int", (number,)).fetchone() == (number,)
            seen.append(names(connection))
        assert seen == kept


def test_the_run_that_gives_the_name_costs_one_exchange_like_any_other(
    postgres: Server, proxy: Callable[[Server], Proxy]
) -> None:
    middle = proxy(postgres)
    url = postgres.url(host=middle.host, port=middle.port, sslmode="disable")
    with dbapi.connect(url, autocommit=True) as connection:
        for number in range(4):
            middle.pieces.clear()
            assert connection.cursor().execute("SELECT ?::int, 'x'", (number,)).fetchall() == [(number, "x")]
            assert len([piece for piece in middle.pieces if piece.direction == "sent"]) == 1


def test_a_name_that_is_taken_is_no_error(postgres: Server) -> None:
    """Somebody else's statement has it: ours runs without one."""
    with dbapi.connect(postgres.url()) as connection:
        cursor = connection.cursor()
        for number in range(1, 9):
            cursor.execute(f"PREPARE sqlx_{number} AS SELECT 'somebody else''s'")
        connection.commit()
        for turn in range(5):
            assert cursor.execute("SELECT ?::int", (turn,)).fetchone() == (turn,)
            connection.commit()
        assert names(connection) == 8


def test_a_statement_that_failed_leaves_no_name(postgres: Server) -> None:
    with dbapi.connect(postgres.url(), autocommit=True, prepare_threshold=1) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT ?::int", (1,))
        with pytest.raises(dbapi.DataError):
            cursor.execute("SELECT 1 / ?::int", (0,))
        assert names(connection) == 0


def test_a_change_undone_is_forgotten_with_what_was_prepared_after_it(postgres: Server) -> None:
    """After the rollback the statement means what it meant, inside a transaction too."""
    with dbapi.connect(postgres.url()) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE changing (a int)").execute("INSERT INTO changing VALUES (1)")
        connection.commit()
        cursor.execute("ALTER TABLE changing ADD b text DEFAULT 'b'")
        for _ in range(4):
            assert cursor.execute("SELECT * FROM changing WHERE a = ?", (1,)).fetchall() == [(1, "b")]
        connection.rollback()
        cursor.execute("SELECT 1")
        assert cursor.execute("SELECT * FROM changing WHERE a = ?", (1,)).fetchall() == [(1,)]


def test_a_type_that_others_made_anew_is_looked_up_anew(postgres: Server) -> None:
    """A named statement knows the types of its parameters by number."""
    made = "CREATE TYPE tint AS ENUM ('red', 'blue'); CREATE TABLE shirt (tint tint, tints tint[])"
    calls = {
        "INSERT INTO shirt (tint) VALUES (?)": ("red",),
        "INSERT INTO shirt (tints) VALUES (?)": (["red", "blue"],),
        "SELECT tint FROM shirt WHERE tint = ?": ("red",),
    }
    with (
        dbapi.connect(postgres.url(), autocommit=True) as connection,
        dbapi.connect(postgres.url(), autocommit=True) as other,
    ):
        other.cursor().execute(made)
        try:
            for _ in range(3):
                for sql, values in calls.items():
                    connection.cursor().execute(sql, values)
            other.cursor().execute(f"DROP TABLE shirt; DROP TYPE tint; {made}")
            for sql, values in calls.items():
                cursor = connection.cursor().execute(sql, values)
            assert cursor.fetchall() == [("red",)]
        finally:
            other.cursor().execute("DROP TABLE shirt; DROP TYPE tint")


def test_a_plan_that_others_made_stale_says_what_to_do(postgres: Server) -> None:
    """Inside a transaction nothing can be run again, and outside everything is."""
    with dbapi.connect(postgres.url()) as connection, dbapi.connect(postgres.url(), autocommit=True) as other:
        cursor = connection.cursor()
        other.cursor().execute("CREATE TABLE stale_plan (a int)").execute("INSERT INTO stale_plan VALUES (1)")
        try:
            for _ in range(4):
                cursor.execute("SELECT * FROM stale_plan WHERE a = ?", (1,))
                connection.commit()
            other.cursor().execute("ALTER TABLE stale_plan ADD b text")
            cursor.execute("SELECT 1")
            with pytest.raises(dbapi.NotSupportedError, match=r"(?s)cached plan.*hint: .*run the transaction again"):
                cursor.execute("SELECT * FROM stale_plan WHERE a = ?", (1,))
            connection.rollback()
            assert cursor.execute("SELECT * FROM stale_plan WHERE a = ?", (1,)).fetchall() == [(1, None)]
            connection.rollback()
        finally:
            other.cursor().execute("DROP TABLE stale_plan")


@pytest.mark.parametrize("how", ["executemany", "pipeline", "executemany in a pipeline"])
@pytest.mark.parametrize(
    ("autocommit", "what"), [(True, "run it again"), (False, "roll back, and run the transaction again")]
)
def test_a_plan_that_others_made_stale_is_forgotten(postgres: Server, autocommit: bool, what: str, how: str) -> None:
    """What is not run again by itself fails once, whatever its rows are, and says what to do."""
    with (
        dbapi.connect(postgres.url(), autocommit=autocommit) as connection,
        dbapi.connect(postgres.url(), autocommit=True) as other,
    ):
        cursor, text = connection.cursor(), "SELECT * FROM stale_plan WHERE a = ?"
        other.cursor().execute("CREATE TABLE stale_plan (a int)").execute("INSERT INTO stale_plan VALUES (1)")

        def run() -> None:
            with connection.pipeline() if "pipeline" in how else nullcontext():
                if "executemany" in how:
                    cursor.executemany(text, [(1,), (2,)])
                else:
                    cursor.execute(text, (1,))

        try:
            for _ in range(3):
                cursor.execute(text, (1,))
                connection.commit()
            run()
            connection.commit()
            other.cursor().execute("ALTER TABLE stale_plan ADD b text")
            with pytest.raises(dbapi.NotSupportedError, match="cached plan") as caught:
                run()
            assert caught.value.hint == f"what the connection had prepared was changed meanwhile: {what}"
            assert caught.value.row is None
            connection.rollback()
            run()
            assert cursor.fetchall() == [(1, None)]
            connection.rollback()
        finally:
            other.cursor().execute("DROP TABLE stale_plan")


NOT_SUPPORTED = "RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'not here'"
OTHER_REASONS = [
    NOT_SUPPORTED,
    "EXECUTE 'EXECUTE nobody_prepared_this'",
    "EXECUTE 'PREPARE told_stale AS SELECT 1'; EXECUTE 'PREPARE told_stale AS SELECT 1'",
    "EXECUTE 'EXECUTE told_stale_plan'",
]


@pytest.mark.parametrize("body", OTHER_REASONS)
def test_what_fails_within_a_statement_is_not_taken_for_a_stale_one(postgres: Server, body: str) -> None:
    """Its SQLSTATE is that of a stale statement, and what it committed before must not be done twice."""
    with dbapi.connect(postgres.url(), autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE told (n int)").execute("CREATE TEMPORARY TABLE told_plan (a int)")
        cursor.execute("PREPARE told_stale_plan AS SELECT * FROM told_plan").execute("EXECUTE told_stale_plan")
        cursor.execute("ALTER TABLE told_plan ADD b int")
        cursor.execute(
            "CREATE PROCEDURE pg_temp.tell(fails bool) LANGUAGE plpgsql AS $$ BEGIN"
            f" INSERT INTO told VALUES (1); COMMIT; IF fails THEN {body}; END IF; END $$"
        )
        for _ in range(3):
            cursor.execute("CALL pg_temp.tell(?)", (False,))
        assert names(connection) == 2
        with pytest.raises(dbapi.DatabaseError) as caught:
            cursor.execute("CALL pg_temp.tell(?)", (True,))
        assert caught.value.retry is None
        assert cursor.execute("SELECT count(*) FROM told").fetchone() == (4,)


@pytest.mark.parametrize("server", ["mariadb", "mysql9"], indirect=True)
def test_nor_is_one_that_misses_another(server: Server) -> None:
    with dbapi.connect(
        server.url("admin", sslmode="verify-full", sslrootcert=server.ca_path), autocommit=True
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE told (n int)")
        try:
            cursor.execute("CREATE PROCEDURE tell(n int) BEGIN INSERT INTO told VALUES (n); EXECUTE nobody; END")
            for number in (1, 2):
                with pytest.raises(dbapi.DatabaseError, match="nobody") as caught:
                    cursor.execute("CALL tell(?)", (number,))
                assert caught.value.retry is None
            assert cursor.execute("SELECT count(*), sum(n) FROM told").fetchone() == (2, 3)
        finally:
            cursor.execute("DROP PROCEDURE IF EXISTS tell")
            cursor.execute("DROP TABLE told")


@pytest.mark.parametrize("how", ["execute", "executemany", "stream", "pipeline"])
@pytest.mark.parametrize("change", ["DISCARD ALL", "DEALLOCATE ALL", "ALTER TABLE altered ADD b int DEFAULT 7"])
def test_every_way_to_run_a_statement_outlives_what_undoes_its_name(postgres: Server, how: str, change: str) -> None:
    with dbapi.connect(postgres.url(), autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS altered").execute("CREATE TABLE altered (a int)")
        cursor.execute("INSERT INTO altered VALUES (1)")
        text = "SELECT * FROM altered WHERE a = ?"
        for _ in range(3):
            assert cursor.execute(text, (1,)).fetchall() == [(1,)]
        assert names(connection) == 1
        cursor.execute(change)
        reader = connection.cursor(stream=how == "stream")
        if how == "executemany":
            reader.executemany(text, [(1,), (2,)])
        elif how == "pipeline":
            with connection.pipeline():
                reader.execute(text, (1,))
        else:
            reader.execute(text, (1,))
        assert reader.fetchall() == [(1, 7) if "ALTER" in change else (1,)]
        reader.close()
        cursor.execute("DROP TABLE altered")
