"""The driver's blocking face, by PEP 249: https://peps.python.org/pep-0249/

One deviation, wilful: `close()` may be repeated.
"""

from sqlx.dbapi.connection import Connection
from sqlx.dbapi.cursor import Cursor
from sqlx.dbapi.exceptions import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Rollback,
    Warning,
)
from sqlx.dbapi.opening import connect
from sqlx.dbapi.pipeline import Pipeline
from sqlx.dbapi.transaction import Savepoint, Transaction
from sqlx.dbapi.types import (
    BINARY,
    DATETIME,
    NUMBER,
    ROWID,
    STRING,
    Binary,
    Date,
    DateFromTicks,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
    TypeObject,
)
from sqlx.kernel.notifications import Notification

apilevel = "2.0"
threadsafety = 2
paramstyle = "qmark"

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "Notification",
    "OperationalError",
    "Pipeline",
    "ProgrammingError",
    "Rollback",
    "Savepoint",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Transaction",
    "TypeObject",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]
