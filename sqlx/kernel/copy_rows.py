"""Rows as lines of text or of CSV, in the words of a pack's `copy` section: one writer and one reader for each.

Here values become literals, and nowhere else: what a value holds is escaped or quoted, whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlx.kernel.errors import WireError
from sqlx.wire.registry import Section

Field = bytes | None  # a value as the server writes it; None is null


class Lines(Protocol):
    """A format in which a row is a line."""

    def write(self, fields: Iterable[Field]) -> bytes: ...

    def read(self, line: bytes) -> list[Field]:
        """Raises WireError for a line that is none of this format."""
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
        quote, delimiter = re.escape(self._quote), re.escape(self._delimiter)
        self._special = re.compile(b"[" + quote + delimiter + rb"\r\n]")
        self._field = re.compile(
            b"(?:%s((?:[^%s]|%s%s)*+)%s|([^%s%s]*+))(%s|\\Z)"
            % (quote, quote, quote, quote, quote, quote, delimiter, delimiter),
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
        text = line.removesuffix(self._end)
        fields: list[Field] = []
        position = 0
        while True:
            match = self._field.match(text, position)
            if match is None:
                raise WireError("protocol", f"the server sent a line that is no CSV, at byte {position}")
            quoted, bare, delimiter = match.groups()
            if quoted is not None:
                fields.append(quoted.replace(self._quote * 2, self._quote))
            else:
                fields.append(None if bare == self._null else bare)
            position = match.end()
            if not delimiter:
                return fields


def _marks(rule: Section) -> Sequence[bytes]:
    return [rule[name].encode() for name in ("delimiter", "null", "end")]
