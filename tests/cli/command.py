"""Running `sqlx` as a person or a program does: in a process of its own, with pipes or on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SQLX = [sys.executable, "-m", "sqlx"]
SECONDS = 60


def environment(**variables: str) -> dict[str, str]:
    """This process's, without what changes the output."""
    spared = {"NO_COLOR", "COLUMNS", "LINES", "SQLX_PASSWORD", "SQLX_TRACE"}
    inherited = {name: value for name, value in os.environ.items() if name not in spared}
    return {**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **variables}


def sqlx(
    *words: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run it with pipes, `env` on top of this process's. Whatever it does, it shows no traceback."""
    done: subprocess.CompletedProcess[bytes] = subprocess.run(
        [*SQLX, *words],
        input=stdin,
        env=environment(**(env or {})),
        timeout=SECONDS,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )
    out, err = ((part or b"").decode() for part in (done.stdout, done.stderr))
    assert "Traceback" not in out + err, err
    assert "defect of sqlx" not in err, err
    assert "Exception ignored" not in err, err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def on_terminal(command: list[str], answers: str = "", **variables: str) -> tuple[int, str]:
    """Run a command on a terminal of its own; its exit code, and what the terminal showed.

    `answers` are typed when the program first waits with its last line unfinished: a prompt.
    """
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment(**variables), start_new_session=True,
        preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 0.05)[0]:
            continue
        try:
            part = os.read(master, 65536)
        except OSError:  # the last of its programs has closed it
            break
        if not part:
            break
        shown += part
        if answers and shown.endswith(b": "):
            os.write(master, answers.encode())
            answers = ""
    os.close(master)
    return process.wait(SECONDS), shown.decode()


def _own_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
