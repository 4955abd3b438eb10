"""A cursor whose result stays at the server, and which moves in it in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from sqlx.aio.cursor import ANOTHER, Cursor, R, Row
from sqlx.dbapi import exceptions
from sqlx.kernel import scrolling
from sqlx.kernel.exec import DataSource, Stream, shortened
from sqlx.kernel.scrolling import FARTHEST, Scroll

if TYPE_CHECKING:
    from sqlx.aio.connection import Connection
    from sqlx.rows import RowFactory

FIRST = 100  # rows fetched at once where nothing says that more will be read
FURTHER = 1000  # and when they were read


class ScrollCursor(Cursor[R]):
    """A scrollable cursor, made by `Connection.cursor(scrollable=True)`.

    Some rows are held here (`_rows`, the first of them is number `_passed`); the server stands behind the last of them.
    """

    _kind = "scrollable cursor"

    def __init__(
        self, connection: Connection, number: int, row_factory: RowFactory[Any] | None, *, hold: bool = False
    ) -> None:
        super().__init__(connection, number, row_factory)
        self._hold = hold

    async def execute(
        self,
        operation: str,
        parameters: Any = None,
        *,
        timeout: float | None = None,
        local_infile: DataSource | None = None,
    ) -> Cursor[R]:
        """Run a query, whose rows stay at the server. Raises ProgrammingError for a script. Returns the cursor."""
        connection = self.connection
        if (pipeline := connection._pipeline) is not None:
            pipeline._put(self, operation, parameters, timeout=timeout, source=local_infile)
            return self
        if local_infile is not None:
            raise exceptions.ProgrammingError("a scrollable cursor runs queries, which take no data")
        if stream := self._begin():
            await self._end(stream, ANOTHER)
        scroll = Scroll(
            f"{self._kind} {self._number} ({shortened(operation)})", f"sqlx_scroll_{self._number}", self._hold
        )
        await self._run(scrolling.declare(connection._session, scroll, operation, parameters), timeout)
        self._stream = scroll
        self._take(await self._run(scrolling.fetch(connection._session, scroll, FIRST), timeout))
        self._rowcount = len(self._rows) if len(self._rows) < FIRST else -1
        return self

    async def nextset(self) -> bool | None:
        """None: a query has one result."""
        return await super().nextset() if self._stream is None else None

    async def scroll(self, value: int, mode: Literal["relative", "absolute"] = "relative") -> None:
        """Move to another row of the result. Raises IndexError beyond its ends, and does not move then."""
        self._check_rows()
        scroll = self._stream
        if not isinstance(scroll, Scroll):
            await super().scroll(value, mode)
            return
        if scroll.ended:
            raise exceptions.InterfaceError(scroll.obituary)
        target, stands = self._target(value, mode, self._passed + self._position), self._passed + len(self._rows)
        if not self._passed <= target <= stands:
            moves = scrolling.move(self.connection._session, scroll, target, stands)
            if not 0 <= target <= FARTHEST or not await self._run(moves, None):
                raise IndexError(f"row {target} is beyond the rows of the result")
            self._rows, self._passed = (), target
        self._position = target - self._passed

    async def _read(self, stream: Stream, wanted: float) -> bool:
        """Take the next rows, dropping those that are held."""
        assert isinstance(stream, Scroll)
        if stream.ended:
            raise exceptions.InterfaceError(stream.obituary)
        count = min(max(self.arraysize, FURTHER if self._rows else FIRST), FARTHEST)
        reply = await self._run(scrolling.fetch(self.connection._session, stream, count), None)
        rows: Sequence[Row] = reply.results[0].rows
        self._passed += len(self._rows)
        self._rows, self._position = rows, 0
        if len(rows) < count:
            self._rowcount = self._passed + len(rows)
        return bool(rows)
