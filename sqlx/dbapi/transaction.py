# Generated from sqlx/aio/transaction.py by scripts/async_to_sync.py; do not edit.
"""Blocks of statements that happen together or not at all: a transaction, a part of one."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlx.dbapi import exceptions
from sqlx.dbapi.exceptions import Rollback
from sqlx.kernel.blocks import Block
from sqlx.kernel.transaction_blocks import begin, keep, undo_owed

if TYPE_CHECKING:
    from sqlx.dbapi.connection import Connection

COMMITTED = "a statement in the block has committed what was done before it, as DDL does on this engine"


class Transaction:
    """What `Connection.transaction` makes. Entered once."""

    def __init__(self, connection: Connection, modes: dict[str, Any]) -> None:
        self._connection = connection
        self._modes = {name: mode for name, mode in modes.items() if mode is not None}
        self._block = Block()
        self._entered = False

    def __enter__(self) -> Transaction:
        connection = self._connection
        if self._entered:
            raise exceptions.ProgrammingError("a transaction's block is entered once: make another with transaction()")
        with connection._mine():
            connection._claim()
            connection._blocks.append(self)
        try:
            name = f"sqlx_block_{len(connection._blocks)}"
            connection._run(begin(connection._session, self._block, name, self._modes))
        except BaseException:
            connection._blocks.remove(self)
            connection._session.transactions.blocks.leave(self._block)
            with suppress(exceptions.Error):
                _undo_block(connection, self._block)
            raise
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        connection = self._connection
        in_turn = connection._blocks[-1:] == [self]
        ended = self not in connection._blocks  # with one that it was in
        if not ended:
            del connection._blocks[connection._blocks.index(self) :]
        connection._session.transactions.blocks.leave(self._block)
        if error is None and not in_turn:
            if not ended:
                _undo_block(connection, self._block)
            raise exceptions.ProgrammingError("blocks of transactions end in the reverse order of their beginning")
        if ended:
            return False
        if error is None:
            self._keep()
            return False
        try:
            _undo_block(connection, self._block)
        except exceptions.Error:
            if isinstance(error, Rollback):
                raise
        if self._block.gone == "committed":
            if isinstance(error, Rollback):
                raise exceptions.ProgrammingError(f"the block cannot be undone: {COMMITTED}")
            if COMMITTED not in getattr(error, "__notes__", ()):
                error.add_note(COMMITTED)
        return isinstance(error, Rollback) and error.block in (None, self)

    def _keep(self) -> None:
        connection, block = self._connection, self._block
        if block.gone == "ended":
            _undo_block(connection, block)
            raise exceptions.ProgrammingError(
                "the block was not kept: its transaction has ended in it, by a statement or with one that failed"
            )
        if block.gone and (block.savepoint or not connection.in_transaction):
            return  # all that there is was committed
        _keep_block(connection, block)


class Savepoint:
    """A place in a transaction to go back to, made by `Connection.savepoint`."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._block = Block(name)
        self.name = name

    def rollback(self) -> None:
        """Undo what was done since; the savepoint stays."""
        self._do("rollback_to")

    def __enter__(self) -> Savepoint:
        connection = self._connection
        with connection._mine():
            connection._claim()
            connection._blocks.append(self)
        try:
            self._do("savepoint")
        except BaseException:
            self._leave()
            raise
        self._block.stands = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._connection
        failed = connection.in_failed_transaction
        try:
            if not connection.in_transaction:
                return  # the block has ended the transaction, and the savepoint with it
            if error is not None:
                _undo_block(connection, self._block)
            else:
                _keep_block(connection, self._block)
        except exceptions.Error as failure:
            if error is not None:
                error.add_note(f"the savepoint {self.name!r} was not gone back to: {failure}")
            elif failed or connection.closed:
                raise
            else:
                raise exceptions.ProgrammingError(
                    f"the savepoint {self.name!r} is gone before the end of its block: its transaction has ended, "
                    "or SQL has released it",
                    fields={"detail": failure.message, "hint": "what the block did since then is no part of it"},
                    outcome="unknown",
                ) from failure
        finally:
            self._leave()

    def _leave(self) -> None:
        if self in self._connection._blocks:  # and not ended with one that it was in
            self._connection._blocks.remove(self)

    def _do(self, verb: str) -> None:
        self._connection._run(self._connection._session.savepoint(verb, self.name), owned=True)


def _keep_block(connection: Connection, block: Block) -> None:
    """Keep a block, or have it undone where that fails or is stopped; what failed first is told."""
    try:
        connection._run(keep(connection._session, block))
    except BaseException:
        with suppress(exceptions.Error):
            _undo_block(connection, block)
        raise


def _undo_block(connection: Connection, block: Block) -> None:
    blocks = connection._session.transactions.blocks
    blocks.owe(block)
    if blocks.owed:
        connection._run(undo_owed(connection._session))
