"""Statements whose data streams between them and their caller, by a pack's `copy` section."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from sqlx.kernel.copy_rows import Lines, QuotedLines, TextLines
from sqlx.kernel.errors import Mistake, Misuse, WireError
from sqlx.kernel.scanner import Scanner
from sqlx.wire.feed import PIECE
from sqlx.wire.link import Link
from sqlx.wire.named_types import type_codecs
from sqlx.wire.parameters import Parameters
from sqlx.wire.registry import Section
from sqlx.wire.values import Context
from sqlx.wire.values.operations import Codec

Adapt = Callable[[Sequence[Any]], Sequence[Any]]
DataSource = str | os.PathLike[str] | BinaryIO | Iterable[bytes]


def check_copies(link: Link, scanner: Scanner, sql: str) -> None:
    """Raises WireError for a text that is no single statement of those that stream, and for an engine without."""
    rule: Section = link.pack.copy
    if not rule:
        raise WireError("unsupported", "this engine has no statement that streams data", outcome="not_run")
    if scanner.matches(sql, rule["statements"], link.variables) is None:
        raise Mistake(f"copy() runs {' or '.join(rule['statements'])} and nothing else", "use execute()")
    if len(scanner.statements(sql, link.variables)) != 1:
        raise Mistake("copy() runs one statement, and the text holds several", "run the others with execute()")


class RowFormat:
    """How the rows of one such statement are written and read; `types` are the names of its columns' types, or None:
    then what is read arrives as text."""

    def __init__(self, link: Link, scanner: Scanner, sql: str, types: Sequence[str] | None, adapt: Adapt) -> None:
        rule: Section = link.pack.copy
        self._adapt = adapt
        self.refusal = _refusal(link, scanner, sql)
        csv = "csv" in rule and rule["csv"]["when"] in _options(link, scanner, sql)
        self._lines: Lines = QuotedLines(rule["csv"]) if csv else TextLines(rule["text"])
        bound = link.pack.parameters
        kinds = {**bound, "kinds": {**bound.get("kinds", {}), **rule.get("kinds", {})}}
        self._parameters = Parameters(kinds, Context(byte_order=link.pack.byte_order))
        self._decoders = None if types is None else [_decoder(link, name) for name in types]

    def write(self, values: Sequence[Any]) -> bytes:
        """One row. Raises WireError (data) for a value that has no text on the server, (usage) for rows that must be
        written otherwise."""
        self._check()
        return self._lines.write(self._parameters.bind(self._adapt(values))[1])

    def read(self, line: bytes) -> tuple[Any, ...]:
        """One row. Raises WireError."""
        self._check()
        fields = self._lines.read(line)
        decoders = self._decoders
        if decoders is None:
            return tuple([None if field is None else field.decode() for field in fields])
        if len(fields) != len(decoders):
            raise Misuse(f"the rows have {len(fields)} columns, and {len(decoders)} types are given")
        return tuple([None if field is None else decode(field) for field, decode in zip(fields, decoders, strict=True)])

    def _check(self) -> None:
        if self.refusal:
            raise Misuse(self.refusal, "write and read the data itself: copy.write(), copy.read()")


def _refusal(link: Link, scanner: Scanner, sql: str) -> str:
    """Why the rows of a statement cannot be made or read here; empty where they can."""
    rule: Section = link.pack.copy
    if link.variables.get(rule.get("binary", "")):
        return "rows are not made in the binary format here"
    own = [word for word in rule.get("own_words", ()) if word in _options(link, scanner, sql)]
    return f"rows are made in the server's usual format, and {own[0]} asks for another" if own else ""


def _options(link: Link, scanner: Scanner, sql: str) -> list[str]:
    """The words behind the last of those that say where the data is, up to the words that say which rows count."""
    rule: Section = link.pack.copy
    words: list[str] = []
    for kind, start, end in scanner.tokens(sql, link.variables):
        word = sql[start:end].upper().strip("'\"")
        if kind == "word" and word in rule["places"]:
            words = []
        elif kind in ("word", "string"):
            words.append(word)
    return words[: words.index("WHERE")] if "WHERE" in words else words


def _decoder(link: Link, name: str) -> Codec:
    """The text decoder of a type by its name. Raises Mistake."""
    found = type_codecs(link.pack.types, name, Context(byte_order=link.pack.byte_order))
    if found is None:
        raise Mistake(f"no type of this engine is called {name!r}")
    return found.from_text


def pieces(source: DataSource, closing: ExitStack) -> Iterator[bytes]:
    """What a file, an open binary file or an iterable of bytes holds, piece by piece. Raises Misuse for a file that
    cannot be opened, and for what is none of these."""
    if isinstance(source, str | os.PathLike):
        try:
            source = closing.enter_context(Path(source).open("rb"))  # noqa: SIM115
        except OSError as error:
            raise Misuse(f"the file {source!s} cannot be read: {error.strerror}") from None
    if hasattr(source, "read"):
        return iter(lambda: source.read(PIECE), b"")
    if isinstance(source, bytes | bytearray | memoryview) or not hasattr(source, "__iter__"):
        raise Misuse(f"data comes from a path, a binary file or an iterable of bytes, not from {type(source).__name__}")
    return _joined(source)


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Small parts together, so that what is sent is worth it."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
