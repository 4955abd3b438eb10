"""How the replies to prepared statements begin, up to their first row: mostly as they did the last time.

Where a reply begins with the same bytes, what they led to is known, and they are passed over as one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlx.wire.columns import Layout
from sqlx.wire.compile.program import EXPECT, JUMP, Code
from sqlx.wire.messages import Messages
from sqlx.wire.results import Results

MAX_OPENINGS = 256

Origin = tuple[bytes, int, int]  # where a reply begins: the inbox, the position in it, the number of its first frame


class Opening(NamedTuple):
    """How a reply began the last time, and where that led."""

    frames: bytes
    before: int  # the sequence numbers around them
    after: int
    code: Code
    pc: int
    layout: Layout
    zone: str | None


class Openings:
    """The openings of one conversation, by statement."""

    def __init__(self, messages: Messages, results: Results) -> None:
        self._messages = messages
        self._results = results
        self._known: dict[Any, Opening] = {}
        self.forget = self._known.clear

    def remember(self, statement: Any, origin: Origin, code: Code, pc: int) -> None:
        """Keep how a reply began that has just opened its result, if it came in one piece and nothing more is made of
        it."""
        messages, results = self._messages, self._results
        inbox, start, before = origin
        while code[pc][0] == JUMP:
            pc = code[pc][1]
        if messages.inbox is inbox and results.layout is not None and code[pc][0] == EXPECT:
            if len(self._known) >= MAX_OPENINGS:
                self._known.clear()
            frames, zone = inbox[start : messages.position], results.layouter.zone(results.v)
            self._known[statement] = Opening(frames, before, messages.sequence, code, pc, results.layout, zone)

    def pass_over(self, statement: Any, code: Code) -> int:
        """Where to go on in `code`: behind the beginning of a reply that is, byte for byte, what the statement had
        before; else at its start."""
        messages, results, known = self._messages, self._results, self._known.get(statement)
        if (
            known is None
            or known.code is not code
            or known.before != messages.sequence
            or results.result is not None
            or not messages.inbox.startswith(known.frames, messages.position)
            or known.zone != results.layouter.zone(results.v)
        ):
            return 0
        messages.position += len(known.frames)
        messages.sequence = known.after
        results.open(known.layout)
        return known.pc
