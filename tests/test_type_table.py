"""docs/types.md says what the packs say, and its sessions run as written."""

from __future__ import annotations

import subprocess
import sys

from tests.pages import ROOT, run_sessions
from tests.servers.server import Server


def test_the_tables_are_up_to_date() -> None:
    """They are made from the packs."""
    script = ROOT / "scripts" / "generate_type_table.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_sessions_run_as_written(postgres: Server, mariadb: Server) -> None:
    """Against PostgreSQL, MariaDB and SQLite."""
    places = {
        f"{server.kind}://anna:secret@localhost/shop": server.url().split("?")[0] for server in (postgres, mariadb)
    }
    assert run_sessions(ROOT / "docs" / "types.md", places) == ""
