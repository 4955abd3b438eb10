"""The same conversation as with a server, held with an engine in this process: SQLite, through apsw.

Nothing here waits for a socket, so the steps of `sqlx.wire.link.Link` yield nothing and block. Two handlers give Python its turn
while the engine works or waits for a lock: signals arrive (Ctrl+C raises KeyboardInterrupt and leaves the link usable), and
`interrupt` from another thread is obeyed. `sqlite3_interrupt` is not used: with a second, half-read statement open it would stay
in force and stop whatever is run next.

Values are the engine's storage classes: int, float, str, bytes, None. With the option `decltypes` a column's declared type
converts them as the pack's `types` says; what cannot be converted stays as it is stored (text as ServerText).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

import apsw

from sqlx.wire.declared import Convert, DeclaredTypes, Description, Row
from sqlx.wire.errors import Kind, Outcome, WireError
from sqlx.wire.link import State, Steps, WireNotice
from sqlx.wire.registry import Pack
from sqlx.wire.result import Column, Reply, Result
from sqlx.wire.values import Context, ServerText

ROWS_A_BATCH = 1000  # what a stream reads at a time once it runs; it begins with one row, so that the first is seen at once
OPERATIONS_A_TURN = 200_000  # of the engine's virtual machine, about a millisecond, before Python gets its turn
LOCK_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)  # seconds between two looks at a lock; the last one repeats

_OPEN_FLAGS = {
    "ro": apsw.SQLITE_OPEN_READONLY,
    "rw": apsw.SQLITE_OPEN_READWRITE,
    "rwc": apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE,
}
_STORAGE = {int: "INTEGER", float: "REAL", str: "TEXT", bytes: "BLOB"}
# https://www.sqlite.org/datatype3.html#determination_of_column_affinity, in this order
_AFFINITY = (
    ("INT", "INTEGER"),
    ("CHAR", "TEXT"),
    ("CLOB", "TEXT"),
    ("TEXT", "TEXT"),
    ("BLOB", "BLOB"),
    ("REAL", "REAL"),
    ("FLOA", "REAL"),
    ("DOUB", "REAL"),
    ("", "NUMERIC"),
)
_CHANGES_ROWS = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_INSERTS = frozenset({"INSERT", "REPLACE"})
_BLANK = r"(?:[\s;]+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*"
_FIRST_WORD = re.compile(_BLANK + r"([A-Za-z]*)", re.DOTALL)
_ONLY_BLANK = re.compile(_BLANK + r"\Z", re.DOTALL)
_CONSTRAINT = re.compile(r"(?:UNIQUE|NOT NULL|CHECK) constraint failed: (?:index '(?P<index>.*)'|(?P<what>.*))", re.DOTALL)

# What apsw raises for a statement: its own errors, and Python's for a text or a value that cannot be handed to the engine.
_FAILURES = (apsw.Error, UnicodeError, ValueError, OverflowError, TypeError, MemoryError)


class Statement:
    """A statement that was parsed and described. Its compiled form stands in apsw's cache, found by the text."""

    __slots__ = ("changes_rows", "columns", "parameters", "sql", "word")

    def __init__(self, sql: str, word: str, changes_rows: bool, columns: Sequence[Column] | None, count: int) -> None:
        self.sql = sql
        self.word = word
        self.changes_rows = changes_rows
        self.columns = columns
        self.parameters: Sequence[int] = (0,) * count


class EmbeddedLink:
    """One connection to a database file, or to a database in memory. `sqlx.wire.link.Link` says what each step means.

    `database` is a path, `:memory:` (also when empty), or a `file:` URI; `options` are the pack's, already of their kinds.
    """

    def __init__(
        self, pack: Pack, database: str | os.PathLike[str] | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self.pack = pack
        self.state: State = "closed"
        self.variables: Mapping[str, Any] = {}
        self.on_notice: Callable[[WireNotice], None] | None = None
        self.on_notify: Callable[[Mapping[str, Any]], None] | None = None
        self.types = DeclaredTypes(pack.types, _AFFINITY, _STORAGE, Context())
        self._database = os.fspath(database) if database else ":memory:"
        self._options = {name: option.get("default") for name, option in pack.options.items()} | dict(options or {})
        self._connection: Any = None
        self._patience = 0.0  # when on the monotonic clock waiting for a lock ends
        self.interrupted = False

    # -- opening and closing

    def open(self) -> Steps[None]:
        """Open the file and read its header. Raises WireError (connection) that says what is in the way."""
        yield from ()
        try:
            self._connection = self._connect()
        except _FAILURES as error:
            raise _open_error(self._database, self._options.get("mode") or "rwc", error) from None
        self.variables = {"server_version": apsw.sqlite_lib_version(), "database": self._database}
        self.state = "idle"

    def _connect(self) -> Any:
        mode = self._options.get("mode") or "rwc"
        name, flags = self._database, _OPEN_FLAGS.get(mode, _OPEN_FLAGS["rwc"])
        if mode == "memory":
            name = ":memory:"
        elif self._options.get("immutable") and not name.startswith("file:"):
            name = f"file:{quote(os.path.abspath(name))}?immutable=1"
        if name.startswith("file:"):
            flags |= apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(name, flags=flags)
        try:
            connection.execute("PRAGMA schema_version")
        except apsw.BusyError:
            pass  # whoever has locked it knows it for a database
        except apsw.Error:
            connection.close(True)
            raise
        if self._options.get("foreign_keys") is not None:
            connection.execute(f"PRAGMA foreign_keys = {int(self._options['foreign_keys'])}")
        connection.set_progress_handler(self._take_turn, OPERATIONS_A_TURN)
        connection.set_busy_handler(self._wait_for_lock)
        return connection

    def _take_turn(self) -> bool:
        return self.interrupted

    def _wait_for_lock(self, attempt: int) -> bool:
        now = time.monotonic()
        if attempt == 0:
            self._patience = now + float(self._options.get("busy_timeout") or 0)
        if self.interrupted or now >= self._patience:
            return False
        time.sleep(min(LOCK_PAUSES[min(attempt, len(LOCK_PAUSES) - 1)], self._patience - now))
        return True

    def close(self) -> Steps[None]:
        yield from ()
        self.abort()

    def abort(self) -> None:
        """Close now and roll back what is open. What another thread runs is interrupted, and the file let go when it ends."""
        self.state = "closed"
        self.interrupted = True
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close(True)
            except apsw.Error:
                return

    def connection(self) -> Any:
        """The open apsw connection. Raises WireError (usage) when there is none."""
        if self._connection is None:
            raise WireError("usage", "the connection is closed; open another", outcome="not_run")
        return self._connection

    # -- statements

    def query(self, sql: str, *, begin: str | None = None, stream: bool = False) -> Steps[Reply]:
        yield from ()
        reply = Reply(stream)
        reply.steps = _Exchange(self, reply, sql).run()
        self._start(reply, begin)
        return reply

    def prepare(self, sql: str, types: Sequence[int] = ()) -> Steps[Statement]:
        """Parse and describe one statement; `types` mean nothing to this engine. Raises WireError (usage) for a script."""
        yield from ()
        try:
            return self.describe(sql)
        except _FAILURES as error:
            raise self.error(error, sql, outcome="not_run") from None

    def execute(
        self,
        prepared: Any,
        types: Sequence[int],
        values: Sequence[Any],
        *,
        begin: str | None = None,
        stream: bool = False,
        portal: bool = False,
    ) -> Steps[Reply]:
        yield from ()
        reply = Reply(stream)
        reply.steps = _Exchange(self, reply, prepared.sql, values, prepared).run()
        self._start(reply, begin)
        return reply

    def execute_many(
        self, prepared: Any, types: Sequence[int], rows: Sequence[Sequence[Any]], *, begin: str | None = None
    ) -> Steps[Reply]:
        yield from ()
        reply = Reply()
        reply.steps = self._each(reply, prepared, rows)
        self._start(reply, begin)
        return reply

    def _each(self, reply: Reply, prepared: Statement, rows: Sequence[Sequence[Any]]) -> Iterator[None]:
        for values in rows:
            if self.interrupted:  # short statements end before the engine gives Python a turn
                raise _interrupted()
            yield from _Exchange(self, reply, prepared.sql, values, prepared).run()

    def resume(self, reply: Reply) -> Steps[None]:
        yield from ()
        if not reply.done:
            self.interrupted = False
            self._advance(reply)

    def end(self, reply: Reply, limit: int = 1 << 20) -> Steps[bool]:
        """Give up a streamed reply. Nothing is in flight, so nothing is drained; what a script has not begun is not run."""
        yield from ()
        if not reply.done:
            reply.done = True
            reply.steps.close()
            self._settle()
        return True

    def release(self, prepared: Any) -> None:
        """apsw's cache lets go of what is not used; there is nothing to do."""

    def ping(self) -> Steps[None]:
        yield from self.query("PRAGMA schema_version")

    def cancel(self) -> Steps[None]:
        yield from ()
        self.interrupt()

    def interrupt(self) -> bool:
        self.interrupted = True
        return True

    def _start(self, reply: Reply, begin: str | None) -> None:
        self.interrupted = False
        if begin is not None:
            try:
                self.connection().execute(begin)
            except _FAILURES as error:
                raise self.error(error, begin, outcome="not_run") from None
        self._advance(reply)

    def _advance(self, reply: Reply) -> None:
        """Run to the next batch of a stream, or to the end."""
        more = False
        try:
            for _ in reply.steps:
                if reply.stream:
                    more = True
                    return
        except WireError as error:
            reply.error = error
            raise
        finally:
            reply.done = not more
            self._settle()

    def _settle(self) -> None:
        if self._connection is not None:
            self.state = "open" if self._connection.in_transaction else "idle"

    # -- what an exchange needs to know

    def describe(self, sql: str) -> Statement:
        """Have the engine parse one statement, and not run it."""
        found = Statement(sql, "", False, None, 0)

        def look(cursor: Any, text: str, bindings: Any) -> bool:
            nonlocal found
            if not _ONLY_BLANK.match(sql, len(text)):
                reason = "one statement at a time takes parameters; run the statements of a script one by one"
                raise WireError("usage", reason, outcome="not_run")
            columns = self.types.columns(cursor.get_description(), None) or None
            found = Statement(sql, *classify(cursor, text), columns, cursor.bindings_count)
            return False

        cursor = self.connection().cursor()
        cursor.exec_trace = look
        try:
            # what apsw.ext.query_info gives when the values are not known yet
            cursor.execute(sql, apsw._null_bindings)  # type: ignore[attr-defined]
        except apsw.ExecTraceAbort:
            pass
        finally:
            cursor.close(True)
        return found

    def converter(self, description: Description) -> Convert | None:
        return self.types.converter(description) if self._options.get("decltypes") else None

    def error(self, error: Exception, sql: str, start: int = 0, outcome: Outcome = "rolled_back") -> WireError:
        """What apsw raised, in the words of the wire; `start` is where in `sql` the statement that failed begins."""
        if self.interrupted and isinstance(error, (apsw.InterruptError, apsw.BusyError)):
            return _interrupted()
        code = getattr(error, "extendedresult", None)
        if code is None:
            return _misuse(error)
        return _engine_error(self.pack.errors, str(error), code, _position(sql, start, error), outcome)


class _Exchange:
    """One text on its way through the engine: statement by statement, batch by batch into a reply."""

    def __init__(
        self,
        link: EmbeddedLink,
        reply: Reply,
        sql: str,
        values: Sequence[Any] | None = None,
        statement: Statement | None = None,
    ) -> None:
        self.link = link
        self.reply = reply
        self.sql = sql
        self.values = values
        self.statement = statement
        self.result: Result | None = None
        self.start = self.next = 0  # where in `sql` the statement that runs begins, and what comes after it
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
                cursor.exec_trace = self._statement_starts
            else:
                self._result_starts()
            cursor.execute(self.sql, self.values)
            size = 1
            while self._collect(size if self.reply.stream else None):
                yield
                size = min(size * 8, ROWS_A_BATCH)
            self._result_ends()
        except _FAILURES as error:
            outcome: Outcome = "rolled_back" if self.result is not None else "not_run"
            raise self.link.error(error, self.sql, self.next, outcome) from None
        finally:
            cursor.close(True)

    def _statement_starts(self, cursor: Any, text: str, bindings: Any) -> bool:
        """Called by the engine before each statement of a text, when the one before has ended."""
        if self.link.interrupted:
            raise _interrupted()
        self._result_ends()
        self.start, self.next = self.next, self.next + len(text)
        if cursor.has_vdbe:
            columns = self.link.types.columns(cursor.get_description(), None) or None
            self.statement = Statement(text, *classify(cursor, text), columns, 0)
            self._result_starts()
        return True

    def _result_starts(self) -> None:
        assert self.statement is not None
        self.result = Result(self.statement.columns)
        self.reply.results.append(self.result)
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
            if self.next == 0 or _ONLY_BLANK.match(self.sql, self.next):
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
            except apsw.ExecutionCompleteError:
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
        except apsw.Error:
            pass  # not a query: what changes data is not run again
        reason = f"row {index + 1} holds text that is not valid in the database's encoding; select it with CAST(... AS BLOB)"
        raise WireError("data", reason)


def classify(cursor: Any, text: str) -> tuple[str, bool]:
    """The first word of the statement a cursor is about to run, and whether it changes rows."""
    match = _FIRST_WORD.match(text)
    word = match[1].upper() if match else ""
    changes_rows = not cursor.is_readonly and (word in _CHANGES_ROWS or word == "WITH")
    return word, changes_rows and not cursor.is_explain


def _read_as_bytes(connection: Any, sql: str, values: Sequence[Any] | None, width: int) -> Iterator[Row]:
    """The rows of a query once more, with its text decoded here; what is not valid becomes ServerText with backslashes."""
    encoding = connection.pragma("encoding")
    names = [f"c{index}" for index in range(width)]
    cells = (f"typeof({name}) = 'text', CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in names)
    query = f"WITH sqlx_rows({', '.join(names)}) AS MATERIALIZED (\n{sql.rstrip().rstrip(';')}\n) SELECT {', '.join(cells)} FROM sqlx_rows"
    for row in connection.execute(query, values):
        yield tuple(_decode(cell, encoding) if is_text else cell for is_text, cell in zip(row[::2], row[1::2], strict=True))


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ServerText(raw.decode(encoding, "backslashreplace"))


# -- errors


def _interrupted() -> WireError:
    return WireError("server", "interrupted", sqlstate="57014", code=apsw.SQLITE_INTERRUPT, outcome="rolled_back")


def _position(sql: str, start: int, error: Exception) -> int | None:
    """Where in the text the parser stopped, in characters from 1; apsw counts bytes from the statement's beginning."""
    offset = getattr(error, "error_offset", -1)
    if offset < 0:
        return None
    return start + len(sql[start:].encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1


def _engine_error(section: Mapping[str, Any], message: str, code: int, position: int | None, outcome: Outcome) -> WireError:
    """An error of the engine. The pack's `sqlstates` go by result code, extended before primary; `messages` by what is said."""
    sqlstates = section.get("sqlstates", {})
    sqlstate = sqlstates.get(str(code)) or sqlstates.get(str(code & 0xFF))
    for part, state in section.get("messages", ()):
        if code == apsw.SQLITE_ERROR and part in message:
            sqlstate = state
            break
    fields = _constraint_fields(message)
    if position is not None:
        fields["position"] = str(position)
    hint = section.get("hints", {}).get(str(code)) or section.get("hints", {}).get(str(code & 0xFF))
    if hint:
        fields["hint"] = hint
    return WireError("server", message, sqlstate=sqlstate, code=code, fields=fields, outcome=outcome)


def _constraint_fields(message: str) -> dict[str, str]:
    """`UNIQUE constraint failed: customers.email` names table and column, `CHECK constraint failed: positive` the constraint."""
    match = _CONSTRAINT.match(message)
    if match is None:
        return {}
    if match["index"] is not None:
        return {"constraint": match["index"]}
    if message.startswith("CHECK"):
        return {"constraint": match["what"]}
    names = [name.rpartition(".") for name in match["what"].split(", ")]
    return {"table": names[0][0], "column": ", ".join(name[2] for name in names)}


def _misuse(error: Exception) -> WireError:
    """What went wrong before the engine was asked."""
    if isinstance(error, (apsw.ConnectionClosedError, apsw.CursorClosedError)):
        return WireError("usage", "the connection is closed; open another", outcome="not_run")
    if isinstance(error, apsw.ThreadingViolationError):
        return WireError("usage", "another thread is using this connection; give each thread its own", outcome="not_run")
    if isinstance(error, UnicodeEncodeError):
        reason = f"a lone surrogate is no text: {error.object[error.start]!a} at character {error.start + 1}; remove it, or send bytes"
        return WireError("data", reason, outcome="not_run")
    if isinstance(error, OverflowError):
        return WireError("data", "an integer fits in 64 bits, signed; send a larger one as text", outcome="not_run")
    kind: Kind = "usage" if isinstance(error, apsw.Error) else "data"
    return WireError(kind, str(error) or type(error).__name__, outcome="not_run")


def _open_error(database: str, mode: str, error: Exception) -> WireError:
    """Why a database could not be opened, and what to do."""
    path = os.path.abspath(database)
    folder = os.path.dirname(path)
    code = getattr(error, "extendedresult", None)
    if isinstance(error, apsw.NotADBError):
        reason = f"{database} is not a database: it does not begin as one, or it is encrypted; check the path"
    elif not isinstance(error, apsw.CantOpenError) or database.startswith("file:"):
        reason = f"{database} cannot be opened: {error}"
    elif os.path.isdir(path):
        reason = f"{database} is a folder; give the path of a database file in it"
    elif not os.path.isdir(folder):
        reason = f"{database} cannot be opened: there is no folder {folder}; create it, or correct the path"
    elif not os.path.exists(path) and mode != "rwc":
        reason = f"{database} does not exist; correct the path, or create it with mode=rwc"
    elif not os.path.exists(path):
        reason = f"{database} cannot be created: this user may not write in {folder}"
    elif not os.access(path, os.R_OK):
        reason = f"{database} cannot be opened: this user may not read it"
    else:
        reason = f"{database} cannot be opened: {error}; where its folder cannot be written, immutable=1 reads it without locks"
    return WireError("connection", reason, code=code, outcome="not_run")
