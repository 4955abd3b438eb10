"""What a pack may compute before it waits for its server: so many calls, so many bytes joined, hashed, sent.

A deadline counts while the machine waits; what a pack does in between is bounded here. The fuel of a connection stands
behind its variables, as `v[-1]`. It is filled whenever bytes come, and when a command is sent. What is small is free,
and what is made of fields and arguments alone, which were measured as they came: rows and statements burn none.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any

from sqlx.wire.crypto import MAX_PBKDF2_ITERATIONS
from sqlx.wire.errors import WireError

MAX_FUEL = 100_000  # about a second's work
MAX_KEPT = 1 << 18  # bytes and characters of what an expression makes and a variable keeps
MAX_BITS = 128  # of a number that is kept
_JOINED, _READ, _HASHED = 10, 6, 2  # a unit is two to the power of this many bytes


class Fuel:
    """`left` is what may be burnt before the next wait, `iterations` are those of key derivations for good."""

    __slots__ = ("iterations", "left")

    def __init__(self) -> None:
        self.left = MAX_FUEL
        self.iterations = MAX_PBKDF2_ITERATIONS

    def burn(self, units: int) -> None:
        """Raises WireError when there is not so much left."""
        self.left -= units
        if self.left < 0:
            raise WireError("protocol", "the pack computes too much before it waits for the server")


def joined(v: list[Any], first: Any, second: Any) -> Any:
    """`first + second`, of which texts and bytes burn fuel."""
    whole = first + second
    if v and not isinstance(whole, int):
        v[-1].burn(len(whole) >> _JOINED)
    return whole


def reading(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function that burns fuel for what it is given."""

    def metered(v: list[Any], *arguments: Any) -> Any:
        if v:
            v[-1].burn(_size(arguments) >> _READ)
        return call(*arguments)

    return metered


def hashing(call: Callable[..., Any]) -> Callable[..., Any]:
    """A cryptographic function, which is slower."""

    def metered(v: list[Any], *arguments: Any) -> Any:
        if v:
            v[-1].burn(1 + (_size(arguments) >> _HASHED))
        return call(*arguments)

    return metered


def deriving(call: Callable[..., Any]) -> Callable[..., Any]:
    """The derivation of a key, whose last argument are its iterations."""

    def metered(v: list[Any], *arguments: Any) -> Any:
        if v and isinstance(arguments[-1], int) and arguments[-1] > 0:
            fuel: Fuel = v[-1]
            if fuel.iterations < arguments[-1] <= MAX_PBKDF2_ITERATIONS:
                raise WireError(
                    "refused", f"a connection derives keys with {MAX_PBKDF2_ITERATIONS} iterations at most, in all"
                )
            fuel.iterations -= arguments[-1]
        return call(*arguments)

    return metered


def _size(arguments: tuple[Any, ...]) -> int:
    return sum(len(each) for each in arguments if isinstance(each, Sized))


def kept(value: Any) -> Any:
    """`value`, which a variable is to keep. Raises ValueError for one that is too large, whatever is within."""
    size, inside = 0, [value]
    while inside and size <= MAX_KEPT:
        part = inside.pop()
        if isinstance(part, int):
            if part.bit_length() > MAX_BITS:
                raise ValueError(f"a number of {part.bit_length()} bits; at most {MAX_BITS} are kept")
        elif isinstance(part, Sized):
            size += len(part) + 1
            if isinstance(part, dict):
                inside += (*part, *part.values())
            elif isinstance(part, list | tuple):
                inside += part
    if size > MAX_KEPT + 1:
        raise ValueError(f"more than {MAX_KEPT} bytes; no more are kept")
    return value
