"""What a server tells unasked, and who hears of it.

Notifications arrive with the reply to any statement, or while nothing is asked. They wait here: for the iterators of
the connection, and, until the conversation is in step, for its callbacks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlx.kernel.errors import Misuse, WireError
from sqlx.kernel.mailbox import Mailbox
from sqlx.wire.link import Link

KEPT = 10_000  # notifications that wait to be read; the oldest make room
KEPT_SIZE = 32 << 20  # characters of all of them


class Notification(NamedTuple):
    """One notification: the channel, its text, and the number of the server's process that sent it."""

    channel: str
    payload: str
    process_id: int


Callback = Callable[[Notification], object]


def _size(notification: Notification) -> int:
    return len(str(notification.channel)) + len(str(notification.payload))


class Notifications:
    """The notifications of one session that nobody has read yet. Errors are WireError."""

    def __init__(self, link: Link, report: Callable[[str, BaseException], None]) -> None:
        self.due: Mailbox[Notification] = Mailbox(KEPT, KEPT_SIZE, _size)  # for the callbacks
        self.callbacks: dict[object, Callback] = {}
        self._link = link
        self._report = report
        self._kept: Mailbox[Notification] = Mailbox(KEPT, KEPT_SIZE, _size)
        self._iterated = False
        link.on_notify = self._arrived

    def check_offered(self) -> None:
        """Raises WireError (unsupported) where the engine has no notifications, and when the connection is closed."""
        always = self._link.pack.always.values()
        steps = [step for said in always for step in (said if isinstance(said, list) else [said])]
        if not any(isinstance(step, dict) and step.get("event") == "notify" for step in steps):
            name = self._link.pack.title or self._link.pack.name
            raise WireError("unsupported", f"{name} sends no notifications", outcome="not_run")
        self._link.check_open()

    def iterate(self, timeout: float | None, stop_after: int | None) -> None:
        """Somebody is about to read: what arrives is kept from now on, whoever else hears of it."""
        self.check_offered()
        for name, number in (("timeout", timeout), ("stop_after", stop_after)):
            if number is not None and not (isinstance(number, int | float) and number >= 0):
                raise Misuse(f"{name} is a number that is not negative, not {number!r:.80}")
        self._iterated = True

    def take(self) -> Notification | None:
        """The oldest that waits. Warns when older ones had to make room."""
        if lost := self._kept.lost:
            self._kept.lost = 0
            warnings.warn(
                f"{lost} notifications were lost: no more than {KEPT}, of {KEPT_SIZE} characters, wait to be read",
                RuntimeWarning,
                stacklevel=3,
            )
        return self._kept.popleft() if self._kept else None

    def deliver(self) -> None:
        """Call the callbacks. What one raises is shown, and stops nothing."""
        while self.due:
            notification = self.due.popleft()
            for callback in tuple(self.callbacks.values()):
                try:
                    callback(notification)
                except Exception as error:
                    self._report(f"a callback for notifications failed ({callback!r})", error)

    def _arrived(self, said: Mapping[str, Any]) -> None:
        notification = Notification(said.get("channel", ""), said.get("payload", ""), said.get("process", 0))
        if self.callbacks:
            self.due.append(notification)
        if self._iterated or not self.callbacks:
            self._kept.append(notification)
