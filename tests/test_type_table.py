"""docs/types.md says what the packs say."""

from __future__ import annotations

import subprocess
import sys

from tests.pages import ROOT


def test_the_tables_are_up_to_date() -> None:
    """They are made from the packs."""
    script = ROOT / "scripts" / "generate_type_table.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
