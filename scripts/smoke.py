"""What must work where only the wheel is installed: the driver, its packs, the command line, the IDE.

Run by the environment's own python, outside a checkout. Exit code 1 names what does not work.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path


def driver() -> None:
    """A statement runs through PEP 249."""
    import sqlx.dbapi

    with sqlx.dbapi.connect("sqlite:///:memory:") as connection:
        cursor = connection.cursor()
        cursor.execute("select 1")
        row = cursor.fetchone()
        assert tuple(row or ()) == (1,), row


def packaged_files() -> None:
    """Packs and themes are found inside the installed packages."""
    import sqlx
    import sqlx_tui

    assert list(Path(sqlx.__path__[0], "_packs").glob("*.wire.json")), "the wheel has no packs"
    assert Path(sqlx.__path__[0], "py.typed").is_file(), "the wheel has no py.typed"
    assert "site-packages" in sqlx_tui.__path__[0], f"not the installed package: {sqlx_tui.__path__[0]}"


def command_line() -> None:
    """The program starts, and shows the packs."""
    program = Path(sys.executable).parent / "sqlx"
    for words in (["--help"], ["pack", "list"]):
        said = subprocess.run([program, *words], capture_output=True, text=True, check=False)
        assert said.returncode == 0, f"sqlx {' '.join(words)} ended with {said.returncode}: {said.stderr}"
        assert said.stdout.strip(), f"sqlx {' '.join(words)} printed nothing"


def ide() -> None:
    """The IDE starts without a terminal, and ends."""
    if find_spec("sqlx_tui.app") is None:
        print("skipped: there is no IDE yet")
        return
    from sqlx_tui.app import StudioApp

    async def start() -> None:
        async with StudioApp().run_test() as pilot:
            await pilot.pause()

    asyncio.run(start())


def main() -> int:
    steps: tuple[Callable[[], None], ...] = (packaged_files, driver, command_line, ide)
    for step in steps:
        step()
        print(f"ok: {step.__doc__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
