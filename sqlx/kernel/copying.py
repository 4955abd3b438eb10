"""Statements whose data streams between them and their caller, by a pack's `copy` section."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from sqlx.kernel.copy_binary import BinaryRows, Form
from sqlx.kernel.copy_rows import Adapt, LineRows, NamedType, QuotedLines, TextLines
from sqlx.kernel.errors import Mistake, Misuse, WireError
from sqlx.kernel.scanner import Scanner
from sqlx.wire.feed import PIECE
from sqlx.wire.link import Link
from sqlx.wire.named_types import own_name, own_names, type_codecs
from sqlx.wire.parameters import Parameters
from sqlx.wire.registry import Section

DataSource = str | os.PathLike[str] | BinaryIO | Iterable[bytes]
DataSink = str | os.PathLike[str] | BinaryIO


def check_copies(link: Link, scanner: Scanner, sql: str) -> None:
    """Raises WireError for a text that is no single statement of those that stream, and for an engine without."""
    rule: Section = link.pack.copy
    if not rule:
        hint = {"hint": "rows go in with executemany()"}
        raise WireError("unsupported", "this engine has no statement that streams data", fields=hint, outcome="not_run")
    if scanner.matches(sql, rule["statements"], link.variables) is None:
        raise Mistake(f"copy() runs {' or '.join(rule['statements'])} and nothing else", "use execute()")
    if len(scanner.statements(sql, link.variables)) != 1:
        raise Mistake("copy() runs one statement, and the text holds several", "run the others with execute()")


class RowFormat(Protocol):
    """How the rows of one such statement are written and read. Each raises WireError."""

    def write(self, values: Sequence[Any]) -> bytes:
        """One row, and what stands before the first."""
        ...

    def end(self) -> bytes:
        """What stands behind the last row."""
        ...

    def read(self, data: bytes) -> Sequence[tuple[Any, ...]]:
        """The rows that are whole with this part of the data."""
        ...

    def finish(self) -> None:
        """Say that there is no more data."""
        ...


def format_of(link: Link, scanner: Scanner, sql: str, types: Sequence[str] | None, adapt: Adapt) -> RowFormat:
    """The format that a statement asks for; `types` are the names of its columns' types. Raises WireError (usage) for
    rows that must be written otherwise."""
    rule: Section = link.pack.copy
    named = None if types is None else [_named(link, name) for name in types]
    if "binary" in rule and link.variables[rule["binary"]["when"]]:
        if named is None:
            raise Mistake("binary data does not say of which types it is", "give types=(...), one for each column")
        return BinaryRows(Form(rule["binary"], link.pack.byte_order), named, adapt)
    options = _options(link, scanner, sql)
    if own := [word for word in rule.get("own_words", ()) if word in options]:
        raise Misuse(
            f"rows are made in the server's usual format, and {own[0]} asks for another",
            "write and read the data itself: copy.write(), copy.read()",
        )
    lines = QuotedLines(rule["csv"]) if "csv" in rule and rule["csv"]["when"] in options else TextLines(rule["text"])
    bound = link.pack.parameters
    kinds = {**bound, "kinds": {**bound.get("kinds", {}), **rule.get("kinds", {})}}
    return LineRows(lines, named, Parameters(kinds, link.context), adapt)


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


def _named(link: Link, name: str) -> NamedType:
    """The type of this name. Raises Mistake."""
    codecs = type_codecs(link.pack.types, name, link.context)
    if codecs is None:
        own = own_name(own_names(link.pack.types), name)
        hint = "name types as cursor.description does; an enum is text, a domain the type beneath it"
        raise Mistake(f"no type of this engine is called {name!r}", f"it is called {own!r} here" if own else hint)
    return NamedType(name, codecs)


def pieces(source: DataSource, closing: ExitStack) -> Iterator[bytes]:
    """What a file, an open binary file or an iterable of bytes holds, piece by piece. Raises Misuse for a file that
    cannot be opened, and for what is none of these."""
    if isinstance(source, str | os.PathLike):
        source = _opened(source, "rb", "read", closing)
    if hasattr(source, "read"):
        return _read(source)
    if isinstance(source, bytes | bytearray | memoryview) or not hasattr(source, "__iter__"):
        raise Misuse(f"data comes from a path, a binary file or an iterable of bytes, not from {type(source).__name__}")
    return _joined(source)


def sink(target: DataSink, closing: ExitStack) -> BinaryIO:
    """The file that data goes into; one that is named by its path is made, or emptied. Raises Misuse for one that
    cannot be opened, and for what is none."""
    if isinstance(target, str | os.PathLike):
        return _opened(target, "wb", "written", closing)
    if not hasattr(target, "write"):
        raise Misuse(f"data goes into a path or an open binary file, not into {type(target).__name__}")
    return target


def _opened(path: str | os.PathLike[str], mode: Literal["rb", "wb"], done: str, closing: ExitStack) -> BinaryIO:
    if Path(path).is_fifo():  # to open one waits for whoever has its other end, and heeds no timeout
        raise Misuse(f"{path!s} is a named pipe: open it, and give the open file")
    try:
        return closing.enter_context(Path(path).open(mode))
    except OSError as error:
        raise Misuse(f"the file {path!s} cannot be {done}: {error.strerror}") from None


def is_end(data: object) -> bool:
    """Whether what a file gave says that there is no more. Raises Misuse for what says nothing, such as None, which may
    be no more than that there is nothing yet."""
    if isinstance(data, bytes | bytearray | memoryview | str):
        return not data
    hint = "open it so that it blocks, and in binary"
    raise Misuse(f"read() of a file gives bytes, none at its end, and not {data!r:.40}", hint)


def _read(file: Any) -> Iterator[bytes]:
    while not is_end(data := file.read(PIECE)):
        yield data


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Small parts together, so that what is sent is worth it."""
    waiting = bytearray()
    for part in parts:
        if not isinstance(part, bytes | bytearray | memoryview):
            raise Misuse(
                f"data comes in parts of bytes, not of {type(part).__name__}",
                "encode a text; rows go in with write_rows()",
            )
        waiting += part
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)
