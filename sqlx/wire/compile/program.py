"""What a pack compiles to: a program of small instructions, which the machine executes.

A flow becomes a flat list of instructions `(op, x, y)`:

    DO     x(machine, v, a, f)           set, send, emit: no waiting
    OPEN   x(machine, v, a, f)           begin a result
    IF     x(v, a, f), else jump to y
    JUMP   to x
    CALL   the code x
    EXPECT the state x                   read one message, go where it leads
    GATHER the state x, y(v, a, f) times keep raw messages: the columns of a result
    TLS    by the rule x                 upgrade the connection
    RANDOM x(v, a, f) bytes into v[y]
    CLOSED ·                             wait until the server closes the connection
    END    ·                             go back to the caller; the last of every code

`v` are the connection's variables, `a` the arguments of the command, `f` the fields of the message just read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlx.wire.compile.framing import Blocks, FrameReader, FrameWriter
from sqlx.wire.link import WireNotice

DO, IF, JUMP, CALL, EXPECT, GATHER, TLS, RANDOM, CLOSED, END, OPEN = range(11)

Code = list[tuple[int, Any, Any]]


class Function(Protocol):
    """A compiled expression of the variables, the arguments and the fields of the message just read."""

    def __call__(self, v: list[Any], a: Any = None, f: Any = None) -> Any: ...


MESSAGE, ROW, COLUMNS = range(3)

# The arguments a command may use, in the order of the machine's argument list, with their types.
ARGUMENTS = {
    "sql": "text",
    "name": "text",  # the client's name for a prepared statement
    "types": "list",  # of parameter type numbers
    "flags": "list",  # of parameter type numbers with their flags, pairs
    "statement": "any",  # what identifies a prepared statement to the server
    "formats": "list",  # of the values: 0 text, 1 binary
    "values": "list",  # encoded parameters, null where they are
    "result_formats": "list",
    "returns_rows": "bool",
    "portal": "text",
    "limit": "int",
    "gives": "bool",  # the caller has data to give to the statement
    "takes": "bool",  # the caller takes data from the statement
    "data": "bytes",  # a piece of what the caller gives
    "reason": "text",  # why the caller cannot go on
}

# The variables every connection has, beside the pack's own.
BUILTIN_VARIABLES = {
    "user": "text",
    "password": "text",
    "database": "text",
    "host": "text",
    "options": "map",
    "tls_wanted": "bool",  # this attempt asks for TLS
    "tls_needed": "bool",  # and does without it fail
    "encrypted": "bool",
    "compressions": "list",  # the names of those that can be done here
    "private": "bool",  # a Unix socket, or TLS whose certificate was verified
    "certificate": "bytes",  # of the server (DER); empty without TLS
}

# The commands whose replies bring a result each, or a part of one: without any they are no answers.
RESULT_COMMANDS = frozenset({"query", "execute", "run", "run_again", "fetch"})

INITIAL: dict[str, Any] = {"int": 0, "text": "", "bytes": b"", "bool": False, "list": [], "map": {}, "any": None}


class Sends(Protocol):
    """What steps ask of whoever sends their messages."""

    def send(self, name: str, tag: Any, body: bytes, frame: FrameWriter) -> None: ...

    def new_exchange(self) -> None: ...

    def compress(self, blocks: Blocks, algorithm: str, level: int) -> None: ...


class Collects(Protocol):
    """What steps ask of whoever makes results of what the server says."""

    def begin(self, rows: str) -> None: ...

    def begin_prepared(self, rows: str) -> None: ...

    def begin_named(self, columns: list[tuple[str, str]]) -> None: ...

    def add_row(self, values: list[Any]) -> None: ...

    def complete(self, rowcount: int = -1, lastrowid: int | None = None, tag: str = "") -> None: ...

    def suspend(self) -> None: ...

    def note_prepared(self, said: dict[str, Any]) -> None: ...


class Performer(Protocol):
    """What the steps of a flow ask of the machine that executes them; `sqlx.wire.compile.actions` says what each is."""

    @property
    def messages(self) -> Sends: ...

    @property
    def results(self) -> Collects: ...

    def take(self, data: Any, end: Any, failed: Any, arguments: list[Any]) -> None: ...

    def notice(self, notice: WireNotice) -> None: ...

    def notify(self, said: Mapping[str, Any]) -> None: ...


class Candidate(NamedTuple):
    """One message that a state accepts."""

    message: str
    kind: int  # MESSAGE, ROW, COLUMNS
    guard: Callable[[list[Any], int], bool] | None  # of the variables and the body's size
    read: Callable[..., Any] | None
    condition: Function | None
    target: int  # where it leads in this code …
    handler: Code | None  # … or the code that handles it in passing


class State:
    """What may come: candidates by tag, those that no tag tells, and names for the error when it is something else.

    `ends` are the first bytes of what may come in the place of a row that no tag tells.
    """

    __slots__ = ("by_tag", "ends", "expected", "frames", "others", "rows")

    def __init__(self, frames: FrameReader, expected: str) -> None:
        self.frames = frames
        self.expected = expected
        self.by_tag: dict[Any, list[Candidate]] = {}
        self.others: list[Candidate] = []
        self.ends: frozenset[int] = frozenset()
        self.rows = False  # whether rows are among them

    def accept(self, candidate: Candidate, tags: Sequence[Any]) -> None:
        """Add a candidate, told by `tags` or, without any, by not being another. Those added first are tried first."""
        self.rows = self.rows or candidate.kind == ROW
        if not tags:
            self.others.append(candidate)
            for known in self.by_tag.values():
                known.append(candidate)
        for tag in tags:
            self.by_tag.setdefault(tag, self.others.copy()).insert(self._place(tag), candidate)
            if isinstance(tag, int):
                self.ends |= {tag}

    def _place(self, tag: Any) -> int:
        """Behind the candidates of this tag, before those that no tag tells."""
        return len(self.by_tag.get(tag, self.others)) - len(self.others)


class Command(NamedTuple):
    """Two halves: what is sent, and the grammar of what answers. `closed`: it ends its own segment."""

    name: str
    send: Code
    replies: Code
    closed: bool


class Segment(NamedTuple):
    """What ends a batch of commands, and what the server answers to it; after an error everything up to there is
    skipped."""

    send: Code
    replies: Code
