"""The folder that keeps what takes long to get: servers that Debian 12 does not have, and fresh data folders."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from tests.thoroughness import THOROUGH

HERE = Path(__file__).parent


def cache_folder() -> Path:
    """$SQLX_TEST_CACHE, or the user's cache; not root's: there servers run as nobody, who can't look into it."""
    if chosen := os.environ.get("SQLX_TEST_CACHE"):
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/sqlx-test-servers")
    return platformdirs.user_cache_path("sqlx-test-servers")


@cache  # what could not be fetched once is not tried again for every test
def fetched(name: str, script: str, *arguments: str) -> tuple[Path, str]:
    """The folder of a fetched server, and why it is not there (empty: it is).

    It is fetched only where SQLX_TEST_FETCH=1 asks for it; SCRIPT (beside this file) is called with the folder to fill
    and the arguments.
    """
    folder = cache_folder() / name
    if folder.is_dir():
        return folder, ""
    if not THOROUGH:
        return folder, f"{name} is not in {folder.parent}; `make test-all` fetches it"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}-") as scratch:
        done = subprocess.run(["bash", HERE / script, scratch, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip()[-300:] or f"{script} ended with {done.returncode}"
            return folder, f"{name} could not be fetched: {said}"
        if not folder.is_dir():
            (Path(scratch) / "server").rename(folder)
    return folder, ""


def loader(root: Path, *private: str) -> list[str]:
    """What runs a program of an unpacked system under the C library of that system.

    `private` are further folders of its libraries, below usr/lib.
    """
    libraries = root / "usr/lib/x86_64-linux-gnu"
    folders = ":".join([str(libraries), *(f"{root}/usr/lib/{folder}" for folder in private)])
    return [f"{libraries}/ld-linux-x86-64.so.2", "--library-path", folders]
