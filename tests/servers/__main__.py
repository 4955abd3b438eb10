"""`python -m tests.servers`: start every server there is, print its URLs, and keep it until Ctrl+C."""

from __future__ import annotations

import signal
import sys

from tests.servers.fleet import ENGINES, Fleet
from tests.servers.server import Server, ServerError


def show(server: Server) -> None:
    """The server's URLs, one for each authentication method."""
    print(f"\n{server.name} {server.version}   port {server.port}, socket {server.socket}")
    for method in server.users:
        over = {"socket": server.socket} if method in ("peer", "socket") else {}
        print(f"  {method:<13} {server.url(method, **over)}")


def main() -> int:
    """Exit code 1 if no server could be started."""
    fleet, running = Fleet(), 0
    absent = {name: reason for name, engine in ENGINES.items() if (reason := engine.missing())}
    fleet.begin(name for name in ENGINES if name not in absent)
    for name in ENGINES:
        try:
            if name not in absent:
                show(fleet.server(name))
                running += 1
        except ServerError as error:
            absent[name] = str(error)
    for name, reason in absent.items():
        print(f"\n{name}: {reason}", file=sys.stderr)
    if running:
        print(f"\ncertificates are in {fleet.folder / 'tls'}; Ctrl+C ends the servers", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()
    fleet.end()
    return 0 if running else 1


if __name__ == "__main__":
    sys.exit(main())
