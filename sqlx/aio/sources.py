"""What data and rows are taken from under asyncio: what there is at once, and what must be waited for.

Nothing is taken ahead: beside what was taken last, less than a piece (`PIECE`) waits to be sent.
"""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import ExitStack
from inspect import iscoroutinefunction
from time import monotonic
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from sqlx.kernel import exec as kernel

T = TypeVar("T")

TURN = 0.01  # seconds that the event loop may have to wait for what never waits itself


class AsyncFile(Protocol):
    """A binary file whose `read` is awaited, such as `asyncio.StreamReader`."""

    def read(self, size: int, /) -> Coroutine[Any, Any, bytes]: ...


Rows: TypeAlias = Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]]
DataSource: TypeAlias = kernel.DataSource | AsyncIterable[bytes] | AsyncFile


class Given(Generic[T]):
    """What can be had without waiting; now and then everybody else has a turn.

    No generator: one that is left in the middle must be closed by somebody.
    """

    def __init__(self, source: Iterable[T]) -> None:
        self._next = iter(source).__next__
        self._turn = monotonic() + TURN

    def __aiter__(self) -> Given[T]:
        return self

    async def __anext__(self) -> T:
        if monotonic() > self._turn:
            await sleep(0)
            self._turn = monotonic() + TURN
        try:
            return self._next()
        except StopIteration:
            raise StopAsyncIteration from None


class Read:
    """What a file gives that is waited for."""

    def __init__(self, read: Callable[[int], Coroutine[Any, Any, bytes]]) -> None:
        self._read = read

    def __aiter__(self) -> Read:
        return self

    async def __anext__(self) -> bytes:
        data = await self._read(kernel.PIECE)
        if kernel.is_end(data):
            raise StopAsyncIteration
        return data


def items(source: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    """One after the other. Raises WireError (usage) for what holds none."""
    return aiter(source) if isinstance(source, AsyncIterable) else Given(kernel.each(source))


def parts(source: DataSource, closing: ExitStack) -> AsyncIterator[bytes]:
    """What a source holds, part by part. Raises WireError (usage) for what is none."""
    read = getattr(source, "read", None)
    if iscoroutinefunction(read):
        return Read(read)
    if isinstance(source, AsyncIterable):
        return aiter(source)
    return Given(kernel.pieces(source, closing))  # type: ignore[arg-type]  # an AsyncFile is read above
