"""The sample database: always the same, whole or absent, and fit to be looked at."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sqlx import dbapi
from sqlx.cli.sample import VERSION, SampleError, make_sample, sample_path


def read(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with dbapi.connect(f"sqlite:///{path}", mode="ro") as connection:
        return connection.cursor().execute(sql).fetchall()


def write(path: Path, sql: str) -> None:
    with dbapi.connect(f"sqlite:///{path}", autocommit=True) as connection:
        connection.cursor().execute(sql)


def names(path: Path, kind: str) -> list[str]:
    own = "sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
    return [
        name for (name,) in read(path, f"SELECT name FROM sqlite_schema WHERE type = '{kind}' AND {own} ORDER BY 1")
    ]


def test_it_is_large_enough_to_be_worth_a_look(sample_file: Path) -> None:
    """Related tables, indexes, views that answer, 50 000 rows and more."""
    tables = names(sample_file, "table")
    assert len(tables) >= 8
    assert sum(read(sample_file, f"SELECT count(*) FROM {table}")[0][0] for table in tables) >= 50_000
    assert len(names(sample_file, "index")) >= 8
    assert len(names(sample_file, "view")) == 3
    for view in names(sample_file, "view"):
        assert len(read(sample_file, f"SELECT * FROM {view}")) >= 36, view


def test_it_is_sound(sample_file: Path) -> None:
    """Every foreign key leads somewhere, and each table is tied to another."""
    assert read(sample_file, "PRAGMA integrity_check") == [("ok",)]
    assert read(sample_file, "PRAGMA foreign_key_check") == []
    tied = Counter(
        name
        for table in names(sample_file, "table")
        for (other,) in read(sample_file, f"SELECT \"table\" FROM pragma_foreign_key_list('{table}')")
        for name in (table, other)
    )
    assert sorted(tied) == names(sample_file, "table")


def test_it_spans_three_years_and_the_order_of_things_holds(sample_file: Path) -> None:
    """Nobody orders before they have joined, nothing arrives before it was sent."""
    assert read(sample_file, "SELECT min(date(ordered_at)), max(date(ordered_at)) FROM orders") == [
        ("2023-01-01", "2025-12-31")
    ]
    out_of_order = """
        SELECT count(*) FROM orders AS o JOIN customers AS c ON c.id = o.customer_id
            LEFT JOIN payments AS p ON p.order_id = o.id LEFT JOIN shipments AS s ON s.order_id = o.id
        WHERE date(o.ordered_at) < c.joined OR p.paid_at < o.ordered_at OR s.shipped_at < o.ordered_at
            OR s.delivered_at < s.shipped_at"""
    assert read(sample_file, out_of_order) == [(0,)]


def test_what_was_paid_is_what_was_bought(sample_file: Path) -> None:
    wrong = """
        SELECT count(*) FROM order_totals AS t JOIN payments AS p ON p.order_id = t.order_id
        WHERE abs(abs(p.amount) - t.total) > 0.001"""
    assert read(sample_file, wrong) == [(0,)]


def test_it_has_nulls_decimals_and_letters_of_the_world(sample_file: Path) -> None:
    assert read(sample_file, "SELECT count(*) > 100 FROM customers WHERE phone IS NULL") == [(1,)]
    assert read(sample_file, "SELECT count(*) > 100 FROM books WHERE price <> round(price)") == [(1,)]
    assert read(
        sample_file, "SELECT count(DISTINCT country) FROM customers WHERE family_name IN ('Müller', '佐藤')"
    ) == [(2,)]


def test_declared_types_convert(sample_file: Path) -> None:
    """Whoever asks for dates and decimals gets them."""
    with dbapi.connect(f"sqlite:///{sample_file}", mode="ro", decltypes=True) as connection:
        row = connection.cursor().execute("SELECT published, price, pages FROM books LIMIT 1").fetchone()
    assert row is not None
    assert [type(value).__name__ for value in row] == ["date", "Decimal", "int"]


def test_it_is_the_same_every_time(sample_file: Path, tmp_path: Path) -> None:
    """Made again, in another process with other hashes, it has the same bytes."""
    program = "import sys; from sqlx.cli.sample import make_sample; make_sample(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "again.db")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=Path(__file__).parents[2],
    )
    assert (tmp_path / "again.db").read_bytes() == sample_file.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.db"]


def test_it_is_made_once(sample_file: Path, tmp_path: Path) -> None:
    """What stands there is left alone, whatever its owner has done with it."""
    path = tmp_path / "sample.db"
    path.write_bytes(sample_file.read_bytes())
    write(path, "CREATE TABLE mine(x)")
    before = path.stat().st_mtime_ns
    assert make_sample(path) is False
    assert path.stat().st_mtime_ns == before


def test_an_older_sample_is_replaced(sample_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "sample.db"
    path.write_bytes(sample_file.read_bytes())
    write(path, f"PRAGMA user_version = {VERSION - 1}; DROP TABLE reviews")
    assert make_sample(path) is True
    assert "reviews" in names(path, "table")


@pytest.mark.parametrize("content", ["CREATE TABLE mine(x)", "PRAGMA user_version = 1", None])
def test_what_is_not_the_sample_is_not_touched(tmp_path: Path, content: str | None) -> None:
    """Another database, or no database at all: the sentence says what to do."""
    path = tmp_path / "sample.db"
    if content is None:
        path.write_text("a letter to somebody " * 100)
    else:
        write(path, content)
    before = path.read_bytes()
    with pytest.raises(SampleError, match=r"is not the sample database.*move it, or name another path"):
        make_sample(path)
    assert path.read_bytes() == before


def test_progress_is_told(tmp_path: Path) -> None:
    """Tables one after the other, up to the last row."""
    told: list[tuple[str, int, int]] = []
    make_sample(tmp_path / "sample.db", lambda table, done, total: told.append((table, done, total)))
    done = [each[1] for each in told]
    assert done == sorted(done)
    assert (done[0], done[-1], {each[2] for each in told}) == (0, told[-1][2], {told[-1][2]})
    assert list(dict.fromkeys(table for table, _, _ in told if table))[:2] == ["categories", "publishers"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """Whoever stops it half-way, with Ctrl+C for example, finds no file."""

    def stop(table: str, done: int, total: int) -> None:
        if table == "orders":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_sample(tmp_path / "sample.db", stop)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_said_pleasantly(tmp_path: Path) -> None:
    """One sentence with what to do, and nothing left behind; the limit on file sizes stands in for a full disk."""
    program = (
        "import sys; from sqlx.cli.sample import make_sample, SampleError\n"
        "try: make_sample(sys.argv[1])\nexcept SampleError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "sample.db")],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
        cwd=Path(__file__).parents[2],
    )
    assert "cannot be written to" in done.stdout and "MB of room" in done.stdout, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_pleasantly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SampleError, match=r"cannot be written to .*name another path"):
        make_sample(tmp_path / "file" / "sample.db")


def test_its_place_is_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert sample_path() == tmp_path / "sqlx" / "sample.db"
    assert list(tmp_path.iterdir()) == []
