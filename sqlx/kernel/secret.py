"""A secret that shows itself to nobody who does not ask for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Secret:
    """A text that shows itself to no one who does not ask for it by `reveal()`; `origin` says where it came from."""

    __slots__ = ("_text", "origin")

    def __init__(self, text: str, origin: str = "") -> None:
        self._text = text
        self.origin = origin

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not pickled")


class Source:
    """Where a password is fetched from anew for each connection; no more of it is shown than of a secret."""

    __slots__ = ("ask",)
    origin = "the function password="

    def __init__(self, ask: Callable[[], Any]) -> None:
        self.ask = ask

    def __repr__(self) -> str:
        return "'***'"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("the source of a secret is not pickled")
