"""README.md: what it shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages import ROOT, Block, blocks, run_commands, run_sessions
from tests.wire.line_server import line_server

README = ROOT / "README.md"
TEXT = README.read_text("utf-8")


@pytest.fixture(scope="module")
def folder(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, as far as the examples look, with the sample database in it."""
    made = tmp_path_factory.mktemp("readme")
    (made / "sample.db").write_bytes(sample_file.read_bytes())
    for part in ("sqlx", "wirepacks"):
        (made / part).symlink_to(ROOT / part)
    return made


def test_its_sessions_do_what_they_say(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first example, and the protocol in 15 lines against a server that speaks it."""
    (pack,) = blocks(README, "json")
    assert len(pack.text.splitlines()) == 15
    (folder / "lines.wire.json").write_text(pack.text)
    monkeypatch.chdir(folder)
    with line_server() as port:
        assert run_sessions(README, {"localhost:7777": f"localhost:{port}"}) == ""


@pytest.mark.parametrize("block", blocks(README, "console"), ids=lambda block: block.text.split("\n")[0][2:50])
def test_a_command_shows_what_it_says(folder: Path, block: Block) -> None:
    for written, shown in run_commands(block, folder):
        assert shown == written


def test_its_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", TEXT, re.MULTILINE)
    assert {"run", "test"} <= {shell or prose for shell, prose in named}
    assert [target for each in named for target in each if target and f"\n{target}:" not in makefile] == []


def test_it_is_one_minute_long() -> None:
    assert len(TEXT.splitlines()) <= 150
