"""Where a server listens: one place, or several that are tried in turn; and how the line to each is secured."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlx.kernel.errors import Misuse
from sqlx.kernel.secret import Secret
from sqlx.wire.registry import Pack

MAX_PLACES = 100


class Place(NamedTuple):
    """`host` and `port`, or the path of a `socket`; `hostaddr` is the host's address, where nobody is asked for it, and
    `peer` one of those that its name leads to.
    """

    host: str | None
    port: int | None
    socket: str | None = None
    hostaddr: str | None = None
    sslmode: str = "disable"
    password: Secret | None = None  # of this place only
    peer: tuple[int, Any] | None = None
    unread: str = ""  # why a password that may be meant for it was not read

    def __str__(self) -> str:
        return self.socket or f"{f'[{self.host}]' if ':' in (self.host or '') else self.host}:{self.port}"


def places(pack: Pack, values: Mapping[str, Any]) -> tuple[Place, ...]:
    """All that the options name, in their order. Raises Misuse.

    Hosts are separated by commas; there is one port for all of them, or one for each, which may be empty.
    """
    hosts, addresses = _list(values["host"]), _list(values["hostaddr"])
    if values["socket"]:
        if hosts or addresses:
            raise Misuse("a server has a host or a socket, and both are given")
        hosts = [os.path.abspath(values["socket"])]
    if hosts and addresses and len(hosts) != len(addresses):
        raise Misuse(f"hostaddr has one address for each host, and {len(addresses)} for {len(hosts)} are given")
    count = max(len(hosts), len(addresses), 1)
    if count > MAX_PLACES:
        raise Misuse(f"one connection has at most {MAX_PLACES} hosts to try, not {count}")
    ports = values["port"] or (None,)
    if len(ports) not in (1, count):
        raise Misuse(f"there is one port for all hosts or one for each, and {len(ports)} for {count} are given")
    hosts, addresses = hosts or [""] * count, addresses or [""] * count
    several = zip(hosts, addresses, ports * count if len(ports) == 1 else ports, strict=False)
    return tuple(_place(pack, *each, mode=values["sslmode"]) for each in several)


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


def _place(pack: Pack, host: str, address: str, given: int | None, *, mode: str | None) -> Place:
    """A host that is a path is a socket; the folder of a socket stands for the one the engine keeps there. Without
    either it is the engine's own socket if this machine has it, else localhost.
    """
    port = given or pack.default_port
    usual = pack.default_socket.replace("{port}", str(port))
    if not (host or address) and (usual != pack.default_socket or not given) and os.path.exists(usual):
        host = usual
    if address and os.path.isabs(host):
        host = ""
    if not os.path.isabs(host):
        name = host or _checked(address) or "localhost"
        return Place(name, port, None, _checked(address) or None, mode or _default_sslmode(name, address))
    path = os.path.join(host, os.path.basename(usual)) if usual and os.path.isdir(host) else host
    return Place(None, None, path, None, mode or "disable")


def _checked(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address)) if address else ""
    except ValueError:
        raise Misuse(f"hostaddr is an address in numbers, not {address!r:.80}; host takes names") from None


def _default_sslmode(host: str, address: str) -> str:
    """As the host has it, unless its name says this machine and its address another."""
    from sqlx.wire.tls import default_mode

    modes = [default_mode(each) for each in (host, address) if each]
    return max(modes, key=("prefer", "verify-full").index)


def first(values: Sequence[Place]) -> Place:
    """The place that is tried first; an engine in this process has none."""
    return values[0] if values else Place(None, None)
