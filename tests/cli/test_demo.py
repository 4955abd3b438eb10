"""`sqlx demo`, which is what `make run` runs: a tour where there is no terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment, sqlx


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a user who has never been here."""
    return tmp_path_factory.mktemp("home")


def test_the_tour(home: Path) -> None:
    """Connect, tables, three queries with their results as tables, a mistake as a user sees it: all on stdout."""
    env = {"XDG_DATA_HOME": str(home)}
    first = sqlx("demo", env=env)
    assert first.returncode == 0
    assert first.stderr == f"the sample database is now at {home}/sqlx/sample.db\n"
    parts = first.stdout.split("\n\n")
    assert f"sqlite:///{home}/sqlx/sample.db" in parts[0]
    assert re.search(r"^ order_lines +│ table │ order_id, line, book_id", parts[1], re.MULTILINE)
    assert re.search(r"^ bestsellers +│ view  │", parts[1], re.MULTILINE)
    for part in parts[2:5]:
        title, sql, *_ = part.splitlines()
        assert title and sql.startswith("  SELECT ")
        assert "─┼─" in part and re.search(r"^[45] rows$", part, re.MULTILINE)
    assert parts[5].splitlines()[-3:] == [
        "error: no such column: prize (42703)",
        "line 1: SELECT title, prize",
        "                      ^",
    ]
    assert "Traceback" not in first.stdout
    again = sqlx("demo", env=env)
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")


def test_the_urls_it_offers_work(sample_file: Path, tmp_path: Path) -> None:
    """Even where the folder's name has characters that a URL has not."""
    strange = tmp_path / "a b#c?d%é"
    (strange / "sqlx").mkdir(parents=True)
    (strange / "sqlx" / "sample.db").write_bytes(sample_file.read_bytes())
    tour = sqlx("demo", env={"XDG_DATA_HOME": str(strange)}).stdout
    url = tour.splitlines()[1].strip()
    assert sqlx("query", url, "SELECT count(*) FROM books").stdout == "count(*)\n1800\n"


def test_the_commands_it_offers_are_found(home: Path, tmp_path: Path) -> None:
    """By their name where the shell knows it; by their path where the environment was not activated."""
    program = Path(sys.executable).with_name("sqlx")
    for path, name in ((str(tmp_path), str(program)), (str(program.parent), "sqlx")):
        env = environment(PATH=path, XDG_DATA_HOME=str(home))
        tour = subprocess.run([program, "demo"], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert tour.stdout.splitlines()[-1] == f"  {name} --help"


def test_no_room_for_the_sample_is_told(tmp_path: Path) -> None:
    (tmp_path / "sqlx").write_text("a file where a folder should be")
    done = sqlx("demo", env={"XDG_DATA_HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: the sample database cannot be written to {tmp_path}/sqlx/sample.db: ")
    assert done.stderr.endswith("name another path (by XDG_DATA_HOME)\n")


def test_make_run_is_the_demo() -> None:
    assert "\nrun: $(INSTALLED)\n\t@.venv/bin/sqlx demo\n" in (ROOT / "Makefile").read_text("utf-8")
