"""The servers of one run: each is started at most once, when it is first needed, and in parallel with the others."""

from __future__ import annotations

import atexit
import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from tests.servers.mariadb import FetchedMariaDB, MariaDB
from tests.servers.mysql import MySQL, MySQL56
from tests.servers.pglite import PGlite
from tests.servers.postgresql import PACKAGES, FetchedPostgreSQL, PostgreSQL, TimescaleDB
from tests.servers.seekdb import SeekDB
from tests.servers.server import Engine, Server, launch, run_folder
from tests.thoroughness import THOROUGH

*OLDER_POSTGRESQL, NEWEST_POSTGRESQL = (FetchedPostgreSQL(major) for major in PACKAGES)
FIRST: list[Engine] = [PostgreSQL("postgres"), MariaDB(), MySQL(), NEWEST_POSTGRESQL]
FURTHER: list[Engine] = [*OLDER_POSTGRESQL, FetchedMariaDB()]
# Too different from the others for a test of each server.
NAMED: list[Engine] = [MySQL56(), PGlite(), SeekDB(), TimescaleDB("timescaledb")]
ENGINES: dict[str, Engine] = {engine.name: engine for engine in (*FIRST, *FURTHER, *NAMED)}
REQUIRED = ("postgres", "mariadb")  # Debian has them: without these a run fails
# A test of each server covers the further versions only where it may take long; whoever names one gets it anywhere.
COVERED = [engine.name for engine in (*FIRST, *(FURTHER if THOROUGH else ()))]


class Fleet:
    """Starts servers and ends them all."""

    def __init__(self) -> None:
        self._starts: dict[str, Future[Server]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="server-start")

    @cached_property
    def folder(self) -> Path:
        atexit.register(self.end)
        return run_folder()

    def begin(self, names: Iterable[str]) -> None:
        """Start these servers without waiting for them."""
        with self._lock:
            for name in names:
                if name not in self._starts:
                    self._starts[name] = self._pool.submit(launch, ENGINES[name], self.folder)

    def server(self, name: str) -> Server:
        """A server that answers. Raises ServerError."""
        self.begin([name])
        return self._starts[name].result()

    def end(self) -> None:
        """Discard every server and the folder of this run."""
        starts, self._starts = self._starts, {}
        for start in starts.values():
            if not start.cancel() and start.exception() is None:
                start.result().discard()
        if starts:
            shutil.rmtree(self.folder, ignore_errors=True)
