"""The catalog of one connection, read when asked for and remembered until `refresh()`."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlx.aio import Connection
from sqlx.catalog.model import (
    Column,
    Constraint,
    Database,
    Index,
    Relation,
    Routine,
    Schema,
    Sequence,
    Trigger,
    Type,
)
from sqlx.catalog.queries import query, records
from sqlx.kernel.nonblocking import Lock
from sqlx.kernel.placeholders import Named

T = TypeVar("T")


class Catalog:
    """What is in the database that a connection is connected to, as far as its user may see it.

    Each method runs one query of the engine's pack when it is first asked, and remembers the answer; who asks while it
    runs waits for the same answer. Nothing is remembered of a question that failed or was cancelled. An engine that
    has no such thing answers `()`. The queries are statements like any other: without autocommit they open a
    transaction. Raises what `Cursor.execute` raises.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lock = Lock()
        self._known: dict[tuple[str | None, ...], Any] = {}

    def refresh(self) -> None:
        """Forget everything, so that it is read anew when asked for."""
        self._known = {}

    async def databases(self) -> tuple[Database, ...]:
        """The databases of the server, by name; `()` for an engine whose connections see all of them as schemas."""
        return await self._ask(Database, "databases")

    async def schemas(self, *, system: bool = False) -> tuple[Schema, ...]:
        """The schemas, by name; `system` adds those that belong to the engine."""
        schemas = await self._ask(Schema, "schemas")
        return schemas if system else tuple(schema for schema in schemas if not schema.is_system)

    async def relations(self, schema: Schema) -> tuple[Relation, ...]:
        """The tables, views and their like in a schema, by name."""
        return await self._ask(Relation, "relations", schema.name)

    async def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns, in order."""
        return await self._ask(Column, "columns", relation.schema, relation.name)

    async def constraints(self, relation: Relation) -> tuple[Constraint, ...]:
        """The keys and checks: the primary key first, then by name."""
        return await self._ask(Constraint, "constraints", relation.schema, relation.name)

    async def indexes(self, relation: Relation) -> tuple[Index, ...]:
        """The indexes, those of keys included: the primary key's first, then by name."""
        return await self._ask(Index, "indexes", relation.schema, relation.name)

    async def triggers(self, relation: Relation) -> tuple[Trigger, ...]:
        """The triggers that users made, by name."""
        return await self._ask(Trigger, "triggers", relation.schema, relation.name)

    async def routines(self, schema: Schema) -> tuple[Routine, ...]:
        """The functions and procedures in a schema, by name."""
        return await self._ask(Routine, "routines", schema.name)

    async def sequences(self, schema: Schema) -> tuple[Sequence, ...]:
        """The sequences in a schema, by name."""
        return await self._ask(Sequence, "sequences", schema.name)

    async def types(self, schema: Schema) -> tuple[Type, ...]:
        """The types that users made in a schema, by name."""
        return await self._ask(Type, "types", schema.name)

    async def _ask(
        self, model: type[T], name: str, schema: str | None = None, relation: str | None = None
    ) -> tuple[T, ...]:
        known, key = self._known, (name, schema, relation)  # an answer that comes after a refresh is not remembered
        if key not in known:
            async with self._lock:
                if key not in known:
                    known[key] = await self._read(model, name, schema, relation)
        answer: tuple[T, ...] = known[key]
        return answer

    async def _read(self, model: type[T], name: str, schema: str | None, relation: str | None) -> tuple[T, ...]:
        sql = query(self.connection.pack, name, schema)
        if sql is None:
            return ()
        async with self.connection.cursor() as cursor:
            await cursor.execute(sql, Named(schema=schema, relation=relation))
            return records(model, [column[0] for column in cursor.description or ()], await cursor.fetchall())
