"""Batches of commands, and the replies to them: begun, fed, read on, given up, each until the server owes nothing more.

After an error that leaves the conversation out of step the line is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlx.wire.arguments import arguments
from sqlx.wire.errors import WireError
from sqlx.wire.line import Line
from sqlx.wire.link import Given, GivenUp, State, Steps
from sqlx.wire.machine import RECOVERABLE, Batch
from sqlx.wire.result import Reply


class Replies:
    """The replies on one line, and the state of the transaction that they leave behind."""

    def __init__(self, line: Line) -> None:
        self.state: State = "closed"
        self.portal_rows: int = line.program.pack.session.get("portal_rows", 1000)
        self._line = line
        self._program = line.program
        self._state = line.program.told(line.program.pack.session["state"], "$.session.state")
        self._owing = False  # a reply was begun and is not read to its end
        self._ended: WireError | None = None  # what closed the line while nothing was asked of it
        self._released: list[Any] = []

    @property
    def idle(self) -> bool:
        """Whether the line is open and the server owes nothing."""
        return self.state != "closed" and not self._owing

    def note_state(self) -> None:
        """See what the server has said of the transaction. Raises WireError, and closes the line, where that is
        nothing."""
        try:
            self.state = self._state(self._line.machine.v)
        except WireError:
            self.abort()
            raise

    def watch(self, on_idle: Callable[[], None] | None) -> None:
        """Call a function whenever, after a result, no transaction is open; None ends this."""
        results, state, v = self._line.machine.results, self._state, self._line.machine.v
        results.on_complete = on_idle and (lambda: on_idle() if state(v) == "idle" else None)

    def abort(self) -> None:
        """Close the line at once."""
        self.state = "closed"
        self._line.channel.abort()

    def check_open(self) -> None:
        """Raises WireError when the line is closed: why, if it was closed while nothing was asked of it."""
        if self._ended is not None:
            raise self._ended.again()
        if self.state == "closed":
            raise WireError("usage", "the connection is closed", outcome="not_run")

    def release(self, statement: Any) -> None:
        """Have the server forget a statement, by the next batch."""
        self._released.append(statement)

    def preamble(self, begin: str | None = None) -> list[tuple[Any, list[Any]]]:
        """What goes before a command in its batch: statements to be forgotten, the transaction to be opened."""
        self.check_open()
        batch: list[tuple[Any, list[Any]]] = []
        if self._released:
            command = self._program.command("release")
            batch = [(command, arguments(statement=statement)) for statement in self._released]
            self._released = []
        if begin is not None:
            batch.append((self._program.command("begin"), arguments(sql=begin)))
        return batch

    def ask(self, command: str, given: list[Any], reply: Reply, begin: str | None = None) -> Steps[Reply]:
        """Run one command, with what goes before it."""
        batch = self.preamble(begin)
        batch.append((self._program.command(command), given))
        return self.start(batch, reply)

    def start(self, batch: Batch, reply: Reply) -> Steps[Reply]:
        """Run a batch to its end, or to the first rows of a streamed reply. Raises the server's error."""
        reply.steps = self._line.machine.exchange(batch, reply)
        self._owing = True
        return self._continue(reply)

    def _continue(self, reply: Reply) -> Steps[Reply]:
        self.check_open()
        line, held = self._line, _held(reply)
        try:
            yield from line.pump(reply.steps)
            reply.wanting = line.machine.feed is not None
            # A part is read whole, so that other statements may run before the next.
            while reply.portal and not reply.done:
                if _held(reply) - held > self.portal_rows:
                    sentence = f"the server sent more rows than the {self.portal_rows} that were asked for"
                    raise WireError("protocol", sentence)
                yield from line.pump(reply.steps)
        except BaseException:
            if not reply.done:
                line.channel.last_words(line.machine.messages.out)
                self.abort()
            raise
        if reply.done:
            reply.steps, self._owing = None, False
            self.note_state()
            if reply.error is not None:
                error, reply.error = reply.error, None
                # Where each statement stands for itself, those before the failing one were run.
                alone = self._program.segment is not None or not any(result.complete for result in reply.results)
                if error.outcome == "unknown" and error.kind == "server" and alone:
                    error.outcome = "rolled_back"
                raise error
        return reply

    def give(self, reply: Reply, data: Given) -> Steps[None]:
        """Send a piece of data to a reply that is `wanting`, or its end (None), or that it cannot be had."""
        if not reply.wanting:
            return
        self._line.machine.given = data
        yield from self._continue(reply)

    def resume(self, reply: Reply) -> Steps[None]:
        """Read on in a streamed reply."""
        if reply.portal and reply.steps is None:
            if reply.done and not reply.results[-1].complete:
                reply.done = False
                yield from self.ask("fetch", arguments(portal=reply.portal, limit=self.portal_rows), reply)
            return
        if reply.steps is not None:
            yield from self._continue(reply)

    def end(self, reply: Reply, limit: int = 1 << 20) -> Steps[bool]:
        """Give up a streamed reply: drain up to `limit` bytes; False when more was coming."""
        if reply.portal:
            if not reply.results or not reply.results[-1].complete:
                given = arguments(portal=reply.portal)
                yield from self.start([(self._program.command("close_portal"), given)], Reply())
            return True
        results = self._line.machine.results
        results.discarding, results.discarded = True, 0
        try:
            while reply.wanting:
                yield from self.give(reply, GivenUp("the data was given up"))
            while not reply.done:
                if results.discarded > limit:
                    return False
                yield from self._continue(reply)
        except WireError as error:
            if error.kind not in RECOVERABLE:
                raise
        finally:
            results.discarding = False
        return True

    def listen(self) -> Steps[None]:
        """Wait for one message that nobody asked for, and handle it."""
        self.check_open()
        if self._owing:
            raise WireError(
                "usage", "a result is still being read: until its end nothing else can come", outcome="not_run"
            )
        try:
            yield from self._line.pump(self._line.machine.listen())
        except WireError as error:
            self._ended = error
            self.abort()
            raise
        self.note_state()


def _held(reply: Reply) -> int:
    """How many rows of the result that came last have not been taken."""
    return len(reply.results[-1].rows) if reply.results else 0
