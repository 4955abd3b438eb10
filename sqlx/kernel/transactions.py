"""When a transaction opens and how it ends, in the words of the pack's `session` section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlx.kernel.blocks import Block, Blocks
from sqlx.kernel.errors import Mistake, Misuse, Outcome, WireError, classify
from sqlx.kernel.names import quoted
from sqlx.kernel.statements import Statement
from sqlx.wire.link import Link, State, Steps

T = TypeVar("T")

PIPELINE = "sqlx_pipeline"  # the savepoint of packs' `session.pipeline`
FAILED_TRANSACTION = "25P02"  # SQLSTATE class 25, invalid transaction state
ROLL_BACK = "call rollback(), or roll back to a savepoint, before anything else"


class Transactions:
    """The transaction mode of one session.

    Settings may change only while no transaction is open; what the server must be told of them is owed, and paid
    before the next statement, so that setting one waits for nothing.
    """

    def __init__(self, link: Link, autocommit: bool, isolation: str | None) -> None:
        self._link = link
        self._words: Mapping[str, Any] = link.pack.session
        self._autocommit = autocommit
        self._isolation: str | None = None
        self._begin: str | None = self._words.get("begin")
        self.owed: list[str] = []
        self.blocks = Blocks(link)
        self.in_two_phases = False  # what is prepared is no transaction to the server, and yet one to us
        self._owe_autocommit()
        if isolation is not None:
            self.set_isolation(isolation)

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @property
    def isolation(self) -> str | None:
        return self._isolation

    @property
    def begin_text(self) -> str:
        """The text that opens a transaction; empty where the engine opens it by itself."""
        return self._begin or ""

    def set_autocommit(self, on: bool) -> None:
        """Raises WireError inside a transaction."""
        self._settle_first("autocommit")
        if on != self._autocommit:
            self._autocommit = on
            self._owe_autocommit()

    def set_isolation(self, level: str | None) -> None:
        """A level by the engine's own name for it, in any case; None is the server's default. Raises WireError."""
        self._settle_first("the isolation level")
        levels: Mapping[str, str] = self._words.get("isolation") or {}
        name = None if level is None else self._level(level)
        opening = self._words.get("begin_isolation")
        if name is None and self._isolation is not None and not opening:
            raise Misuse("this engine keeps no default isolation level to go back to", f"name one: {', '.join(levels)}")
        if opening:
            self._begin = opening.replace("{level}", levels[name]) if name else self._words.get("begin")
        elif name:
            self.owed.append(self._words["set_isolation"].replace("{level}", levels[name]))
        self._isolation = name

    def _level(self, level: str) -> str:
        """The engine's name for a level. Raises WireError."""
        levels: Mapping[str, str] = self._words.get("isolation") or {}
        name = " ".join(level.replace("_", " ").lower().split()) if isinstance(level, str) else None
        if name not in levels:
            known = ", ".join(levels) or "none"
            raise Misuse(f"{level!r} is no isolation level of this engine", f"it has: {known}")
        return name

    def open(
        self, isolation_level: str | None = None, read_only: bool | None = None, deferrable: bool | None = None
    ) -> Steps[None]:
        """Open a transaction now; a mode of None is what the connection or the server has. Raises WireError."""
        words = self._words.get("transaction") or {"open": self._begin or ""}
        known, before = words.get("modes", {}), words.get("isolation")
        modes = []
        level = self._isolation if isolation_level is None else self._level(isolation_level)
        if level is not None and "isolation" in known:
            modes.append(known["isolation"].replace("{level}", self._words["isolation"][level]))
        elif isolation_level is not None and before is None:
            raise _no_mode("an isolation level of its own")
        for name, wanted in (("read_only", read_only), ("deferrable", deferrable)):
            if wanted is not None:
                key = name if wanted else f"not_{name}"
                if key not in known:
                    raise _no_mode(f"the mode {name}")
                modes.append(known[key])
        if isolation_level is not None and before is not None:
            yield from self._link.query(before.replace("{level}", self._words["isolation"][level]))
        text = words["open"].replace("{modes}", ", ".join(modes)).strip()
        if text:
            yield from self._link.query(text)

    def begin_for(self, statement: Statement, state: State | None = None) -> str | None:
        """The text that opens the transaction `statement` shall run in; None when it needs none. `state` is what there
        will be when it is run, if not what there is. Raises WireError."""
        if self.blocks.open:
            self.blocks.check(statement)
        state = state or self._link.state
        if state == "idle":
            return None if self._autocommit or not statement.opens_transaction else self._begin
        if state == "open" and statement.bars_transaction is not None:
            raise Mistake(
                f"{statement.bars_transaction} cannot run inside a transaction, and one is open",
                "commit or roll back first; a statement like this opens none by itself",
            )
        return None

    def commit(self) -> Steps[None]:
        """Raises WireError when the transaction has failed, and leaves it to be rolled back; and when it is gone with
        its connection."""
        self.check_committable()
        if self._link.state == "open":
            yield from self.finish(self._words["commit"])

    def finish(self, text: str, keeps: bool = True) -> Steps[None]:
        """Run a text that ends a transaction, or its first phase. Raises WireError where the server tells of the other
        end: it may take the commit of a transaction that has failed for a rollback, and call that a success."""
        reply = yield from self._link.query(text)
        told = reply.results[-1].tag if reply.results else ""
        if told and told == self._words["rollback" if keeps else "commit"].split()[0]:
            sentence = f"the server answered {text.split()[0]} with {told}"
            outcome: Outcome = "rolled_back" if keeps else "unknown"
            raise WireError("server", sentence, sqlstate=FAILED_TRANSACTION, outcome=outcome)

    def check_committable(self) -> None:
        """Raises WireError when the transaction has failed, and when it is gone with its connection."""
        if self._link.state == "closed":
            raise Misuse("the connection is closed", "connect again; what was not committed is undone")
        if self._link.state == "failed":
            raise WireError(
                "server",
                "the transaction has failed and cannot be committed",
                sqlstate=FAILED_TRANSACTION,
                fields={"hint": ROLL_BACK},
                outcome="rolled_back",
            )

    def rollback(self) -> Steps[None]:
        if self._link.state in ("open", "failed"):
            yield from self.finish(self._words["rollback"], keeps=False)

    def step_out(self) -> Steps[None]:
        """Stand outside every transaction, also where the engine opens them by itself, until the next statement."""
        yield from self.rollback()
        words = self._words.get("autocommit")
        if words and not self._autocommit:
            yield from self._link.query(words["on"])
            self._owe_autocommit()

    def guarded(self, work: Steps[T]) -> Steps[T]:
        """Run many statements so that, when one fails, nothing of them stays: where the server does not see to that,
        inside a savepoint, or a transaction of their own.
        """
        words = self._words.get("pipeline")
        if not words:
            return (yield from work)
        idle = self._link.state == "idle"
        outside = self._autocommit and idle
        guard = words["outside" if outside else "inside"]
        yield from self._link.query(guard["open"], begin=self._begin if idle and not self._autocommit else None)
        try:
            result = yield from work
        except WireError as error:
            yield from self._undo(guard["undo"], error)
            raise
        try:
            yield from self._link.query(guard["keep"])
        except WireError as error:
            if error.kind == "server" and not outside and self.blocks.commits_by_the_way and not self._again(error):
                self.blocks.saw_idle()
                raise _committed_within() from error
            error.outcome = "unknown"  # of the statements, whatever it is of the commit
            yield from self._undo(guard["undo"], error)
            raise
        return result

    def _again(self, error: WireError) -> str | None:
        return classify(error, self._link.pack)[1]

    def _undo(self, text: str, error: WireError) -> Steps[None]:
        """Undo what was guarded, for an error; its outcome says whether that was done."""
        yield from self.blocks.ask()
        gone = self._link.state == "idle"
        try:
            yield from self._link.query(text)
        except WireError as failure:
            gone = True
            self.blocks.saw_idle()
            if self._again(failure) == "cancelled":
                self.blocks.owe(Block("" if text == self._words["rollback"] else PIPELINE, stands=True))
        if not gone and error.outcome == "unknown":
            error.outcome = "rolled_back"
        elif gone and error.outcome == "rolled_back" and self.blocks.commits_by_the_way:
            # Only of what the server undoes by itself is it known that nothing of it was committed.
            error.outcome = "unknown" if self._again(error) is None else "rolled_back"

    def alone(self, work: Steps[T]) -> Steps[T]:
        """Run many statements as a transaction of their own where each would be one. Those of an open one are in it."""
        words = self._words.get("pipeline")
        if not words or not self._autocommit or self._link.state != "idle":
            return (yield from work)
        return (yield from self.guarded(work))

    def savepoint(self, verb: str, name: str) -> Steps[None]:
        """`verb` is `savepoint`, `release` or `rollback_to`.

        Raises WireError where there is no transaction to be in.
        """
        template = self._words.get(verb)
        if template is None:
            raise WireError("unsupported", "this engine has no savepoints", outcome="not_run")
        begin = None
        if verb == "savepoint":
            self.blocks.check()
        if self._link.state == "idle":
            if self._autocommit or (verb != "savepoint" and self._begin is not None):
                raise Misuse("there is no transaction for a savepoint", "set autocommit to False, or run BEGIN first")
            begin = self._begin
        text = template.replace("{name}", quoted(self._link.pack.sql, name))
        yield from self._link.query(text, begin=begin)

    def _settle_first(self, what: str) -> None:
        if self._link.state in ("open", "failed") or self.in_two_phases:
            raise Misuse(f"{what} cannot change inside a transaction", "commit or roll back first")

    def _owe_autocommit(self) -> None:
        words = self._words.get("autocommit")
        if words:
            self.owed.append(words["on" if self._autocommit else "off"])


def _committed_within() -> WireError:
    error = Mistake(
        "one of the statements has ended the transaction that all of them were to be undone in if one had failed",
        "all have been run; execute a procedure that commits, or DDL, once a row",
    )
    error.outcome = "unknown"
    return error


def _no_mode(what: str) -> WireError:
    return WireError("unsupported", f"a transaction of this engine has not {what}", outcome="not_run")
