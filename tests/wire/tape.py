"""Recorded conversations: what was asked of a link, the bytes that passed, and what it gave.

A transcript is a file of JSON lines. The first says who connects; then for each thing that is done

    {"do": ["query", "select 1"]}
    {"sent": "Q…"}  {"received": "T…"}     bytes above TLS, as text of one character a byte
    {"random": "…"}                        random bytes
    {"tls": [true, "…"]}                   an upgrade: whether the certificate was verified, and the certificate
    {"pause": true}                        here another connection had its turn
    {"gives": {…}}                         results, notices, the error, the state of the transaction

`on` numbers the connection of a line where it is not the first. A replay does the same things with the same link,
checks every byte that is sent, and cuts what is received wherever it is told to.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlx.wire import registry
from sqlx.wire.channel import Channel, Endpoint
from sqlx.wire.conversation import Conversation
from sqlx.wire.errors import WireError
from sqlx.wire.identity import Identity
from sqlx.wire.line import Line
from sqlx.wire.link import LOOK, GivenUp, Steps, WireNotice
from sqlx.wire.parameters import parameters_of
from sqlx.wire.result import Reply
from sqlx.wire.tls import Secured

Entry = dict[str, Any]
Run = Callable[[Steps[Any]], Any]


# What brings results, the statement's own or those that came before its error.
BRINGING = {
    "query", "execute", "execute_many", "run_text", "run_many", "resume", "streamed", "cancelled", "given", "taken",
}  # fmt: skip


class Header(NamedTuple):
    """The first line: all that must be known to hold the conversation again."""

    pack: str
    server: str  # and its version, as it was recorded
    user: str
    password: str
    database: str
    options: dict[str, Any]
    sslmode: str
    over_socket: bool
    opaque: bool = False  # what is sent before login holds what only the server can read: its size alone is checked

    def link(self, type_: type[Conversation], endpoint: Endpoint) -> Conversation:
        pack = registry.load(self.pack)
        options = {name: rule.get("default") for name, rule in pack.options.items()}
        identity = Identity(self.user, self.password or None, self.database, {**options, **self.options})
        return type_(pack, endpoint, identity)


class Actor:
    """Does what a transcript says with a link, and tells what it gives."""

    def __init__(self, link: Conversation, run: Run, cancelling: Callable[[Steps[Any], Steps[Any]], Any]) -> None:
        self.link = link
        self._run = run
        self._cancelling = cancelling
        self._parameters = parameters_of(link.pack)
        self._notices: list[WireNotice] = []
        self.prepared: Any = None
        self._types: Any = None
        self._reply = Reply()
        link.on_notice = self._notices.append

    def do(self, what: list[Any]) -> Entry:
        """Do one thing; the WireError that it raises is part of what it gives."""
        verb, *arguments = what
        gives: Entry = {}
        try:
            getattr(self, f"_{verb}")(*arguments)
        except WireError as error:
            gives["error"] = _shown(error.kind, error.message, error.sqlstate, error.code, error.fields)
        if verb in BRINGING:
            gives["results"] = [_result(result) for result in self._reply.results]
        if self._notices:
            gives["notices"] = [_shown("notice", *notice) for notice in self._notices]
            self._notices.clear()
        return {**gives, "state": self.link.state}

    def _open(self) -> None:
        self._run(self.link.open())

    def _query(self, sql: str, options: dict[str, Any] | None = None) -> None:
        self._reply = Reply()
        self._reply = self._run(self.link.query(sql, **(options or {})))

    def _prepare(self, sql: str, values: list[Any]) -> None:
        self._types, _ = self._parameters.bind(values)
        self.prepared = self._run(self.link.prepare(sql, self._types))

    def _execute(self, values: list[Any], options: dict[str, Any] | None = None) -> None:
        self._types, encoded = self._parameters.bind(values)
        self._reply = Reply()
        self._reply = self._run(self.link.execute(self.prepared, self._types, encoded, **(options or {})))

    def _execute_many(self, rows: list[list[Any]]) -> None:
        encoded = [self._parameters.bind(row)[1] for row in rows]
        self._reply = Reply()
        self._reply = self._run(self.link.execute_many(self.prepared, self._types, encoded))

    def _run_text(self, sql: str, values: list[Any], options: dict[str, Any] | None = None) -> None:
        self._types, encoded = self._parameters.bind(values)
        self._reply = Reply()
        self._reply = self._run(self.link.run(sql, self._types, encoded, **(options or {})))
        self.prepared = self._reply.prepared

    def _run_many(self, sql: str, rows: list[list[Any]]) -> None:
        bound = [self._parameters.bind(row) for row in rows]
        self._reply = Reply()
        self._reply = self._run(self.link.run_many(sql, bound[0][0], [encoded for _, encoded in bound]))

    def _resume(self) -> None:
        self._run(self.link.resume(self._reply))

    def _streamed(self, sql: str) -> None:
        self._query(sql, {"stream": True})
        while not self._reply.done:
            self._resume()

    def _given_up(self, sql: str) -> None:
        """A streamed reply that nobody reads: how much of it has arrived when it is given up depends on the line."""
        self._query(sql, {"stream": True})
        assert self._run(self.link.end(self._reply))

    def _given(self, sql: str, pieces: list[str], failure: str | None = None) -> None:
        """A statement that takes data, whose end may be that there is no more to be had."""
        self._reply = Reply()
        self._reply = self._run(self.link.exchange_data(sql, gives=True))
        for piece in pieces:
            self._run(self.link.give(self._reply, piece.encode()))
        self._run(self.link.give(self._reply, None if failure is None else GivenUp(failure)))

    def _taken(self, sql: str) -> None:
        """A statement that brings data."""
        self._reply = Reply()
        self._reply = self._run(self.link.exchange_data(sql, takes=True))
        while not self._reply.done:
            self._resume()

    def _release(self) -> None:
        self.link.release(self.prepared)

    def _ping(self) -> None:
        self._run(self.link.ping())

    def _cancelled(self, sql: str) -> None:
        self._reply = Reply()
        self._cancelling(self.link.query(sql), self.link.cancel())

    def _close(self) -> None:
        self._run(self.link.close())


def _result(result: Any) -> Entry:
    columns = None if result.columns is None else [[column.name, column.type] for column in result.columns]
    return {
        "columns": columns,
        "rows": [[repr(value) for value in row] for row in result.rows],
        "rowcount": result.rowcount,
        "lastrowid": result.lastrowid,
        "tag": result.tag,
        "complete": result.complete,
    }


def _shown(kind: str, message: str, sqlstate: str | None, code: int | None, fields: Any) -> Entry:
    return {"kind": kind, "message": message, "sqlstate": sqlstate, "code": code, "fields": dict(fields)}


# -- recording


class Recorder:
    """Notes what passes, in order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.connections = 0

    def note(self, on: int, **entry: Any) -> None:
        last = self.entries[-1] if self.entries else {}
        [(kind, value)] = entry.items()
        if kind in last and last.get("on", 0) == on and kind in ("sent", "received"):
            last[kind] += value
        else:
            self.entries.append(entry | ({"on": on} if on else {}))

    def conversation(self) -> type[Conversation]:
        """A conversation whose channels and random bytes are noted."""
        recorder = self

        class RecordingChannel(Channel):
            def connect(self) -> Steps[None]:
                self._on = recorder.connections
                recorder.connections += 1
                yield from super().connect()

            def transfer(self, out: bytes | bytearray, want: int) -> Steps[bytes]:
                if out:
                    recorder.note(self._on, sent=bytes(out).decode("latin-1"))
                try:
                    data = yield from super().transfer(out, want)
                except WireError as error:
                    recorder.note(self._on, closed=error.message)
                    raise
                if data:
                    recorder.note(self._on, received=data.decode("latin-1"))
                return data

            def start_tls(self, alpn: str | None = None) -> Steps[Secured]:
                secured = yield from super().start_tls(alpn)
                recorder.note(self._on, tls=[secured.verified, secured.certificate.decode("latin-1")])
                return secured

        class RecordingLine(Line):
            channel_type = RecordingChannel

            @staticmethod
            def random(size: int) -> bytes:
                data = Line.random(size)
                recorder.note(recorder.connections - 1, random=data.decode("latin-1"))
                return data

        class Recorded(Conversation):
            line_type = RecordingLine

        return Recorded


# -- replaying


class Difference(AssertionError):
    """What happens is not what was recorded."""


class Transcript:
    """A recorded conversation."""

    def __init__(self, path: Path) -> None:
        first, *lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        self.header = Header(**first)
        self.lines: list[Entry] = lines
        self.received = sum(len(line.get("received", "")) for line in lines)

    def copy(self) -> Self:
        """Another of the same, whose lines may be changed."""
        other = copy(self)
        other.lines = [dict(line) for line in self.lines]
        return other

    def replay(self, cuts: Iterable[int] = ()) -> set[int]:
        """Hold the conversation again; bytes arrive up to the next of `cuts` (offsets in all that is received) that
        gives the link what it waits for. Returns the cuts that were made.

        Raises Difference at the first one.
        """
        tape = _Tape(self.lines, sorted(cuts), self.header.opaque)
        actor = Actor(self._link(tape), _straight, _interleaved)
        for does, gives in zip(self._all("do"), self._all("gives"), strict=True):
            found = json.loads(json.dumps(actor.do(does)))
            if found != gives:
                raise Difference(f"{does} gives {found} where the transcript has {gives}")
        tape.assert_played()
        return tape.made

    def opened(self) -> Conversation:
        """The link as it is when its first thing, to open, is done; closed when that is an error."""
        link = self._link(_Tape(self.lines, [], self.header.opaque))
        Actor(link, _straight, _interleaved).do(["open"])
        return link

    def _link(self, tape: _Tape) -> Conversation:
        socket = "/socket" if self.header.over_socket else None
        endpoint = Endpoint("127.0.0.1", 1, socket, self.header.sslmode)  # type: ignore[arg-type]
        return self.header.link(tape.conversation(), endpoint)

    def _all(self, kind: str) -> list[Any]:
        return [line[kind] for line in self.lines if kind in line]


def _straight(steps: Steps[Any]) -> Any:
    try:
        need = next(steps)
    except StopIteration as end:
        return end.value
    raise Difference(f"a replay waits for nothing, not for {need}")


def _interleaved(steps: Steps[Any], between: Steps[Any]) -> Any:
    try:
        next(steps)
    except StopIteration:
        raise Difference("nothing was waited for") from None
    _straight(between)
    return _straight(steps)


class _Tape:
    """What passed, to be passed again."""

    def __init__(self, lines: list[Entry], cuts: list[int], opaque: bool) -> None:
        self.cuts = cuts
        self.made: set[int] = set()
        self.opaque = opaque
        self.connections = 0
        self._queues: dict[int, deque[Entry]] = {}
        offset = 0
        for line in lines:
            if "do" not in line and "gives" not in line:
                self._queues.setdefault(line.get("on", 0), deque()).append({**line, "offset": offset})
                offset += len(line.get("received", ""))

    def next(self, on: int, kind: str) -> Any:
        queue = self._queues.get(on)
        if not queue or kind not in queue[0]:
            raise Difference(f"{kind} where the transcript has {queue[0] if queue else 'nothing more'}")
        return queue.popleft()[kind]

    def is_next(self, on: int, kind: str) -> bool:
        queue = self._queues.get(on)
        return bool(queue) and kind in queue[0]

    def check_sent(self, on: int, data: bytes, awaited: bool) -> None:
        """What is sent without an answer being awaited may be a part of what was sent in a row."""
        expected = self.next(on, "sent").encode("latin-1")
        if not awaited and len(data) < len(expected):
            self._queues[on].appendleft({"sent": expected[len(data) :].decode("latin-1")})
            expected = expected[: len(data)]
        if data != expected and not (self.opaque and len(data) == len(expected) > 250):
            raise Difference(f"{data!r} is sent where the transcript has {expected!r}")

    def receive(self, on: int, want: int) -> bytes:
        """At least `want` bytes, up to the first cut behind them, or all that came in one go."""
        if not self.is_next(on, "received"):
            raise Difference("the link waits for what never came")
        entry = self._queues[on].popleft()
        data, offset = entry["received"].encode("latin-1"), entry["offset"]
        if len(data) < want:
            raise Difference(f"the link waits for {want} bytes where {len(data)} came")
        here = next((cut - offset for cut in self.cuts if want <= cut - offset < len(data)), None)
        if here is not None and here > 0:
            self.made.add(offset + here)
            rest = {**entry, "received": data[here:].decode("latin-1"), "offset": offset + here}
            self._queues[on].appendleft(rest)
            data = data[:here]
        return data

    def assert_played(self) -> None:
        left = [entry for queue in self._queues.values() for entry in queue]
        if left:
            raise Difference(f"the transcript goes on: {left[0]}")

    def conversation(self) -> type[Conversation]:
        tape = self

        class ReplayChannel(Channel):
            def connect(self) -> Steps[None]:
                self._on = tape.connections
                tape.connections += 1
                return
                yield

            def transfer(self, out: bytes | bytearray, want: int) -> Steps[bytes]:
                if out:
                    tape.check_sent(self._on, bytes(out), awaited=want > 0)
                if tape.is_next(self._on, "pause"):
                    tape.next(self._on, "pause")
                    yield  # type: ignore[misc]
                if tape.is_next(self._on, "closed"):
                    raise WireError("connection", tape.next(self._on, "closed"))
                if want == LOOK:
                    return tape.receive(self._on, 1) if tape.is_next(self._on, "received") else b""
                return tape.receive(self._on, want) if want else b""

            def start_tls(self, alpn: str | None = None) -> Steps[Secured]:
                self.tls = object()  # type: ignore[assignment]
                verified, certificate = tape.next(self._on, "tls")
                return Secured(verified, certificate.encode("latin-1"))
                yield

            def close(self) -> None:
                self.tls = None

            def abort(self) -> None:
                self.tls = None

        class ReplayLine(Line):
            channel_type = ReplayChannel

            @staticmethod
            def random(size: int) -> bytes:
                return tape.next(tape.connections - 1, "random").encode("latin-1")[:size]

        class Replayed(Conversation):
            line_type = ReplayLine

        return Replayed
