"""What is in a database, in the engine's own words. Every record is immutable and can be a dictionary's key.

A field that an engine does not have, or does not tell, is None or empty. Names are as the engine keeps them: unquoted,
in their own case.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the server that another connection may open; `is_current` is this connection's."""

    name: str
    is_current: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """A namespace of relations and routines. `is_default` is where unqualified names are made."""

    name: str
    database: str | None = None
    is_default: bool = False
    is_system: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """Something with columns: `kind` is `table`, `view`, `materialized view`, `foreign table`, `partitioned table` …

    `partition_of` names the table that it is a part of; `estimated_rows` is what the planner believes.
    """

    schema: str
    name: str
    kind: str = "table"
    comment: str | None = None
    estimated_rows: int | None = None
    partition_of: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` is the engine's own spelling with length and precision.

    `position` counts from 1, as does `primary_key`, the place in the primary key. `default` and `expression`, of a
    generated column, are SQL. `generated` is `stored` or `virtual`; `identity` is `always` or `by default` where the
    engine numbers rows by itself.
    """

    name: str
    position: int
    type: str
    nullable: bool = True
    default: str | None = None
    primary_key: int | None = None
    generated: str | None = None
    expression: str | None = None
    identity: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule for rows: `kind` is `primary`, `unique`, `foreign`, `check` or `exclusion`.

    `columns` are in the key's order, and beside each the one of `referenced_columns` it must be found in. `expression`
    is a check's condition.
    """

    name: str | None
    kind: str
    columns: tuple[str, ...] = ()
    referenced_schema: str | None = None
    referenced_relation: str | None = None
    referenced_columns: tuple[str, ...] = ()
    on_update: str | None = None
    on_delete: str | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index over `columns`, which are names or expressions; `predicate` is the condition of a partial one.

    An engine that does not tell an expression by itself has `(expression)` there; `definition`, the statement that
    makes the index, has it.
    """

    name: str
    unique: bool
    columns: tuple[str, ...] = ()
    primary: bool = False
    method: str | None = None
    predicate: str | None = None
    definition: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """What runs when rows change: `timing` is `before`, `after` or `instead of`, `definition` its text."""

    name: str
    timing: str | None = None
    events: tuple[str, ...] = ()
    definition: str | None = None


@dataclass(frozen=True, slots=True)
class Routine:
    """A `function`, `procedure`, `aggregate` or `window`; `arguments` and `returns` are as one declares them."""

    schema: str
    name: str
    kind: str
    arguments: str = ""
    returns: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A generator of numbers."""

    schema: str
    name: str
    type: str | None = None
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """A type that somebody made: `kind` is `enum`, `composite`, `domain` or `range`.

    `values` are an enum's, `base` is what a domain or a range is over.
    """

    schema: str
    name: str
    kind: str
    values: tuple[str, ...] = ()
    base: str | None = None
    comment: str | None = None
