"""Runs statements, and tells what comes back while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter

from textual.message import Message

from sqlx.aio import Connection, Cursor
from sqlx.dbapi.exceptions import Error, OperationalError
from sqlx_tui.session.messages import Completed, Failed, Finished, Opened, Paused, RowsArrived, Started
from sqlx_tui.session.outcome import Heading, Outcome, Row
from sqlx_tui.session.statements import Statement

KEPT = 100_000  # rows read before somebody must ask for more
BATCH = 2_000  # rows told at once
PROMPT = 0.1  # seconds until rows that have arrived are told, whether or not more come
REPEAT = 0.5  # seconds between two requests to cancel: the first may come before the server has begun
PATIENCE = 30.0  # seconds that a paused result holds up its server


class Run:
    """One press of the key: statements run one after another, until one fails."""

    def __init__(
        self, connection: Connection, statements: Sequence[Statement], tell: Callable[[Message], object]
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._tell = tell
        self._more = asyncio.Event()
        self._stopped = False
        self.over = asyncio.Event()
        self.is_paused = False
        self.was_cancelled = False

    async def run(self) -> None:
        """Run all of it. Never raises a database error: it is told."""
        try:
            for statement in self._statements:
                if self._stopped or not await self._statement(statement):
                    break
        finally:
            self.over.set()
            self._tell(Finished(self))

    async def cancel(self) -> None:
        """Have the server stop what runs. Raises Error when the server cannot be asked."""
        self.was_cancelled = self._stopped = True
        self._more.set()
        while not (self.is_paused or self.over.is_set()):
            await self._connection.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), REPEAT)

    def read_more(self) -> None:
        """Go on where reading paused."""
        self._more.set()

    def let_go(self) -> None:
        """Read no further: something else is to be run."""
        self._stopped = True
        self._more.set()

    async def _statement(self, statement: Statement) -> bool:
        started = perf_counter()
        outcome = self._begin(statement)
        try:
            async with self._connection.cursor(stream=True) as cursor:
                await cursor.execute(statement.sql)
                while await self._result(cursor, outcome, started) and await cursor.nextset():
                    outcome = self._begin(statement)  # a procedure may have several results
            return True
        except asyncio.CancelledError:
            error = OperationalError(
                "given up: the server has not said what became of the statement", outcome="unknown"
            )
            self._tell(Failed(outcome, error, perf_counter() - started, False))
            raise
        except Error as error:
            was_cancelled = self.was_cancelled and isinstance(error, OperationalError)
            self._tell(Failed(outcome, error, perf_counter() - started, was_cancelled))
            return False

    def _begin(self, statement: Statement) -> Outcome:
        outcome = Outcome(statement)
        self._tell(Started(outcome))
        return outcome

    async def _result(self, cursor: Cursor, outcome: Outcome, started: float) -> bool:
        """Tell of one result; whether it was read to its end."""
        described = cursor.description
        columns = None if described is None else tuple(Heading(column[0], column[1].name) for column in described)
        self._tell(Opened(outcome, columns))
        ended = columns is None or await self._rows(cursor, outcome, started)
        notices = [notice.message for _, notice in cursor.messages]
        self._tell(Completed(outcome, cursor.rowcount, perf_counter() - started, notices, not ended))
        return ended

    async def _rows(self, cursor: Cursor, outcome: Outcome, started: float) -> bool:
        """Tell of the rows as they come; whether the last was read.

        What has arrived is told by the clock too, because the next row may be long in coming.
        """
        loop = asyncio.get_running_loop()
        waiting: list[Row] = []
        promised: asyncio.TimerHandle | None = None

        def flush() -> None:
            nonlocal waiting, promised
            if promised is not None:
                promised.cancel()
                promised = None
            if waiting:
                self._tell(RowsArrived(outcome, waiting, perf_counter() - started))
                waiting = []

        count = 0
        try:
            async for row in cursor:
                waiting.append(row)
                count += 1
                if promised is None:
                    promised = loop.call_later(PROMPT if count > 1 else 0, flush)
                if len(waiting) >= BATCH:
                    flush()
                    await asyncio.sleep(0)
                if count % KEPT == 0:
                    flush()
                    if not await self._pause(outcome):
                        return False
            return True
        finally:
            flush()

    async def _pause(self, outcome: Outcome) -> bool:
        """Wait to be asked for more; False when reading is over. A server must not wait for ever for its reader."""
        self._more.clear()
        self.is_paused = True
        self._tell(Paused(outcome))
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), PATIENCE)
                return not self._stopped
            return False
        finally:
            self.is_paused = False
