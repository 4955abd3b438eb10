"""The blocks of transactions that are open, and what becomes of one whose transaction is ended before it.

SQL can do that, an error can, and where a pack's `session.implicit_commit` says so, DDL does it by the way. The state
that the server tells after each statement shows it; what ends one transaction and opens another at once does not show.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Literal, TypeVar

from sqlx.kernel.errors import Mistake, WireError, classify
from sqlx.kernel.statements import Statement
from sqlx.kernel.streams import shortened
from sqlx.wire.link import Link, Steps

T = TypeVar("T")

LEAVE = "what follows would be no part of the block: leave it, and begin another"


class Block:
    """One block. `savepoint` is its name in the transaction that it is a part of, empty for one that is the whole."""

    __slots__ = ("gone", "savepoint", "stands")

    def __init__(self, savepoint: str = "", stands: bool = False) -> None:
        self.savepoint = savepoint
        self.stands = stands  # there is something to keep or to undo
        # How its transaction went before it: `committed` by the way, and what follows is run as outside of a block;
        # `ended`, and nothing more is run in it.
        self.gone: Literal["", "committed", "ended"] = ""


class Blocks:
    """The open blocks of one session, the innermost last."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.commits_by_the_way = bool(link.pack.session.get("implicit_commit"))
        self._statement: Statement | None = None  # the one that runs
        self._idle = False  # no transaction was open after one of the results of what runs, or ran
        self.open: list[Block] = []
        self.owed: list[Block] = []  # those to be undone before anything else is run

    def enter(self, block: Block) -> None:
        block.stands = True
        self.open.append(block)
        self._link.watch(self.saw_idle)

    def owe(self, block: Block) -> None:
        """Have a block undone, by whoever runs the next steps, should whoever leaves it be stopped before."""
        if block.stands and block not in self.owed and self._link.state in ("open", "failed"):
            self.owed.append(block)

    def leave(self, block: Block) -> None:
        """Forget a block, and those inside of it."""
        if block in self.open:
            del self.open[self.open.index(block) :]
            if not self.open:
                self._link.watch(None)

    def check(self, statement: Statement | None = None) -> None:
        """Raises Mistake in a block whose transaction has ended; a statement is noted, for it may end one: of several
        that are sent together the last that has a word for it.
        """
        noted = self._statement
        if noted is None or not noted.ends_transaction or (statement is not None and statement.ends_transaction):
            self._statement = statement
        if any(block.gone == "ended" for block in self.open):
            raise Mistake("the transaction of this block has ended", LEAVE)

    def watched(self, steps: Steps[T]) -> Steps[T]:
        """Run steps, and see whether they end the transaction of the blocks. Raises Mistake when they did so by SQL."""
        self._statement, self._idle = None, False
        try:
            result = yield from steps
        except WireError as error:
            again = classify(error, self._link.pack)[1]
            undone = self._link.state == "open" and again == "deadlock"
            if error.kind == "server" and not undone and self._any_unended:
                yield from self.ask()
            if undone or self._idle or self._link.state == "idle":
                self._mark("committed" if self.commits_by_the_way and again is None else "ended")
            raise
        if (self._idle or self._link.state == "idle") and self._any_unended:
            self._ended_by(self._statement)
        return result

    def saw_idle(self) -> None:
        """No transaction was open meanwhile, whatever the state is now."""
        self._idle = True

    def ask(self) -> Steps[None]:
        """Have a server tell the state behind an error that tells none, where what fails may have committed before."""
        text = self._link.pack.session.get("resynchronise")
        if text is not None and self._link.state == "open" and self.commits_by_the_way:
            with suppress(WireError):
                yield from self._link.query(text)

    def _ended_by(self, statement: Statement | None) -> None:
        if self.commits_by_the_way and statement is not None and not statement.ends_transaction:
            self._mark("committed")
            return
        self._mark("ended")
        what = shortened(statement.sql) if statement is not None else "the server"
        error = Mistake(f"{what} has ended the transaction of the block that it stands in", LEAVE)
        error.outcome = "unknown"
        raise error

    @property
    def _any_unended(self) -> bool:
        """Whether the transaction of some open block has not ended yet."""
        return not all(block.gone for block in self.open)

    def _mark(self, gone: Literal["committed", "ended"]) -> None:
        for block in self.open:
            block.gone = block.gone or gone
