"""The models of what a pack says of statements whose data streams."""

from __future__ import annotations

from typing import Annotated

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


Number = Annotated[str, Field(pattern=r"^[iu](8|16|32|64)$")]
SignedNumber = Annotated[str, Field(pattern=r"^i(8|16|32|64)$")]


class BinaryRows(Part):
    """Rows of values in their binary form: a header, each row behind the number of its values, each value behind its
    length, which is -1 for null. The numbers are `u8` to `u64` and `i8` to `i64`, in the pack's byte order."""

    when: Name
    """The variable that is not 0 when the data is binary."""
    signature: Annotated[str, Field(pattern="^[\\x00-\\xff]+$")]
    """How the header begins; a character is a byte."""
    flags: Number
    """The number behind it, whose bits say what is otherwise."""
    ignored: int = Field(ge=0)
    """Those of its bits that whoever does not know them may pass over."""
    extension: Number
    """The number behind that: how many bytes more the header has."""
    count: Number
    """The number before a row: how many values it has."""
    length: SignedNumber
    """The number before a value: how many bytes it has."""
    end: int
    """What stands in the place of a row's number behind the last one."""


class Copy(Part):
    """Statements that take data from the program, or bring it some."""

    statements: list[str]
    """How they begin."""
    places: list[str]
    """The words that say that the data streams; behind them stand the statement's options."""
    binary: BinaryRows | None = None
    """The format that is no text."""
    own_words: list[str] = Field(default_factory=list)
    """Options that ask for another format than the usual ones."""
    text: TextRows
    """The usual format."""
    csv: QuotedRows | None = None
    """The other one."""
    kinds: Kinds | None = None
    """How values are written, where that is not as they are bound."""
