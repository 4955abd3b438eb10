"""Statements that are sent together, and whose results are read afterwards."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from sqlx.dbapi import exceptions
from sqlx.dbapi.exceptions import translate
from sqlx.kernel.exec import DataSource
from sqlx.kernel.nonblocking import current
from sqlx.kernel.pipelines import Queued, Statements

if TYPE_CHECKING:
    from sqlx.aio.connection import Connection
    from sqlx.aio.cursor import Cursor

WAITS = "the statement waits in a pipeline: its result can be read after the pipeline's block"
DROPPED = "the statement was not run: its pipeline's block raised an exception"


class Pipeline:
    """What `Connection.pipeline` makes: inside its block statements are queued, at its end they are run."""

    def __init__(self, connection: Connection, timeout: float | None) -> None:
        self._connection = connection
        self._timeout = timeout
        self._outer: Pipeline | None = None
        self._entered = False
        self._statements = Statements(connection._session)
        self._queue: list[tuple[Cursor[Any], Queued]] = []

    async def __aenter__(self) -> Pipeline:
        connection = self._connection
        connection._check_open()
        if self._entered:
            raise exceptions.ProgrammingError("a pipeline's block is entered once: make another with pipeline()")
        async with connection._mine():
            connection._claim()
            connection._translated(connection._session.streams.check_quiet)
            self._outer, connection._pipeline = connection._pipeline, connection._pipeline or self
        self._entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outer is not None:
            return
        connection = self._connection
        connection._pipeline = None
        if error is not None:
            for cursor, _ in self._queue:
                cursor._missing = exceptions.InterfaceError(DROPPED)
            return
        try:
            await connection._run(self._statements.run(), self._timeout)
        finally:
            for cursor, queued in self._queue:
                self._deliver(cursor, queued)

    def _put(
        self,
        cursor: Cursor[Any],
        operation: str,
        parameters: Any,
        *,
        many: bool = False,
        timeout: float | None = None,
        source: DataSource | None = None,
    ) -> None:
        """Queue a statement for its cursor."""
        cursor._check_open()
        if self._connection._owner != current():
            self._refuse()
        if source is not None:
            raise exceptions.InterfaceError("local_infile does not go with a pipeline: execute the statement outside")
        if cursor._number or timeout is not None:
            what = f"a {cursor._kind}" if cursor._number else "a timeout of its own"
            raise exceptions.InterfaceError(
                f"{what} does not go with a pipeline: pipeline(timeout=...) bounds all of it"
            )
        cursor._begin()
        queued = self._connection._translated(lambda: self._statements.put(operation, parameters, many))
        cursor._missing = exceptions.InterfaceError(WAITS)
        self._queue.append((cursor, queued))

    def _refuse(self) -> NoReturn:
        whose, then = "a pipeline", "end its block before anything else"
        if self._connection._owner != current():
            whose, then = "a pipeline of another thread or task", "wait for its end, or use a second connection"
        raise exceptions.InterfaceError(f"{whose} is open on this connection: {then}")

    def _deliver(self, cursor: Cursor[Any], queued: Queued) -> None:
        cursor._missing = None
        if queued.reply is not None:
            cursor._reset()
            cursor._take(queued.reply)
            if queued.many and not queued.reply.results:
                cursor._rowcount = 0
        elif queued.error is not None:
            cursor._missing = translate(queued.error, self._connection._session.link.pack)
        else:
            cursor._missing = exceptions.InterfaceError(
                "the statement was not run, or nobody knows: its pipeline was stopped"
            )
