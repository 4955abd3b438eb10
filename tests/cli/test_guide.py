"""docs/cli.md: its examples do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlx.cli.main import COMMANDS
from tests.pages import ROOT, Block, blocks, run_commands

GUIDE = ROOT / "docs" / "cli.md"


@pytest.fixture(scope="module")
def folder(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guide")
    (made / "sample.db").write_bytes(sample_file.read_bytes())
    return made


@pytest.mark.parametrize("block", blocks(GUIDE, "console"), ids=lambda block: block.text.partition("\n")[0][2:60])
def test_an_example_shows_what_happens(block: Block, folder: Path) -> None:
    for written, shown in run_commands(block, folder):
        assert shown == written


def test_the_guide_names_every_command() -> None:
    text = GUIDE.read_text("utf-8")
    assert [name for name in COMMANDS if f"    sqlx {name} " not in text] == []
