"""Where a server listens, and how the line to it is secured when nobody says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sqlx.kernel.errors import Misuse
from sqlx.wire.registry import Pack


def place(pack: Pack, values: Mapping[str, Any]) -> dict[str, Any]:
    """Where the server listens: `host` and `port`, or `socket`.

    A host that is a path is a socket; the folder of a socket stands for the one the engine keeps there. Without either
    it is the engine's own socket if this machine has it, else localhost.
    """
    host, socket, port = values["host"], values["socket"], values["port"] or pack.default_port
    usual = pack.default_socket.replace("{port}", str(port))
    if host and socket:
        raise Misuse("a server has a host or a socket, and both are given")
    if host and host.startswith("/"):
        host, socket = None, host
    if host and "," in host:
        raise Misuse("one connection has one host, and the text has a comma in it")
    if not host and not socket and (usual != pack.default_socket or not values["port"]) and os.path.exists(usual):
        socket = usual
    if not socket:
        return {"host": host or "localhost", "port": port, "socket": None}
    if usual and os.path.isdir(socket):
        socket = os.path.join(socket, os.path.basename(usual))
    return {"host": None, "port": None, "socket": socket}


def default_sslmode(host: str | None) -> str:
    """The `sslmode` of a host for which none was named; without one it is a socket of this machine."""
    if host is None:
        return "disable"
    from sqlx.wire.tls import default_mode

    return default_mode(host)
