"""What the IDE makes of the terminal it runs in."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path


def test_it_ends_when_its_terminal_is_gone(tmp_path: Path) -> None:
    """Also where no signal says so, because the terminal is not the one that controls it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sqlx", "tui", f"sqlite:///{tmp_path / 'a.db'}"],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    try:
        assert os.read(ours, 1)  # it has begun to draw
        os.close(ours)
        assert process.wait(timeout=60) in (128 + signal.SIGHUP, -signal.SIGHUP)
    finally:
        process.kill()
        process.wait()
