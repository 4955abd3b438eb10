"""How a connection comes about: the places of its server are tried in turn, each within `connect_timeout`."""

from __future__ import annotations

from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import Link, Session, open_link, open_session
from sqlx.kernel.hosts import Search, met
from sqlx.kernel.nonblocking import Runner
from sqlx.kernel.options import ConnectOptions


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
