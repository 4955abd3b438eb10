"""Which statements the server keeps prepared, under a name of ours.

A name costs the server memory and is worth it for what is run again. It also binds: behind a pooler that lends its
servers out for a transaction at a time, a name given to one server means nothing to the next, or what another client
meant by it. So a statement is named at its `threshold`-th run, and only once it is known that one process of the server
answers all that the connection asks. Until then, and elsewhere, it is parsed, bound and run in one exchange.
"""

from __future__ import annotations

from typing import Any

from sqlx.kernel.statements import Recent
from sqlx.wire.link import Link, Prepared

COUNTED = 1000  # statements whose runs are counted


class Kept:
    """The prepared statements of one session. `threshold` 0 is never."""

    def __init__(self, link: Link, threshold: int, most: int) -> None:
        self._link = link
        self._threshold = threshold
        self._named: Recent[Any, Prepared] = Recent(most)
        self._runs: Recent[Any, int] = Recent(COUNTED)
        self.get = self._named.get

    def put(self, key: Any, prepared: Prepared) -> None:
        """Keep a statement, and have the server forget the one that was used longest ago where there are too many."""
        forgotten = self._named.put(key, prepared)
        if forgotten is not None:
            self._link.release(forgotten)

    def is_due(self, key: Any, runs: int = 1) -> bool:
        """Whether a statement that is about to be run, so many times, shall be kept."""
        if not self._threshold:
            return False
        runs += self._runs.get(key) or 0
        self._runs.put(key, runs)
        return runs >= self._threshold and bool(self._link.direct)

    def forget(self) -> None:
        """Forget all, here and at the server."""
        for prepared in self._named.clear():
            self._link.release(prepared)

    def give_up(self) -> None:
        """Keep nothing from now on: names do not mean here what they should."""
        self.forget()
        self._threshold = 0
