"""The same conversation as with a server, held with an engine in this process: SQLite, through apsw.

Nothing here waits for a socket, so the steps of `sqlx.wire.link.Link` yield nothing and block. Two handlers give Python
its turn while the engine works or waits for a lock: signals arrive (Ctrl+C raises KeyboardInterrupt and leaves the link
usable), and `interrupt` from another thread is obeyed. `sqlite3_interrupt` is not used: with a second, half-read
statement open it would stay in force and stop whatever is run next.

Values are the engine's storage classes: int, float, str, bytes, None. With the option `decltypes` a column's declared
type converts them as the pack's `types` says; what cannot be converted stays as it is stored (text as ServerText).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw

from sqlx.wire.declared import Convert, DeclaredTypes, Description
from sqlx.wire.engine_errors import character, engine_error, interrupted, open_error
from sqlx.wire.errors import Outcome, WireError
from sqlx.wire.exchange import Exchange, Statement, classify, is_blank, refuse_nul
from sqlx.wire.link import Call, State, Steps, WireNotice
from sqlx.wire.parameters import ParameterType
from sqlx.wire.registry import Pack
from sqlx.wire.result import Reply
from sqlx.wire.values import Context

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

# What apsw raises for a statement: its own errors, and Python's for a text or a value that the engine cannot take.
FAILURES: tuple[type[Exception], ...] = (apsw.Error, UnicodeError, OverflowError, TypeError)


class EmbeddedLink:
    """One connection to a database file, or to a database in memory. `sqlx.wire.link.Link` says what each step means.

    `database` is a path, `:memory:` (also when empty), or a `file:` URI; `options` are the pack's, of their kinds.
    """

    def __init__(
        self, pack: Pack, database: str | os.PathLike[str] | None = None, options: Mapping[str, Any] | None = None
    ) -> None:
        self.pack = pack
        self.address = ""
        self.untried: tuple[Any, ...] = ()
        self.failures = FAILURES
        self.runs_unprepared = False
        self.direct = True
        self.state: State = "closed"
        self.variables: Mapping[str, Any] = {}
        self.context = Context()
        self.on_notice: Callable[[WireNotice], None] | None = None
        self.on_notify: Callable[[Mapping[str, Any]], None] | None = None
        self.types = DeclaredTypes(pack.types, _AFFINITY, _STORAGE, self.context)
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
        except (apsw.Error, ValueError) as error:
            code = getattr(error, "extendedresult", None)
            mode = "immutable" if self._options.get("immutable") else self._options.get("mode") or "rwc"
            raise open_error(self._database, mode, str(error), code) from None
        self.variables = {"server_version": apsw.sqlite_lib_version(), "database": self._database}
        self.state = "idle"

    def _connect(self) -> Any:
        mode = self._options.get("mode") or "rwc"
        name, flags = self._database, _OPEN_FLAGS.get(mode, _OPEN_FLAGS["rwc"])
        if mode == "memory":
            name = ":memory:"
        elif self._options.get("immutable") and not name.startswith("file:"):
            name = f"{Path(name).absolute().as_uri()}?immutable=1"
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

    def identify(self) -> Steps[None]:
        """Nothing stands between this process and itself."""
        yield from ()

    def check_open(self) -> None:
        self.connection()

    idle = False  # nothing comes unasked from an engine in the process

    def listen(self) -> Steps[None]:
        raise WireError("unsupported", "an engine in this process says nothing unasked", outcome="not_run")

    def close(self) -> Steps[None]:
        yield from ()
        self.abort()

    def abort(self) -> None:
        """Close now; what is open is rolled back. What another thread runs is interrupted, then lets go of the file."""
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
        reply.steps = Exchange(self, reply, sql).run()
        self._start(reply, begin)
        return reply

    def exchange_data(self, sql: str, *, gives: bool = False, takes: bool = False) -> Steps[Reply]:
        yield from ()
        raise WireError("unsupported", "this engine has no statement that takes or brings data", outcome="not_run")

    def give(self, reply: Reply, data: object) -> Steps[None]:
        yield from ()

    def prepare(self, sql: str, types: Sequence[ParameterType]) -> Steps[Statement]:
        """Parse and describe one statement; `types` mean nothing here. Raises WireError (usage) for a script."""
        yield from ()
        try:
            return self.describe(sql)
        except FAILURES as error:
            raise self.error(error, sql, outcome="not_run") from None

    def execute(
        self,
        prepared: Any,
        types: Sequence[ParameterType],
        values: Sequence[Any],
        *,
        begin: str | None = None,
        stream: bool = False,
        portal: bool = False,
    ) -> Steps[Reply]:
        yield from ()
        reply = Reply(stream)
        reply.steps = Exchange(self, reply, prepared.sql, values, prepared).run()
        self._start(reply, begin)
        return reply

    def execute_many(
        self, prepared: Any, types: Sequence[ParameterType], rows: Sequence[Sequence[Any]], *, begin: str | None = None
    ) -> Steps[Reply]:
        yield from ()
        reply = Reply()
        reply.steps = self._each(reply, prepared, rows)
        self._start(reply, begin)
        return reply

    def _each(self, reply: Reply, prepared: Statement, rows: Sequence[Sequence[Any]]) -> Iterator[None]:
        for index, values in enumerate(rows):
            if self.interrupted:  # short statements end before the engine gives Python a turn
                raise interrupted()
            try:
                yield from Exchange(self, reply, prepared.sql, values, prepared).run()
            except WireError as error:
                error.index = index
                raise

    def run(self, sql: str, *unused: Any, **options: Any) -> Steps[Reply]:
        """Nothing is won by it here: preparing waits for nobody."""
        yield from ()
        raise WireError("unsupported", "statements are prepared before they run here", outcome="not_run")

    run_many = run

    def pipeline(self, calls: Sequence[Call]) -> Steps[Reply]:
        return self.run("")

    def resume(self, reply: Reply) -> Steps[None]:
        yield from ()
        if not reply.done:
            self.interrupted = False
            self._advance(reply)

    def end(self, reply: Reply, limit: int = 1 << 20) -> Steps[bool]:
        """Give up a streamed reply: nothing is in flight to be drained. What a script has not begun is not run."""
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

    def forget_types(self) -> None:
        """Nothing was looked up: an engine in this process has the types its pack knows."""

    def trait(self, name: str) -> Steps[bool]:
        yield from ()
        raise WireError("unsupported", "an engine in this process is no server", outcome="not_run")

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
            except FAILURES as error:
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
        connection = self._connection
        if connection is not None:
            self.state = "open" if connection.in_transaction else "idle"

    def watch(self, on_idle: Callable[[], None] | None) -> None:
        """Nothing comes of it: `state` tells after each exchange, and within a script nobody looks."""

    # -- what an exchange needs to know

    def describe(self, sql: str) -> Statement:
        """Have the engine parse one statement, and not run it."""
        refuse_nul(sql)
        found = Statement(sql, "", False, None, 0)

        def look(cursor: Any, text: str, bindings: Any) -> bool:
            nonlocal found
            if not is_blank(sql, len(text)):
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
            return interrupted()
        code = getattr(error, "extendedresult", None)
        if code is None:
            return _misuse(error)
        offset = getattr(error, "error_offset", -1)
        if offset >= 0 or isinstance(error, (apsw.BusyError, apsw.LockedError)):
            outcome = "not_run"
        return engine_error(self.pack.errors, str(error), code, character(sql, start, offset), outcome)


def _misuse(error: Exception) -> WireError:
    """What went wrong before the engine was asked."""
    if isinstance(error, (apsw.ConnectionClosedError, apsw.CursorClosedError)):
        return WireError("usage", "the connection is closed; open another", outcome="not_run")
    if isinstance(error, apsw.ThreadingViolationError):
        return WireError("usage", "another thread is at work on this connection; wait for it", outcome="not_run")
    if isinstance(error, apsw.BindingsError):
        return WireError("usage", "the statement has parameters; give as many values as it has", outcome="not_run")
    if isinstance(error, UnicodeEncodeError):
        where = f"{error.object[error.start]!a} at character {error.start + 1}"
        return WireError("data", f"half a surrogate pair is no text: {where}; remove it", outcome="not_run")
    if isinstance(error, UnicodeDecodeError):
        return WireError(
            "data", f"a column's name is not valid text: {error.object!r}; rename it, or select it AS another"
        )
    if isinstance(error, OverflowError):
        return WireError("data", "an integer has at most 64 bits, signed; send this one as text", outcome="not_run")
    return WireError("usage" if isinstance(error, apsw.Error) else "data", str(error), outcome="not_run")
