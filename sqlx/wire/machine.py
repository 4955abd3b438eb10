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

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from sqlx.wire.columns import Layouter, check_width
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.fuel import MAX_FUEL
from sqlx.wire.compile.program import (
    ARGUMENTS,
    CALL,
    CLOSED,
    DO,
    END,
    EXPECT,
    GATHER,
    IF,
    JUMP,
    OPEN,
    RESULT_COMMANDS,
    TLS,
    Code,
    Command,
    Function,
    Segment,
    State,
)
from sqlx.wire.errors import MALFORMED, WireError, not_understood
from sqlx.wire.feed import Act, Feed
from sqlx.wire.link import LOOK, Given, WireNotice
from sqlx.wire.messages import Messages
from sqlx.wire.openings import Openings
from sqlx.wire.result import Reply
from sqlx.wire.results import Results
from sqlx.wire.tls import Secured

TRANSFER, START_TLS, RANDOM_BYTES, ROWS, DATA = range(5)
MAX_CALLS = 32
STATEMENT = list(ARGUMENTS).index("statement")
PREPARED = len(ARGUMENTS)  # behind a command's arguments: the statement it runs, whose columns are known
MAX_RANDOM = 1024
RECOVERABLE = ("server", "unsupported", "data", "usage")  # after these the conversation goes on

Action = tuple[Any, ...]
Actions = Generator[Action, Any, None]
Batch = Sequence[tuple[Command, list[Any]]]


class Machine:
    """One conversation's program, under way. `v` are its variables, by the program's slots."""

    def __init__(self, program: Program, layouter: Layouter) -> None:
        self.program = program
        self.v = v = program.initial()
        self.results = Results(layouter, v)
        self.messages = Messages(v, self.results)
        self.openings = Openings(self.messages, self.results)
        self.feed: Feed | None = None
        self.given: Given = None
        self.on_notice: Callable[[WireNotice], None] | None = None
        self.on_notify: Callable[[Mapping[str, Any]], None] | None = None

    # -- what the conversation calls

    def flow(self, name: str) -> Actions:
        """Run one flow of the pack: connect, cancel."""
        self.messages.sequence = 0
        yield from self._run(self.program.flow(name), [None] * len(ARGUMENTS))
        if self.messages.out:
            yield from self._fill(0)

    def exchange(self, batch: Batch, reply: Reply) -> Actions:
        """Send a batch of commands and read what each is owed. A server's error is kept in `reply.error`."""
        messages, results = self.messages, self.results
        while messages.position < len(messages.inbox) or messages.split:  # it came behind the last reply
            yield from self.listen()
        results.start(reply)
        self.feed = None
        segment = self.program.segment
        closing = segment is not None and (len(batch) > 1 or not batch[0][0].closed)
        try:
            owed = self._compose(batch, segment if closing else None)
        except WireError as error:
            reply.error, reply.done = error, True
            return
        for index, (command, arguments, messages.sequence) in enumerate(owed):
            if (statement := arguments[PREPARED]) is not None:
                results.known, results.formats = statement.described, statement.formats
            ended = results.ended
            try:
                yield from self._run(command.replies, arguments)
                self._check_whole()
                if results.ended == ended and command.name in RESULT_COMMANDS:
                    raise WireError("protocol", "the server ended its answer, in which there is no result")
            except WireError as error:
                error.index = index
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
        self.messages.sequence = 0
        try:
            yield from self._run(self.program.idle(), None)
        except WireError as error:
            error.outcome = "not_run"
            raise

    def _last_words(self, error: WireError) -> WireError:
        """What the server said before it heard of this exchange, where that is what could not be understood."""
        if error.kind == "protocol" and self.messages.waiting:
            try:
                next(self.listen(), None)
            except WireError as said:
                return said if said.kind == "server" else error
        return error

    def _compose(self, batch: Batch, segment: Segment | None) -> list[tuple[Command, list[Any], int]]:
        """Write what a batch sends: all of it, or nothing where a value cannot be sent. Raises WireError.

        What is returned is owed: each command, its arguments, the sequence number of its first reply.
        """
        owed, messages = [], self.messages
        before = len(messages.out)
        try:
            for command, arguments in batch:
                messages.sequence = 0
                self.perform(command.send, arguments)
                owed.append((command, arguments, messages.sequence))
            if segment is not None:
                self.perform(segment.send, None)
        except BaseException as error:
            del messages.out[before:]
            if isinstance(error, MALFORMED):
                raise WireError("data", f"the statement cannot be sent: {error}", outcome="not_run") from error
            raise
        return owed

    def _check_whole(self) -> None:
        """Raises WireError where the server has ended its answer, and not what it had begun in it."""
        if self.feed is not None:
            raise WireError("protocol", "the server said that a statement was done before it had all the data")
        if self.results.result is not None:
            raise WireError("protocol", "the server ended its answer in the midst of a result")

    def _keep(self, error: WireError) -> None:
        """Remember the first error; go on only after one that leaves the conversation in step."""
        self.feed = None
        self.results.fail()
        if error.kind != "server":
            error.outcome = "unknown"  # what the server said of a statement was refused, not the statement
        if error.kind not in RECOVERABLE or "fatal" in error.fields:
            raise error
        if self.results.reply.error is None:
            self.results.reply.error = error

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
        self.messages.skipping = True
        try:
            yield from self._run(code, None)
        except WireError as error:
            raise (self.results.reply.error or error) from None
        finally:
            self.messages.skipping = False

    # -- the interpreter

    def perform(self, code: Code, a: Any) -> None:
        """Run code that does not wait."""
        pc, v = 0, self.v
        v[-1].left = MAX_FUEL
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
        pc, f, v, messages, results = 0, None, self.v, self.messages, self.results
        messages.arguments = a
        stack: list[tuple[Code, int]] = []
        taken = -1
        statement = a[STATEMENT] if a and code[0][0] == EXPECT and messages.trace is None else None
        if statement is not None:
            if messages.position >= len(messages.inbox):
                messages.received((yield (TRANSFER, messages.sent(), 1)))
            origin = messages.inbox, messages.position, messages.sequence
            pc = self.openings.pass_over(statement, code)
        while True:
            op, x, y = code[pc]
            pc += 1
            if op == EXPECT:
                found: Any = messages.take(x) if messages.position < len(messages.inbox) else 1
                while found.__class__ is int:
                    if results.reply.stream and (results.discarding or (results.result and results.result.rows)):
                        yield (ROWS,)
                    if self.feed is None:
                        messages.received((yield (TRANSFER, messages.sent(), found)))
                    else:
                        yield from self._pull(self.feed)
                    found = messages.take(x)
                f = messages.slots
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
                except MALFORMED as error:
                    raise not_understood(error) from error
                if statement is not None and op != IF:
                    if op == OPEN and not stack:
                        self.openings.remember(statement, origin, code, pc)
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
                if messages.position != taken:  # a message was taken since the last call
                    taken, v[-1].left = messages.position, MAX_FUEL
                v[-1].burn(len(x))
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
        if self.results.result is None:
            self._check_whole()
        yield (DATA,)
        try:
            feed.send(self, self.given)
        except MALFORMED as error:
            raise not_understood(error) from error
        if feed.over:
            self.feed = None
        yield from self._fill(LOOK)  # it may be that nothing more is to be sent

    def _number(self, function: Function, v: list[Any], a: Any, f: Any) -> int:
        """A number that a pack makes of the server's bytes."""
        try:
            return int(function(v, a, f))
        except MALFORMED as error:
            raise not_understood(error) from error

    def _fill(self, want: int) -> Actions:
        self.messages.received((yield (TRANSFER, self.messages.sent(), want)))

    def _start_tls(self, rule: Mapping[str, str]) -> Actions:
        if self.messages.out:
            yield from self._fill(0)
        if self.messages.waiting:
            raise WireError("protocol", "the server sent data before the encryption that it agreed to")
        secured: Secured = yield (START_TLS, rule)
        for name, value in (("private", secured.verified), ("certificate", secured.certificate), ("encrypted", True)):
            self.v[self.program.slots[name]] = value

    def _gather(self, state: State, count: int) -> Actions:
        """Keep the raw definitions of `count` columns."""
        check_width(count)
        raw: list[bytes] = []
        for _ in range(count):
            found = self.messages.take(state)
            while found.__class__ is int:
                yield from self._fill(found)
                found = self.messages.take(state)
            if self.results.described is not None:
                raw.extend(self.results.described[0])
        column = state.others[0]
        self.results.described = (tuple(raw), column.message) if column.target else None

    # -- what actions call

    def take(self, data: Act, end: Act, failed: Act | None, arguments: list[Any]) -> None:
        """The server takes the caller's data from here on, and owes the end of the statement that it is for."""
        self.results.begin_without_rows()
        self.feed = Feed(data, end, failed, arguments)

    def notice(self, notice: WireNotice) -> None:
        if self.on_notice is not None:
            self.on_notice(notice)

    def notify(self, said: Mapping[str, Any]) -> None:
        if self.on_notify is not None:
            self.on_notify(said)
