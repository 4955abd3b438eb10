"""The seam between the kernel and whatever stands at the other end: a server on a socket, or an engine in the process.

Everything that may wait is a generator of *steps*: it yields a Wait, says what it found with `return`, and never
blocks by itself. Two thin runners (`sqlx.wire.io`) drive such generators: one on blocking sockets, one on asyncio. An
embedded link yields nothing and blocks; its asyncio runner is a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from sqlx.wire.parameters import ParameterType
from sqlx.wire.registry import Pack
from sqlx.wire.result import Column, Reply
from sqlx.wire.values import Context

READ = 1
WRITE = 2
LOOK = -1  # bytes that are wanted: none, but those that have come already


class Wait(NamedTuple):
    """Resume when `fd` can be read or written (a sum of READ and WRITE); the runner sends back which of them it is."""

    fd: int
    flags: int


class Resolve(NamedTuple):
    """Resume with `socket.getaddrinfo(host, port, type=SOCK_STREAM)`."""

    host: str
    port: int


class Ask(NamedTuple):
    """Resume with what `question()` gives, awaited where the runner can; what it raises ends the steps unchanged."""

    question: Callable[[], Any]


Need: TypeAlias = Wait | Resolve | Ask
T = TypeVar("T")
Steps: TypeAlias = Generator[Need, Any, T]
State: TypeAlias = Literal["idle", "open", "failed", "closed"]


class Prepared(Protocol):
    """A statement known to the server. `parameters` are the type ids that the server told or was told, one a
    placeholder."""

    @property
    def columns(self) -> Sequence[Column] | None: ...

    @property
    def parameters(self) -> Sequence[int]: ...


class GivenUp(NamedTuple):
    """What a caller gives in the place of data that cannot be had: why."""

    reason: str


Given: TypeAlias = bytes | GivenUp | None  # a piece of data; None is its end


class Call(NamedTuple):
    """One execution in a pipeline: of `prepared`, or of a text that is not. `begin` opens a transaction before it."""

    sql: str
    types: tuple[ParameterType, ...]
    values: Sequence[Any]
    prepared: Any
    begin: str | None


class Link(Protocol):
    """One conversation with one server. Not for two threads at a time; `cancel` and `interrupt` are for any thread.

    `state` is the transaction's: `idle` (none), `open`, `failed` (only a rollback will do); `closed` when the link is.
    `address` is where the server is, in words; `variables` are what it told of itself (`server_version`, …).
    `on_notice` and `on_notify` get what arrives unasked. Errors are WireError. After kind `protocol`, `connection` or
    `timeout` the link is closed.
    """

    pack: Pack
    address: str
    runs_unprepared: bool  # a statement with values can be run without being prepared first
    on_notice: Callable[[WireNotice], None] | None
    on_notify: Callable[[Mapping[str, Any]], None] | None

    @property
    def state(self) -> State: ...

    def watch(self, on_idle: Callable[[], None] | None) -> None:
        """Call a function whenever, after a result, no transaction is open, also where its reply goes on to open
        another and `state` shows nothing; None ends this."""
        ...

    def check_open(self) -> None:
        """Raises WireError when the link is closed: why, if it was closed while nothing was asked of it."""
        ...

    @property
    def idle(self) -> bool:
        """Whether it is open and the server owes nothing: what comes now, comes unasked."""
        ...

    @property
    def untried(self) -> Sequence[Any]:
        """What else the server's name leads to: addresses that were not tried."""
        ...

    @property
    def variables(self) -> Mapping[str, Any]: ...

    @property
    def context(self) -> Context:
        """What the values of a type depend on in this session, beside the type."""
        ...

    @property
    def direct(self) -> bool | None:
        """Whether one process of the server answers all that is asked, so that what is prepared by name is found
        again; None while that is not known."""
        ...

    def open(self) -> Steps[None]:
        """Connect, secure, authenticate."""
        ...

    def identify(self) -> Steps[None]:
        """Find out whether it is `direct`."""
        ...

    def query(self, sql: str, *, begin: str | None = None, stream: bool = False) -> Steps[Reply]:
        """Run a text as it is: one statement or a script. `begin` opens a transaction before it, in the same exchange:
        when it fails the text is not run."""
        ...

    def exchange_data(self, sql: str, *, gives: bool = False, takes: bool = False) -> Steps[Reply]:
        """Run a text that takes data from its caller, which is then `given`, or brings some, in a streamed result."""
        ...

    def give(self, reply: Reply, data: Given) -> Steps[None]:
        """Send a piece of data to a reply that is `wanting`, or its end (None), or that it cannot be had."""
        ...

    def prepare(self, sql: str, types: tuple[ParameterType, ...]) -> Steps[Prepared]:
        """Have the server parse and describe one statement with the pack's native placeholders. A type of 0 is for the
        server to infer."""
        ...

    def execute(
        self,
        prepared: Any,
        types: tuple[ParameterType, ...],
        values: Sequence[Any],
        *,
        begin: str | None = None,
        stream: bool = False,
        portal: bool = False,
    ) -> Steps[Reply]:
        """Bind values already encoded for their types (`sqlx.wire.parameters`) and run.
        `portal`: read in parts, so that other statements may run between."""
        ...

    def execute_many(
        self,
        prepared: Any,
        types: tuple[ParameterType, ...],
        rows: Sequence[Sequence[Any]],
        *,
        begin: str | None = None,
    ) -> Steps[Reply]:
        """Run one statement once a row, pipelined where the protocol can; one Result a row that was run."""
        ...

    def run(
        self,
        sql: str,
        types: tuple[ParameterType, ...],
        values: Sequence[Any],
        *,
        keep: bool = False,
        begin: str | None = None,
        stream: bool = False,
        portal: bool = False,
    ) -> Steps[Reply]:
        """Parse, bind and run one statement in one exchange. `keep`: under a name, and then `prepared` of the reply is
        for `execute`. Only where `runs_unprepared`."""
        ...

    def run_many(
        self,
        sql: str,
        types: tuple[ParameterType, ...],
        rows: Sequence[Sequence[Any]],
        *,
        begin: str | None = None,
    ) -> Steps[Reply]:
        """`execute_many` of a statement that is not kept. Only where `runs_unprepared`."""
        ...

    def pipeline(self, calls: Sequence[Call]) -> Steps[Reply]:
        """Run many statements in one exchange, one Result each. What fails leaves its error in the reply, and the rest
        not run. Only where `runs_unprepared`."""
        ...

    def resume(self, reply: Reply) -> Steps[None]:
        """Read on in a streamed reply: return when at least one more row is there, a result has ended, or all has."""
        ...

    def end(self, reply: Reply, limit: int = 1 << 20) -> Steps[bool]:
        """Give up a streamed reply: drain up to `limit` bytes; False when more was coming (the caller then cancels and
        ends again)."""
        ...

    def forget_types(self) -> None:
        """Forget what was looked up of types; what is prepared must be forgotten too."""
        ...

    def release(self, prepared: Any) -> None:
        """Forget a statement; the server is told with the next exchange."""
        ...

    def ping(self) -> Steps[None]: ...

    def listen(self) -> Steps[None]:
        """Wait for one message that nobody asked for, and handle it. Steps that are dropped while they wait have lost
        nothing. An error closes the link, and is told once more by whatever is asked of it next."""
        ...

    def trait(self, name: str) -> Steps[bool]:
        """Whether the server is `read_only`, or a `standby`: by what it told, else by the query that its pack has."""
        ...

    def cancel(self) -> Steps[None]:
        """Ask the server to stop what runs, over a second connection. Harmless when nothing runs."""
        ...

    def interrupt(self) -> bool:
        """Stop what runs at once, where the engine can without a connection (embedded); False elsewhere."""
        ...

    def close(self) -> Steps[None]:
        """Say goodbye if that is possible, and close. Never raises; safe to repeat."""
        ...

    def abort(self) -> None:
        """Close the socket at once, saying nothing."""
        ...


class WireNotice(NamedTuple):
    """A notice or warning from the server: not an error, same fields."""

    message: str
    sqlstate: str | None
    code: int | None
    fields: Mapping[str, str]
