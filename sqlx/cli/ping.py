"""`sqlx ping`: does the server answer, who is it, is the line to it safe, how long does a round trip take."""

from __future__ import annotations

import argparse
from statistics import median
from time import perf_counter

from sqlx.cli.cells import printable
from sqlx.cli.endings import Exit
from sqlx.cli.login import attempt, read_url
from sqlx.dbapi.exceptions import translate
from sqlx.kernel.blocking import Runner
from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import open_link
from sqlx.kernel.options import ConnectOptions
from sqlx.wire.link import Link

PINGS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Connect, ask for a sign of life, and tell what is there. Exit code 1 when nothing is."
    parser.epilog = "SQLX_PASSWORD holds the password for a URL without one; at a terminal you are asked for it."
    parser.add_argument("url", metavar="URL", help="scheme://user@host/database, or scheme:///file")


def run(arguments: argparse.Namespace) -> int:
    for name, value in attempt(arguments.url, lambda password: _ping(arguments.url, password)).items():
        print(f"{name:<11}{printable(value)}")
    return Exit.OK


def _ping(url: str, password: str | None) -> dict[str, str]:
    options = read_url(url, password=password)
    try:
        link = open_link(options)
        runner = Runner(link)
        runner.open(options.connect_timeout)
        try:
            return _facts(options, link, _round_trips(link, runner, options.connect_timeout))
        finally:
            runner.close()
    except WireError as error:
        raise translate(error, options.pack) from None


def _round_trips(link: Link, runner: Runner, timeout: float | None) -> list[float]:
    seconds = []
    for _ in range(PINGS):
        began = perf_counter()
        runner.run(link.ping(), timeout)
        seconds.append(perf_counter() - began)
    return seconds


def _facts(options: ConnectOptions, link: Link, seconds: list[float]) -> dict[str, str]:
    facts = {"server": f"{options.pack.title or options.pack.name} {link.variables.get('server_version', '')}"}
    if options.pack.embedded:
        facts["database"] = options.database or ""
    else:
        place = options.socket or f"{options.host}:{options.port}"
        facts |= {"address": place, "user": options.user or "", "database": options.database or "none chosen"}
        facts["tls"] = _security(options, link)
    facts["round trip"] = f"{median(seconds) * 1000:.2f} ms, the median of {len(seconds)}"
    return facts


def _security(options: ConnectOptions, link: Link) -> str:
    if options.socket:
        return "no: a socket of this machine needs none"
    if not link.variables.get("encrypted"):
        return "no: anyone on the way can read along"
    if link.variables.get("private"):
        return "yes, and the server's certificate was verified"
    return "yes, but the server's certificate was not verified"
