"""What workers tell the screen, in the past tense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from sqlx.dbapi.exceptions import Error
from sqlx_tui.session.outcome import Heading, Outcome, Row

if TYPE_CHECKING:
    from sqlx_tui.session.run import Run
    from sqlx_tui.session.session import Session


class Started(Message):
    """A statement was sent."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Opened(Message):
    """A result has begun; `columns` is None where it has no rows."""

    def __init__(self, outcome: Outcome, columns: tuple[Heading, ...] | None) -> None:
        super().__init__()
        self.outcome = outcome
        self.columns = columns


class RowsArrived(Message):
    """More rows of a result."""

    def __init__(self, outcome: Outcome, rows: list[Row], seconds: float) -> None:
        super().__init__()
        self.outcome = outcome
        self.rows = rows
        self.seconds = seconds


class Paused(Message):
    """As many rows were read as are kept at first; there are more."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class Completed(Message):
    """A result has ended. `was_abandoned`: by us, before its last row."""

    def __init__(
        self, outcome: Outcome, rowcount: int, seconds: float, notices: Sequence[str], was_abandoned: bool = False
    ) -> None:
        super().__init__()
        self.outcome = outcome
        self.rowcount = rowcount
        self.seconds = seconds
        self.notices = notices
        self.was_abandoned = was_abandoned


class Failed(Message):
    """A statement has failed, or was cancelled."""

    def __init__(self, outcome: Outcome, error: Error, seconds: float, was_cancelled: bool) -> None:
        super().__init__()
        self.outcome = outcome
        self.error = error
        self.seconds = seconds
        self.was_cancelled = was_cancelled


class Finished(Message):
    """A run is over: all its statements have run, or one has failed."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


class Connected(Message):
    """There is a connection."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session


class NotConnected(Message):
    """There is none, for this reason."""

    def __init__(self, error: Error) -> None:
        super().__init__()
        self.error = error


class Settled(Message):
    """A commit, a rollback, or a change of autocommit has gone through, or failed with `error`."""

    def __init__(self, what: str, error: Error | None = None) -> None:
        super().__init__()
        self.what = what
        self.error = error
