"""Rows as lines of text or of CSV, in the words of a pack's `copy` section: one writer and one reader for each.
`copy_binary.py` has those that are no lines.

Here values become literals, and nowhere else: what a value holds is escaped or quoted, whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlx.kernel.errors import Mistake, Misuse, WireError
from sqlx.wire.named_types import TypeCodecs
from sqlx.wire.parameters import Parameters
from sqlx.wire.registry import Section
from sqlx.wire.values.operations import Codec

Adapt = Callable[[Sequence[Any]], Sequence[Any]]
Field = bytes | None  # a value as the server writes it; None is null


class NamedType(NamedTuple):
    """The type of a column, by its name."""

    name: str
    codecs: TypeCodecs


def check_row(values: object) -> None:
    """Raises Mistake for what has no values, or none that stand in their columns' order."""
    if isinstance(values, Mapping | str | bytes | bytearray | memoryview) or not hasattr(values, "__getitem__"):
        hint = "give a list or a tuple, its values in the order of the columns"
        raise Mistake(f"a row is a sequence of values, not {type(values).__name__}", hint)


def decoded(fields: Sequence[Field], decoders: Sequence[Codec], types: Sequence[NamedType]) -> tuple[Any, ...]:
    """The values of a row. Raises WireError (data) for one that is none of its type."""
    values: list[Any] = []
    try:
        for field, decode in zip(fields, decoders, strict=True):
            values.append(None if field is None else decode(field))
    except ValueError:
        number = len(values)
        hint = "types=(...) has the types of the columns, in their order"
        sentence = f"column {number + 1} holds no {types[number].name}: {_shown(fields[number])}"
        raise WireError("data", sentence, fields={"hint": hint}) from None
    return tuple(values)


def _texts(fields: Sequence[Field]) -> tuple[Any, ...]:
    """The values of a row of which nothing is known. Raises WireError (data) for one that is no text."""
    try:
        return tuple([None if field is None else field.decode() for field in fields])
    except UnicodeDecodeError as error:
        sentence = f"a value of the data is no text in UTF-8: {_shown(error.object)}"
        raise WireError("data", sentence, fields={"hint": "take the data as it is: copy.read()"}) from None


def _shown(field: Field) -> str:
    """The beginning of a field: as text where it is one, else its bytes."""
    return repr(field)[1:41] if field is not None and field.isascii() else f"{field!r:.40}"


class Lines(Protocol):
    """A format in which a row is a line."""

    def write(self, fields: Iterable[Field]) -> bytes: ...

    def read(self, line: bytes) -> list[Field]:
        """The fields of a part of the data. Raises WireError (data) for one that is not one whole row."""
        ...


class TextLines:
    """Fields between delimiters; a backslash stands before what would else mean something."""

    def __init__(self, rule: Section) -> None:
        self._delimiter, self._null, self._end = _marks(rule)
        self._escapes = {raw.encode(): written.encode() for raw, written in rule["escapes"].items()}
        self._meant: dict[bytes, bytes] = {written[1:]: raw for raw, written in self._escapes.items()}
        self._special = re.compile(b"[" + re.escape(b"".join(self._escapes)) + b"]")

    def write(self, fields: Iterable[Field]) -> bytes:
        escapes, search, substitute = self._escapes, self._special.search, self._special.sub
        written = [
            self._null
            if field is None
            else substitute(lambda match: escapes[match[0]], field)
            if search(field)
            else field
            for field in fields
        ]
        return self._delimiter.join(written) + self._end

    def read(self, line: bytes) -> list[Field]:
        if line.find(self._end) != len(line) - len(self._end):  # what is in a field is escaped
            raise _no_row("text")
        fields = line.removesuffix(self._end).split(self._delimiter)
        return [None if field == self._null else self._plain(field) for field in fields]

    def _plain(self, field: bytes) -> bytes:
        if b"\\" not in field:
            return field
        meant = self._meant
        return _ESCAPE.sub(lambda match: meant.get(match[1], match[1]), field)


_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


class QuotedLines:
    """Fields between delimiters, in quotes where they would else mean something: CSV. Null is what stands unquoted."""

    def __init__(self, rule: Section) -> None:
        self._delimiter, self._null, self._end = _marks(rule)
        self._quote: bytes = rule["quote"].encode()
        quote, delimiter, end = (re.escape(mark) for mark in (self._quote, self._delimiter, self._end))
        self._special = re.compile(b"[" + quote + delimiter + rb"\r\n]")
        self._field = re.compile(
            b"(?:%s((?:[^%s]|%s%s)*+)%s|([^%s%s%s]*+))(%s|%s\\Z)"
            % (quote, quote, quote, quote, quote, quote, delimiter, end, delimiter, end),
            re.DOTALL,
        )

    def write(self, fields: Iterable[Field]) -> bytes:
        written = [self._null if field is None else self._quoted(field) for field in fields]
        return self._delimiter.join(written) + self._end

    def _quoted(self, field: bytes) -> bytes:
        # A backslash with a dot, alone on a line, ends the data to older servers.
        if field != self._null and field != rb"\." and not self._special.search(field):
            return field
        return self._quote + field.replace(self._quote, self._quote * 2) + self._quote

    def read(self, line: bytes) -> list[Field]:
        fields: list[Field] = []
        position = 0
        while True:
            match = self._field.match(line, position)
            if match is None:
                raise _no_row("CSV")
            quoted, bare, mark = match.groups()
            if quoted is not None:
                fields.append(quoted.replace(self._quote * 2, self._quote))
            else:
                fields.append(None if bare == self._null else bare)
            position = match.end()
            if mark != self._delimiter:
                return fields


class LineRows:
    """Writes and reads rows of values; without `types` what is read arrives as text."""

    def __init__(self, lines: Lines, types: Sequence[NamedType] | None, parameters: Parameters, adapt: Adapt) -> None:
        self._lines = lines
        self._types = types
        self._decoders = None if types is None else [each.codecs.from_text for each in types]
        self._parameters = parameters
        self._adapt = adapt

    def write(self, values: Sequence[Any]) -> bytes:
        """One row. Raises WireError (data) for a value that has no text on the server."""
        if type(values) is not tuple and type(values) is not list:
            check_row(values)
        return self._lines.write(self._parameters.bind(self._adapt(values))[1])

    def end(self) -> bytes:
        """What stands behind the last row: nothing."""
        return b""

    def read(self, data: bytes) -> list[tuple[Any, ...]]:
        """The one row that a part of the data is. Raises WireError."""
        fields, types = self._lines.read(data), self._types
        if types is None or self._decoders is None:
            return [_texts(fields)]
        if len(fields) != len(types):
            raise Misuse(f"the rows have {len(fields)} columns, and {len(types)} types are given")
        return [decoded(fields, self._decoders, types)]

    def finish(self) -> None:
        """Each line is whole."""


def _no_row(form: str) -> WireError:
    hint = "take the data as it is: copy.read()"
    return WireError("data", f"a part of the data is not one whole row of {form}", fields={"hint": hint})


def _marks(rule: Section) -> Sequence[bytes]:
    return [rule[name].encode() for name in ("delimiter", "null", "end")]
