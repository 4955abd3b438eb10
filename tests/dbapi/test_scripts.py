# Generated from tests/aio/test_scripts.py by scripts/async_to_sync.py; do not edit.
"""Texts of several statements: what they bring, what a failure leaves, and how transactions come out of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sqlx.dbapi as face
from sqlx import dbapi
from tests.engines import ENGINES, Engine

GOOD = "INSERT INTO noted VALUES (1); INSERT INTO noted VALUES (2)"


@pytest.fixture
def noted(url: str) -> Iterator[face.Connection]:
    """A connection with autocommit, and a table for numbers."""
    with face.connect(url, autocommit=True) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE noted (n integer PRIMARY KEY)")
        yield connection


def numbers(connection: face.Connection) -> list[int]:
    return [row[0] for row in connection.cursor().execute("SELECT n FROM noted ORDER BY n")]


@pytest.mark.parametrize("autocommit", [True, False])
def test_an_error_in_the_third_statement_is_placed_in_the_whole_text(
    noted: face.Connection, engine: Engine, autocommit: bool
) -> None:
    noted.autocommit = autocommit
    text = "-- é, twice: 'é'\nSELECT 'é';\n SELECT 2; SELECT missing FROM noted"
    with pytest.raises(dbapi.Error) as caught:
        noted.cursor().execute(text)
    if engine.name == "mariadb":  # whose errors have no position
        assert caught.value.position is None
        assert "missing" in str(caught.value)
    else:
        assert caught.value.position == text.index("missing") + 1
    noted.rollback()


def test_what_a_failed_script_leaves_with_autocommit(noted: face.Connection, engine: Engine) -> None:
    """Where a text is a transaction nothing stays; elsewhere what stands before the failure. What stands behind it is
    never run."""
    with pytest.raises(dbapi.IntegrityError) as caught:
        noted.cursor().execute(f"{GOOD}; INSERT INTO noted VALUES (2); INSERT INTO noted VALUES (3)")
    undone = engine.name == "postgres"
    assert caught.value.outcome == ("rolled_back" if undone else "unknown")
    assert numbers(noted) == ([] if undone else [1, 2])
    assert not noted.in_transaction


def test_what_a_failed_script_leaves_within_a_transaction(noted: face.Connection, engine: Engine) -> None:
    noted.autocommit = False
    with pytest.raises(dbapi.IntegrityError):
        noted.cursor().execute(f"{GOOD}; INSERT INTO noted VALUES (2)")
    assert noted.in_transaction
    assert noted.in_failed_transaction == (engine.name == "postgres")
    if not noted.in_failed_transaction:
        assert numbers(noted) == [1, 2]
    noted.rollback()
    assert numbers(noted) == []


def test_a_failed_script_brings_no_result_to_go_on_to(noted: face.Connection) -> None:
    cursor = noted.cursor().execute("SELECT 1")
    with pytest.raises(dbapi.Error):
        cursor.execute(f"{GOOD}; SELECT missing FROM noted; SELECT 4")
    assert cursor.description is None
    assert cursor.rowcount == -1
    for read in (cursor.nextset, cursor.fetchone):
        with pytest.raises(dbapi.ProgrammingError):
            read()
    cursor.execute("SELECT 5; SELECT 6")
    assert cursor.fetchall() == [(5,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [(6,)]


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize(
    ("end", "stay"), [("COMMIT", [1, 2]), ("ROLLBACK", []), ("", None)], ids=["committed", "undone", "open"]
)
def test_a_script_that_controls_its_transaction(
    noted: face.Connection, autocommit: bool, end: str, stay: list[int] | None
) -> None:
    noted.autocommit = autocommit
    noted.cursor().execute(f"BEGIN; {GOOD}; {end}")
    assert noted.in_transaction == (stay is None)
    if stay is None:
        noted.rollback()
    assert numbers(noted) == (stay or [])
    noted.rollback()


def test_a_script_may_end_one_transaction_and_open_the_next(noted: face.Connection) -> None:
    noted.cursor().execute(f"BEGIN; {GOOD}; COMMIT; BEGIN; INSERT INTO noted VALUES (3)")
    assert noted.in_transaction
    noted.rollback()
    assert not noted.in_transaction
    assert numbers(noted) == [1, 2]


def test_a_committed_part_of_a_failed_script_stays(noted: face.Connection, engine: Engine) -> None:
    with pytest.raises(dbapi.IntegrityError):
        noted.cursor().execute(f"BEGIN; {GOOD}; COMMIT; BEGIN; INSERT INTO noted VALUES (1)")
    assert noted.in_transaction
    assert noted.in_failed_transaction == (engine.name == "postgres")
    noted.rollback()
    assert numbers(noted) == [1, 2]


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
def test_notices_of_every_statement_arrive(noted: face.Connection) -> None:
    cursor = noted.cursor()
    cursor.execute("; ".join(f"DO $$ BEGIN RAISE NOTICE 'note {n};'; END $$" for n in range(3)))
    assert [str(warning) for _, warning in cursor.messages] == ["note 0;", "note 1;", "note 2;"]
    with pytest.raises(dbapi.DataError):
        cursor.execute("DO $$ BEGIN RAISE NOTICE 'before'; END $$; SELECT 1 / 0")
    assert [str(warning) for _, warning in cursor.messages] == ["before"]


def test_a_script_takes_no_parameters(noted: face.Connection) -> None:
    with pytest.raises(dbapi.Error):
        noted.cursor().execute("INSERT INTO noted VALUES (?); INSERT INTO noted VALUES (?)", (1, 2))
    assert numbers(noted) == []


@pytest.mark.parametrize("engine", [ENGINES["postgres"]], ids=["postgres"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_rule_adds_is_a_result_each(noted: face.Connection, stream: bool) -> None:
    """Only the last of the queries that a rule runs beside a statement has an end of its own."""
    setup = noted.cursor()
    setup.execute(f"{GOOD}; CREATE RULE told AS ON UPDATE TO noted DO ALSO (SELECT 7; SELECT 'b', 'c')")
    cursor = noted.cursor(stream=stream)
    cursor.execute("SELECT 0; UPDATE noted SET n = n + 10; SELECT 9")
    assert cursor.fetchall() == [(0,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [(7,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [("b", "c")]
    assert cursor.nextset()
    assert cursor.fetchall() == [(9,)]
    assert not cursor.nextset()
    assert numbers(noted) == [11, 12]
