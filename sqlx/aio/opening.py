"""How a connection comes about: the places of its server are tried in turn, each within `connect_timeout`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlx.aio.connection import Connection
from sqlx.dbapi import exceptions
from sqlx.dbapi.exceptions import translate
from sqlx.kernel.errors import PackError, WireError
from sqlx.kernel.exec import Link, Session, open_link, open_session
from sqlx.kernel.hosts import Search, met
from sqlx.kernel.nonblocking import Runner
from sqlx.kernel.options import ConnectOptions, Secret, parse


async def connect(
    dsn: str | None = None,
    *,
    host: str | None = None,
    port: int | str | None = None,
    user: str | None = None,
    password: str | Secret | Callable[[], Any] | None = None,
    database: str | None = None,
    **options: Any,
) -> Connection:
    """Open a connection.

    `dsn` is a URL, `scheme://user:password@host:port/database?option=value`; keywords win over what it says. Options
    that every engine takes: `autocommit` (off), `isolation_level`, `paramstyle` (`qmark`), `connect_timeout` and
    `statement_timeout` in seconds; others stand in the engine's pack. Several hosts, `host="a,b"`, are tried in turn.
    `password` may be a function without parameters, which is called for each connection to a server that is opened,
    the one that cancels a statement included; `sqlx.aio` awaits what it returns. What it raises comes out unchanged.

    Raises InterfaceError for a URL or an option that cannot be meant, and OperationalError when there is no connection
    to be had.
    """
    pack = None
    try:
        chosen = parse(dsn, host=host, port=port, user=user, password=password, database=database, **options)
        pack = chosen.pack
        session, runner = await opened(chosen)
    except WireError as error:
        raise translate(error, pack) from None
    except PackError as error:
        raise exceptions.InterfaceError(str(error)) from None
    finally:
        del dsn, password, options  # a traceback through here shows what they hold
    connection = Connection(session, runner, chosen)
    try:
        await connection._run(session.settle())
    except BaseException:
        await connection.close()
        raise
    return connection


async def opened(options: ConnectOptions) -> tuple[Session, Runner]:
    """A session with the first server that will do, and what runs it. Raises WireError."""
    if options.pack.embedded:
        return await _opened(options, open_link(options), "any")
    search = Search(options)
    while True:
        place = search.next()
        link = open_link(options, place)
        try:
            return await _opened(options, link, search.wanted)
        except WireError as error:
            search.failed(place, error, link)


async def _opened(options: ConnectOptions, link: Link, wanted: str) -> tuple[Session, Runner]:
    runner = Runner(link)
    session = open_session(link, runner, options)
    await runner.open(options.connect_timeout)
    try:
        if wanted != "any":
            await runner.run(met(link, wanted), options.connect_timeout)
    except BaseException:
        await runner.close()
        raise
    return session, runner
