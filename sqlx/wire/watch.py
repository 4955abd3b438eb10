"""An ear on an idle link under asyncio: what the server says unasked is heard when it says it.

While nothing is asked of the link its `listen` steps wait in the event loop; whatever is to be asked first takes them
away, which loses nothing, and puts them back afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from sqlx.wire.errors import WireError
from sqlx.wire.io import MOMENT
from sqlx.wire.link import READ, Link, Steps, Wait

Report = Callable[[str, BaseException], None]


class Watch:
    """Listens while somebody waits for news, or `kept` says that somebody wants them at any time."""

    def __init__(self, link: Link, report: Report) -> None:
        self.kept = False
        self.news: Callable[[], None] = lambda: None  # called when something came, or the link broke
        self._link = link
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Future[None]] = set()
        self._steps: Steps[None] | None = None
        self._fd = -1

    async def listen(self, timeout: float | None) -> bool:
        """Wait for news; False when there were none in time."""
        future = self._loop.create_future()
        self._waiting.add(future)
        try:
            self.arm()
            async with asyncio.timeout(None if timeout is None else max(timeout, MOMENT)):
                await future
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
            self.settle()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Leave the link to a statement, which may bring news too."""
        self.disarm()
        try:
            yield
        finally:
            self._wake()
            self.arm()

    def arm(self) -> None:
        """Listen, if somebody wants to know and the link has nothing else to say."""
        if self._steps is None and (self.kept or self._waiting) and self._link.idle:
            self._hear(None)

    def disarm(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
        if self._steps is not None:
            self._steps.close()
        self._steps, self._fd = None, -1

    def settle(self) -> None:
        """Listen no longer, if nobody wants to know."""
        if not (self.kept or self._waiting):
            self.disarm()

    def end(self) -> None:
        """The link is about to be closed."""
        self.kept = False
        self.disarm()
        self._wake()

    def _hear(self, found: int | None) -> None:
        """Take all that has come, and wait for more."""
        heard = False
        try:
            while (need := self._next(found)) is None:
                heard, found = True, None
        except WireError as error:
            self.disarm()
            if not self._waiting:  # who waits is told by the link itself
                self._report("an idle connection broke", error)
            heard = True
        else:
            if need.fd != self._fd:
                self._fd = need.fd
                self._loop.add_reader(need.fd, self._hear, READ)
        if heard:
            self.news()
            self._wake()

    def _next(self, found: int | None) -> Wait | None:
        """Go on until the steps wait, or None when they have taken a message."""
        if self._steps is None:
            self._steps, found = self._link.listen(), None
        try:
            return cast(Wait, self._steps.send(found))
        except StopIteration:
            self._steps = None
            return None

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
