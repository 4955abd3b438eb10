"""Data that a statement takes from its caller while it runs, piece by piece, and how it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlx.wire.compile.program import ARGUMENTS
from sqlx.wire.link import Given, GivenUp

PIECE = 65536  # bytes that are sent in one message: below all that a frame may hold, so that none is ever split

_DATA, _REASON = (list(ARGUMENTS).index(name) for name in ("data", "reason"))
Act = Callable[[Any, list[Any], Any, Any], None]


class Feed:
    """Sends what the caller gives, by the messages that the pack names; `fail` is None where the protocol has no word
    for data that nobody can go on with."""

    __slots__ = ("_arguments", "_data", "_end", "_fail", "over")

    def __init__(self, data: Act, end: Act, fail: Act | None, arguments: Any) -> None:
        self._data, self._end, self._fail = data, end, fail
        self._arguments = list(arguments)
        self.over = False

    def send(self, machine: Any, given: Given) -> None:
        """Write the messages for a piece of data, or for its end, which is one way or the other the last."""
        if given is None or isinstance(given, GivenUp):
            self.over = True
            act = self._end if given is None or self._fail is None else self._fail
            self._arguments[_REASON] = "" if given is None else given.reason
            act(machine, machine.v, self._arguments, None)
            return
        # An empty piece would be taken for the end where the end is an empty message: it is never sent.
        for start in range(0, len(given), PIECE):
            self._arguments[_DATA] = given[start : start + PIECE]
            self._data(machine, machine.v, self._arguments, None)
