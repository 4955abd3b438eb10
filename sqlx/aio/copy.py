"""Data that streams between the program and a statement, made by `Cursor.copy`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlx.aio.sources import DataSource, Rows, items, parts
from sqlx.dbapi import exceptions
from sqlx.kernel import data_streams
from sqlx.kernel.adapting import Unloadable, loading
from sqlx.kernel.copying import DataSink, sink
from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import PIECE, Column, GivenUp, Reply, RowFormat, Stream, shortened

if TYPE_CHECKING:
    from sqlx.aio.cursor import Cursor

Row: TypeAlias = tuple[Any, ...]


class Copy:
    """A statement whose data streams, from the beginning of a `with` block to its end.

    Data that goes in is sent while the server takes it, and is whole when the block ends well; when it raises, the
    server is told so, and keeps nothing. Data that comes is read in parts; what is left at the end of the block is
    dropped. Meanwhile nothing else runs on the connection.
    """

    def __init__(self, cursor: Cursor[Any], operation: str, types: Sequence[str] | None) -> None:
        self._cursor = cursor
        self._operation = operation
        self._types = types
        self._stream = Stream(f"the copy ({shortened(operation)})")
        self._pending = bytearray()
        self._taken: list[bytes] = []
        self._format: RowFormat | None = None

    # -- data that goes in

    async def write(self, data: bytes | str) -> None:
        """Send data as it is, in the statement's format, cut anywhere. Raises the server's error as soon as it is
        known."""
        self._check_wanting()
        try:
            self._pending += data.encode() if isinstance(data, str) else data
        except (TypeError, UnicodeEncodeError):
            what = "one with half a character" if isinstance(data, str) else type(data).__name__
            raise exceptions.ProgrammingError(f"data is bytes or a text, not {what}") from None
        if len(self._pending) >= PIECE:
            await self._send()

    async def write_row(self, row: Sequence[Any]) -> None:
        """Send a row of values; what can be bound can be written. Raises DataError for a value that cannot."""
        await self.write(self._translated(self._rows().write, row))

    async def write_rows(self, rows: Rows) -> None:
        """Send many rows; each is taken when those before it are written."""
        write, form = self.write, self._rows().write
        async for row in self._translated(items, rows):
            await write(self._translated(form, row))

    async def write_from(self, source: DataSource) -> None:
        """Send what a source holds: a path, an open binary file, an iterable of bytes."""
        self._check_wanting()
        with ExitStack() as closing:
            try:
                async for data in self._translated(parts, source, closing):
                    await self.write(data)
            except WireError as error:  # of the source
                raise exceptions.translate(error) from None

    # -- data that comes

    async def read(self) -> bytes:
        """The next part of the data, b"" at its end. The server decides how long a part is: a row, as a rule."""
        reply = self._reply()
        if reply.wanting:
            raise exceptions.InterfaceError("this statement takes data, and brings none: write it")
        if not self._taken:
            parts = await self._cursor._run(data_streams.read(self._session, self._stream, reply.results[-1]), None)
            self._taken = parts[::-1]
        return self._taken.pop() if self._taken else b""

    async def rows(self) -> AsyncIterator[Row]:
        """The rows, their values as text, or as `types` and the loaders of these say."""
        form, columns = self._rows(), [Column(str(number), name) for number, name in enumerate(self._types or (), 1)]
        load = loading(self._cursor.connection.types, columns)
        while data := await self.read():
            for row in self._translated(form.read, data):
                yield row if load is None else self._loaded(load, row)
        self._translated(form.finish)

    async def read_into(self, target: DataSink) -> None:
        """Write all that comes into a file: a path, whose file is made or emptied, or an open binary file."""
        with ExitStack() as closing:
            file = self._translated(sink, target, closing)
            while data := await self.read():
                file.write(data)

    def __aiter__(self) -> Copy:
        return self

    async def __anext__(self) -> bytes:
        data = await self.read()
        if not data:
            raise StopAsyncIteration
        return data

    # -- the block

    async def __aenter__(self) -> Copy:
        try:
            await self._cursor._begin_copy(self._operation, self._stream)
        except BaseException:  # cancelled, it may have begun all the same, and nobody is in its block
            self._stream.abandoned = "an interrupt"
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reply = self._reply()
        try:
            if error is not None:
                with suppress(exceptions.Error):  # the server's answer to being given up is nobody's concern
                    await self._give_up(reply, type(error).__name__)
            elif reply.wanting:
                if self._format is not None:
                    self._pending += self._format.end()
                await self._send()
                await self._cursor._run(data_streams.give(self._session, self._stream, None), None)
            else:
                await self._cursor._end(self._stream, "the end of its block")
        finally:
            self._stream.abandoned = "the end of its block"
        self._cursor._end_copy(reply)

    async def _give_up(self, reply: Reply, reason: str) -> None:
        if reply.wanting:
            await self._cursor._run(data_streams.give(self._session, self._stream, GivenUp(reason)), None)
        else:
            await self._cursor._end(self._stream, "an exception in its block")

    def __del__(self) -> None:
        if self._stream in getattr(self._session.streams, "open", ()):
            self._stream.abandoned = "garbage collection of its copy"

    async def _send(self) -> None:
        data, self._pending = bytes(self._pending), bytearray()
        if data:
            await self._cursor._run(data_streams.give(self._session, self._stream, data), None)

    @property
    def _session(self) -> Any:
        return self._cursor.connection._session

    def _reply(self) -> Reply:
        if self._stream.reply is None:
            raise exceptions.InterfaceError("a copy runs in a block: with cursor.copy(...) as copy")
        return self._stream.reply

    def _check_wanting(self) -> None:
        if not self._reply().wanting:
            raise exceptions.InterfaceError("this statement takes no data, or no more of it")

    def _rows(self) -> RowFormat:
        if self._format is None:
            self._reply()
            self._format = self._translated(data_streams.row_format, self._session, self._operation, self._types)
        return self._format

    def _loaded(self, load: Callable[[Row], Row], row: Row) -> Row:
        try:
            return load(row)
        except Unloadable as error:
            raise exceptions.DataError(str(error)) from error.__cause__

    def _translated(self, call: Any, *arguments: Any) -> Any:
        return self._cursor.connection._translated(lambda: call(*arguments))
