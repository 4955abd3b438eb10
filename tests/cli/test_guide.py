"""docs/cli.md: its examples do what they say."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from sqlx.cli.sample import make_sample
from tests.cli.command import ROOT, on_terminal

GUIDE = ROOT / "docs" / "cli.md"
BLOCK = re.compile(r"(?<=```console\n)(.*?)(?=```\n)", re.DOTALL)


def replay(block: str, folder: Path) -> str:
    """What a terminal of 100 columns shows for the commands of a block, after the commands themselves."""
    return "".join(f"{line}\n{_output(line[2:], folder)}" for line in block.splitlines() if line.startswith("$ "))


def _output(command: str, folder: Path) -> str:
    (folder / "sqlx").write_text(f'#!/bin/sh\nexec {sys.executable} -m sqlx "$@"\n')
    (folder / "sqlx").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    shell = ["sh", "-c", f"cd {folder} && {command}"]
    return on_terminal(shell, COLUMNS="100", NO_COLOR="1", PATH=path)[1].replace("\r", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guide")
    make_sample(made / "sample.db")
    return made


@pytest.mark.parametrize(
    "block", BLOCK.findall(GUIDE.read_text("utf-8")), ids=lambda block: block.splitlines()[0][2:60]
)
def test_an_example_shows_what_happens(block: str, folder: Path) -> None:
    assert replay(block, folder) == block


def test_the_guide_names_every_command() -> None:
    from sqlx.cli.main import COMMANDS

    text = GUIDE.read_text("utf-8")
    assert [name for name in COMMANDS if f"    sqlx {name} " not in text] == []
