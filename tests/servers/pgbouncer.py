"""PgBouncer in front of a PostgreSQL of the tests: it lends each transaction one of few server connections."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.cache import fetched
from tests.servers.server import DATABASE, HOST, Server, ServerError, free_port, give_away, tail, unprivileged

USER = "trusted"
SETTINGS = """\
[databases]
{database} = host={host} port={port} user={user}
[pgbouncer]
listen_addr = {host}
listen_port = {listen}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 200
logfile = {folder}/log
"""


def program() -> tuple[list[str], str]:
    """The command that runs it, and why there is none."""
    if installed := shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return [installed], ""
    folder, missing = fetched("pgbouncer", "fetch-pgbouncer.sh")
    libraries = ":".join(map(str, folder.glob("usr/lib/*-linux-gnu")))
    return ["env", f"LD_LIBRARY_PATH={libraries}", f"{folder}/usr/sbin/pgbouncer"], missing


@contextmanager
def pooled(server: Server, pool: int) -> Iterator[str]:
    """The URL of a pooler in transaction mode with so many server connections. Raises ServerError."""
    port = free_port()
    folder = server.folder.parent / f"pgbouncer-{port}"
    folder.mkdir()
    (folder / "users").write_text(f'"{USER}" ""\n')
    settings = SETTINGS.format(
        database=DATABASE, host=HOST, port=server.port, user=USER, listen=port, folder=folder, pool=pool
    )
    (folder / "settings.ini").write_text(settings)
    give_away(folder)
    command = unprivileged([*program()[0], "-q", f"{folder}/settings.ini"])
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process, folder / "log")
            yield f"postgresql://{USER}@{HOST}:{port}/{DATABASE}?sslmode=disable"
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(500):
        with suppress(OSError), socket.create_connection((HOST, port)):
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise ServerError(f"pgbouncer did not start:\n{tail(log)}")
