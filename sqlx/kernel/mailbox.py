"""What a server tells unasked, until somebody reads it: the newest, up to a number and a size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Keeps at most `count` things of at most `size` characters in all, as `measure` tells them; the newest always.

    `lost` is how many of the oldest had to make room.
    """

    def __init__(self, count: int, size: int, measure: Callable[[T], int]) -> None:
        self.lost = 0
        self._count = count
        self._room = size
        self._measure = measure
        self._kept: deque[tuple[T, int]] = deque()

    def __len__(self) -> int:
        return len(self._kept)

    def append(self, thing: T) -> None:
        size = self._measure(thing)
        self._kept.append((thing, size))
        self._room -= size
        while len(self._kept) > self._count or (self._room < 0 and len(self._kept) > 1):
            self.popleft()
            self.lost += 1

    def popleft(self) -> T:
        """Take the oldest. Raises IndexError when there is none."""
        thing, size = self._kept.popleft()
        self._room += size
        return thing
