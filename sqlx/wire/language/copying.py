"""The models of what a pack says of statements whose data streams."""

from __future__ import annotations

from pydantic import Field

from sqlx.wire.language.parameters import Kinds
from sqlx.wire.language.parts import Name, Part


class TextRows(Part):
    """Rows as lines whose fields are escaped."""

    delimiter: str = Field(min_length=1, max_length=1)
    """What stands between two fields."""
    null: str
    """How null is written."""
    end: str
    """What ends a row."""
    escapes: dict[str, str]
    """Characters that would mean something, each with what is written instead: a backslash and a character."""


class QuotedRows(Part):
    """Rows as lines whose fields are quoted where they must be."""

    delimiter: str = Field(min_length=1, max_length=1)
    """What stands between two fields."""
    null: str
    """How null is written."""
    end: str
    """What ends a row."""
    quote: str = Field(min_length=1, max_length=1)
    """What stands around a field, and twice where it is part of one."""
    when: str
    """The option by which a statement asks for this format."""


class Copy(Part):
    """Statements that take data from the program, or bring it some."""

    statements: list[str]
    """How they begin."""
    places: list[str]
    """The words that say that the data streams; behind them stand the statement's options."""
    binary: Name | None = None
    """The variable that is not 0 when the data is binary."""
    own_words: list[str] = Field(default_factory=list)
    """Options that ask for another format than the usual ones."""
    text: TextRows
    """The usual format."""
    csv: QuotedRows | None = None
    """The other one."""
    kinds: Kinds | None = None
    """How values are written, where that is not as they are bound."""
