"""How a pack names what is done to a value: `int`, `array(int)`, `days_since(2000-01-01)`.

    operation = name [ "(" argument { "," argument } ")" ]
    argument  = operation | integer | date | quoted text ('' inside stands for one quote)

A table says which operations there are and what arguments each takes, and makes its decoder or encoder once per
operation and context; nothing of this is looked at again when values flow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlx.wire.errors import PackError

Codec: TypeAlias = Callable[[Any], Any]

MAX_LENGTH = 16_384  # characters of one operation: a composite names all its fields
MAX_DEPTH = 8  # operations within operations


@dataclass(frozen=True, slots=True)
class Context:
    """What decoding and encoding depend on beside the value.

    `zone` is the session's time zone (None: unknown; moments then keep the offset they came with), `byte_order` that of
    binary numbers. Text is UTF-8.
    """

    zone: tzinfo | None = None
    byte_order: Literal["big", "little"] = "big"


class Operation(NamedTuple):
    """A parsed operation."""

    name: str
    arguments: tuple[Operation | int | date | str, ...] = ()


class Maker(NamedTuple):
    """`make(context, *arguments)` gives the codec. `takes` are the classes of the arguments, `needs` how many of them
    must be given, `repeats` those of arguments that come again and again. An argument that is an operation arrives
    made."""

    make: Callable[..., Codec]
    takes: tuple[type, ...] = ()
    needs: int = 0
    repeats: tuple[type, ...] = ()

    def classes(self, given: int) -> tuple[type, ...]:
        """The class of each of so many arguments. Raises ValueError when there must be more or fewer."""
        times, rest = divmod(given, len(self.repeats)) if self.repeats else (0, 0)
        if rest or (not self.repeats and not self.needs <= given <= len(self.takes)):
            raise ValueError(f"not {given}")
        return self.repeats * times or self.takes


def plain(codec: Codec) -> Maker:
    """An operation that depends on nothing."""
    return Maker(lambda context: codec)


class Table:
    """Operations of one direction by name. `what` names the direction in messages."""

    def __init__(self, what: str, *parts: Mapping[str, Maker]) -> None:
        self.what = what
        self.makers: dict[str, Maker] = {}
        for part in parts:
            self.makers.update(part)

    @lru_cache(maxsize=1024)  # noqa: B019  a table lives as long as the program
    def codec(self, op: str, context: Context) -> Codec:
        """The codec of an operation as a pack writes it. Raises PackError."""
        return self._make(parse(op), context)

    def _make(self, operation: Operation, context: Context) -> Codec:
        name, arguments = operation
        maker = self.makers.get(name)
        if maker is None:
            raise PackError("$", f"there is no {self.what} named {name!r}; there are {', '.join(sorted(self.makers))}")
        try:
            classes = maker.classes(len(arguments))
        except ValueError as error:
            raise PackError("$", f"{name} takes {_count(maker)}, {error}") from None
        for argument, wanted in zip(arguments, classes, strict=False):
            if type(argument) is not wanted:
                raise PackError("$", f"{name} takes {_WORDS[wanted]}, not {argument!r}")
        made = (self._make(each, context) if isinstance(each, Operation) else each for each in arguments)
        codec: Codec = maker.make(context, *made)
        return codec


_WORDS: dict[type, str] = {Operation: "an operation", int: "an integer", date: "a date", str: "a quoted text"}


def _count(maker: Maker) -> str:
    if maker.repeats:
        return f"arguments in groups of {len(maker.repeats)}"
    if not maker.takes:
        return "no argument"
    least, most = maker.needs, len(maker.takes)
    return f"{most} argument(s)" if least == most else f"{least} to {most} arguments"


_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d\d-\d\d)|(?P<int>-?\d{1,18})|(?P<name>[a-z][a-z0-9_]*)|'(?P<text>(?:[^']|'')*)'|(?P<mark>[(),]))"
)
_REST = re.compile(r"\s*\Z")


@lru_cache(maxsize=1024)
def parse(op: str) -> Operation:
    """An operation as a pack writes it. Raises PackError."""
    if len(op) > MAX_LENGTH:
        raise PackError("$", f"an operation has at most {MAX_LENGTH} characters, not {len(op)}")
    reader = _Reader(op)
    operation = reader.operation(0)
    if reader.kind:
        raise reader.error("the end")
    return operation


class _Reader:
    """Reads one operation token by token: `kind` and `value` are of the token to come, both empty at the end."""

    def __init__(self, op: str) -> None:
        self.op = op
        self.start = self.position = 0
        self.advance()

    def advance(self) -> None:
        self.start = self.position
        if _REST.match(self.op, self.position):
            self.kind = self.value = ""
            return
        match = _TOKEN.match(self.op, self.position)
        if match is None:
            raise self.error("a name or an argument")
        self.kind = match.lastgroup or ""
        self.value = match[self.kind]
        self.start, self.position = match.start(self.kind), match.end()

    def error(self, wanted: str) -> PackError:
        return PackError("$", f"{self.op!r} is no operation: expected {wanted} at character {self.start + 1}")

    def take(self, mark: str) -> bool:
        if self.kind != "mark" or self.value != mark:
            return False
        self.advance()
        return True

    def operation(self, depth: int) -> Operation:
        if self.kind != "name":
            raise self.error("a name")
        if depth > MAX_DEPTH:
            raise PackError("$", f"{self.op!r} nests more than {MAX_DEPTH} operations")
        name = self.value
        self.advance()
        arguments: list[Operation | int | date | str] = []
        if self.take("("):
            arguments.append(self.argument(depth))
            while self.take(","):
                arguments.append(self.argument(depth))
            if not self.take(")"):
                raise self.error("')'")
        return Operation(name, tuple(arguments))

    def argument(self, depth: int) -> Operation | int | date | str:
        kind, value = self.kind, self.value
        if kind in ("", "mark", "name"):
            return self.operation(depth + 1)
        self.advance()
        if kind == "int":
            return int(value)
        if kind == "text":
            return value.replace("''", "'")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise PackError("$", f"{value} is no date") from None
