"""The models of a pack's `columns` and `types`, and of the `lookup` of those it does not know."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from sqlx.wire.language.parts import Expression, Name, Part, Text, by_shape

Group = Literal["STRING", "BINARY", "NUMBER", "DATETIME", "ROWID", ""]


class Sizes(Part):
    """Expressions over the fields of a column's definition and the variables, for PEP 249's `description`."""

    display_size: Expression | None = None
    """How many characters its longest value has."""
    internal_size: Expression | None = None
    """How many bytes it takes."""
    precision: Expression | None = None
    """How many digits it has."""
    scale: Expression | None = None
    """How many of them stand behind the point."""
    null_ok: Expression | None = None
    """Whether it may be null."""


class Columns(Sizes):
    """Where a column's definition says what."""

    struct: Name
    """The struct of a definition."""
    name: Expression
    """The column's name."""
    type: Expression
    """Its type: what `types` is looked up by."""
    format: Expression | None = None
    """0 for text and 1 for binary, where rows have the format `columns`."""
    zone: Expression | None = None
    """The name of the session's time zone, over the variables."""


class TypeRule(Sizes):
    """A type: what it is called and how its values are read."""

    name: str
    """The engine's name for it."""
    alias: list[Text] = []
    """What else SQL calls it, in small letters. Nothing goes by these names: who gives one is told the engine's."""
    group: Group = ""
    """PEP 249's type object."""
    text: Text = "text"
    """The operation that reads a value written as text; `{field}` stands for a number of the column's definition."""
    binary: Text | None = None
    """The operation that reads a binary value; without one, results are asked for as text, and a binary value arrives
    as bytes."""
    encode: Text | None = None
    """The operation that writes a binary value, where rows are made of such. It is called as the one that reads it
    back."""
    when: Expression | None = None
    """Of several rules for a type, the first whose condition holds is taken; the last has none."""


TypeRules = Annotated[
    Annotated[TypeRule, Tag("<object>")] | Annotated[list[TypeRule], Field(min_length=1), Tag("<list>")], by_shape
]


class TypeLookup(Part):
    """How types that `types` does not know are looked up, so that they become entries like those."""

    sql: Annotated[list[Text], Field(min_length=1)]
    """The query's lines, where `{ids}` stands for the types' numbers with commas between. A row tells of one type, or
    of one that another is made of: `id`; `schema` and `name`; `kind`, which is `enum`, `domain`, `array`, `range`,
    `multirange`, `composite`, or `base` for all else; `parts`, a list of the types it is made of; `fields`, the names
    of a composite's."""
    named: dict[Text, TypeRule] = {}
    """Types of kind `base` that have no number of their own, by their names."""
