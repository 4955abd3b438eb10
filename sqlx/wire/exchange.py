"""How one text goes through an engine in the process: statement by statement, batch by batch into a reply.

The engine itself takes a script apart, and calls `exec_trace` before each statement; rows of all of them come from one
cursor. Rows of a single statement go from the cursor into the reply without any Python in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from sqlx.wire.declared import Convert, DeclaredTypes, Description, Row
from sqlx.wire.engine_errors import GENERIC, interrupted
from sqlx.wire.errors import Outcome, WireError
from sqlx.wire.result import Column, Reply, Result
from sqlx.wire.values import ServerText

ROWS_A_BATCH = 1000  # of a stream under way; it begins with a single one, so that something is seen at once

_CHANGES_ROWS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_INSERTS = frozenset({"INSERT", "REPLACE"})
_ENDS = frozenset({"COMMIT", "END", "RELEASE"})
_BLANK = r"(?:[\s;]++|--[^\n]*+\n?|/\*.*?(?:\*/|\Z))*+"  # possessive: never more than linear
_FIRST_WORD = re.compile(_BLANK + r"([A-Za-z]*)", re.DOTALL)
_ONLY_BLANK = re.compile(_BLANK + r"\Z", re.DOTALL)


class Statement:
    """A statement that was parsed and described. Its compiled form stands in apsw's cache, found by the text."""

    __slots__ = ("changes_rows", "columns", "parameters", "sql", "word")

    def __init__(self, sql: str, word: str, changes_rows: bool, columns: Sequence[Column] | None, count: int) -> None:
        self.sql = sql
        self.word = word
        self.changes_rows = changes_rows
        self.columns = columns
        self.parameters: Sequence[int] = (0,) * count


class Engine(Protocol):
    """What an exchange needs of its link."""

    types: DeclaredTypes
    interrupted: bool
    failures: tuple[type[Exception], ...]  # what the engine's library raises

    def connection(self) -> Any: ...

    def describe(self, sql: str) -> Statement: ...

    def converter(self, description: Description) -> Convert | None: ...

    def error(self, error: Exception, sql: str, start: int = 0, outcome: Outcome = "rolled_back") -> WireError: ...


class Exchange:
    """One text on its way through the engine: statement by statement, batch by batch into a reply."""

    def __init__(
        self,
        link: Engine,
        reply: Reply,
        sql: str,
        values: Sequence[Any] | None = None,
        statement: Statement | None = None,
    ) -> None:
        self.link = link
        self.stream = reply.stream
        self.results = reply.results  # not the reply: that holds on to this, and shall end it by being dropped
        self.sql = sql
        self.values = values
        self.statement = statement
        self.result: Result | None = None
        self.next = 0  # where in `sql` the statement after the current one begins
        self.description: Description | None = None  # as the engine tells it with the first row: not before is it sure
        self.convert: Convert | None = None
        self.batch: list[Row] = []
        self.seen = 0  # rows of the current result already in it
        self.mended: Iterator[tuple[int, Row]] | None = None

    def run(self) -> Iterator[None]:
        """Runs the text; yields after each batch of rows. Raises WireError."""
        self.cursor = cursor = self.link.connection().cursor()
        try:
            if self.statement is None:
                refuse_nul(self.sql)
                cursor.exec_trace = self._statement_starts
            else:
                self._result_starts()
            cursor.execute(self.sql, self.values)
            size = 1
            while self._collect(size if self.stream else None):
                yield
                size = min(size * 8, ROWS_A_BATCH)
            self._result_ends()
        except self.link.failures as error:
            failure = self.link.error(error, self.sql, self.next, self._outcome())
            # Those before it in a script were run, and the last of them too where the next cannot be compiled.
            if any(result.complete for result in self.results) or (failure.code == GENERIC and self._is_followed()):
                failure.outcome = "unknown"
            raise failure from None
        finally:
            cursor.close(True)

    def _outcome(self) -> Outcome:
        """What a failure has made of the statement; a COMMIT that failed usually leaves the transaction as it was."""
        if self.result is None or self.statement is None:
            return "not_run"
        if self.statement.word in _ENDS and self.link.connection().in_transaction:
            return "not_run"
        return "unknown" if "FAIL" in self.statement.sql.upper() else "rolled_back"  # OR FAIL keeps what was done

    def _is_followed(self) -> bool:
        """Whether a statement of a script is under way that is not its last: the next is compiled behind it."""
        return self.result is not None and self.next > 0 and not is_blank(self.sql, self.next)

    def _statement_starts(self, cursor: Any, text: str, bindings: Any) -> bool:
        """Called by the engine before each statement of a text, when the one before has ended."""
        if self.link.interrupted:
            raise interrupted()
        self._result_ends()
        self.next += len(text)
        if cursor.has_vdbe:
            columns = self.link.types.columns(cursor.get_description(), None) or None
            self.statement = Statement(text, *classify(cursor, text), columns, 0)
            self._result_starts()
        return True

    def _result_starts(self) -> None:
        assert self.statement is not None
        self.result = Result(self.statement.columns)
        self.results.append(self.result)
        self.description = self.mended = None
        self.seen = 0

    def _result_ends(self) -> None:
        result, statement = self.result, self.statement
        if result is None or statement is None:
            return
        self._deliver()
        if statement.columns is not None and not self.seen:
            # having run, the compiled statement knows what a changed schema has made of its columns
            result.columns = self.link.describe(statement.sql).columns
        result.tag = statement.word
        if statement.changes_rows:
            connection = self.link.connection()
            result.rowcount = connection.changes()
            if result.rowcount and statement.word in _INSERTS:
                result.lastrowid = connection.last_insert_rowid()
        result.complete = True
        self.result = None

    def _collect(self, limit: int | None) -> bool:
        """Take up to `limit` rows; False when there are no more."""
        count = 0
        try:
            if self.next == 0 or is_blank(self.sql, self.next):
                count = self._collect_statement(limit)
            else:
                count = self._collect_script(limit)
        except UnicodeDecodeError:
            self.batch.append(self._mend())
            return True
        finally:
            self._deliver()
        return limit is not None and count == limit

    def _collect_statement(self, limit: int | None) -> int:
        if self.statement is not None and self.statement.columns is None:
            return 0
        self._look_at_columns()
        self.batch.extend(islice(self.cursor, limit))
        return len(self.batch)

    def _collect_script(self, limit: int | None) -> int:
        count = 0
        for row in islice(self.cursor, limit):
            if self.description is None:
                self._look_at_columns()
            self.batch.append(row)
            count += 1
        return count

    def _look_at_columns(self) -> None:
        if self.description is None:
            try:
                self.description = self.cursor.get_description()
            except self.link.failures:
                return  # no row came

    def _deliver(self) -> None:
        """Hand the rows at hand to the result."""
        batch, self.batch = self.batch, []
        if not batch or self.result is None or self.description is None:
            return
        if not self.seen:
            self.result.columns = self.link.types.columns(self.description, batch[0])
            self.convert = self.link.converter(self.description)
        self.seen += len(batch)
        if self.convert is not None:
            batch = self.convert(batch)
        if self.result.rows:
            self.result.rows.extend(batch)
        else:
            self.result.rows = batch

    def _mend(self) -> Row:
        """The row that apsw has just refused, for text that is not in the database's encoding: read again, as bytes."""
        self._look_at_columns()
        index = self.seen + len(self.batch)
        assert self.statement is not None and self.description is not None
        if self.mended is None:
            rows = _read_as_bytes(self.link.connection(), self.statement.sql, self.values, len(self.description))
            self.mended = enumerate(rows)
        try:
            for at, row in self.mended:
                if at == index:
                    return row
        except self.link.failures:
            pass  # not a query: what changes data is not run again
        reason = f"row {index + 1} holds text that is not {self.link.connection().pragma('encoding')}"
        raise WireError("data", reason, fields={"hint": "select the column with CAST(... AS BLOB)"})


def classify(cursor: Any, text: str) -> tuple[str, bool]:
    """The first word of the statement a cursor is about to run, and whether it changes rows."""
    match = _FIRST_WORD.match(text)
    word = match[1].upper() if match else ""
    changes_rows = not cursor.is_readonly and (word in _CHANGES_ROWS or word == "WITH")
    return word, changes_rows and not cursor.is_explain


def refuse_nul(sql: str) -> None:
    """Raises WireError (data) for a text in which the engine would see only what stands before a NUL."""
    position = sql.find("\0") + 1
    if position:
        reason = f"a NUL character stands in the text, at character {position}; remove it"
        raise WireError("data", reason, fields={"position": str(position)}, outcome="not_run")


def is_blank(sql: str, start: int) -> bool:
    """Whether nothing but space, semicolons and comments stands in a text from `start` on."""
    return _ONLY_BLANK.match(sql, start) is not None


def _read_as_bytes(connection: Any, sql: str, values: Sequence[Any] | None, width: int) -> Iterator[Row]:
    """The rows of a query once more, its text decoded here: what is not valid becomes ServerText with backslashes."""
    encoding = connection.pragma("encoding")
    names = [f"c{index}" for index in range(width)]
    cells = [
        f"typeof({name}) = 'text', CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
        for name in names
    ]
    rows = f"WITH sqlx_rows({', '.join(names)}) AS MATERIALIZED (\n{sql.rstrip().rstrip(';')}\n)"
    for row in connection.execute(f"{rows} SELECT {', '.join(cells)} FROM sqlx_rows", values):
        pairs = zip(row[::2], row[1::2], strict=True)
        yield tuple(_decode(cell, encoding) if is_text else cell for is_text, cell in pairs)


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ServerText(raw.decode(encoding, "backslashreplace"))
