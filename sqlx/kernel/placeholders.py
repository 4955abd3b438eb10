"""From the caller's markers to the server's: which text is sent, and in which order the values follow.

    paramstyle          a sequence binds     a mapping binds     the sign itself
    qmark, named        ?                    :name               ??, in code
    format, pyformat    %s                   %(name)s            %%, in code and in what is quoted
    numeric             :1                   -                   -
    native              the server's own     -                   -

Markers are seen in code alone. Strings, comments and quoted names are never touched, but that %% is % there too: so do
the drivers that have these styles, and texts that were written for them double it. A single % stays.
In the brackets behind a value (`a[1:n]`, `a[:n]`) the first colon is the slice's; `a[(:n)]` binds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlx.kernel.errors import Mistake
from sqlx.kernel.scanner import NO_VARIABLES, Kind, Scanner, Token, Variables
from sqlx.wire.builtin_options import PARAM_STYLES

Parameters: TypeAlias = Sequence[Any] | Mapping[str, Any]
Key: TypeAlias = int | str
Marker: TypeAlias = tuple[int, int, Key | None]  # start, end, and what it binds; None: the doubled sign, for itself

_MARKERS = re.compile(r"%s|(?<![:\w]):\d|(?<!\?)\?(?!\?)")  # of some paramstyle

_OPAQUE = ("string", "identifier", "comment")
_DOUBLED = re.compile("%%")


class Named(dict[str, Any]):
    """Values that bind :name whatever the caller's paramstyle is, for texts that are not his."""


@dataclass(frozen=True, slots=True)
class Native:
    """A text the server understands, and how to order values for it.

    `order` holds for each of the server's parameters the index or the name of the caller's value; `count` counts them.
    `wanted` is the length of the sequence that fits. `shifts` leads from offsets in `text` back to the caller's.
    """

    text: str
    count: int
    order: tuple[Key, ...]
    by_name: bool
    wanted: int
    shifts: tuple[tuple[int, int], ...] = ()

    def arrange(self, parameters: Parameters) -> list[Any]:
        """The values in the server's order. Raises Mistake when they are too few, too many, or not there."""
        if is_by_name(parameters) is not self.by_name and (self.count or len(parameters)):
            raise Mistake("a mapping fits :name markers, a sequence fits ? markers; all rows have to be of one shape")
        if isinstance(parameters, Mapping):
            return self._named(parameters)
        if len(parameters) != self.wanted:
            given = _counted(len(parameters), "value")
            hint = "" if self.count else _other_style(self.text)
            raise Mistake(f"the statement has {_counted(self.wanted, 'parameter marker')}, {given} given", hint)
        return [parameters[index] for index in self.order]  # type: ignore[index]

    def source_position(self, position: int) -> int:
        """Where a position (1-based, in characters) that the server names stands in the caller's text."""
        place = bisect_right(self.shifts, (position - 1, len(self.text) * 2))
        here, there = self.shifts[place - 1] if place else (0, 0)
        return position - here + there

    def _named(self, parameters: Mapping[str, Any]) -> list[Any]:
        missing = [str(name) for name in dict.fromkeys(self.order) if name not in parameters]
        if missing:
            raise Mistake(f"no value for {', '.join(missing)} in the mapping of {_counted(len(parameters), 'value')}")
        return [parameters[name] for name in self.order]  # type: ignore[index]


def _other_style(text: str) -> str:
    """What to do about markers that look like those of another paramstyle."""
    found = _MARKERS.search(text)
    if found is None:
        return ""
    return _binds(found[0], {"%": "format", ":": "numeric"}.get(found[0][0], "qmark"))


def _binds(marker: str, style: str) -> str:
    return f"the text has {marker}, which binds with paramstyle={style!r} at connect"


def is_by_name(parameters: object) -> bool:
    """Whether parameters bind by name (a mapping) or by position. Raises Mistake for what is neither."""
    kind = type(parameters)
    if kind is tuple or kind is list:
        return False
    if kind is dict or isinstance(parameters, Mapping):
        return True
    if isinstance(parameters, str | bytes | bytearray | memoryview):
        known = False
    else:
        known = hasattr(parameters, "__len__") and hasattr(parameters, "__getitem__")
    if not known:
        raise Mistake(f"parameters are a sequence or a mapping, not {kind.__name__}; for a single value write (value,)")
    return False


def prepare_text(
    scanner: Scanner, text: str, paramstyle: str = "qmark", by_name: bool = False, variables: Variables = NO_VARIABLES
) -> Native:
    """The statement as the server is to see it; of the variables, only `scanner.mode(variables)` matters.

    Raises Mistake for several statements, mixed markers, a NUL character, and an unknown paramstyle.
    """
    if "\0" in text:
        raise Mistake(f"SQL text cannot hold a NUL character; there is one at position {text.index(chr(0)) + 1}")
    if ";" in text and len(scanner.statements(text, variables)) > 1:
        raise Mistake(
            "parameters go with one statement, the text holds several: execute them one by one, or without parameters"
        )
    if paramstyle == "native":
        return _as_it_is(scanner, text, by_name, variables)
    find = _FINDERS.get(paramstyle)
    if find is None:
        raise Mistake(f"no paramstyle {paramstyle!r}; there are {', '.join(PARAM_STYLES)}")
    tokens = _without_slices(text, scanner.tokens(text, variables))
    return _rewrite(text, list(find(text, tokens, by_name, scanner.placeholder)), scanner.placeholder, by_name)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _without_slices(text: str, tokens: Iterator[Token]) -> Iterator[Token]:
    """The tokens, with the names behind a slice's colon turned into symbols."""
    open_brackets: list[bool] = []  # for each bracket: whether a colon in it would be a slice's
    before, piece_before = "symbol", ""
    for kind, start, end in tokens:
        piece = text[start:end]
        if kind in ("name", "numeric") and open_brackets and open_brackets[-1]:
            kind = "symbol"
        if piece in ("(", "["):
            open_brackets.append(piece == "[" and _is_operand(before, piece_before))
        elif piece in (")", "]") and open_brackets:
            open_brackets.pop()
        elif kind == "symbol" and piece[0] == ":" and piece not in ("::", ":=") and open_brackets:
            open_brackets[-1] = False
        if kind != "comment":
            before, piece_before = kind, piece
        yield kind, start, end


def _is_operand(kind: str, piece: str) -> bool:
    """Whether a bracket behind this token takes a part of it; elsewhere it lists an array's elements."""
    if kind == "word":
        return piece.upper() != "ARRAY"
    return kind in ("identifier", "string", "name", "numeric", "mark", "percent", "native") or piece in (")", "]")


def _question(text: str, tokens: Iterator[Token], by_name: bool, placeholder: str) -> Iterator[Marker]:
    index = 0
    named, foreign = False, ""
    for kind, start, end in tokens:
        piece = text[start:end]
        if kind == "mark" and piece == "??":
            if placeholder == "?":
                raise Mistake("?? stands for an operator with a question mark, and there is none in this engine's SQL")
            yield start, end, None
        elif kind == "mark":
            if by_name:
                raise Mistake("a mapping binds :name, and the text has a ?: use one kind (?? is the operator)")
            yield start, end, index
            index += 1
        elif kind == "name":
            if not by_name:
                raise Mistake(f"a sequence binds ?, and the text has {piece}: give a mapping, or use ? throughout")
            named = True
            yield start, end, piece[1:]
        elif piece.startswith("%("):
            foreign = foreign or piece
        _refuse_native(kind, piece)
    if by_name and foreign and not named:
        raise Mistake("a mapping binds :name, and the text has none", _binds(foreign, "pyformat"))


def _percent(text: str, tokens: Iterator[Token], by_name: bool, placeholder: str) -> Iterator[Marker]:
    index = 0
    for kind, start, end in tokens:
        piece = text[start:end]
        if kind in _OPAQUE or piece == "%%":
            yield from ((start + found.start(), start + found.end(), None) for found in _DOUBLED.finditer(piece))
        elif kind == "percent" and by_name is not (piece != "%s"):
            wants, has = ("a mapping", "%(name)s") if by_name else ("a sequence", "%s")
            raise Mistake(f"{wants} binds {has}, and the text has {piece}: use one kind of marker")
        elif kind == "percent":
            yield start, end, piece[2:-2] if by_name else index
            index += 1
        _refuse_native(kind, piece, placeholder)


def _numeric(text: str, tokens: Iterator[Token], by_name: bool, placeholder: str) -> Iterator[Marker]:
    if by_name:
        raise Mistake("paramstyle numeric binds :1, :2 from a sequence, not from a mapping")
    for kind, start, end in tokens:
        piece = text[start:end]
        if kind == "numeric":
            if len(piece) > 6 or int(piece[1:]) == 0:
                raise Mistake(f"parameters are numbered from :1 to :65535, not {piece}")
            yield start, end, int(piece[1:]) - 1
        _refuse_native(kind, piece, placeholder)


_FINDERS = {"qmark": _question, "named": _question, "format": _percent, "pyformat": _percent, "numeric": _numeric}


def _refuse_native(kind: Kind, piece: str, placeholder: str = "") -> None:
    """What the server would take for a parameter beside ours must not reach it."""
    if kind == "native" or (kind == "mark" and placeholder == "?"):
        raise Mistake(f"the text has the server's own placeholder {piece}; paramstyle='native' sends it as it is")


def _rewrite(text: str, markers: list[Marker], placeholder: str, by_name: bool) -> Native:
    numbers: dict[Key, int] = {}
    order: list[Key] = []
    pieces: list[str] = []
    shifts: list[tuple[int, int]] = []
    length = done = 0
    for start, end, key in markers:
        if key is None:
            sign = text[start]
        else:
            if "{n}" not in placeholder or key not in numbers:
                order.append(key)
                numbers[key] = len(order)
            sign = _apart(text, start, end, placeholder.replace("{n}", str(numbers[key])))
        pieces += (text[done:start], sign)
        length += start - done
        shifts.append((length + sign.startswith(" "), start))
        length += len(sign)
        shifts.append((length, end))
        done = end
    pieces.append(text[done:])
    wanted = max((key + 1 for key in order if isinstance(key, int)), default=0)
    return Native("".join(pieces), len(order), tuple(order), by_name, wanted, tuple(shifts))


def _apart(text: str, start: int, end: int, placeholder: str) -> str:
    """A placeholder that does not run into the words beside it: `limit?` becomes `limit $1`, `?1` becomes `$1 1`."""
    before = " " if placeholder[0] != "?" and start and _is_wordy(text[start - 1]) else ""
    behind = " " if end < len(text) and _is_wordy(text[end]) else ""
    return f"{before}{placeholder}{behind}"


def _is_wordy(character: str) -> bool:
    return character.isalnum() or character in "_$" or character >= "\x80"


def _as_it_is(scanner: Scanner, text: str, by_name: bool, variables: Variables) -> Native:
    if by_name:
        raise Mistake("paramstyle native binds a sequence, not a mapping")
    start, _, stop = scanner.placeholder.partition("{n}")
    highest = 0
    for kind, begin, end in scanner.tokens(text, variables):
        if kind == "native":
            highest = max(highest, int(text[begin + len(start) : end - len(stop)][:6]))
        elif kind == "mark" and scanner.placeholder == "?":
            highest += end - begin
    return Native(text, highest, tuple(range(highest)), False, highest)
