"""`sqlx pack`: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sqlx.cli.main import main
from sqlx.wire import registry

PACKS = registry.pack_folder()


def sqlx(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "sqlx", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=60,
    )  # fmt: skip


def test_list_tells_how_each_pack_was_verified(capsys: pytest.CaptureFixture[str]) -> None:
    """One line a pack: name, schemes, how verified."""
    assert main(["pack", "list"]) == 0
    out, err = capsys.readouterr()
    head, *rows = out.splitlines()
    assert head.split() == ["NAME", "SCHEMES", "VERIFIED"]
    assert [row.split()[0] for row in rows] == registry.shipped_packs()
    assert all(any(how in row for how in ("live", "transcript", "unverified")) for row in rows)
    assert err == ""


def test_show_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A whole pack, a section, a part of one; what is inherited is there."""
    assert main(["pack", "show", "mariadb"]) == 0
    assert json.loads(capsys.readouterr().out)["framing"] == registry.load("mysql").framing
    assert main(["pack", "show", "postgresql", "session"]) == 0
    assert json.loads(capsys.readouterr().out) == registry.load("postgresql").session
    assert main(["pack", "show", "sqlite", "sql.placeholder"]) == 0
    assert json.loads(capsys.readouterr().out) == "?"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "postgresq"], "did you mean 'postgresql'?"),
        (["show", "sqlite", "sesion"], "did you mean 'session'?"),
        (["show", "sqlite", "sql.placeholder.x"], "nothing there is called 'x'"),
    ],
)
def test_show_of_what_there_is_not(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence on stderr, nothing on stdout, exit code 1."""
    assert main(["pack", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_check_of_a_good_pack(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0."""
    assert main(["pack", "check", str(PACKS / "sqlite.wire.json"), str(PACKS / "postgresql.wire.json")]) == 0
    assert capsys.readouterr().err.count("this pack can run") == 2


def test_check_of_a_bad_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings on stdout, one a line, each with file and place; exit code 1, though another file is good."""
    bad = tmp_path / "bad.wire.json"
    bad.write_text(json.dumps({"extends": "sqlite", "name": "bad", "sesion": {}, "greets": 1}))
    assert main(["pack", "check", str(bad), str(PACKS / "sqlite.wire.json")]) == 1
    found = [line for line in capsys.readouterr().out.splitlines() if "note" not in line]
    assert [line.partition(": ")[2].partition(": ")[0] for line in found] == ["$.greets", "$.sesion"]
    assert all(line.startswith(f"{bad}: $") for line in found)


def test_a_pack_cannot_command_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its keys and values are told with control characters written out."""
    bad = tmp_path / "bad.wire.json"
    bad.write_text(json.dumps({"extends": "sqlite", "name": "bad", "\x1b]0;a\x07": 1, "greets": "\x1b]0;b\x07"}))
    assert main(["pack", "check", str(bad)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\\x1b]0;a\\x07" in out


def test_check_of_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that leads nowhere is a finding."""
    assert main(["pack", "check", str(tmp_path / "none.json")]) == 1
    out = capsys.readouterr().out
    assert "cannot be read: No such file" in out and "$" not in out


@pytest.mark.parametrize("arguments", [["pack"], ["pack", "check"], ["pack", "frobnicate"], ["pakc"], ["pack", "show"]])
def test_what_cannot_be_meant_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Usage errors say where to read more."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


def test_nothing_at_all_prints_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr: nothing was asked for."""
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "pack" in err


def test_the_command_is_a_module_too() -> None:
    """`python -m sqlx` is `sqlx`; its output is not coloured when nobody looks."""
    done = sqlx("pack", "show", "sqlite", "session")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`sqlx pack show NAME | head -1` ends quietly."""
    shell = f"'{sys.executable}' -m sqlx pack show postgresql | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


def test_list_does_not_load_what_it_does_not_need() -> None:
    """Only a check needs the models."""
    program = "import sys; from sqlx.cli.main import main; main(['pack', 'list']); sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0
