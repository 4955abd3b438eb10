"""The example in docs/catalog.md does what the page says."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path

import pytest

from sqlx import catalog

PAGE = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text("utf-8")


def test_the_example_prints_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, wanted = (re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("python", "text"))
    assert code and wanted
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(code[1], {})
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == wanted[1].splitlines()


def test_the_page_names_every_field() -> None:
    table = PAGE.partition("## Questions")[2].partition("## ")[0]
    rows = [re.findall(r"`(\w+)`", row.split("|")[3]) for row in table.splitlines() if row.startswith("| `")]
    models = [
        catalog.Database, catalog.Schema, catalog.Relation, catalog.Column, catalog.Constraint, catalog.Index,
        catalog.Trigger, catalog.Routine, catalog.Sequence, catalog.Type,
    ]  # fmt: skip
    assert rows == [[field.name for field in fields(model)] for model in models]
