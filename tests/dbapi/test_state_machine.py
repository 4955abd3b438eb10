"""A connection and a model of it do the same things in any order: what the one holds, the other holds.

The model is three sets of numbers: what is committed, what the open transaction sees, and what each of its savepoints
saw. After every step a second connection looks at what is committed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sqlx import dbapi
from tests.engines import ENGINES, Engine
from tests.thoroughness import examples

NUMBERS = st.integers(0, 9)
LONG = 100_000  # rows that no part of a stream holds, and no buffer

IDLE, OPEN, FAILED = "idle", "open", "failed"


class Conversation(RuleBasedStateMachine):
    """What an application may do with a connection."""

    url: str
    engine: Engine
    aborts = False  # whether an error makes a transaction take nothing but a rollback

    @initialize()
    def connect(self) -> None:
        self.connection = dbapi.connect(self.url)
        self.observer = dbapi.connect(self.url, autocommit=True)
        self.observer.cursor().execute("DELETE FROM drawn")
        self.committed: frozenset[int] = frozenset()
        self._reset()

    def _reset(self) -> None:
        self.seen = self.committed
        self.state = IDLE
        self.autocommit = False
        self.savepoints: list[frozenset[int]] = []
        self.stream: dbapi.Cursor | None = None
        self.read = 0

    def teardown(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()
            self.observer.close()

    # -- what every statement does to the model

    def _run(self, sql: str, parameters: Any = None, *, many: bool = False) -> dbapi.Cursor | None:
        """Run a statement that should succeed; None where the model says that it is refused."""
        cursor = self.connection.cursor()
        run = cursor.executemany if many else cursor.execute
        if self.state == FAILED:
            with pytest.raises(dbapi.Error):
                run(sql, parameters)
            return None
        if self._barred():
            with pytest.raises(dbapi.InterfaceError, match="still being read"):
                run(sql, parameters)
            return None
        run(sql, parameters)
        self._opens()
        return cursor

    def _barred(self) -> bool:
        return self.stream is not None and not self.engine.portals

    def _opens_late(self) -> bool:
        """Whether a statement that touches no table opens nothing, or is seen to only when it has ended."""
        return self.state == IDLE and not self.autocommit and not self.engine.portals

    def _opens(self) -> None:
        if self.state == IDLE and not self.autocommit:
            self.state = OPEN

    def _fails(self) -> None:
        """What an error of the server leaves behind."""
        self._opens()
        if self.aborts and self.state == OPEN:
            self.state = FAILED
            self._stream_gone()

    def _changed(self, seen: frozenset[int]) -> None:
        self.seen = seen
        if self.state == IDLE:
            self.committed = seen

    def _ended(self) -> None:
        self.state, self.savepoints = IDLE, []
        self._stream_gone()

    def _stream_gone(self) -> None:
        self.stream = None

    # -- what can be done

    @rule(n=NUMBERS)
    def insert(self, n: int) -> None:
        if n in self.seen and self.state != FAILED and not self._barred():
            with pytest.raises(dbapi.IntegrityError) as caught:
                self.connection.cursor().execute("INSERT INTO drawn VALUES (?)", (n,))
            assert caught.value.outcome == "rolled_back"
            self._fails()
        elif self._run("INSERT INTO drawn VALUES (?)", (n,)):
            self._changed(self.seen | {n})

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=4))
    def insert_many(self, numbers: list[int]) -> None:
        """All of them, or none."""
        rows = [(n,) for n in numbers]
        twice = len(set(numbers)) < len(numbers) or not self.seen.isdisjoint(numbers)
        if twice and self.state != FAILED and not self._barred():
            with pytest.raises(dbapi.IntegrityError):
                self.connection.cursor().executemany("INSERT INTO drawn VALUES (?)", rows)
            self._fails()
        elif cursor := self._run("INSERT INTO drawn VALUES (?)", rows, many=True):
            assert cursor.rowcount == len(numbers)
            self._changed(self.seen | set(numbers))

    @rule(n=NUMBERS)
    def delete(self, n: int) -> None:
        if cursor := self._run("DELETE FROM drawn WHERE n >= ?", (n,)):
            assert cursor.rowcount == sum(each >= n for each in self.seen)
            self._changed(frozenset(each for each in self.seen if each < n))

    @rule()
    def select(self) -> None:
        if cursor := self._run("SELECT n FROM drawn ORDER BY n"):
            assert cursor.fetchall() == [(n,) for n in sorted(self.seen)]

    @rule()
    def select_what_is_not_there(self) -> None:
        if self.state == FAILED or self._barred():
            return
        with pytest.raises(dbapi.ProgrammingError):
            self.connection.cursor().execute("SELECT nothing FROM drawn WHERE n = ?", (1,))
        if self.state != IDLE or self.aborts:  # else it was refused before a transaction was opened
            self._fails()

    @rule()
    def misuse(self) -> None:
        """What is refused before anything is sent changes nothing."""
        with pytest.raises(dbapi.Error) as caught:
            self.connection.cursor().execute("SELECT ?, ?", (1,))
        assert caught.value.outcome == "not_run"

    @rule()
    def commit(self) -> None:
        if self.state == FAILED:
            with pytest.raises(dbapi.Error):
                self.connection.commit()
            return
        self.connection.commit()
        self.committed = self.seen
        self._ended()

    @rule()
    def rollback(self) -> None:
        self.connection.rollback()
        self.seen = self.committed
        self._ended()

    @rule(on=st.booleans())
    def set_autocommit(self, on: bool) -> None:
        if self.state != IDLE:
            with pytest.raises(dbapi.InterfaceError):
                self.connection.autocommit = on
        else:
            self.connection.autocommit = self.autocommit = on

    @precondition(lambda self: self.state == OPEN)
    @rule()
    def savepoint(self) -> None:
        if self._run(f"SAVEPOINT s{len(self.savepoints)}"):
            self.savepoints.append(self.seen)

    @precondition(lambda self: self.savepoints)
    @rule()
    def go_back(self) -> None:
        """Also out of a failed transaction."""
        if self._barred():
            return
        self.connection.cursor().execute(f"ROLLBACK TO SAVEPOINT s{len(self.savepoints) - 1}")
        if self.engine.portals:
            self._close_stream()  # one opened since has lost its portal
        self.state = OPEN
        self.seen = self.savepoints[-1]

    @precondition(lambda self: self.stream is None and self.state != FAILED)
    @rule()
    def open_stream(self) -> None:
        if self._opens_late():
            return
        self.stream = self.connection.cursor(stream=True)
        self.stream.execute(self.engine.rows(LONG))
        self.read = 0
        self._opens()
        if not self.autocommit or self.engine.name != "postgres":
            return
        if self.state == IDLE:  # without a transaction nothing holds a portal: it bars what else is run
            self._close_stream()

    @precondition(lambda self: self.stream is not None)
    @rule(size=st.sampled_from([1, 700, LONG]))
    def read_stream(self, size: int) -> None:
        assert self.stream is not None
        expected = [(n,) for n in range(self.read + 1, min(self.read + size, LONG) + 1)]
        assert self.stream.fetchmany(size) == expected
        self.read += len(expected)
        if self.read == LONG:
            assert self.stream.fetchone() is None
            self.stream = None

    @precondition(lambda self: self.stream is not None)
    @rule()
    def close_stream(self) -> None:
        self._close_stream()

    def _close_stream(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None

    @precondition(lambda self: self.stream is not None)
    @rule()
    def forget_stream(self) -> None:
        """Whoever reads it is gone, without a word."""
        self.stream = None

    @precondition(lambda self: not self._barred())  # a stream that the server still sends is cancelled in time
    @rule()
    def cancel_too_late(self) -> None:
        """It must not hit what is run next."""
        self.connection.cancel()

    @rule()
    def time_out(self) -> None:
        if self.state == FAILED or self._barred() or self._opens_late():
            return
        with pytest.raises(dbapi.OperationalError, match="longer than"):
            self.connection.cursor().execute(self.engine.endless, timeout=0.02)
        self._fails()

    @rule()
    def reconnect(self) -> None:
        """What was not committed is gone."""
        self.connection.close()
        with pytest.raises(dbapi.InterfaceError):
            self.connection.cursor()
        self.connection = dbapi.connect(self.url)
        self._reset()

    # -- what always holds

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "connection"):
            return
        assert self.connection.in_failed_transaction == (self.state == FAILED)
        assert self.connection.in_transaction == (self.state != IDLE)
        rows = self.observer.cursor().execute("SELECT n FROM drawn ORDER BY n").fetchall()
        assert rows == [(n,) for n in sorted(self.committed)]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_model_and_driver_agree(engine: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """On each engine, whatever is done in whatever order."""
    url = engine.url(request) if engine.fixture else f"sqlite:///{tmp_path / 'drawn.db'}"
    with dbapi.connect(url, autocommit=True) as first:
        if not engine.fixture:
            first.cursor().execute("PRAGMA journal_mode = WAL")
        first.cursor().execute("CREATE TABLE drawn (n integer PRIMARY KEY)")
    machine = type("Machine", (Conversation,), {"url": url, "engine": engine, "aborts": engine.name == "postgres"})
    trials = settings(
        max_examples=examples(15, 100),
        stateful_step_count=examples(30, 60),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=trials)
    with dbapi.connect(url) as last:
        last.cursor().execute("DROP TABLE drawn")
