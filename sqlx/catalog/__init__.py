"""The catalog: what is in a database, as one model for every engine.

    catalog = Catalog(sqlx.dbapi.connect(url))
    for schema in catalog.schemas():
        for relation in catalog.relations(schema):
            print(relation.name, [column.name for column in catalog.columns(relation)])

`sqlx.catalog.aio.Catalog` is the same, awaitable, over a connection of `sqlx.aio`.
"""

from sqlx.catalog.dbapi import Catalog
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

__all__ = [
    "Catalog",
    "Column",
    "Constraint",
    "Database",
    "Index",
    "Relation",
    "Routine",
    "Schema",
    "Sequence",
    "Trigger",
    "Type",
]
