"""Results that stay at the server and are moved in, in the words of the pack's `session.scroll`.

The cursor there is a portal with a name, so that it ends as those of streams do: a server does not mind when it is told
to close one that is gone already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlx.kernel.errors import Mistake, Misuse, WireError, advice, number_in
from sqlx.kernel.session import Session
from sqlx.kernel.statements import Statement
from sqlx.kernel.streams import Stream
from sqlx.wire.link import Steps
from sqlx.wire.result import Reply

FARTHEST = 2**31 - 1  # the last row that a server's words can name


class Scroll(Stream):
    """A result at the server. `held` is one that outlives the commit of its transaction."""

    __slots__ = ("columns", "held", "kept", "name")

    def __init__(self, owner: str, name: str, held: bool) -> None:
        super().__init__(owner)
        self.name = name
        self.held = held
        self.kept = False  # its transaction has ended, and it has not
        self.columns: list[tuple[str, int | None]] | None = None  # names and types, once rows were fetched

    def outlives(self, undone: bool) -> bool:
        self.kept = self.kept or (self.held and not undone)
        return self.kept


def check_offered(session: Session) -> None:
    """Raises WireError where the engine has no such cursors."""
    if not session.link.pack.session.get("scroll"):
        raise WireError("unsupported", "this engine has no cursors that scroll", outcome="not_run")


def declare(session: Session, scroll: Scroll, sql: str, parameters: Any) -> Steps[None]:
    """Run a query, and leave its result at the server. Raises WireError."""
    yield from session.make_ready()
    link, statements = session.link, session.statements
    bound = parameters is not None and len(parameters) > 0
    statement = statements.bound(sql, parameters) if parameters is not None else statements.plain(sql)
    _check_declarable(session, scroll, statement)
    form = _words(session)["declare_held" if scroll.held else "declare"]
    prefix, _, suffix = form.replace("{name}", scroll.name).partition("{query}")
    text, before, begin = prefix + statement.text + suffix, link.state, session.transactions.begin_for(statement)
    try:
        if bound or statement.wanted:
            types, values = session.parameters.bind(session.adapted(statement.arrange(parameters)))
            yield from link.run(text, types, values, begin=begin)
        else:
            yield from link.query(text, begin=begin)
    except WireError as error:
        raise session.explained(_moved(error, len(prefix)), statement, before) from None
    scroll.kept = link.state == "idle"
    reply = Reply(True)
    reply.portal = scroll.name
    session.streams.add(scroll, reply)


def fetch(session: Session, scroll: Scroll, count: int) -> Steps[Reply]:
    """The next rows, up to `count`. Raises WireError, also for others than those."""
    reply = yield from _say(session, scroll, _words(session)["fetch"].replace("{count}", str(count)))
    result = reply.results[0]
    columns = [(column.name, column.type_id) for column in result.columns or ()]
    if len(result.rows) > count:
        raise _broken(session, f"the server sent more rows than the {count} that were asked for")
    if scroll.columns not in (None, columns):
        raise _broken(session, "the server sent rows with other columns than those of the same result before them")
    scroll.columns = columns
    return reply


def move(session: Session, scroll: Scroll, row: int, stands: int) -> Steps[bool]:
    """Go behind a row, from 1, or before the first by 0; False where there is none, and it stays where it `stands`."""
    form = _words(session)["move"]
    reply = yield from _say(session, scroll, form.replace("{row}", str(row)))
    if row == 0 or reply.results[0].rowcount > 0:
        return True
    yield from _say(session, scroll, form.replace("{row}", str(stands)))
    return False


def _say(session: Session, scroll: Scroll, text: str) -> Steps[Reply]:
    yield from session.make_ready()
    if not (scroll.ended or scroll.kept) and session.link.state == "idle":
        session.streams.forget(scroll)
        scroll.ended = "the end of its transaction"
    if scroll.ended:
        raise Misuse(scroll.obituary)
    try:
        return (yield from session.link.query(text.replace("{name}", scroll.name)))
    except WireError as error:
        if hint := advice(error, session.link.pack):
            error.fields.setdefault("hint", hint)
        raise


def _broken(session: Session, sentence: str) -> WireError:
    session.link.abort()
    return WireError("protocol", sentence)


def _check_declarable(session: Session, scroll: Scroll, statement: Statement) -> None:
    if not statement.alone:
        raise Mistake("a scrollable cursor takes one query, not a script", "execute its statements one by one")
    if not scroll.held and session.transactions.autocommit and session.link.state == "idle":
        raise Mistake(
            "a scrollable cursor lives in a transaction, and none is open",
            "open one with transaction(), or make the cursor with hold=True",
        )


def _moved(error: WireError, length: int) -> WireError:
    """The error, its position counted without the words that we put before the query."""
    if position := number_in(error.fields, "position"):
        error.fields["position"] = str(max(position - length, 1))
    return error


def _words(session: Session) -> Mapping[str, str]:
    words: Mapping[str, str] = session.link.pack.session["scroll"]
    return words
