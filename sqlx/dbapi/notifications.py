# Generated from sqlx/aio/notifications.py by scripts/async_to_sync.py; do not edit.
"""Reading notifications one by one, and being called with each."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from time import monotonic
from typing import TYPE_CHECKING

from sqlx.dbapi import exceptions
from sqlx.dbapi.exceptions import translate
from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import Notification

if TYPE_CHECKING:
    from sqlx.dbapi.connection import Connection


class Notifies:
    """The notifications of a connection as they come, made by `Connection.notifies`. Several share what comes."""

    def __init__(self, connection: Connection, timeout: float | None, stop_after: int | None) -> None:
        self._connection = connection
        self._left = stop_after
        self._deadline = None if timeout is None else monotonic() + timeout
        self._polls = timeout == 0

    def __iter__(self) -> Notifies:
        return self

    def __next__(self) -> Notification:
        while self._left != 0:
            found = self._connection._session.notifications.take()
            if found is not None:
                if self._left is not None:
                    self._left -= 1
                return found
            left = None if self._deadline is None else max(0.0, self._deadline - monotonic())
            if (left == 0 and not self._polls) or not self._heard(left):
                break
        raise StopIteration

    def _heard(self, timeout: float | None) -> bool:
        """Wait for a notification; False when none came in time."""
        connection = self._connection
        connection._check_open()
        if (pipeline := connection._pipeline) is not None:
            pipeline._refuse()
        session = connection._session
        if session.streams.open:
            connection._run(session.streams.make_way())
        try:
            return connection._runner.listen(connection._mine(), timeout)
        except WireError as error:
            raise translate(error, session.link.pack) from None
        finally:
            session.notifications.deliver()


def call_back(connection: Connection, callback: Callable[[Notification], object]) -> Callable[[], None]:
    """Have a function called with each notification. Returns a function that ends this."""
    notifications = connection._session.notifications
    connection._translated(notifications.check_offered)
    if not callable(callback) or iscoroutinefunction(callback):
        raise exceptions.ProgrammingError(
            f"a callback is a function that nobody waits for, not {callback!r:.80}: let it start a task"
        )
    mine = object()
    notifications.callbacks[mine] = callback
    connection._runner.keep_watch(True, notifications.deliver)

    def end() -> None:
        if notifications.callbacks.pop(mine, None) is not None and not connection._closed:
            connection._runner.keep_watch(bool(notifications.callbacks), notifications.deliver)

    return end
