"""A cursor: one statement at a time, and the results it brought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from operator import index
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from sqlx.aio.copy import Copy
from sqlx.dbapi import exceptions
from sqlx.dbapi.shaping import Shaper
from sqlx.dbapi.types import Description, describe
from sqlx.kernel import data_streams
from sqlx.kernel.calls import call
from sqlx.kernel.exec import DataSource, Reply, Result, Steps, Stream, shortened

if TYPE_CHECKING:
    from typing_extensions import TypeVar as DefaultedTypeVar

    from sqlx.aio.connection import Connection
    from sqlx.rows import RowFactory

    R = DefaultedTypeVar("R", default=tuple[Any, ...])
else:
    R = TypeVar("R")

Row = tuple[Any, ...]
T = TypeVar("T")
NOTHING = Result()
ANOTHER = "another statement on its cursor"


def _whole(what: str, number: Any) -> int:
    try:
        return index(number)
    except TypeError:
        raise exceptions.ProgrammingError(f"{what} is a whole number, not {number!r:.80}") from None


class Cursor(Generic[R]):
    """A cursor, made by `Connection.cursor`. Not for two threads or tasks at a time; use one each.

    `arraysize` (1) is how many rows `fetchmany` takes. `messages` are the notices and warnings that the last
    statement brought, as pairs of class and instance.
    """

    _kind = "stream cursor"

    def __init__(self, connection: Connection, number: int = 0, row_factory: RowFactory[R] | None = None) -> None:
        self.connection = connection
        self.arraysize = 1
        self.messages: exceptions.Messages = []
        self._factory = row_factory
        self._number = number  # of a stream cursor, from 1
        self._stream: Stream | None = None
        self._closed = False
        self._reply: Reply | None = None
        self._result: Result = NOTHING
        self._index = 0  # of the result in the reply
        self._rows: Sequence[Row] = ()
        self._position = 0  # in _rows
        self._passed = 0  # rows of a stream that were read and dropped
        self._rowcount: int | None = None  # where it is not the result's
        self._missing: exceptions.Error | None = None  # why a pipeline has brought no result, or not yet
        self._shaper: Shaper | None = None  # where rows are not fetched as they came

    # -- running

    async def execute(
        self,
        operation: str,
        parameters: Any = None,
        *,
        timeout: float | None = None,
        local_infile: DataSource | None = None,
    ) -> Cursor[R]:
        """Run a statement, or without parameters a script whose results `nextset` leads through. Returns the cursor.

        A sequence binds `?`, a mapping `:name`. `timeout` is in seconds, 0 for no limit; the connection's if left out.
        `local_infile` is where the data of this one statement comes from, if it asks for any (LOAD DATA LOCAL): a path,
        an open binary file, or an iterable of bytes.
        """
        connection = self.connection
        if (pipeline := connection._pipeline) is not None:
            pipeline._put(self, operation, parameters, timeout=timeout, source=local_infile)
            return self
        if stream := self._begin():
            await self._end(stream, ANOTHER)
        if local_infile is not None:
            if parameters is not None:
                raise exceptions.ProgrammingError("a statement that takes data takes no parameters")
            self._take(await self._run(data_streams.load(connection._session, operation, local_infile), timeout))
            return self
        if self._number:
            self._stream = Stream(f"{self._kind} {self._number} ({shortened(operation)})")
        steps = connection._execute(operation, parameters, self._stream)
        reply = await self._run(steps, timeout)
        self._take(reply)
        return self

    async def executemany(
        self, operation: str, seq_of_parameters: Iterable[Any], *, timeout: float | None = None
    ) -> Cursor[R]:
        """Run a statement once for each of the parameters, pipelined, in order. Returns the cursor.

        `rowcount` is the sum of all; what a statement returns (`RETURNING`) is one result, in order; of a
        procedure with results of different columns each is one, and `nextset` leads through them.
        """
        given: object = seq_of_parameters
        if given is self:
            raise exceptions.ProgrammingError(
                "a cursor cannot run a statement on its own rows, which it drops before it runs another",
                fields={"hint": "fetch them before, or use another cursor"},
            )
        if (pipeline := self.connection._pipeline) is not None:
            pipeline._put(self, operation, seq_of_parameters, many=True, timeout=timeout)
            return self
        if stream := self._begin():
            await self._end(stream, ANOTHER)
        reply = await self._run(self.connection._session.execute_many(operation, seq_of_parameters), timeout)
        self._take(reply)
        if not reply.results:
            self._rowcount = 0
        return self

    def copy(self, operation: str, *, types: Sequence[str] | None = None) -> Copy:
        """Run a statement whose data streams (COPY … FROM STDIN, COPY … TO STDOUT), in a block:
        `with cursor.copy(...) as copy`. `types` names the types of the columns, for rows that are read or in binary.
        """
        if not isinstance(operation, str):
            raise exceptions.ProgrammingError(f"SQL is a text, not {type(operation).__name__}")
        if types is not None and (isinstance(types, str | bytes) or not isinstance(types, Sequence)):
            raise exceptions.ProgrammingError(
                f"types are the names of all columns' types, not {types!r:.80}: give a list, types=['int4', 'text']"
            )
        return Copy(self, operation, types)

    async def callproc(self, procname: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Call a procedure or function by its name; what it returns is to be fetched.

        Returns the parameters as they were given.
        """
        if stream := self._begin():
            await self._end(stream, ANOTHER)
        self._take(await self._run(call(self.connection._session, procname, parameters), None))
        return list(parameters)

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Does nothing: values are sized as they come."""
        self._check_open()

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Does nothing: values are never cut."""
        self._check_open()

    async def _begin_copy(self, operation: str, stream: Stream) -> None:
        if running := self._begin():
            await self._end(running, ANOTHER)
        await self._run(data_streams.copy(self.connection._session, operation, stream), None, owned=True)

    def _end_copy(self, reply: Reply) -> None:
        self._rowcount = reply.results[-1].rowcount if reply.results else -1

    # -- reading

    async def fetchone(self) -> R | None:
        """The next row, or None when there is none. Raises ProgrammingError when the statement returns no rows."""
        if (self._stream is not None or self._position == len(self._rows)) and not await self._load():
            return None
        row = self._rows[self._position]
        self._position += 1
        return row if self._shaper is None else self._shaper.shaped([row], self._result)[0]  # type: ignore[return-value]

    async def fetchmany(self, size: int | None = None) -> list[R]:
        """The next `size` rows (`arraysize` where it is left out), fewer at the end."""
        wanted = _whole("a number of rows", self.arraysize if size is None else size)
        if wanted < 0:
            raise exceptions.ProgrammingError(f"a number of rows is not negative, {wanted} is")
        taken: list[Row] = []
        while len(taken) < wanted and await self._load(wanted - len(taken)):
            part = self._rows[self._position : self._position + wanted - len(taken)]
            self._position += len(part)
            taken += part
        return self._made(taken)

    async def fetchall(self) -> list[R]:
        """All rows that are left."""
        if self._stream is None:
            self._check_rows()
            position, self._position = self._position, len(self._rows)
            return self._made(list(self._rows[position:] if position else self._rows))
        taken: list[Row] = []
        while await self._load(inf):
            taken += self._rows[self._position :] if self._position else self._rows
            self._position = len(self._rows)
        return self._made(taken)

    async def nextset(self) -> bool | None:
        """Go on to the next result of a script or a procedure; what is left of this one is skipped.

        None when there is none.
        """
        self._check_open()
        if self._missing is not None:
            raise self._missing
        reply, stream = self._reply, self._stream
        if reply is None:
            raise exceptions.ProgrammingError("there is no result: execute a statement first")
        if stream is not None:
            await self._run(self.connection._session.streams.pass_over(stream, reply.results, self._index), None)
        if len(reply.results) <= self._index + 1:
            return None
        self._show(self._index + 1)
        return True

    async def scroll(self, value: int, mode: Literal["relative", "absolute"] = "relative") -> None:
        """Move to another row of the result. Raises IndexError beyond its ends, NotSupportedError on a stream."""
        self._check_rows()
        if self._stream is not None:
            raise exceptions.NotSupportedError(
                "a stream is read once, from front to back; scrollable=True makes one move"
            )
        target = self._target(value, mode, self._position)
        if not 0 <= target <= len(self._rows):
            raise IndexError(f"row {target} is beyond the {len(self._rows)} rows of the result")
        self._position = target

    def __aiter__(self) -> Cursor[R]:
        return self

    async def __anext__(self) -> R:
        if (self._stream is not None or self._position == len(self._rows)) and not await self._load():
            raise StopAsyncIteration
        row = self._rows[self._position]
        self._position += 1
        return row if self._shaper is None else self._shaper.shaped([row], self._result)[0]  # type: ignore[return-value]

    # -- about the result

    @property
    def description(self) -> tuple[Description, ...] | None:
        """One 7-tuple a column (name, type, display size, internal size, precision, scale, nullable); None without
        rows.
        """
        columns = self._result.columns
        return None if columns is None else describe(columns)

    @property
    def rowcount(self) -> int:
        """How many rows the statement returned or changed; -1 while that is not known."""
        if self._rowcount is not None:
            return self._rowcount
        result, stream = self._result, self._stream
        if result.columns is None:
            return result.rowcount
        if stream is not None:  # a server that hands over rows in parts counts those of the last
            whole = result.complete and not stream.ended
            return self._passed + len(self._rows) + len(result.rows) if whole else -1
        return len(self._rows) if result.rowcount < 0 and result.complete else result.rowcount

    @property
    def rownumber(self) -> int | None:
        """The index of the next row in the result, from 0; None without rows."""
        return None if self._result.columns is None else self._passed + self._position

    @property
    def lastrowid(self) -> int | None:
        """The key that the engine gave to the last row inserted, where it tells; None elsewhere."""
        return self._result.lastrowid

    # -- its life

    async def close(self) -> None:
        """Close the cursor, and end its stream. Safe to repeat."""
        if self._closed:
            return
        self._closed = True
        stream, self._stream = self._stream, None
        self._reset()
        if stream is not None and not self.connection.closed:
            await self._end(stream, "close()")

    async def __aenter__(self) -> Cursor[R]:
        self._check_open()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    def __del__(self) -> None:
        # Nothing may be waited for here: the next statement on the connection ends the stream.
        stream = getattr(self, "_stream", None)
        if stream is not None:
            stream.abandoned = "garbage collection"

    def __repr__(self) -> str:
        kind = f"{self._kind} {self._number}" if self._number else "cursor"
        return f"<{type(self).__module__}.Cursor: {kind}{' closed' if self._closed else ''} on {self.connection!r}>"

    # -- within

    def _check_open(self) -> None:
        if self._closed:
            raise exceptions.InterfaceError("the cursor is closed")
        if self.connection._closed:
            raise exceptions.InterfaceError("the connection is closed")

    def _check_rows(self) -> None:
        self._check_open()
        if self._missing is not None:
            raise self._missing
        if self._result.columns is None and not self._ran_no_row():
            said = "returned no rows" if self._reply is not None else "has not been executed"
            raise exceptions.ProgrammingError(f"there is nothing to fetch: the statement {said}")

    def _ran_no_row(self) -> bool:
        """Whether executemany was given no rows: what the statement would have returned, nobody has asked."""
        return self._reply is not None and not self._reply.results and self._rowcount == 0

    def _target(self, value: int, mode: str, position: int) -> int:
        if mode not in ("relative", "absolute"):
            raise exceptions.ProgrammingError(f"a cursor scrolls 'relative' or 'absolute', not {mode!r}")
        return _whole("a cursor's move", value) + (position if mode == "relative" else 0)

    def _reset(self) -> None:
        self._reply = None
        self._result = NOTHING
        self._rows = ()
        self._index = self._position = self._passed = 0
        self._rowcount = self._missing = None

    def _begin(self) -> Stream | None:
        """Forget the last statement; returns its stream, which is to be ended."""
        self._check_open()
        if self.messages:
            self.messages = []
        stream, self._stream = self._stream, None
        self._reset()
        return stream

    async def _end(self, stream: Stream, by: str) -> None:
        await self._run(self.connection._session.streams.end(stream, by), None)

    async def _run(self, steps: Steps[T], timeout: float | None, *, owned: bool = False) -> T:
        connection = self.connection
        try:
            return await connection._run(steps, timeout, owned=owned, messages=self.messages)
        except BaseException as error:
            if self._stream is not None and not isinstance(error, Exception):  # its reader went elsewhere
                self._stream.abandoned = "an interrupt"
            raise

    def _made(self, rows: list[Row]) -> list[Any]:
        return rows if self._shaper is None else self._shaper.shaped(rows, self._result)

    def _take(self, reply: Reply) -> None:
        self._reply = reply
        types = self.connection.types
        plain = self._factory is None and not types.loads
        self._shaper = None if plain else Shaper(types, self._factory, self.connection.pack)
        if reply.results:
            self._show(0)

    def _show(self, index: int) -> None:
        self._index = index
        self._result = result = self._reply.results[index]  # type: ignore[union-attr]
        self._rows = result.rows
        if self._stream is not None:
            result.rows = []
        self._position = self._passed = 0
        self._rowcount = None

    async def _load(self, wanted: float = 1) -> bool:
        """Have at least one more row at hand, of a stream as many as are wanted; False at the end of the result."""
        stream = self._stream
        if self._position < len(self._rows) and (stream is None or not stream.ended):
            return True
        self._check_rows()
        return stream is not None and await self._read(stream, wanted)

    async def _read(self, stream: Stream, wanted: float) -> bool:
        """Take the next rows of a stream, dropping those that were read; the deadline is one for all of them."""
        result = self._result
        if stream.ended:
            raise exceptions.InterfaceError(stream.obituary)
        if not (result.rows or result.complete or stream.exhausted):
            await self._run(self.connection._session.streams.read_rows(stream, result, wanted), None)
        self._passed += len(self._rows)
        self._rows, result.rows = result.rows, []
        self._position = 0
        return bool(self._rows)
