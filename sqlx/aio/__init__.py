"""The driver's asyncio face: what `sqlx.dbapi` is, awaitable, over the same machine.

    connection = await sqlx.aio.connect("scheme://user@host/database")
    async with connection, connection.cursor() as cursor:
        await cursor.execute("SELECT ?", (1,))
        async for row in cursor: ...

Exceptions, type objects and constructors are those of `sqlx.dbapi`. A task that is cancelled while a statement runs
has the server cancel it, and leaves a connection that can be used.
"""

from sqlx.aio.connection import Connection
from sqlx.aio.cursor import Cursor
from sqlx.aio.opening import connect
from sqlx.aio.pipeline import Pipeline
from sqlx.aio.transaction import Savepoint, Transaction
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
from sqlx.kernel.notifications import Notification

__all__ = [
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
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
    "Transaction",
    "Warning",
    "connect",
]
