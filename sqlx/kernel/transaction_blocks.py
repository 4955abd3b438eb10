"""A block of a transaction: opened, kept, or undone, whoever has to do the last.

Who leaves a block may be stopped before its undoing has begun, or in its midst. What is owed then is done before
anything else is run on the connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlx.kernel.blocks import Block
from sqlx.kernel.errors import Mistake, WireError, classify
from sqlx.kernel.session import Session
from sqlx.wire.link import Steps

T = TypeVar("T")


def begin(session: Session, block: Block, name: str, modes: Mapping[str, Any]) -> Steps[None]:
    """Open a transaction, or a savepoint of this name in the one that is open."""
    blocks = session.transactions.blocks
    if session.link.state in ("open", "failed"):
        if modes:
            raise Mistake(f"a transaction is open, and {', '.join(modes)} cannot change inside of it")
        yield from session.savepoint("savepoint", name)
        block.savepoint = name
        blocks.enter(block)
        return
    blocks.check()
    yield from session.make_ready()
    blocks.enter(block)
    yield from session.transactions.open(**modes)


def keep(session: Session, block: Block) -> Steps[None]:
    """Commit, or release the savepoint."""
    if block.savepoint:
        yield from session.savepoint("release", block.savepoint)
    else:
        yield from session.commit()
    block.stands = False


def undo_owed(session: Session) -> Steps[None]:
    """Undo the blocks that are owed it, the innermost first."""
    owed = session.transactions.blocks.owed
    while owed:
        try:
            yield from _undo(session, owed[0])
        except WireError as error:
            if classify(error, session.link.pack)[1] != "cancelled":
                del owed[0]
            raise
        del owed[0]


def _undo(session: Session, block: Block) -> Steps[None]:
    if session.link.state not in ("open", "failed") or (block.gone and block.savepoint):
        return
    if block.savepoint:
        yield from session.savepoint("rollback_to", block.savepoint)
        yield from session.savepoint("release", block.savepoint)
    else:
        yield from session.rollback()


def governed(session: Session, steps: Steps[T]) -> Steps[T]:
    """Steps as they are run while blocks are open, or owed."""
    blocks = session.transactions.blocks
    if blocks.open:
        steps = blocks.watched(steps)
    return _after_undoing(session, steps) if blocks.owed else steps


def _after_undoing(session: Session, steps: Steps[T]) -> Steps[T]:
    yield from undo_owed(session)
    return (yield from steps)
