"""Replies that are still being read."""

from __future__ import annotations

from typing import Protocol

from sqlx.kernel.errors import Misuse, WireError, advice
from sqlx.wire.link import Link, Steps
from sqlx.wire.result import Reply, Result

SHOWN = 40  # characters of a statement in the name of who reads it
CANCELLED = 1 << 26  # bytes that a cancelled stream may still bring before its connection is given up


class Runner(Protocol):
    """What must be known of whoever drives the steps: `sqlx.wire.io` says what its flags mean."""

    stopping: bool
    cancelled: bool

    def report(self, problem: str, error: BaseException) -> None: ...


class Stream:
    """A result read in parts. `owner` names who reads it; `ended` says what ended it early; `abandoned` what will, as
    soon as something else is run: its reader is gone, or was interrupted."""

    __slots__ = ("abandoned", "doing", "ended", "number", "only_reads", "owner", "reply")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.doing = "read"
        self.only_reads = True  # nothing is lost but rows when the server does not run it to its end
        self.reply: Reply | None = None
        self.number = 0  # how many were opened before it
        self.ended = ""
        self.abandoned = ""

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left at the server. What a portal brings is done part by part."""
        reply = self.reply
        if reply is None or not reply.done:
            return reply is None
        return reply.portal is None or not reply.results or reply.results[-1].complete

    def outlives(self, undone: bool) -> bool:
        """Whether it goes on when its transaction ends; `undone` says how that ends."""
        return False

    @property
    def obituary(self) -> str:
        """What to tell whoever reads on in an ended stream."""
        return f"{self.owner} was ended by {self.ended}: execute the statement again to read it"


class Streams:
    """The open streams of one session."""

    __slots__ = ("_link", "_runner", "_several", "count", "open")

    def __init__(self, link: Link, runner: Runner) -> None:
        self._link = link
        self._runner = runner
        self._several = bool(link.pack.embedded)
        self.open: list[Stream] = []
        self.count = 0  # opened so far

    def add(self, stream: Stream, reply: Reply) -> None:
        stream.reply, stream.number = reply, self.count
        self.count += 1
        if not stream.exhausted:
            self.open.insert(0, stream)  # what bars others came last: it is the first to be ended

    def check_quiet(self) -> None:
        """Raises WireError (usage) while a statement runs whose data streams: whatever else is said would be taken for
        its data, or end it half way."""
        first = self.open[0] if self.open else None
        if first is not None and first.doing == "run" and not first.abandoned:
            raise _bars(first)

    def read(self, stream: Stream) -> Steps[None]:
        """Have more rows, or the end. Raises WireError (usage) when something ended the stream."""
        if stream.ended:
            raise Misuse(stream.obituary)
        reply = stream.reply
        if reply is None or stream.exhausted:
            return
        if stream is not self.open[0]:
            self.check_quiet()
        if reply.portal is not None and self._runner.stopping:
            raise WireError("timeout", f"{stream.owner} was stopped between two of its parts")
        yield from self.going_on(stream, self._link.resume(reply))

    def read_rows(self, stream: Stream, result: Result, wanted: float = 1) -> Steps[None]:
        """Have as many rows of a result as are wanted, fewer at its end."""
        while len(result.rows) < wanted and not (result.complete or stream.exhausted):
            yield from self.read(stream)

    def pass_over(self, stream: Stream, results: list[Result], index: int) -> Steps[None]:
        """Read on to the result behind this one, whose rows are dropped."""
        while len(results) <= index + 1 and not stream.exhausted:
            results[index].rows = []
            yield from self.read(stream)

    def going_on(self, stream: Stream, steps: Steps[None]) -> Steps[None]:
        """Run steps of a stream's reply; it is forgotten unless there is more to come."""
        more = False
        try:
            yield from steps
            more = not stream.exhausted
        except WireError as error:
            if hint := advice(error, self._link.pack):
                error.fields.setdefault("hint", hint)
            raise
        finally:
            if not more:
                self.forget(stream)

    def make_way(self) -> Steps[None]:
        """End what nobody reads any more. Raises WireError (usage) when a stream is read that bars other statements."""
        for stream in list(self.open):
            if stream.abandoned:
                yield from self.end(stream, stream.abandoned)
            elif self._bars_others(stream):
                raise _bars(stream)

    def end_barring(self, by: str) -> Steps[None]:
        """End what bars other statements: what undoes is not refused. Raises WireError (usage) while data streams."""
        self.check_quiet()
        for stream in list(self.open):
            if self._bars_others(stream):
                yield from self.end(stream, by)

    def _bars_others(self, stream: Stream) -> bool:
        return not (self._several or (stream.reply is not None and stream.reply.portal is not None))

    def end_all(self, by: str, undone: bool = True) -> Steps[None]:
        """End what does not outlive the transaction. Raises WireError (usage) while data streams."""
        self.check_quiet()
        for stream in list(self.open):
            if not stream.outlives(undone):
                yield from self.end(stream, by, undone)

    def end(self, stream: Stream, by: str, undone: bool = False) -> Steps[None]:
        """Drain what little is left of a stream, or have the server cancel it and drain the rest; all of it where it
        changes something that is not `undone` with it."""
        if stream not in self.open:
            return
        if stream is not self.open[0] and self.open[0].doing == "run":
            stream.abandoned = by  # when nothing streams any more
            return
        self.forget(stream)
        stream.ended = by
        reply = stream.reply
        assert reply is not None
        if not (stream.only_reads or undone or reply.portal):
            yield from self._run_to_its_end(stream, reply)
            return
        try:
            if (yield from self._link.end(reply)):
                return
            self._runner.cancelled = True
            yield from self._link.cancel()
            if (yield from self._link.end(reply, CANCELLED)):
                return
        except WireError as error:
            if error.kind == "server":  # the answer to the cancellation, or a failure that nobody waits for any more
                return
            self._link.abort()  # what is left in the line would be taken for the answer to the next statement
            raise
        self._link.abort()
        raise WireError("timeout", f"{stream.owner} went on after it was cancelled; the connection is closed")

    def _run_to_its_end(self, stream: Stream, reply: Reply) -> Steps[None]:
        while not stream.exhausted:
            for result in reply.results:
                result.rows = []
            yield from self._link.resume(reply)

    def forget_since(self, count: int, by: str) -> None:
        """What has undone all since so many had been opened has closed the portals of those that came then."""
        for stream in list(self.open):
            if stream.number >= count and stream.reply is not None and stream.reply.portal:
                self.forget(stream)
                stream.ended = by

    def mark_all(self, by: str) -> None:
        """The link is gone, and every stream with it."""
        for stream in self.open:
            stream.ended = by
        self.open.clear()

    def forget(self, stream: Stream) -> None:
        if stream in self.open:
            self.open.remove(stream)


def _bars(stream: Stream) -> Misuse:
    return Misuse(
        f"{stream.owner} is still being {stream.doing}, and this engine runs nothing else meanwhile",
        "read it to its end or close it first, or use a second connection",
    )


def shortened(sql: str) -> str:
    """The beginning of a statement, on one line."""
    line = " ".join(sql[: SHOWN * 4].split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
