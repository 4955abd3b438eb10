"""Many statements, sent before their answers are read.

Where the server skips what follows an error, all of them go in one segment: one exchange, and outside of a transaction
one transaction. Elsewhere, where what stands behind a failure would be run, they go one after the other up to the first
that fails, outside of a transaction inside one of their own: the meaning is the same, the time is not saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlx.kernel.batches import batches, each, every, joined, name_row
from sqlx.kernel.errors import Mistake, Misuse, WireError
from sqlx.kernel.session import Session
from sqlx.kernel.statements import Statement
from sqlx.wire.link import Call, Steps
from sqlx.wire.result import Reply

QUEUED = 100_000  # executions that one pipeline holds
SKIPPED = "was not run: a statement before it in its pipeline failed"


class Queued:
    """A statement that waits in a pipeline; afterwards it has its reply, or its error."""

    __slots__ = ("error", "many", "parameters", "reply", "rows", "sql", "statement")

    def __init__(self, sql: str, parameters: Any, many: bool, statement: Statement, rows: list[Any]) -> None:
        self.sql = sql
        self.parameters = parameters
        self.many = many
        self.statement = statement
        self.rows = rows  # types and values of each execution
        self.reply: Reply | None = None
        self.error: WireError | None = None


class Statements:
    """The statements that one session shall run together."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._queue: list[Queued] = []
        self._count = 0

    def put(self, sql: str, parameters: Any, many: bool) -> Queued:
        """Queue a statement. Raises WireError for what cannot be run in a pipeline, or not with these parameters."""
        room = QUEUED - self._count
        if many:
            parameters = list(islice(each(parameters), room + 1))
        if room < (len(parameters) if many else 1):
            raise Misuse(f"a pipeline holds {QUEUED} statements at most", "end its block, and begin another")
        queued = self._looked_at(sql, parameters, many)
        self._count += len(queued.rows)
        self._queue.append(queued)
        return queued

    def _looked_at(self, sql: str, parameters: Any, many: bool) -> Queued:
        statements, bind = self._session.statements, self._session.parameters
        given: Sequence[Any] = parameters if many else [parameters]
        statement = statements.plain(sql)
        if given and given[0] is not None:
            statement = statements.bound(sql, given[0])
        if not statement.alone:
            what = statement.unpreparable or "a script"
            raise Mistake(f"{what} cannot be run in a pipeline", "execute it outside, or its statements one by one")
        adapted = self._session.adapted

        def arrange(row: Any) -> Sequence[Any]:
            return adapted(statement.arrange(row)) if statement.native is not None else ()

        values = every(arrange, given) if many else [arrange(parameters)]
        if many:
            rows = [(types, row) for types, group in batches(bind, values) for row in group]
        else:
            rows = [bind.bind(values[0])]
        return Queued(sql, parameters, many, statement, rows)

    def run(self) -> Steps[None]:
        """Run all. Raises the first statement's error that fails; what was queued tells what became of each."""
        session = self._session
        yield from session.make_ready()
        if not self._queue:
            return
        work = self._together() if session.link.runs_unprepared else session.transactions.alone(self._in_turn())
        try:
            yield from work
        finally:
            for queued in self._queue:
                if queued.reply is None and queued.error is None:
                    queued.error = Misuse(f"the statement {SKIPPED}")

    def _in_turn(self) -> Steps[None]:
        blocks = self._session.transactions.blocks
        for queued in self._queue:
            self._session.refuse_when_stopping()
            run = self._session.execute_many if queued.many else self._session.execute
            steps = run(queued.sql, queued.parameters)
            try:
                queued.reply = yield from blocks.watched(steps) if blocks.open else steps
            except WireError as error:
                queued.error = error
                raise

    def _together(self) -> Steps[None]:
        session = self._session
        before = session.link.state
        try:
            calls = self._calls()
            reply = (yield from session.link.pipeline(calls)) if calls else Reply()
        except WireError as error:
            for queued in self._queue:  # nobody knows how far it came, if anything was sent
                queued.error = error
            raise
        finally:
            if any(queued.statement.redefines for queued in self._queue):
                session.forget_changed()
        done = self._deal_out(reply)
        if reply.error is not None:
            # All have run when what ends their transaction fails: a constraint that was deferred.
            failed = next((queued for queued in self._queue if queued.reply is None), self._queue[-1])
            if failed.many:
                name_row(reply.error, 0, done)
            failed.reply, failed.error = None, session.explained(reply.error, failed.statement, before)
            raise failed.error

    def _calls(self) -> list[Call]:
        """What is sent. Names stand for nothing behind a statement that may change what they mean."""
        session, calls = self._session, []
        state, redefined = session.link.state, False
        for queued in self._queue:
            statement = queued.statement
            begin = session.transactions.begin_for(statement, state)
            redefined = redefined or statement.redefines
            for types, values in queued.rows:
                prepared = None if redefined else session.known(statement, types)
                calls.append(Call(statement.text, types, values, prepared, begin))
                if begin is not None:
                    begin, state = None, "open"
            if statement.ends_transaction and not session.transactions.blocks.open:  # which would not see its end
                state = "idle"
        return calls

    def _deal_out(self, reply: Reply) -> int | None:
        """Give each statement what it brought, up to the one that failed: of this, how many of its rows were run."""
        done = [result for result in reply.results if result.complete]
        position = 0
        for queued in self._queue:
            own = done[position : position + len(queued.rows)]
            if len(own) < len(queued.rows):
                return len(own)
            position += len(own)
            queued.reply = Reply()
            queued.reply.results = joined(own) if queued.many else own
            queued.reply.done = True
        return None
