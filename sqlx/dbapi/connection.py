# Generated from sqlx/aio/connection.py by scripts/async_to_sync.py; do not edit.
"""A connection: one conversation with one server, its transaction, and the cursors on it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from sqlx.dbapi import exceptions
from sqlx.dbapi.cursor import Cursor
from sqlx.dbapi.exceptions import translate
from sqlx.dbapi.notifications import Notifies, call_back
from sqlx.dbapi.pipeline import Pipeline
from sqlx.dbapi.scrolling import ScrollCursor
from sqlx.dbapi.shaping import check_factory
from sqlx.dbapi.transaction import Savepoint, Transaction
from sqlx.kernel.adapting import SessionTypes
from sqlx.kernel.blocking import Lock, Runner, current
from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import Notification, Pack, Session, Steps, Xid, path, xid
from sqlx.kernel.option_values import timeout_of, truth_of
from sqlx.kernel.options import ConnectOptions
from sqlx.kernel.scrolling import check_offered
from sqlx.kernel.transaction_blocks import governed

if TYPE_CHECKING:
    from sqlx.rows import RowFactory

T = TypeVar("T")


class Connection:
    """A connection, made by `connect`.

    Threads and tasks may share it: one statement runs at a time, and blocks of transactions and pipelines are one
    thread's or task's at a time. As a context manager it commits when the block
    succeeds, rolls back when it raises, and closes in both cases. After `close()` everything but `close()` raises
    InterfaceError.
    """

    Warning = exceptions.Warning
    Error = exceptions.Error
    InterfaceError = exceptions.InterfaceError
    DatabaseError = exceptions.DatabaseError
    DataError = exceptions.DataError
    OperationalError = exceptions.OperationalError
    IntegrityError = exceptions.IntegrityError
    InternalError = exceptions.InternalError
    ProgrammingError = exceptions.ProgrammingError
    NotSupportedError = exceptions.NotSupportedError

    def __init__(self, session: Session, runner: Runner, options: ConnectOptions) -> None:
        self._session = session
        self._runner = runner
        self._lock = Lock()
        self._execute = path(session)
        self._closed = False
        self._process = os.getpid()
        self._streams = 0
        self._pipeline: Pipeline | None = None
        self._blocks: list[Transaction | Savepoint] = []  # the innermost last
        self._owner: object = None  # the thread or task whose blocks and pipeline these are
        self._running: object = None  # the one whose statement runs
        self._name = options.pack.name
        self.row_factory: RowFactory[Any] | None = None  # of the cursors to come
        self._statement_timeout = options.statement_timeout
        self.messages: exceptions.Messages = []

    @overload
    def cursor(self, *, stream: bool = False, scrollable: bool = False, hold: bool = False) -> Cursor: ...
    @overload
    def cursor(
        self, *, stream: bool = False, scrollable: bool = False, hold: bool = False, row_factory: RowFactory[T]
    ) -> Cursor[T]: ...
    def cursor(
        self,
        *,
        stream: bool = False,
        scrollable: bool = False,
        hold: bool = False,
        row_factory: RowFactory[Any] | None = None,
    ) -> Cursor[Any]:
        """A new cursor.

        `stream=True` reads results in parts, with bounded memory, while the server still sends them. With
        `scrollable=True` the result stays at the server, and `scroll` moves in it; with `hold=True` beyond the commit.
        `row_factory` says what rows are fetched as (`sqlx.rows`); the connection's if left out. Raises
        NotSupportedError where the engine has no cursors that scroll.
        """
        self._check_open()
        self._streams += bool(stream or scrollable)
        row_factory = self.row_factory if row_factory is None else row_factory
        check_factory(row_factory)
        if scrollable:
            self._translated(lambda: check_offered(self._session))
            return ScrollCursor(self, self._streams, row_factory, hold=hold)
        if hold:
            raise exceptions.ProgrammingError("hold=True is for a scrollable cursor: give scrollable=True too")
        return Cursor(self, self._streams if stream else 0, row_factory)

    @property
    def types(self) -> SessionTypes:
        """Adapters and loaders of this connection, over those of all (`sqlx.types`)."""
        return self._session.types

    def commit(self) -> None:
        """Make the transaction's work last; nothing happens when none is open. Ends the streams on this connection."""
        self._refuse_in_block("commit()")
        self._run(self._session.commit(), owned=True)

    def rollback(self) -> None:
        """Undo the transaction's work; nothing happens when none is open. Ends the streams on this connection."""
        self._refuse_in_block("rollback()")
        self._run(self._session.rollback(), owned=True)

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back. Safe to repeat."""
        if self._closed or self._process != os.getpid():
            return
        with self._mine():
            if not self._closed:
                self._closed = True
                self._session.closing()
                self._runner.close()

    def cancel(self) -> None:
        """Have the server stop what this connection runs, which then raises OperationalError.

        For any thread or task.
        """
        self._check_open()
        try:
            self._runner.cancel()
        except WireError as error:
            raise translate(error, self._session.link.pack) from None

    def ping(self) -> None:
        """Ask the server for a sign of life. Raises OperationalError when none comes."""
        self._run(self._session.ping())

    def transaction(
        self, *, isolation_level: str | None = None, read_only: bool | None = None, deferrable: bool | None = None
    ) -> Transaction:
        """`with connection.transaction():` commits what its block did, or undoes it when the block raises.

        Inside of a transaction the block is a savepoint; the modes are for one that opens a transaction, None is what
        the connection or the server has. `raise Rollback` undoes and leaves the block without an error. Raises
        NotSupportedError for a mode that the engine has not.
        """
        return Transaction(self, {"isolation_level": isolation_level, "read_only": read_only, "deferrable": deferrable})

    def pipeline(self, *, timeout: float | None = None) -> Pipeline:
        """`with connection.pipeline():` queues what its block executes, and runs it at the block's end, in order and
        where the protocol can in one exchange. Results are read after the block; it raises the first error.

        `timeout` is in seconds for all together. An exception in the block drops what is queued. Inside of another
        pipeline's block it is a part of that one.
        """
        return Pipeline(self, timeout)

    def savepoint(self, name: str) -> Savepoint:
        """`with connection.savepoint("name"):` undoes what its block did when it raises, and nothing else of the
        transaction.
        """
        return Savepoint(self, name)

    def xid(self, format_id: int, gtrid: str, bqual: str) -> Xid:
        """A transaction id for the `tpc_` methods, by X/Open XA: both parts have up to 64 characters."""
        return self._translated(lambda: xid(format_id, gtrid, bqual))

    def tpc_begin(self, xid: Xid) -> None:
        """Open a transaction that is to be committed in two phases."""
        self._tpc("begin", self._session.two_phase.begin(xid))

    def tpc_prepare(self) -> None:
        """End the first phase: the server promises that it can commit. No statement may follow but the second phase."""
        self._tpc("prepare", self._session.tpc_prepare())

    def tpc_commit(self, xid: Xid | None = None) -> None:
        """Commit this connection's two-phase transaction, prepared or not; or the one of `xid`, which was recovered."""
        self._tpc("commit", self._session.tpc_finish("commit", xid))

    def tpc_rollback(self, xid: Xid | None = None) -> None:
        """Undo this connection's two-phase transaction, prepared or not; or the one of `xid`, which was recovered."""
        self._tpc("rollback", self._session.tpc_finish("rollback", xid))

    def tpc_recover(self) -> list[Xid]:
        """The prepared transactions of this database that wait for their second phase."""
        return self._run(self._session.two_phase.recover())

    def _tpc(self, verb: str, steps: Steps[None]) -> None:
        self._refuse_in_block(f"tpc_{verb}()")
        self._run(steps, owned=True)

    # -- notifications

    def notifies(self, timeout: float | None = None, stop_after: int | None = None) -> Notifies:
        """Iterate over the notifications as they come: for `timeout` seconds, 0 for those that are there; without one
        without end. `stop_after` is how many at most.

        Leaving the loop loses nothing. Raises NotSupportedError where the engine has none.
        """
        self._translated(lambda: self._session.notifications.iterate(timeout, stop_after))
        return Notifies(self, timeout, stop_after)

    def on_notify(self, callback: Callable[[Notification], object]) -> Callable[[], None]:
        """Call a function with each notification that arrives from now on. Returns a function that ends this.

        What it raises is shown as the event loop and warnings are, and disturbs nothing.
        """
        return call_back(self, callback)

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, by `close()` or because it broke."""
        return self._closed or self._session.link.state == "closed"

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own. Settable while no transaction is open."""
        return self._session.transactions.autocommit

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        self._translated(lambda: self._session.transactions.set_autocommit(truth_of("autocommit", on)))

    @property
    def isolation_level(self) -> str | None:
        """The isolation level of the transactions to come, None for the server's default.

        Settable while none is open.
        """
        return self._session.transactions.isolation

    @isolation_level.setter
    def isolation_level(self, level: str | None) -> None:
        self._translated(lambda: self._session.transactions.set_isolation(level))

    @property
    def statement_timeout(self) -> float | None:
        """Seconds that a statement may take, None for no limit. Raises InterfaceError for what is no timeout."""
        return self._statement_timeout

    @statement_timeout.setter
    def statement_timeout(self, seconds: float | None) -> None:
        self._statement_timeout = self._translated(lambda: timeout_of(seconds))

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, failed or not."""
        return self._session.link.state in ("open", "failed")

    @property
    def in_failed_transaction(self) -> bool:
        """Whether a transaction is open that a statement has failed in, so that only a rollback will do."""
        return self._session.link.state == "failed"

    @property
    def server_version(self) -> str:
        """The server's version in its own words."""
        return str(self._session.link.variables.get("server_version", ""))

    @property
    def parameters(self) -> Mapping[str, str]:
        """The settings of the session that the server tells of, as they are now; which ones is for it to say."""
        return dict(self._session.link.variables.get("parameters", {}))

    @property
    def pack(self) -> Pack:
        """The wire pack of its engine: what differs between engines, as data."""
        return self._session.link.pack

    def __enter__(self) -> Connection:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        unfinished = bool(self._blocks)
        try:
            if not self._closed:
                self._session.transactions.blocks.open.clear()
                keep = error is None and not unfinished
                self._run(self._session.commit() if keep else self._session.rollback())
            if unfinished and error is None:
                raise exceptions.ProgrammingError("nothing was committed: a block in the connection's had not ended")
        except exceptions.Error:
            if error is None:
                raise
        finally:
            self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.Connection {self._name}{' closed' if self.closed else ''}>"

    def __del__(self) -> None:
        if not getattr(self, "_closed", True) and self._process == os.getpid():
            try:
                warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)
            finally:
                self._runner.abort()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a connection cannot be copied or pickled: connect again")

    def _check_open(self) -> None:
        if self._closed:
            raise exceptions.InterfaceError("the connection is closed")
        if self._process != os.getpid():
            raise exceptions.InterfaceError(
                "the connection belongs to the process that opened it: connect again in this one"
            )

    def _refuse_in_block(self, what: str) -> None:
        if any(isinstance(block, Transaction) for block in self._blocks):
            raise exceptions.ProgrammingError(
                f"{what} would end a transaction whose block has not ended: leave the block, or raise Rollback in it"
            )

    def _claim(self) -> None:
        """Make what is open on this connection the caller's. Raises InterfaceError while a block of another is open."""
        self._refuse_others()
        self._owner = current()

    def _refuse_others(self) -> None:
        if (self._blocks or self._pipeline is not None) and self._owner != current():
            raise exceptions.InterfaceError(
                "a block of another thread or task is open on this connection: use a second connection, or a lock"
            )

    def _mine(self) -> Lock:
        """The lock. Raises InterfaceError for who has it: what the driver calls meanwhile would wait for itself."""
        if self._running is not None and self._running == current():
            raise exceptions.InterfaceError(
                "what a statement calls cannot use its connection: "
                "fetch what it needs before, or use a second connection"
            )
        return self._lock

    def _limit(self, timeout: float | None) -> float | None:
        """Seconds for a statement, by what its caller says. Raises InterfaceError for what is no timeout."""
        return self._statement_timeout if timeout is None else self._translated(lambda: timeout_of(timeout))

    def _translated(self, call: Callable[[], T]) -> T:
        self._check_open()
        try:
            return call()
        except WireError as error:
            raise translate(error, self._session.link.pack) from None

    def _run(
        self,
        steps: Steps[T],
        timeout: float | None = None,
        *,
        owned: bool = False,
        messages: exceptions.Messages | None = None,
    ) -> T:
        """Run steps, in `timeout` seconds or those of any statement; notices go to `messages`, the connection's if left
        out. Raises InterfaceError for steps that are `owned` while a block of another is open."""
        limit = self._limit(timeout)
        self._check_open()  # before the lock: a thread that held it is not in a child process
        if (pipeline := self._pipeline) is not None:
            pipeline._refuse()
        lock = self._mine()
        try:
            with lock:
                self._check_open()
                if owned:
                    self._refuse_others()
                self._running = current()
                try:
                    return self._runner.run(governed(self._session, steps), limit)
                except WireError as error:
                    raise translate(error, self._session.link.pack) from None
                finally:
                    self._running = None
        finally:
            if self._session.notices:
                self._tell(messages)
            if self._session.notifications.due:  # a callback may want to run a statement
                self._session.notifications.deliver()

    def _tell(self, messages: exceptions.Messages | None) -> None:
        if messages is None:
            messages = self.messages = []
        messages += exceptions.taken(self._session.notices)
