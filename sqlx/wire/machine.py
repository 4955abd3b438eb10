"""The machine: bytes in, events out; bytes out. It executes a program and never touches a socket.

A machine method that waits is a generator of actions, and its driver obeys:

    (TRANSFER, out, want)   send `out` while receiving; answer with at least `want` bytes; LOOK: what has come
    (START_TLS, rule)       upgrade the connection as the pack's rule says; answer with a Secured
    (RANDOM_BYTES, n)       answer with n random bytes (a replay answers with those of the recording)
    (DATA,)                 the server takes data: resume when `given` has a piece of it, or its end
    (ROWS,)                 rows are ready in a streamed reply; resume when more are wanted

Whatever the server says is checked; what breaks the protocol raises WireError of kind `protocol`, and the connection
is over.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlx.wire.columns import Layout, Layouter, Raw
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.framing import Blocks, FrameWriter
from sqlx.wire.compile.program import (
    ARGUMENTS,
    CALL,
    CLOSED,
    COLUMNS,
    DO,
    END,
    EXPECT,
    GATHER,
    IF,
    JUMP,
    OPEN,
    ROW,
    TLS,
    Candidate,
    Code,
    Command,
    Function,
    Segment,
    State,
)
from sqlx.wire.compression import CompressionLayer
from sqlx.wire.errors import WireError
from sqlx.wire.feed import Act, Feed
from sqlx.wire.link import LOOK, Given, WireNotice
from sqlx.wire.result import Column, Reply, Result
from sqlx.wire.split import SplitMessage
from sqlx.wire.tls import Secured

TRANSFER, START_TLS, RANDOM_BYTES, ROWS, DATA = range(5)
MAX_CALLS = 32
MAX_COLUMNS = 65535
MAX_OPENINGS = 256
STATEMENT = list(ARGUMENTS).index("statement")
PREPARED = len(ARGUMENTS)  # behind a command's arguments: the statement it runs, whose columns are known
MAX_RANDOM = 1024
RECOVERABLE = ("server", "unsupported", "data", "usage")  # after these the conversation goes on

Action = tuple[Any, ...]
Actions = Generator[Action, Any, None]
Batch = Sequence[tuple[Command, list[Any]]]
_MALFORMED = (ValueError, IndexError, KeyError, TypeError, AttributeError, ArithmeticError, struct.error)


class Opening(NamedTuple):
    """How the reply to a prepared statement began the last time, up to its first row, and where that led."""

    frames: bytes
    before: int  # the sequence numbers around them
    after: int
    code: Code
    pc: int
    layout: Layout
    zone: str | None


def _not_understood(error: Exception) -> WireError:
    return WireError("protocol", f"the server sent what cannot be understood: {error}")


class Machine:
    """One conversation's state. `v` are its variables, by the program's slots."""

    def __init__(self, program: Program, layouter: Layouter) -> None:
        self.program = program
        self.layouter = layouter
        self.v = program.initial()
        self.phase = "connecting"
        self.out = bytearray()
        self.inbox = b""
        self.split = SplitMessage()  # which has begun, and is no longer in the inbox
        self.position = 0
        self.sequence = 0
        self.layer: CompressionLayer | None = None
        self.skipping = False
        self.discarding = False
        self.discarded = 0
        self.reply = Reply()
        self.result: Result | None = None
        self.layout: Layout | None = None
        self.formats: tuple[int, ...] = ()
        self.described: tuple[Raw, str] | None = None
        self.prepared_layout: tuple[Raw, str] | None = None
        self.prepared: dict[str, Any] = {}
        self.openings: dict[Any, Opening] = {}
        self.slots: Any = None
        self.arguments: Any = None  # of the command whose replies are read
        self.feed: Feed | None = None
        self.given: Given = None
        self.on_notice: Callable[[WireNotice], None] | None = None
        self.on_notify: Callable[[Mapping[str, Any]], None] | None = None
        self.trace: Callable[[str, str, bytes], None] | None = None

    # -- what the conversation calls

    def flow(self, name: str) -> Actions:
        """Run one flow of the pack: connect, cancel."""
        self.sequence = 0
        yield from self._run(self.program.flow(name), [None] * len(ARGUMENTS))
        if self.out:
            yield from self._fill(0)

    def exchange(self, batch: Batch, reply: Reply) -> Actions:
        """Send a batch of commands and read what each is owed. A server's error is kept in `reply.error`."""
        while self.position < len(self.inbox) or self.split:  # it came behind the last reply
            yield from self.listen()
        self._begin(reply)
        segment = self.program.segment
        closing = segment is not None and (len(batch) > 1 or not batch[0][0].closed)
        try:
            owed = self._compose(batch, segment if closing else None)
        except WireError as error:
            reply.error, reply.done = error, True
            return
        for command, arguments, self.sequence in owed:
            if (statement := arguments[PREPARED]) is not None:
                self.prepared_layout, self.formats = statement.described, statement.formats
            try:
                yield from self._run(command.replies, arguments)
            except WireError as error:
                self._keep(self._last_words(error))
                if segment is not None:
                    if command.closed:
                        yield from self._skip(segment.replies)
                    break
        if closing and segment is not None:
            yield from self._skip(segment.replies) if reply.error else self._close(segment.replies)
        reply.done = True

    def listen(self) -> Actions:
        """Take one message that comes while nothing is owed."""
        self.sequence = 0
        try:
            yield from self._run(self.program.idle(), None)
        except WireError as error:
            error.outcome = "not_run"
            raise

    def _last_words(self, error: WireError) -> WireError:
        """What the server said before it heard of this exchange, where that is what could not be understood."""
        if error.kind == "protocol" and self.position < len(self.inbox):
            try:
                next(self.listen(), None)
            except WireError as said:
                return said if said.kind == "server" else error
        return error

    def _compose(self, batch: Batch, segment: Segment | None) -> list[tuple[Command, list[Any], int]]:
        """Write what a batch sends: all of it, or nothing where a value cannot be sent. Raises WireError.

        What is returned is owed: each command, its arguments, the sequence number of its first reply.
        """
        owed, before = [], len(self.out)
        try:
            for command, arguments in batch:
                self.sequence = 0
                self.perform(command.send, arguments)
                owed.append((command, arguments, self.sequence))
            if segment is not None:
                self.perform(segment.send, None)
        except BaseException as error:
            del self.out[before:]
            if isinstance(error, _MALFORMED):
                raise WireError("data", f"the statement cannot be sent: {error}", outcome="not_run") from error
            raise
        return owed

    def _begin(self, reply: Reply) -> None:
        self.reply = reply
        self.described = self.feed = None
        open_ = reply.results and not reply.results[-1].complete
        self.result, self.layout = (reply.results[-1], reply.layout) if open_ else (None, None)

    def _keep(self, error: WireError) -> None:
        """Remember the first error; go on only after one that leaves the conversation in step."""
        self.feed = None
        if error.kind == "refused":
            error.outcome = "unknown"  # what the server said of a statement was refused, not the statement
        if error.kind not in RECOVERABLE or "fatal" in error.fields:
            raise error
        if self.reply.error is None:
            self.reply.error = error

    def _close(self, code: Code) -> Actions:
        """Read the end of a segment, which may yet fail: a constraint can be deferred up to there."""
        try:
            yield from self._run(code, None)
        except WireError as error:
            self._keep(error)
            yield from self._skip(code)

    def _skip(self, code: Code) -> Actions:
        """After an error: drop what comes up to the end of the segment. A connection lost here leaves the error as it
        was."""
        self.skipping = True
        try:
            yield from self._run(code, None)
        except WireError as error:
            raise (self.reply.error or error) from None
        finally:
            self.skipping = False

    # -- the interpreter

    def perform(self, code: Code, a: Any) -> None:
        """Run code that does not wait."""
        pc, v = 0, self.v
        while True:
            op, x, y = code[pc]
            pc += 1
            if op == DO:
                x(self, v, a, None)
            elif op == IF:
                pc = pc if x(v, a, None) else y
            elif op == JUMP:
                pc = x
            elif op == END:
                return
            else:
                raise WireError("unsupported", "the pack waits in the `send` half of a command")

    def _run(self, code: Code, a: Any) -> Actions:
        pc, f, v = 0, None, self.v
        self.arguments = a
        stack: list[tuple[Code, int]] = []
        statement = a[STATEMENT] if a and code[0][0] == EXPECT and self.trace is None else None
        if statement is not None:
            if self.position >= len(self.inbox):
                self._received((yield (TRANSFER, self._sent(), 1)))
            origin = self.inbox, self.position, self.sequence
            pc = self._reopen(statement, code)
        while True:
            op, x, y = code[pc]
            pc += 1
            if op == EXPECT:
                found: Any = self._take(x) if self.position < len(self.inbox) else 1
                while found.__class__ is int:
                    if self.reply.stream and self.result is not None and (self.result.rows or self.discarding):
                        yield (ROWS,)
                    if self.feed is None:
                        self._received((yield (TRANSFER, self._sent(), found)))
                    else:
                        yield from self._pull(self.feed)
                    found = self._take(x)
                f = self.slots
                if found.handler is None:
                    pc = found.target
                else:
                    stack.append((code, pc - 1))
                    code, pc = found.handler, 0
            elif op in (DO, IF, OPEN):
                try:
                    if op != IF:
                        x(self, v, a, f)
                    elif not x(v, a, f):
                        pc = y
                except _MALFORMED as error:
                    raise _not_understood(error) from error
                if statement is not None and op != IF:
                    if op == OPEN and not stack:
                        self._remember(statement, origin, code, pc)
                    statement = None  # what an action has done is not done by passing over its bytes
            elif op == JUMP:
                pc = x
            elif op == END:
                if not stack:
                    return
                code, pc = stack.pop()
            elif op == CALL:
                if len(stack) >= MAX_CALLS:
                    raise WireError(
                        "protocol", "the server asks for one more round of authentication than is reasonable"
                    )
                stack.append((code, pc))
                code, pc = x, 0
            elif op == GATHER:
                yield from self._gather(x, self._number(y, v, a, f))
            elif op == TLS:
                yield from self._start_tls(x)
            elif op == CLOSED:
                while True:
                    yield from self._fill(1)
            else:
                v[y] = yield (RANDOM_BYTES, min(self._number(x, v, a, f), MAX_RANDOM))

    def _pull(self, feed: Feed) -> Actions:
        """Send on what the caller gives next."""
        yield (DATA,)
        feed.send(self, self.given)
        if feed.over:
            self.feed = None
        yield from self._fill(LOOK)  # it may be that nothing more is to be sent

    def _number(self, function: Function, v: list[Any], a: Any, f: Any) -> int:
        """A number that a pack makes of the server's bytes."""
        try:
            return int(function(v, a, f))
        except _MALFORMED as error:
            raise _not_understood(error) from error

    def _fill(self, want: int) -> Actions:
        self._received((yield (TRANSFER, self._sent(), want)))

    def _sent(self) -> bytearray:
        """What is to be sent, which is sent then."""
        out, self.out = self.out, bytearray()
        return out

    def _received(self, data: bytes) -> None:
        self.inbox = self.inbox[self.position :] + data if self.position < len(self.inbox) else data
        self.position = 0

    def _start_tls(self, rule: Mapping[str, str]) -> Actions:
        if self.out:
            yield from self._fill(0)
        if self.position < len(self.inbox):
            raise WireError("protocol", "the server sent data before the encryption that it agreed to")
        secured: Secured = yield (START_TLS, rule)
        for name, value in (("private", secured.verified), ("certificate", secured.certificate), ("encrypted", True)):
            self.v[self.program.slots[name]] = value

    def _remember(self, statement: Any, origin: tuple[bytes, int, int], code: Code, pc: int) -> None:
        """Keep how a reply began, where it came in one piece and nothing more is made of it."""
        inbox, start, before = origin
        while code[pc][0] == JUMP:
            pc = code[pc][1]
        if self.inbox is inbox and self.layout is not None and code[pc][0] == EXPECT:
            if len(self.openings) >= MAX_OPENINGS:
                self.openings.clear()
            frames, zone = inbox[start : self.position], self.layouter.zone(self.v)
            self.openings[statement] = Opening(frames, before, self.sequence, code, pc, self.layout, zone)

    def _reopen(self, statement: Any, code: Code) -> int:
        """Where to go on in `code`: behind the beginning of a reply that is, byte for byte, what the statement had
        before."""
        known = self.openings.get(statement)
        if (
            known is None
            or known.code is not code
            or known.before != self.sequence
            or self.result is not None
            or not self.inbox.startswith(known.frames, self.position)
            or known.zone != self.layouter.zone(self.v)
        ):
            return 0
        self.position += len(known.frames)
        self.sequence = known.after
        self._open(known.layout)
        return known.pc

    def _gather(self, state: State, count: int) -> Actions:
        """Keep the raw definitions of `count` columns."""
        if count > MAX_COLUMNS:
            raise WireError("protocol", f"the server announced {count} columns; at most {MAX_COLUMNS} are accepted")
        raw: list[bytes] = []
        for _ in range(count):
            found = self._take(state)
            while found.__class__ is int:
                yield from self._fill(found)
                found = self._take(state)
            if self.described is not None:
                raw.extend(self.described[0])
        column = state.others[0]
        self.described = (tuple(raw), column.message) if column.target else None

    # -- receiving

    def _take(self, state: State) -> Any:
        """The next message that `state` accepts, its fields in `self.slots`; or how many bytes are missing."""
        frames = state.frames
        limit = frames.limits[self.phase]
        try:
            if state.rows and self.result is not None and not (self.skipping or self.discarding or self.split):
                self._rows(state)
            while True:
                body = self.inbox
                head = frames.read(body, self.position, len(body), limit, self.v)
                if head.__class__ is int:
                    return head
                tag, start, stop, sequence = head  # type: ignore[misc]
                next_position, more = stop, frames.split and stop - start == frames.split
                if more or self.split:
                    self.split.add(tag, body[start:stop], limit)
                    if more:
                        self._go_on(stop, sequence)
                        continue
                    tag, body = self.split.whole()
                    start, stop = 0, len(body)
                candidate = self._choose(state, tag, body, start, stop)
                self._go_on(next_position, sequence)
                if candidate is None:
                    continue
                if candidate.kind != ROW:
                    return candidate
                self._row(state, body, start, stop)
        except _MALFORMED as error:
            raise WireError(
                "protocol", f"the server sent a malformed message while {state.expected} was due: {error}"
            ) from error

    def _choose(self, state: State, tag: Any, body: bytes, start: int, stop: int) -> Candidate | None:
        """The candidate that a frame is; None for one to be skipped."""
        for candidate in state.by_tag.get(tag, state.others):
            _, kind, guard, read, condition, _, _ = candidate
            if guard is not None and not guard(self.v, stop - start):
                continue
            if kind == ROW:
                return candidate
            if kind == COLUMNS:
                self.described = ((body[start:stop],), candidate.message)
                self.slots = None
                return candidate
            self.slots, position = read(body, start, stop, self.v)  # type: ignore[misc]
            if position != stop:
                raise ValueError(f"{stop - position} bytes too many in {candidate.message.replace('_', ' ')!r}")
            if condition is None or condition(self.v, self.arguments, self.slots):
                if self.trace is not None:
                    self.trace("<", candidate.message, body[start:stop])
                return candidate
        if self.skipping:
            return None
        raise WireError("protocol", f"the server sent message {tag!r} while {state.expected} was due")

    def _go_on(self, position: int, sequence: int) -> None:
        """Behind a frame, whose number is held against the one that was due; -1 where frames are not counted."""
        if sequence >= 0:
            if sequence != self.sequence and self.layer is None:  # which counts its own blocks
                raise ValueError(f"frame {sequence} came where {self.sequence} was due")
            self.sequence = sequence + 1 & 255
        self.position = position

    def _rows(self, state: State) -> None:
        """Consume all complete rows of the buffer at once."""
        layout, result = self.layout, self.result
        if layout is None or result is None or self.position >= len(self.inbox):
            return
        known, inbox, append = len(result.rows), self.inbox, result.rows.append
        try:
            run = layout.program(state.ends).run
            self.position, self.sequence = run(inbox, self.position, len(inbox), append, self.sequence)
        except ValueError:
            if not layout.relax():
                raise
            del result.rows[known:]
            run = layout.program(state.ends).run
            self.position, self.sequence = run(inbox, self.position, len(inbox), append, self.sequence)

    def _row(self, state: State, body: bytes, start: int, stop: int) -> None:
        """One row, where a run of rows could not take it: its frame is split, or may be something else than a row."""
        if self.skipping or self.discarding:
            self.discarded += stop - start
            return
        if self.layout is None or self.result is None:
            raise ValueError("a row without columns")
        try:
            row = self.layout.program(state.ends).one(body, start, stop)
        except ValueError:
            if not self.layout.relax():
                raise
            row = self.layout.program(state.ends).one(body, start, stop)
        self.result.rows.append(row)

    # -- what actions call

    def send(self, name: str, tag: Any, body: bytes, frame: FrameWriter) -> None:
        """Seal a body in one frame, or in several where it is split."""
        if frame.limit and len(body) > frame.limit:
            sentence = f"a message of {len(body)} bytes; the server takes at most {frame.limit}"
            raise WireError("data", sentence, outcome="not_run")
        if self.trace is not None:
            self.trace(">", name, body)
        before, first, start = len(self.out), self.sequence == 0, 0
        while True:
            part = (
                body[start : start + frame.split] if frame.split and len(body) - start >= frame.split else body[start:]
            )
            try:
                self.out += frame.header(tag, len(part), self.sequence)
            except (struct.error, OverflowError):
                raise WireError(
                    "data", f"a message of {len(body)} bytes does not fit the protocol", outcome="not_run"
                ) from None
            self.out += part
            self.sequence = self.sequence + 1 & 255
            start += len(part)
            if not frame.split or len(part) < frame.split:
                break
        if self.layer is not None:
            self.out[before:] = self.layer.seal(self.out[before:], first)

    def begin(self, rows: str) -> None:
        """Open a result with the columns just read; their rows come in the message `rows`."""
        if self.described is None:
            raise ValueError("a result without columns")
        raw, source = self.reply.described = self.prepared_layout = self.described
        self.formats = ()
        self._open(self.layouter.layout(raw, source, rows, (), self.v))

    def begin_prepared(self, rows: str) -> None:
        """Open a result with the columns that are known from the statement's preparation."""
        if self.prepared_layout is None:
            raise ValueError("a result without columns")
        if self.result is None:
            self._open(self.layouter.layout(*self.prepared_layout, rows, self.formats, self.v))

    def begin_named(self, columns: list[tuple[str, str]]) -> None:
        self.layout = None
        self.result = Result(self.layouter.named(columns))
        self.reply.results.append(self.result)

    def _open(self, layout: Layout) -> None:
        self.layout = self.reply.layout = layout
        self.result = Result(layout.columns)
        self.reply.results.append(self.result)
        if layout.unsure:
            self.reply.unsure = True

    def add_row(self, values: list[Any]) -> None:
        if self.result is None:
            raise ValueError("a row without a result")
        if len(values) != len(self.result.columns or ()):
            raise ValueError(f"a row of {len(values)} values in a result of {len(self.result.columns or ())} columns")
        if self.discarding:
            self.discarded += sum(len(value) for value in values if value.__class__ is bytes)
        else:
            self.result.rows.append(tuple(values))

    def complete(self, rowcount: int | None = -1, lastrowid: int | None = None, tag: str = "") -> None:
        """Close the open result, or add one without rows. A result that is kept whole counts its own rows."""
        result = self.result
        if rowcount is None:
            raise ValueError("a number of rows that is null")
        if result is None:
            result = Result(None)
            self.reply.results.append(result)
        elif rowcount < 0 and result.columns is not None and not self.reply.stream:
            rowcount = len(result.rows)
        result.rowcount, result.lastrowid, result.tag = rowcount, lastrowid, tag
        result.complete = True
        self.result = self.described = None

    def new_exchange(self) -> None:
        """What is sent next is a new command: its frames are counted from the beginning."""
        self.sequence = 0

    def take(self, data: Act, end: Act, failed: Act | None, arguments: list[Any]) -> None:
        """The server takes the caller's data from here on."""
        self.feed = Feed(data, end, failed, arguments)

    def compress(self, blocks: Blocks, algorithm: str, level: int) -> None:
        """From here on blocks are sent and come."""
        if self.position < len(self.inbox):
            raise WireError("protocol", "the server sent data before the compression that it agreed to")
        self.layer = CompressionLayer(blocks, algorithm, level)

    def suspend(self) -> None:
        """A portal has more rows: its result stays open."""
        self.result = None

    def description(self, described: tuple[Raw, str] | None) -> tuple[list[Column], tuple[int, ...]] | None:
        """The columns of a statement just prepared, and the format that is best for each; None without columns."""
        if described is None:
            return None
        try:
            return self.layouter.columns(*described, self.v), self.layouter.formats(*described)
        except _MALFORMED as error:
            raise _not_understood(error) from error

    def note_prepared(self, said: dict[str, Any]) -> None:
        self.prepared.update(said)

    def notice(self, notice: WireNotice) -> None:
        if self.on_notice is not None:
            self.on_notice(notice)

    def notify(self, said: Mapping[str, Any]) -> None:
        if self.on_notify is not None:
            self.on_notify(said)
