"""`python -m tests.servers [NAME ...]`: start these servers, or those of every test, and print URLs until Ctrl+C."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.servers.fleet import COVERED, ENGINES, Fleet
from tests.servers.server import Server, ServerError

STOPS = (signal.SIGINT, signal.SIGTERM)


def interrupt(*_: object) -> None:
    """Stop once: whoever presses Ctrl+C twice must not leave the servers' folder behind."""
    for stop in STOPS:
        signal.signal(stop, signal.SIG_IGN)
    raise KeyboardInterrupt


def show(server: Server) -> None:
    """The server's URLs, one for each authentication method."""
    print(f"\n{server.name} {server.version}   port {server.port}, socket {server.socket}", flush=True)
    for method in server.users:
        print(f"  {method:<13} {server.url(method, **needs(server, method))}")


def needs(server: Server, method: str) -> dict[str, Path | str]:
    """What a login wants beside user and password: its socket, or a private line, or a certificate."""
    if method in ("peer", "socket"):
        return {"socket": server.socket}
    in_clear = method == "password" or (server.kind == "mysql" and server.users[method][1])
    verified: dict[str, Path | str] = {"sslmode": "verify-full", "sslrootcert": server.ca_path}
    if method == "certificate":
        return verified | {"sslcert": server.tls / "client.crt", "sslkey": server.tls / "client.key"}
    return verified if in_clear else {}


def start(fleet: Fleet, names: list[str]) -> bool:
    """Start these and show them; whether there is one to play with."""
    absent = {name: reason for name in names if (reason := ENGINES[name].missing())}
    fleet.begin(name for name in names if name not in absent)
    for name in names:
        try:
            if name not in absent:
                show(fleet.server(name))
        except ServerError as error:
            absent[name] = str(error)
    for name, reason in absent.items():
        print(f"\n{name}: {reason}", file=sys.stderr)
    return len(absent) < len(names)


def main(names: list[str]) -> int:
    """Exit code 1 if no server could be started, 2 for a name that no server has."""
    if unknown := [name for name in names if name not in ENGINES]:
        print(f"no server is called {unknown[0]}; there are {', '.join(ENGINES)}", file=sys.stderr)
        return 2
    fleet = Fleet()
    for stop in STOPS:
        signal.signal(stop, interrupt)
    try:
        if not start(fleet, names or COVERED):
            return 1
        print(f"\ncertificates are in {fleet.folder / 'tls'}; Ctrl+C ends the servers", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        print(flush=True)
    finally:
        fleet.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
