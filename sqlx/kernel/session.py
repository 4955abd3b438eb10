"""One server conversation: a link, what it has prepared, its transaction and its streams.

Everything that may wait is a generator of steps (`sqlx.wire.link`), written once for blocking and asyncio callers
alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlx.kernel.adapting import SessionTypes, adapted
from sqlx.kernel.batches import batches, each, every, joined, name_row
from sqlx.kernel.diagnostics import Diagnostics
from sqlx.kernel.errors import WireError, advice, classify, number_in
from sqlx.kernel.mailbox import Mailbox
from sqlx.kernel.notifications import Notifications
from sqlx.kernel.prepared import Kept
from sqlx.kernel.statements import Statement, Statements
from sqlx.kernel.streams import Runner, Stream, Streams
from sqlx.kernel.transactions import ROLL_BACK, Transactions
from sqlx.kernel.two_phase import TwoPhase, Xid
from sqlx.wire.link import Link, Prepared, Steps, WireNotice
from sqlx.wire.parameters import Parameters
from sqlx.wire.result import Reply

STALE = "stale_statement"  # the retry class of a statement that the server no longer knows, or knows differently
CHANGED = "what the connection had prepared was changed meanwhile: "
NOTICES = 1000  # notices kept until somebody reads them
NOTICES_SIZE = 8 << 20  # characters of all of them


def _size(notice: WireNotice) -> int:
    return len(str(notice.message)) + sum(len(str(field)) for field in notice.fields.values())


class Session:
    """Not for two threads at a time. Errors are WireError."""

    def __init__(
        self,
        link: Link,
        runner: Runner,
        parameters: Parameters,
        *,
        paramstyle: str = "qmark",
        autocommit: bool = False,
        isolation: str | None = None,
        prepare_threshold: int = 2,
        prepared_max: int = 100,
        show_warnings: bool = False,
    ) -> None:
        self.link = link
        self.streams = Streams(link, runner)
        self.transactions = Transactions(link, autocommit, isolation)
        self.two_phase = TwoPhase(link, self.transactions)
        self.notices: Mailbox[WireNotice] = Mailbox(NOTICES, NOTICES_SIZE, _size)
        link.on_notice = self.notices.append
        self.notifications = Notifications(link, runner.report)
        self._diagnostics = Diagnostics(link, self.notices.append) if show_warnings else None
        self._runner = runner
        self.parameters = parameters
        self.types = SessionTypes(self.forget_types, link.pack)
        self.statements = Statements(link, paramstyle)
        self._kept = Kept(link, prepare_threshold, prepared_max)
        pack = link.pack
        self._savepoints: dict[str, int] = {}  # how many streams had been opened
        self._redefined = False  # the open transaction has changed what is prepared may mean
        self._typed_at_execute = pack.parameters.get("typed_at") == "execute"
        self._portals = bool(pack.session.get("portals"))

    # -- statements

    def execute(self, sql: str, parameters: Any = None, stream: Stream | None = None) -> Steps[Reply]:
        """Run a text.

        Without parameters it is sent as it is, and may be a script; `stream` is given the reply to read on.
        """
        if self.streams.open or self.transactions.owed or self.two_phase.prepared or self._runner.cancelled:
            yield from self.make_ready()
        statements = self.statements
        statement = statements.plain(sql) if parameters is None else statements.bound(sql, parameters)
        before = self.link.state
        try:
            if statement.wanted or (parameters is not None and len(parameters)):
                types, values = self.parameters.bind(self.adapted(statement.arrange(parameters)))
                reply = yield from self._run(statement, types, values, stream)
            elif stream is not None and self._portals and statement.alone:
                reply = yield from self._run(statement, (), (), stream)
            else:
                begin = self.transactions.begin_for(statement)
                reply = yield from self.link.query(statement.text, begin=begin, stream=stream is not None)
        except WireError as error:
            raise self.explained(error, statement, before) from None
        if stream is not None:
            stream.only_reads = statements.only_reads(statement)
            self.streams.add(stream, reply)
        if statement.redefines:
            self.forget_changed()
        yield from self.show_warnings()
        return reply

    def forget_changed(self) -> None:
        """Forget what is prepared: a statement has changed what it may mean."""
        self.forget_types()
        self._redefined = self.link.state != "idle"

    def known(self, statement: Statement, types: Any) -> Prepared | None:
        """The statement as it is prepared, or None."""
        return self._kept.get(self._key(statement, types))

    def run_native(self, text: str, parameters: Sequence[Any]) -> Steps[Reply]:
        """Run a text of our own, which has the server's placeholders."""
        types, values = self.parameters.bind(self.adapted(parameters))
        return (yield from self._run(self.statements.native(text), types, values, None))

    def execute_many(self, sql: str, rows: Iterable[Any]) -> Steps[Reply]:
        """Run one statement once a row, in order, pipelined. The reply holds all rows that it returns as one result,
        or as many as have columns of their own."""
        if self.streams.open or self.transactions.owed or self.two_phase.prepared or self._runner.cancelled:
            yield from self.make_ready()
        whole = Reply()
        before = self.link.state
        statement: Statement | None = None

        def arrange(row: Any) -> Sequence[Any]:
            nonlocal statement
            statement = statement or self.statements.bound(sql, row)
            return self.adapted(statement.arrange(row))

        arranged = every(arrange, each(rows))
        if statement is None:
            return whole
        work = self._run_many(statement, arranged, whole)
        try:
            yield from work if len(arranged) == 1 else self.transactions.guarded(work)
        except WireError as error:
            raise self.explained(error, statement, before) from None
        whole.results = joined(whole.results)
        whole.done = True
        return whole

    def show_warnings(self) -> Steps[None]:
        """Ask for the warnings of the last statement, unless something is still being read or to be stopped."""
        if self._diagnostics is not None and not self.streams.open and not self._runner.stopping:
            yield from self._diagnostics.fetch()

    def _run_many(self, statement: Statement, rows: list[Sequence[Any]], whole: Reply) -> Steps[None]:
        self.statements.refuse_unpreparable(statement)
        done = 0
        for types, values in batches(self.parameters, rows):
            key = self._key(statement, types)
            prepared = self._kept.get(key)
            unprepared = prepared is None and self.link.runs_unprepared and not self._kept.is_due(key, len(values))
            if prepared is None and not unprepared:
                prepared = yield from self._prepare(statement, types)
            begin = self.transactions.begin_for(statement)
            try:
                if unprepared:
                    reply = yield from self.link.run_many(statement.text, types, values, begin=begin)
                else:
                    reply = yield from self.link.execute_many(prepared, types, values, begin=begin)
            except WireError as error:
                name_row(error, done, error.index)
                raise
            whole.results += reply.results
            done += len(values)

    def _run(self, statement: Statement, types: Any, values: Sequence[Any], stream: Stream | None) -> Steps[Reply]:
        """Run a statement with values; once more where the server does not know it as it was prepared, and nothing was
        lost."""
        link, key = self.link, self._key(statement, types)
        outside = link.state == "idle"
        prepared = self._kept.get(key)
        keep = prepared is None and link.runs_unprepared and self._kept.is_due(key)
        begin = self.transactions.begin_for(statement)
        try:
            if prepared is not None:
                return (yield from self._start(prepared, types, values, begin, stream))
            return (yield from self._run_new(statement, types, values, begin, stream, keep))
        except WireError as error:
            if not ((prepared or keep) and self._is_stale(error)):
                raise
            if keep:
                self._kept.give_up()
            self._kept.forget()
            if not outside:
                raise
            yield from self.transactions.rollback()
        return (yield from self._run_new(statement, types, values, begin, stream, False))

    def _run_new(
        self, statement: Statement, types: Any, values: Sequence[Any], begin: str | None, stream: Stream | None,
        keep: bool,
    ) -> Steps[Reply]:  # fmt: skip
        """Run a statement that is not prepared, and `keep` it, or prepare it first where that is how it is done."""
        self.statements.refuse_unpreparable(statement)
        reading = self._read_as(begin, stream)
        # A stream is worth asking first what its columns are: then they come in binary, and can be looked up before.
        if reading["stream"]:
            yield from self.link.identify()
        if not self.link.runs_unprepared or (reading["stream"] and self.link.direct):
            prepared = yield from self._prepare(statement, types)
            return (yield from self._start(prepared, types, values, begin, stream))
        reply = yield from self.link.run(statement.text, types, values, keep=keep, begin=begin, **reading)
        if keep:
            self._kept.put(self._key(statement, types), reply.prepared)
        return reply

    def _start(
        self, prepared: Prepared, types: Any, values: Sequence[Any], begin: str | None, stream: Stream | None
    ) -> Steps[Reply]:
        if stream is None:
            return self.link.execute(prepared, types, values, begin=begin)
        return self.link.execute(prepared, types, values, begin=begin, **self._read_as(begin, stream))

    def _read_as(self, begin: str | None, stream: Stream | None) -> dict[str, bool]:
        """How rows are read. A portal lives no longer than its transaction; without one the rows come in one go and bar
        what else is run."""
        streamed = stream is not None
        portal = streamed and self._portals and (begin is not None or self.link.state == "open")
        return {"stream": streamed, "portal": portal}

    def _prepare(self, statement: Statement, types: Any) -> Steps[Prepared]:
        try:
            prepared = yield from self.link.prepare(statement.text, types)
        except WireError as error:
            error.outcome = "not_run"
            raise
        self._kept.put(self._key(statement, types), prepared)
        self.refuse_when_stopping()
        return prepared

    def refuse_when_stopping(self) -> None:
        """Raises WireError when the runner was told to stop: nothing new is begun."""
        if self._runner.stopping:
            raise WireError("timeout", "the statement was cancelled before it was run", outcome="not_run")

    def _key(self, statement: Statement, types: Any) -> Any:
        return statement.text if self._typed_at_execute else (statement.text, types)

    def make_ready(self) -> Steps[None]:
        """End the streams that nobody reads any more, and tell the server what it is owed. Raises WireError (usage)."""
        if self.two_phase.prepared:
            self.two_phase.refuse("a statement")
        yield from self.streams.make_way()
        if self._runner.cancelled:
            yield from self._resynchronise()
        yield from self.settle()

    def _resynchronise(self) -> Steps[None]:
        """Let a request to cancel that came too late hit nothing but a statement that does nothing."""
        self._runner.cancelled = False
        text = self.link.pack.session.get("resynchronise")
        if text is None or self.link.state == "failed":
            return
        try:
            yield from self.link.query(text)
        except WireError as error:
            if error.kind != "server":
                raise

    def settle(self) -> Steps[None]:
        """Tell the server of changed settings."""
        owed = self.transactions.owed
        while owed:
            yield from self.link.query(owed[0])
            del owed[0]

    def forget_types(self) -> None:
        """Forget what is prepared, and what was looked up of types."""
        self._kept.forget()
        self.link.forget_types()

    def adapted(self, values: Sequence[Any]) -> Sequence[Any]:
        """Values as those that can be bound, where somebody has said how."""
        return adapted(self.types, values) if self.types.adapts else values

    def _is_stale(self, error: WireError) -> bool:
        return error.kind == "server" and classify(error, self.link.pack)[1] == STALE

    def explained(self, error: WireError, statement: Statement, before: str) -> WireError:
        """The error, its position in the caller's own text, and with advice where the server gives none. What is
        prepared is forgotten where it tells that some of that is stale."""
        position = number_in(error.fields, "position")
        if position and statement.native is not None:
            error.fields["position"] = str(statement.native.source_position(position))
        if before == "failed" and error.kind == "server":
            error.fields.setdefault("hint", ROLL_BACK)
        if self._is_stale(error):
            self._kept.forget()
            error.fields.pop("row", None)  # it is of the statement, whatever its row
            then = "run it again" if self.link.state == "idle" else "roll back, and run the transaction again"
            error.fields.setdefault("hint", CHANGED + then)
        hint = advice(error, self.link.pack) if statement.wanted else None
        if hint := hint or advice(error, self.link.pack, "statements"):
            error.fields.setdefault("hint", hint)
        return error

    # -- transactions

    def commit(self) -> Steps[None]:
        if self.two_phase.active:
            self.two_phase.refuse("commit()")
        yield from self.streams.end_all("commit()", undone=False)
        yield from self.transactions.commit()
        self._savepoints.clear()

    def rollback(self) -> Steps[None]:
        if self.two_phase.active:
            self.two_phase.refuse("rollback()")
        yield from self.streams.end_all("rollback()")
        yield from self.transactions.rollback()
        self._savepoints.clear()
        self._forget_what_was_undone()

    def _forget_what_was_undone(self) -> None:
        """What was prepared after a change may mean something else once that is undone."""
        if self._redefined:
            self._redefined = False
            self._kept.forget()

    def tpc_prepare(self) -> Steps[None]:
        yield from self.streams.end_all("tpc_prepare()")
        yield from self.two_phase.prepare()

    def tpc_finish(self, verb: str, xid: Xid | None) -> Steps[None]:
        """`verb` is `commit` or `rollback`."""
        yield from self.streams.end_all(f"tpc_{verb}()")
        yield from self.two_phase.finish(verb, xid)

    def savepoint(self, verb: str, name: str) -> Steps[None]:
        """`verb` is `savepoint`, `release` or `rollback_to`."""
        if verb == "rollback_to" and self.streams.open:
            yield from self.streams.end_barring("a rollback to a savepoint")
        yield from self.make_ready()
        yield from self.transactions.savepoint(verb, name)
        if verb == "savepoint":
            self._savepoints[name] = self.streams.count
        elif verb == "release":
            self._savepoints.pop(name, None)
        else:
            self._forget_what_was_undone()
            self.streams.forget_since(self._savepoints.get(name, self.streams.count), f"the rollback to {name}")

    # -- other

    def ping(self) -> Steps[None]:
        yield from self.make_ready()
        yield from self.link.ping()

    def closing(self) -> None:
        """The link is about to be closed: whoever still reads is told."""
        self.streams.mark_all("close()")
