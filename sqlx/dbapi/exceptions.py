"""The exceptions of PEP 249, with what the server said as fields.

    Warning                  never raised; warnings arrive in `cursor.messages`
    Error
    ├── InterfaceError       the driver was used in a way that cannot work: a closed connection, an ended stream
    └── DatabaseError
        ├── DataError            a value that does not fit
        ├── OperationalError     the server, the line to it, or the time: not the statement's fault
        ├── IntegrityError       a constraint said no
        ├── InternalError        the server is at odds with itself
        ├── ProgrammingError     the statement, or its parameters
        └── NotSupportedError    this engine, or its pack, cannot do it

Which class a server's error becomes stands in its pack's `errors` table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlx.kernel.errors import Outcome, Pack, WireError, classify, number_in

if TYPE_CHECKING:
    from sqlx.kernel.mailbox import Mailbox


class Report(Exception):
    """What the server, or this driver, has to say.

    `sqlstate` is the five-character SQLSTATE, `code` the server's own number. `detail`, `hint`, `constraint`,
    `table`, `column` and `position` (1-based, in characters of the statement that was sent) are the server's fields;
    None where it gave none. `row` (1-based) is which row of `executemany` it is about, where that is known. `retry`
    names why trying again may help (`serialization`, `deadlock`, …). `outcome` says what became of the statement:
    `not_run`, `rolled_back` or `unknown`; a statement that may have run is never silently run again.
    """

    def __init__(
        self,
        message: str = "",
        *,
        sqlstate: str | None = None,
        code: int | None = None,
        fields: dict[str, str] | None = None,
        retry: str | None = None,
        outcome: Outcome = "not_run",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.code = code
        self.fields = fields or {}
        self.retry = retry
        self.outcome: Outcome = outcome

    @property
    def detail(self) -> str | None:
        """What the server added to its message."""
        return self.fields.get("detail")

    @property
    def hint(self) -> str | None:
        """What to do about it."""
        return self.fields.get("hint")

    @property
    def position(self) -> int | None:
        """Where in the statement, counted in characters from 1."""
        return number_in(self.fields, "position")

    @property
    def row(self) -> int | None:
        """Which of the rows that were given to executemany, counted from 1."""
        return number_in(self.fields, "row")

    @property
    def constraint(self) -> str | None:
        """The constraint that was violated."""
        return self.fields.get("constraint")

    @property
    def table(self) -> str | None:
        """The table that the error is about."""
        return self.fields.get("table")

    @property
    def column(self) -> str | None:
        """The column that the error is about."""
        return self.fields.get("column")

    def __str__(self) -> str:
        lines = [self.message]
        lines += [f"{name}: {self.fields[name]}" for name in ("row", "detail", "hint") if self.fields.get(name)]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: getattr(self, name) for name in ("sqlstate", "code", "fields", "retry", "outcome")}
        return type(self), (self.message,), state


class Warning(Report):  # PEP 249's name
    """Something worth knowing that did not stop the statement; arrives in `messages`, and is never raised."""


class Error(Report):
    """Anything that this driver raises."""


class InterfaceError(Error):
    """The driver was used in a way that cannot work."""


class DatabaseError(Error):
    """Something about the database."""


class DataError(DatabaseError):
    """A value that does not fit: out of range, not of its type, not to be sent."""


class OperationalError(DatabaseError):
    """The server, the line to it, or the time: refused, broken, cancelled, too late."""


class IntegrityError(DatabaseError):
    """A constraint said no."""


class InternalError(DatabaseError):
    """The server is at odds with itself."""


class ProgrammingError(DatabaseError):
    """The statement, or its parameters."""


class NotSupportedError(DatabaseError):
    """This engine, or its pack, cannot do it."""


CLASSES: dict[str, type[Error]] = {
    each.__name__: each
    for each in (
        InterfaceError,
        DatabaseError,
        DataError,
        OperationalError,
        IntegrityError,
        InternalError,
        ProgrammingError,
        NotSupportedError,
    )
}


def translate(error: WireError, pack: Pack | None = None) -> Error:
    """The PEP 249 exception for an error from below, by the pack's table."""
    name, retry = classify(error, pack)
    return CLASSES.get(name, DatabaseError)(
        error.message,
        sqlstate=error.sqlstate,
        code=error.code,
        fields=error.fields,
        retry=retry,
        outcome=error.outcome,
    )


Messages: TypeAlias = list[tuple[type[Warning], Warning]]


def taken(notices: Mailbox[Any]) -> Iterator[tuple[type[Warning], Warning]]:
    """What the server remarked, as pairs of class and warning; nobody gets them again."""
    while notices:
        notice = notices.popleft()
        fields = dict(notice.fields)
        yield Warning, Warning(notice.message, sqlstate=notice.sqlstate, code=notice.code, fields=fields)


class Rollback(Exception):
    """Raised in the block of `connection.transaction()`: undoes and leaves it, and goes no further.

    `Rollback(block)` leaves the blocks inside of `block` too.
    """

    def __init__(self, block: object = None) -> None:
        super().__init__("left the block of a transaction, undone")
        self.block = block
