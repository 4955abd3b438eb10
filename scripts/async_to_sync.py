"""Write the blocking twins of the asyncio modules: `python scripts/async_to_sync.py [--check]`.

The source is rewritten word by word, so comments and layout stay. `--check` writes nothing and exits 1 when a twin is
not what it should be.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TWINS = {
    "sqlx/aio/connection.py": "sqlx/dbapi/connection.py",
    "sqlx/aio/copy.py": "sqlx/dbapi/copy.py",
    "sqlx/aio/cursor.py": "sqlx/dbapi/cursor.py",
    "sqlx/aio/notifications.py": "sqlx/dbapi/notifications.py",
    "sqlx/aio/opening.py": "sqlx/dbapi/opening.py",
    "sqlx/aio/pipeline.py": "sqlx/dbapi/pipeline.py",
    "sqlx/aio/scrolling.py": "sqlx/dbapi/scrolling.py",
    "sqlx/aio/transaction.py": "sqlx/dbapi/transaction.py",
    "sqlx/catalog/aio.py": "sqlx/catalog/dbapi.py",
    "tests/aio/conftest.py": "tests/dbapi/conftest.py",
    "tests/aio/test_copy.py": "tests/dbapi/test_copy.py",
    "tests/aio/test_copy_binary.py": "tests/dbapi/test_copy_binary.py",
    "tests/aio/test_cursor.py": "tests/dbapi/test_cursor.py",
    "tests/aio/test_connection.py": "tests/dbapi/test_connection.py",
    "tests/aio/test_stream.py": "tests/dbapi/test_stream.py",
    "tests/aio/test_scrolling.py": "tests/dbapi/test_scrolling.py",
    "tests/aio/test_scripts.py": "tests/dbapi/test_scripts.py",
    "tests/aio/test_pipeline.py": "tests/dbapi/test_pipeline.py",
    "tests/aio/test_transaction.py": "tests/dbapi/test_transaction.py",
    "tests/aio/test_ended_blocks.py": "tests/dbapi/test_ended_blocks.py",
    "tests/aio/test_executemany.py": "tests/dbapi/test_executemany.py",
    "tests/aio/test_callproc.py": "tests/dbapi/test_callproc.py",
    "tests/aio/test_notifications.py": "tests/dbapi/test_notifications.py",
    "tests/aio/test_password_source.py": "tests/dbapi/test_password_source.py",
    "tests/aio/test_two_phase.py": "tests/dbapi/test_two_phase.py",
    "tests/aio/test_faults.py": "tests/dbapi/test_faults.py",
    "tests/aio/test_lying_servers.py": "tests/dbapi/test_lying_servers.py",
}
HEADER = "# Generated from {source} by scripts/async_to_sync.py; do not edit.\n"

DROPPED = {"async", "await"}
RENAMED = {
    "aio": "dbapi",
    "AsyncIterator": "Iterator",
    "nonblocking": "blocking",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "StopAsyncIteration": "StopIteration",
}


def to_sync(text: str) -> str:
    """The blocking form of an asyncio module's text."""
    lines = text.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    for token in reversed(tokens):
        if token.type != tokenize.NAME:
            continue
        (row, start), (_, end) = token.start, token.end
        line = lines[row - 1]
        if token.string in DROPPED:
            lines[row - 1] = line[:start] + line[end:].removeprefix(" ")
        elif token.string in RENAMED:
            lines[row - 1] = line[:start] + RENAMED[token.string] + line[end:]
    return "".join(lines)


def tidied(text: str) -> str:
    """Shorter words make shorter lines, other names sort otherwise, and blocks of one kind become one."""
    fixes = ["--fix", "--unsafe-fixes", "--select", "I,SIM117,C416,UP028"]
    for command in (["check", "--quiet", *fixes], ["format", "--quiet"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(ROOT / "sqlx/dbapi/twin.py"), "-"],
            input=text, capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout  # fmt: skip
    return text


def main(arguments: list[str]) -> int:
    outdated = 0
    for source, target in TWINS.items():
        if not (ROOT / source).exists():
            continue
        wanted = tidied(HEADER.format(source=source) + to_sync((ROOT / source).read_text("utf-8")))
        path = ROOT / target
        if path.exists() and path.read_text("utf-8") == wanted:
            continue
        outdated += 1
        if "--check" in arguments:
            print(f"{target} is not what {source} makes of it: run python scripts/async_to_sync.py", file=sys.stderr)
        else:
            path.write_text(wanted, "utf-8")
            print(f"wrote {target}")
    return 1 if outdated and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
