"""OceanBase seekdb: OceanBase as a single small process."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.servers.cache import fetched
from tests.servers.mysql import greets
from tests.servers.server import Server, give_away

VERSION = "1.4.0.post1"
# The least that it starts with; it takes 260 MB of disk and 300 MB of memory then.
SIZES = {"datafile_size": "128M", "datafile_maxsize": "1G", "log_disk_size": "2G", "memory_limit": "1G"}


class SeekDB:
    """Fresh, it has the user `root` and the database `test`."""

    name = "seekdb"
    kind = "oceanbase"
    method = "empty"
    users = {"empty": ("root", "")}  # noqa: RUF012 - as the protocol has it
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    _package = (f"seekdb-{VERSION}", "fetch-seekdb.sh", VERSION, sys.executable)

    def missing(self) -> str:
        return fetched(*self._package)[1]

    def version(self) -> str:
        return f"seekdb {VERSION.partition('.post')[0]}"

    def recipe(self) -> str:
        return ""

    def create(self, data: Path) -> None:
        data.mkdir()
        give_away(data)  # it fills that itself, in three seconds

    def socket(self, server: Server) -> Path:
        return server.data / "run" / "sql.sock"

    def command(self, server: Server, certificate: str) -> list[str]:
        root = fetched(*self._package)[0]
        sizes = [word for name, size in SIZES.items() for word in ("--parameter", f"{name}={size}")]
        place = [f"--port={server.port}", f"--base-dir={server.data}"]
        libraries = f"LD_LIBRARY_PATH={root}/pylibseekdb:{root}/pylibseekdb.libs"
        return ["env", "TELEMETRY_ENABLED=false", libraries, f"{root}/pylibseekdb/seekdb", "--nodaemon", *place, *sizes]

    def ready(self, server: Server) -> bool:
        return greets(server)
