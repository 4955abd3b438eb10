"""How a connection comes about: the places of its server are tried in turn, each within `connect_timeout`."""

from __future__ import annotations

from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import Session, open_link, open_session
from sqlx.kernel.hosts import Search, met
from sqlx.kernel.nonblocking import Runner
from sqlx.kernel.options import ConnectOptions
from sqlx.kernel.places import Place


async def opened(options: ConnectOptions) -> tuple[Session, Runner]:
    """A session with the first server that will do, and what runs it. Raises WireError."""
    if options.pack.embedded:
        return await _opened_at(options, None, "any")
    search = Search(options)
    while True:
        place = search.next()
        try:
            return await _opened_at(options, place, search.wanted)
        except WireError as error:
            search.failed(place, error)


async def _opened_at(options: ConnectOptions, place: Place | None, wanted: str) -> tuple[Session, Runner]:
    link = open_link(options, place)
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
