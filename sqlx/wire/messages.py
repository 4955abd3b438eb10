"""Messages in both directions: cut out of the bytes that have come, and sealed into the bytes that are to be sent.

Rows are no messages one by one: all that are complete go into the open result at once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from sqlx.wire.compile.framing import Blocks, FrameWriter
from sqlx.wire.compile.fuel import MAX_FUEL
from sqlx.wire.compile.program import COLUMNS, ROW, Candidate, State
from sqlx.wire.compression import CompressionLayer
from sqlx.wire.errors import MALFORMED, WireError
from sqlx.wire.results import Results
from sqlx.wire.split import SplitMessage

OVERHEAD = 64  # bytes that a message which nobody wants counts for beside its own: an empty one costs time too
ASIDE = 1024  # and one that comes in passing, such as a notice: it costs more, and is on its way by thousands at most


class Messages:
    """The messages of one conversation. `v` are its variables; `phase`, connecting or ready, is what bounds them."""

    def __init__(self, v: list[Any], results: Results) -> None:
        self.v = v
        self.results = results
        self.phase = "connecting"
        self.out = bytearray()
        self.inbox = b""
        self.position = 0
        self.split = SplitMessage()  # which has begun, and is no longer in the inbox
        self.sequence = 0  # the number of the next frame, either way
        self.layer: CompressionLayer | None = None
        self.skipping = False  # what nobody asked for is passed over
        self.slots: Any = None  # the fields of the message just taken
        self.arguments: Any = None  # of the command whose replies are read
        self.trace: Callable[[str, str, bytes], None] | None = None

    # -- what comes

    @property
    def waiting(self) -> bool:
        """Whether bytes have come that were not taken."""
        return self.position < len(self.inbox)

    def received(self, data: bytes) -> None:
        """More bytes have come."""
        self.v[-1].left = MAX_FUEL
        self.inbox = self.inbox[self.position :] + data if self.position < len(self.inbox) else data
        self.position = 0

    def take(self, state: State) -> Any:
        """The next message that `state` accepts, its fields in `slots`; or how many bytes are missing."""
        frames, results = state.frames, self.results
        limit = frames.limits[self.phase]
        try:
            if state.rows and results.result is not None and not (self.skipping or results.discarding or self.split):
                self.position, self.sequence = results.take_rows(state.ends, self.inbox, self.position, self.sequence)
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
                if results.discarding:
                    in_passing = candidate is not None and candidate.handler is not None
                    results.discarded += stop - start + (ASIDE if in_passing else OVERHEAD)
                if candidate is None:
                    continue
                if candidate.kind != ROW:
                    return candidate
                if not (self.skipping or results.discarding):
                    results.take_row(state.ends, body, start, stop)
        except MALFORMED as error:
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
                self.results.described = ((body[start:stop],), candidate.message)
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

    # -- what is sent

    def sent(self) -> bytearray:
        """What is to be sent, which is sent then."""
        out, self.out = self.out, bytearray()
        return out

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

    def new_exchange(self) -> None:
        """What is sent next is a new command: its frames are counted from the beginning."""
        self.sequence = 0

    def compress(self, blocks: Blocks, algorithm: str, level: int) -> None:
        """From here on blocks are sent and come."""
        if self.position < len(self.inbox):
            raise WireError("protocol", "the server sent data before the compression that it agreed to")
        self.layer = CompressionLayer(blocks, algorithm, level)
