"""Pages of Markdown whose examples are run: sessions of Python as doctests, commands on a terminal."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.cli.command import on_terminal

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
LOOSELY = doctest.ELLIPSIS


class Block(NamedTuple):
    """What stands between two fences; `line` counts those before it."""

    language: str
    text: str
    line: int


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[Block]:
    text = page.read_text("utf-8")
    found = (Block(each[2], each[3], text.count("\n", 0, each.start(3))) for each in FENCE.finditer(text))
    return [block for block in found if block.language == language]


def run_sessions(page: Path, places: Mapping[str, str], **names: Any) -> str:
    """Run the `pycon` blocks of a page, one after another as one session; what differed, or nothing.

    `places` says where the servers of the page really are: each of its keys is replaced.
    """
    lines: list[str] = []
    for block in blocks(page, "pycon"):
        lines += [""] * (block.line - len(lines)) + block.text.splitlines()
    text = "\n".join([*lines, ""])
    for written, real in places.items():
        text = text.replace(written, real)
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__", **names}, name(page), str(page), 0)
    differences: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=LOOSELY).run(test, out=differences.append)
    return "".join(differences)


def run_commands(block: Block, folder: Path) -> Iterator[tuple[str, str]]:
    """What a `console` block says and what a terminal shows, for each of its commands; `…` on the page is anything."""
    for part in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE):
        if part:
            command, _, wanted = part.partition("\n")
            shown = _on_terminal(command[2:], folder)
            same = doctest.OutputChecker().check_output(wanted.replace("…\n", "...\n"), shown, LOOSELY)
            yield part, part if same else f"{command}\n{shown}"


def _on_terminal(command: str, folder: Path) -> str:
    program = folder / "bin" / "sqlx"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sqlx "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    shell = ["sh", "-c", f"cd {shlex.quote(str(folder))} && {command}"]
    return on_terminal(shell, COLUMNS="100", NO_COLOR="1", PATH=path)[1].replace("\r", "")
