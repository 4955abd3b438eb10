"""The asyncio runner: the twin of `sqlx.wire.io.Blocking`, where it is said how a statement is stopped.

A socket's readiness comes from the event loop. An embedded engine blocks, so its steps run on one worker thread a
connection.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from inspect import isawaitable
from typing import Any, TypeVar, cast

from sqlx.wire.errors import WireError
from sqlx.wire.io import CANCEL, GRACE, REPEAT, given_up, late, never_opened, no_name
from sqlx.wire.link import READ, WRITE, Ask, Link, Need, Steps, Wait
from sqlx.wire.watch import Watch

T = TypeVar("T")


class Asyncio:
    """Runs steps on the running event loop. One runner a link; only `cancel` is for other tasks."""

    __slots__ = ("_need", "_running", "_watch", "_worker", "cancelled", "link", "stopping")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.stopping = False  # what runs shall end: steps that see this start nothing new
        self.cancelled = False  # the server was asked to cancel, and may yet do so; for whoever sees to it to reset
        self._need: Need | None = None
        self._running: asyncio.Future[Any] | None = None
        self._watch: Watch | None = None
        self._worker = ThreadPoolExecutor(1, "sqlx") if link.pack.embedded else None

    async def open(self, timeout: float | None = None) -> None:
        """Open the link; the deadline bounds all of it, name resolution included. Raises WireError."""
        try:
            async with asyncio.timeout(timeout) as limit:
                await self._start(self.link.open())
        except TimeoutError:
            self._abort()
            if not limit.expired():  # it came from whoever was asked for the password
                raise
            raise never_opened(self.link, timeout) from None
        except BaseException:
            self._abort()
            raise

    async def run(self, steps: Steps[T], timeout: float | None = None) -> T:
        """Drive steps to their end. When the task is cancelled, and after `timeout` seconds, the server is to cancel.

        Raises WireError. A cancelled task ends when the server has answered, at most GRACE seconds later.
        """
        if self._watch is None:
            return await self._run(steps, timeout)
        with self._watch.away():
            return await self._run(steps, timeout)

    async def listen(self, lock: object, timeout: float | None) -> bool:
        """Wait for what comes unasked, also while statements run; False when nothing came in time. Raises WireError."""
        self.link.check_open()  # having been woken by the link's end, whoever waits again is told of it here
        return await self._watcher().listen(timeout)

    def keep_watch(self, on: bool, news: Callable[[], None]) -> None:
        """Call `news` whenever something came unasked, from now on or no longer."""
        watch = self._watcher()
        watch.kept, watch.news = on, news
        watch.arm()
        watch.settle()

    def report(self, problem: str, error: BaseException) -> None:
        """Show what went wrong where nobody waits for it."""
        asyncio.get_running_loop().call_exception_handler({"message": problem, "exception": error})

    def abort(self) -> None:
        """Close the link at once, saying nothing."""
        if self._watch is not None:
            self._watch.end()
        self.link.abort()

    def _watcher(self) -> Watch:
        if self._watch is None:
            self._watch = Watch(self.link, self.report)
        return self._watch

    async def _run(self, steps: Steps[T], timeout: float | None) -> T:
        try:
            if timeout is None:
                return await self._start(steps)
            async with asyncio.timeout(timeout):
                return await self._start(steps)
        except TimeoutError:
            try:
                return await _to_its_end(self._settle(steps))
            except WireError as error:
                raise late("the statement", timeout, error.outcome, error) from None
        except asyncio.CancelledError:
            with suppress(WireError):
                await _to_its_end(self._settle(steps))
            raise

    async def cancel(self) -> None:
        """Stop what this link runs. Raises WireError when the server cannot be asked."""
        if self.link.interrupt():
            return
        self.cancelled = True
        try:
            async with asyncio.timeout(CANCEL) as limit:
                await Asyncio(self.link)._start(self.link.cancel())
        except TimeoutError:
            if not limit.expired():
                raise
            raise late("the request to cancel", CANCEL, "unknown") from None

    async def close(self) -> None:
        """Say goodbye and close; never raises, never waits long."""
        if self._watch is not None:
            self._watch.end()
        try:
            with suppress(WireError, TimeoutError):
                async with asyncio.timeout(CANCEL):
                    await self._start(self.link.close())
        finally:
            self._abort()

    def _abort(self) -> None:
        self.abort()
        if self._worker is not None:
            self._worker.shutdown(wait=False)

    async def _start(self, steps: Steps[T]) -> T:
        if self._worker is None:
            return await self._drive(steps, None)
        self._running = asyncio.get_running_loop().run_in_executor(self._worker, _exhaust, steps)
        return cast(T, await asyncio.shield(self._running))

    async def _resume(self, steps: Steps[T]) -> T:
        if self._running is None:
            return await self._drive(steps, self._need)
        return cast(T, await asyncio.shield(self._running))

    async def _drive(self, steps: Steps[T], need: Need | None) -> T:
        """Drive steps to their end; `need` is what suspended ones wait for. Cancelled, it leaves them suspended."""
        try:
            if need is None:
                need = steps.send(None)
            while True:
                self._need = need
                if type(need) is Wait:
                    need = steps.send(await _ready(need.fd, need.flags))
                    continue
                if type(need) is Ask:
                    need = steps.send(await _answer(need.question))
                    continue
                loop = asyncio.get_running_loop()
                try:
                    answer = await loop.getaddrinfo(need.host, need.port, type=socket.SOCK_STREAM)  # type: ignore[union-attr]
                except UnicodeError:
                    need = steps.throw(no_name())
                except OSError as error:
                    need = steps.throw(error)
                else:
                    need = steps.send(answer)
        except StopIteration as end:
            return cast(T, end.value)

    async def _settle(self, steps: Steps[T]) -> T:
        """Have the server end what it runs, and with it the steps.

        Raises WireError: the server's, or that the link is lost.
        """
        self.stopping = True
        loop = asyncio.get_running_loop()
        give_up = loop.time() + GRACE
        try:
            while loop.time() < give_up:
                with suppress(Exception):  # a password that was to be fetched may raise anything
                    await self.cancel()
                with suppress(TimeoutError):
                    async with asyncio.timeout(REPEAT):
                        return await self._resume(steps)
        finally:
            self.stopping = False
        self._abort()
        raise given_up()


async def _answer(question: Callable[[], Any]) -> Any:
    answer = question()
    return await answer if isawaitable(answer) else answer


async def _ready(fd: int, flags: int) -> int:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()
    if flags & READ:
        loop.add_reader(fd, _wake, future, READ)
    if flags & WRITE:
        loop.add_writer(fd, _wake, future, WRITE)
    try:
        return await future
    finally:
        if flags & READ:
            loop.remove_reader(fd)
        if flags & WRITE:
            loop.remove_writer(fd)


def _wake(future: asyncio.Future[int], found: int) -> None:
    if not future.done():
        future.set_result(found)


def _exhaust(steps: Steps[T]) -> T:
    """Run steps that never wait."""
    try:
        need = steps.send(None)
    except StopIteration as end:
        return cast(T, end.value)
    raise WireError("protocol", f"an embedded engine waits for {need!r}, and there is nothing to wait for")


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await all of `work`, however often the task is cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except WireError:
            break
    if cancelled:
        task.exception()
        raise asyncio.CancelledError
    return task.result()
