"""What runs is stopped: from another thread, by Ctrl+C, and without harm to the connection."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sqlx import dbapi
from tests.engines import Engine

ROOT = Path(__file__).parents[2]
SOON = 0.3  # seconds until a statement that runs is stopped
LATE = 20.0  # seconds in which it must have stopped

INTERRUPTED = """
import os, signal, sys, threading
from sqlx import dbapi

connection = dbapi.connect(sys.argv[1])
cursor = connection.cursor()
cursor.execute("CREATE TEMPORARY TABLE people (id integer)")
connection.commit()
for statement in sys.argv[2:]:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        for _ in range(10**9):
            cursor.execute(statement)
            cursor.fetchall()
    except KeyboardInterrupt:
        print("interrupted")
    connection.rollback()
    print(cursor.execute("SELECT count(*) FROM people").fetchall())
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
connection.close()
"""


def test_another_thread_cancels(connection: dbapi.Connection, engine: Engine) -> None:
    cancel = threading.Timer(SOON, connection.cancel)
    cancel.start()
    begun = time.monotonic()
    with pytest.raises(dbapi.OperationalError) as caught:
        connection.cursor().execute(engine.endless)
    cancel.join()
    assert time.monotonic() - begun < LATE
    assert (caught.value.outcome, caught.value.retry) == ("rolled_back", "cancelled")
    connection.rollback()
    assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]


def test_a_cancelled_statement_with_parameters_is_known_afterwards(
    connection: dbapi.Connection, engine: Engine
) -> None:
    cursor = connection.cursor()
    endless = f"SELECT ? FROM ({engine.endless}) AS t"
    for _ in range(2):
        with pytest.raises(dbapi.OperationalError):
            cursor.execute(endless, (1,), timeout=SOON)
        connection.rollback()
    assert cursor.execute("SELECT ?", (7,)).fetchall() == [(7,)]


def test_time_may_run_out_at_any_moment(engine: Engine, url: str) -> None:
    """While it prepares, sends, waits or reads: the next statement gets its own answer."""
    choose = random.Random(7)
    with dbapi.connect(url, autocommit=True) as connection:
        for number in range(120):
            sql = choose.choice([engine.rows(5000), f"SELECT ? + {number}", "SELECT ?"])
            with suppress(dbapi.OperationalError):
                connection.cursor().execute(sql, (number,) if "?" in sql else None, timeout=choose.random() / 500)
            assert connection.cursor().execute("SELECT ?", (number,)).fetchall() == [(number,)]


def test_ctrl_c_stops_statements_and_leaves_the_connection_usable(engine: Engine, url: str) -> None:
    """One long statement, then many short ones: the interrupt may come while a reply is read, too."""
    many = engine.rows(5000)
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, url, engine.endless, many, "SELECT 1"],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert run.stderr == ""
    assert run.stdout.split("\n")[:-1] == ["interrupted", "[(0,)]"] * 3


def test_a_handler_of_the_programs_own_is_left_alone(connection: dbapi.Connection) -> None:
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        connection.cursor().execute("SELECT 1")
        os.kill(os.getpid(), signal.SIGINT)
        connection.cursor().execute("SELECT 1")
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [1]


def test_threads_share_a_connection_one_statement_at_a_time(connection: dbapi.Connection) -> None:
    results: dict[int, list[tuple[object, ...]]] = {}

    def work(number: int) -> None:
        for _ in range(20):
            results[number] = connection.cursor().execute("SELECT ?", (number,)).fetchall()
            assert results[number] == [(number,)]

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [(number,)] for number in range(4)}
