"""PGlite: PostgreSQL in WebAssembly, behind its makers' own socket server. All connections share one session."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.servers.cache import fetched
from tests.servers.server import HOST, Server, run_program

VERSION, SOCKET_VERSION = "0.5.14", "0.2.17"
CREATE = "const { PGlite } = await import(process.argv[1]); await (await PGlite.create(process.argv[2])).close()"


class PGlite:
    """It asks nobody who he is: everybody is `postgres`."""

    name = "pglite"
    kind = "pglite"
    method = "trust"
    users = {"trust": ("postgres", "")}  # noqa: RUF012 - as the protocol has it
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    _package = (f"pglite-{VERSION}", "fetch-pglite.sh", VERSION, SOCKET_VERSION)

    def missing(self) -> str:
        return fetched(*self._package)[1]

    def _modules(self) -> Path:
        return fetched(*self._package)[0] / "node_modules/@electric-sql"

    def version(self) -> str:
        return VERSION

    def recipe(self) -> str:
        return CREATE

    def create(self, data: Path) -> None:
        library = self._modules() / "pglite/dist/index.js"
        run_program(["node", "--input-type=module", "-e", CREATE, f"{library}", f"{data}"])

    def socket(self, server: Server) -> Path:
        return server.folder / ".s.PGSQL.5432"  # where it would be: it listens on a port or on a socket

    def command(self, server: Server, certificate: str) -> list[str]:
        script = self._modules() / "pglite-socket/dist/scripts/server.js"
        place = [f"--db={server.data}", f"--host={HOST}", f"--port={server.port}"]
        return ["node", f"{script}", *place, "--max-connections=10"]

    def ready(self, server: Server) -> bool:
        return b"listening on" in server.log.read_bytes()
