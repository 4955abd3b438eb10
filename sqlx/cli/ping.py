"""`sqlx ping`: does the server answer, who is it, is the line to it safe, how long does a round trip take."""

from __future__ import annotations

import argparse
from dataclasses import replace
from statistics import median
from time import perf_counter

from sqlx.cli.cells import printable
from sqlx.cli.endings import Exit
from sqlx.cli.login import add_place, attempt, read_url
from sqlx.dbapi.exceptions import translate
from sqlx.dbapi.opening import opened
from sqlx.kernel.blocking import Runner
from sqlx.kernel.errors import WireError
from sqlx.kernel.options import ConnectOptions, Secret
from sqlx.wire.link import Link

PINGS = 5


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Connect, ask for a sign of life, and tell what is there. Exit code 1 when nothing is."
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    url, pack = arguments.url, arguments.pack
    for name, value in attempt(url, lambda password: _ping(url, password, pack), pack=pack).items():
        print(f"{name:<11}{printable(value)}")
    return Exit.OK


def _ping(url: str, password: Secret | None, pack: str | None) -> dict[str, str]:
    options = read_url(url, password=password, pack=pack)
    if options.pack.embedded and options.extra.get("mode") == "rwc":  # who only looks makes no file
        options = replace(options, extra={**options.extra, "mode": "rw"})
    try:
        session, runner = opened(options)
        try:
            return _facts(options, session.link, _round_trips(session.link, runner, options.connect_timeout))
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
        facts |= {
            "address": link.address,
            "user": options.user or "",
            "database": options.database or "none chosen",
        }
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
