"""Running the statements whose data streams: begun, fed from their caller or from a source, and read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

from sqlx.kernel.copying import DataSource, RowFormat, check_copies, format_of, pieces
from sqlx.kernel.errors import WireError
from sqlx.kernel.session import Session
from sqlx.kernel.statements import Statement
from sqlx.kernel.streams import Stream
from sqlx.wire.link import Given, GivenUp, Steps
from sqlx.wire.result import Reply, Result


def copy(session: Session, sql: str, stream: Stream) -> Steps[None]:
    """Run a statement whose data streams; `stream` is given the reply. Raises WireError (usage) where none does."""
    yield from session.make_ready()
    statement = session.statements.plain(sql)
    check_copies(session.link, session.statements.scanner, sql)
    stream.doing = "run"
    reply = yield from _exchange(session, statement, gives=True, takes=True)
    if not reply.wanting and all(result.columns is None for result in reply.results):
        hint = "a statement that reads or writes a file of the server's is run by execute()"
        raise WireError("usage", "the server ended the statement and began no data", fields={"hint": hint})
    session.streams.add(stream, reply)


def read(session: Session, stream: Stream, result: Result) -> Steps[list[bytes]]:
    """The parts of the data that have come, none at its end. One that is empty is none, and not the end."""
    while True:
        parts = [part for (part,) in result.rows if part]
        result.rows = []
        if parts or result.complete or stream.exhausted:
            return parts
        yield from session.streams.read(stream)


def give(session: Session, stream: Stream, data: Given) -> Steps[None]:
    """Send data to the statement that `copy` has begun: a part of it, or its end."""
    return session.streams.going_on(stream, session.link.give(stream.reply, data))  # type: ignore[arg-type]


def row_format(session: Session, sql: str, types: Sequence[str] | None) -> RowFormat:
    """How the rows of the statement that `copy` has begun are written and read."""
    return format_of(session.link, session.statements.scanner, sql, types, session.adapted)


def load(session: Session, sql: str, source: DataSource) -> Steps[Reply]:
    """Run a statement that takes data from a source which is named for it alone."""
    pack = session.link.pack
    if "local_infile" not in pack.options:
        raise WireError(
            "unsupported",
            f"{pack.title or pack.name} has no statement that asks for a file of this machine, as local_infile is for",
            fields={"hint": f"rows go in with {'copy()' if pack.copy else 'executemany()'}"},
            outcome="not_run",
        )
    yield from session.make_ready()
    with ExitStack() as closing:
        parts = pieces(source, closing)
        reply = yield from _exchange(session, session.statements.plain(sql), gives=True, takes=False)
        while reply.wanting:
            yield from session.link.give(reply, (yield from _next(session, reply, parts)))
    return reply


def _next(session: Session, reply: Reply, parts: Iterator[bytes]) -> Steps[bytes | None]:
    """The next piece; when it cannot be had, the server is told before the program is."""
    try:
        return next(parts, None)
    except Exception as error:
        with suppress(WireError):
            yield from session.link.give(reply, GivenUp(type(error).__name__))
        raise


def _exchange(session: Session, statement: Statement, *, gives: bool, takes: bool) -> Steps[Reply]:
    link = session.link
    before = link.state
    begin = session.transactions.begin_for(statement)
    try:
        if begin is not None:  # in an exchange of its own: the end of a batch would be lost in the data
            yield from link.query(begin)
        return (yield from link.exchange_data(statement.text, gives=gives, takes=takes))
    except WireError as error:
        raise session.explained(error, statement, before) from None
