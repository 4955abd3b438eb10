"""One server conversation: a link, what it has prepared, its transaction and its streams.

Everything that may wait is a generator of steps (`sqlx.wire.link`), written once for blocking and asyncio callers
alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from sqlx.kernel.adapting import SessionTypes, adapted
from sqlx.kernel.batches import batches
from sqlx.kernel.diagnostics import Diagnostics
from sqlx.kernel.errors import WireError, advice, classify
from sqlx.kernel.names import written
from sqlx.kernel.notifications import Notifications
from sqlx.kernel.statements import Recent, Statement, Statements
from sqlx.kernel.streams import Runner, Stream, Streams
from sqlx.kernel.transactions import ROLL_BACK, Transactions
from sqlx.kernel.two_phase import TwoPhase, Xid
from sqlx.wire.link import Link, Prepared, Steps, WireNotice
from sqlx.wire.parameters import Parameters
from sqlx.wire.result import Reply

PREPARED = 100  # statements kept prepared at the server
STALE = "stale_statement"  # the retry class of a statement that the server no longer knows, or knows differently
NOTICES = 1000  # notices kept until somebody reads them


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
        show_warnings: bool = False,
    ) -> None:
        self.link = link
        self.streams = Streams(link, runner)
        self.transactions = Transactions(link, autocommit, isolation)
        self.two_phase = TwoPhase(link, self.transactions)
        self.notices: deque[WireNotice] = deque(maxlen=NOTICES)
        link.on_notice = self.notices.append
        self.notifications = Notifications(link, runner.report)
        self._diagnostics = Diagnostics(link, self.notices.append) if show_warnings else None
        self._runner = runner
        self._parameters = parameters
        self.types = SessionTypes(self.forget_types)
        self._statements = Statements(link, paramstyle)
        self._prepared: Recent[Any, Prepared] = Recent(PREPARED)
        pack = link.pack
        self._typed_at_execute = pack.parameters.get("typed_at") == "execute"
        self._portals = bool(pack.session.get("portals"))

    # -- statements

    def execute(self, sql: str, parameters: Any = None, stream: Stream | None = None) -> Steps[Reply]:
        """Run a text.

        Without parameters it is sent as it is, and may be a script; `stream` is given the reply to read on.
        """
        if self.streams.open or self.transactions.owed or self.two_phase.prepared or self._runner.cancelled:
            yield from self._make_ready()
        statements = self._statements
        statement = statements.plain(sql) if parameters is None else statements.bound(sql, parameters)
        before = self.link.state
        try:
            if statement.wanted or (parameters is not None and len(parameters)):
                types, values = self._parameters.bind(self._adapted(statement.arrange(parameters)))
                reply = yield from self._run(statement, types, values, stream)
            elif stream is not None and self._portals and statement.alone:
                reply = yield from self._run(statement, (), (), stream)
            else:
                begin = self.transactions.begin_for(statement)
                reply = yield from self.link.query(statement.text, begin=begin, stream=stream is not None)
        except WireError as error:
            raise self._explained(error, statement, before) from None
        if stream is not None:
            self.streams.add(stream, reply)
        if statement.redefines:
            self.forget_types()
        yield from self._show_warnings()
        return reply

    def execute_many(self, sql: str, rows: Iterable[Any]) -> Steps[Reply]:
        """Run one statement once a row, in order, pipelined. The reply holds one result a row."""
        if self.streams.open or self.transactions.owed or self.two_phase.prepared or self._runner.cancelled:
            yield from self._make_ready()
        whole = Reply()
        before = self.link.state
        statement: Statement | None = None
        arranged = []
        for row in rows:
            if statement is None:
                statement = self._statements.bound(sql, row)
            arranged.append(self._adapted(statement.arrange(row)))
        if statement is None:
            return whole
        work = self._run_many(statement, arranged, whole)
        try:
            yield from work if len(arranged) == 1 else self.transactions.guarded(work)
        except WireError as error:
            if self._is_stale(error):
                self.forget()
            raise self._explained(error, statement, before) from None
        whole.done = True
        return whole

    def _show_warnings(self) -> Steps[None]:
        """Ask for the warnings of the last statement, unless something is still being read or to be stopped."""
        if self._diagnostics is not None and not self.streams.open and not self._runner.stopping:
            yield from self._diagnostics.fetch()

    def _run_many(self, statement: Statement, rows: list[Sequence[Any]], whole: Reply) -> Steps[None]:
        for types, values in batches(self._parameters, rows):
            prepared = self._prepared.get(self._key(statement, types))
            if prepared is None:
                prepared = yield from self._prepare(statement, types)
            begin = self.transactions.begin_for(statement)
            reply = yield from self.link.execute_many(prepared, types, values, begin=begin)
            whole.results += reply.results

    def _run(self, statement: Statement, types: Any, values: Sequence[Any], stream: Stream | None) -> Steps[Reply]:
        """Run a prepared statement, preparing it if need be; once more when the server no longer knew it and nothing
        was lost.
        """
        link = self.link
        outside = link.state == "idle"
        prepared = self._prepared.get(self._key(statement, types))
        known = prepared is not None
        if prepared is None:
            prepared = yield from self._prepare(statement, types)
        begin = self.transactions.begin_for(statement)
        try:
            return (yield from self._start(prepared, types, values, begin, stream))
        except WireError as error:
            if not (known and self._is_stale(error)):
                raise
            self.forget()
            if not outside:
                raise
            yield from self.transactions.rollback()
        prepared = yield from self._prepare(statement, types)
        return (yield from self._start(prepared, types, values, begin, stream))

    def _start(
        self, prepared: Prepared, types: Any, values: Sequence[Any], begin: str | None, stream: Stream | None
    ) -> Steps[Reply]:
        if stream is None:
            return self.link.execute(prepared, types, values, begin=begin)
        # A portal lives no longer than its transaction; without one the rows come in one go and bar what else is run.
        portal = self._portals and (begin is not None or self.link.state == "open")
        return self.link.execute(prepared, types, values, begin=begin, stream=True, portal=portal)

    def _prepare(self, statement: Statement, types: Any) -> Steps[Prepared]:
        self._statements.refuse_unpreparable(statement)
        try:
            prepared = yield from self.link.prepare(statement.text, types)
        except WireError as error:
            error.outcome = "not_run"
            raise
        forgotten = self._prepared.put(self._key(statement, types), prepared)
        if forgotten is not None:
            self.link.release(forgotten)
        if self._runner.stopping:
            raise WireError("timeout", "the statement was cancelled before it was run", outcome="not_run")
        return prepared

    def _key(self, statement: Statement, types: Any) -> Any:
        return statement.text if self._typed_at_execute else (statement.text, types)

    def _make_ready(self) -> Steps[None]:
        """End the streams that nobody reads any more, and tell the server what it is owed. Raises WireError (usage)."""
        if self.two_phase.prepared:
            self.two_phase.refuse("a statement")
        yield from self.streams.make_way()
        if self._runner.cancelled and not self.streams.open:
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

    def forget(self) -> None:
        """Forget what is prepared, here and at the server."""
        for prepared in self._prepared.clear():
            self.link.release(prepared)

    def forget_types(self) -> None:
        """Forget what is prepared, and what was looked up of types."""
        self.forget()
        self.link.forget_types()

    def _adapted(self, values: Sequence[Any]) -> Sequence[Any]:
        return adapted(self.types, values) if self.types.adapts else values

    def _is_stale(self, error: WireError) -> bool:
        return error.kind == "server" and classify(error, self.link.pack)[1] == STALE

    def _explained(self, error: WireError, statement: Statement, before: str) -> WireError:
        """The error, its position in the caller's own text, and with advice where the server gives none."""
        position = error.fields.get("position")
        if position and statement.native is not None:
            error.fields["position"] = str(statement.native.source_position(int(position)))
        if before == "failed" and error.kind == "server":
            error.fields.setdefault("hint", ROLL_BACK)
        hint = advice(error, self.link.pack) if statement.wanted else None
        if hint:
            error.fields.setdefault("hint", hint)
        return error

    # -- transactions

    def commit(self) -> Steps[None]:
        if self.two_phase.active:
            self.two_phase.refuse("commit()")
        yield from self.streams.end_all("commit()")
        yield from self.transactions.commit()

    def rollback(self) -> Steps[None]:
        if self.two_phase.active:
            self.two_phase.refuse("rollback()")
        yield from self.streams.end_all("rollback()")
        yield from self.transactions.rollback()

    def tpc_prepare(self) -> Steps[None]:
        yield from self.streams.end_all("tpc_prepare()")
        yield from self.two_phase.prepare()

    def tpc_finish(self, verb: str, xid: Xid | None) -> Steps[None]:
        """`verb` is `commit` or `rollback`."""
        yield from self.streams.end_all(f"tpc_{verb}()")
        yield from self.two_phase.finish(verb, xid)

    def savepoint(self, verb: str, name: str) -> Steps[None]:
        """`verb` is `savepoint`, `release` or `rollback_to`."""
        yield from self._make_ready()
        yield from self.transactions.savepoint(verb, name)

    # -- other

    def call(self, name: str, parameters: Sequence[Any]) -> Steps[Reply]:
        """Call a procedure or a function. Raises Mistake for a name that none can have."""
        yield from self._make_ready()
        words = self.link.pack.session.get("call")
        if not words:
            raise WireError("unsupported", "this engine has no procedures to call", outcome="not_run")
        plain = written(self.link.pack.sql, name)
        kind = "procedure" if "procedure" in words else "function"
        if "kind" in words:
            found = yield from self._run_native(words["kind"], [plain])
            kind = found.results[0].rows[0][0] if found.results[0].rows else "function"
        marks = ", ".join(self._statements.mark(number) for number in range(1, len(parameters) + 1))
        text = words[kind].replace("{arguments}", marks).replace("{name}", plain)
        reply = yield from self._run_native(text, parameters)
        yield from self._show_warnings()
        return reply

    def _run_native(self, text: str, parameters: Sequence[Any]) -> Steps[Reply]:
        """Run a text of our own, which has the server's placeholders."""
        types, values = self._parameters.bind(self._adapted(parameters))
        return (yield from self._run(self._statements.native(text), types, values, None))

    def ping(self) -> Steps[None]:
        yield from self._make_ready()
        yield from self.link.ping()

    def closing(self) -> None:
        """The link is about to be closed: whoever still reads is told."""
        self.streams.mark_all("close()")
