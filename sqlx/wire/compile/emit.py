"""Straight-line Python written by the compilers of this room.

Only names minted here and numbers stand in the text; every string of a pack or of a server is a constant in the
namespace, so no input can become code.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any


@lru_cache(maxsize=1000)
def _code(text: str) -> CodeType:
    """The same shapes come again and again: an error's fields, the rows of a common result."""
    return compile(text, "<wire pack>", "exec")


class Source:
    """The body of one function under construction."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 1
        self._minted = 0
        self._constants: dict[str, Any] = {}
        self._names: dict[int, str] = {}  # of constants, by their identity; `_constants` keeps them alive

    def mint(self, letter: str = "x") -> str:
        """A name used nowhere else in this source."""
        self._minted += 1
        return f"{letter}{self._minted}"

    def constant(self, value: Any) -> str:
        """The name under which `value` can be reached."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = self.mint("k")
            self._constants[name] = value
        return name

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    def indent(self, text: str) -> None:
        """A line that opens a block."""
        self.line(text)
        self._depth += 1

    def dedent(self) -> None:
        self._depth -= 1

    def build(self, parameters: str) -> Callable[..., Any]:
        """Compile. Constants are bound as default arguments: the fastest a function can reach them."""
        bound = "".join(f", {name}={name}" for name in self._constants)
        text = f"def emitted({parameters}{bound}):\n" + "\n".join(self._lines)
        namespace = dict(self._constants)
        exec(_code(text), namespace)
        function: Callable[..., Any] = namespace["emitted"]
        return function
