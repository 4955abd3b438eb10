"""The models of a pack's `sql`: how the engine's SQL is read."""

from __future__ import annotations

from typing import Annotated

from pydantic import Tag

from sqlx.wire.language.parts import Character, Part, Text, by_shape


class Quote(Part):
    """A way to write a text or a name."""

    open: Text
    """What opens it; letters in any case."""
    close: Character
    """The character that closes it."""
    doubled: bool = False
    """The closing character twice stands for itself."""
    backslash: Annotated[Annotated[bool, Tag("<truth>")] | Annotated[Text, Tag("<text>")], by_shape] = False
    """A backslash escapes: always, or while a variable is true (`name`), is not (`!name`), or is a text (`name=x`)."""
    continued: bool = False
    """Another one behind a line break goes on with it."""
    identifier: bool = False
    """It is a name."""


class LineComment(Part):
    """A comment up to the end of the line."""

    open: Text
    """What opens it."""
    spaced: bool = False
    """Only before white space."""


class BlockComment(Part):
    """A comment between two marks."""

    open: Text
    """What opens it."""
    close: Text
    """What closes it."""
    nested: bool = False
    """There may be others inside."""


class Compound(Part):
    """Statements that hold others. A phrase is words, `A|B` for either, `...` for any between."""

    starts: list[Text] = []
    """Phrases with which such a statement begins."""
    open: list[Text] = []
    """Words that open a block."""
    close: list[Text] = []
    """Words that close one."""
    uncounted: list[Text] = []
    """Pairs of words that close what was never counted as opened."""


class Sql(Part):
    """How the engine's SQL is read. docs of `sqlx.kernel.scanner` say more."""

    placeholder: Text = "?"
    """What the server understands: `?`, or a text with `{n}` for the number."""
    quotes: list[Quote] = []
    """All ways to write a text or a name."""
    identifier_quote: Character = '"'
    """The character around a name that we quote."""
    line_comments: list[
        Annotated[Annotated[Text, Tag("<text>")] | Annotated[LineComment, Tag("<object>")], by_shape]
    ] = []
    """What opens a comment up to the end of the line."""
    line_end: Text = "\n"
    """The characters that end it."""
    block_comments: list[BlockComment] = []
    """Comments between two marks."""
    executable_comments: list[Text] = []
    """What opens a comment whose content is code."""
    dollar_quotes: bool = False
    """`$tag$ ... $tag$` is a text."""
    compound: Compound | None = None
    """Statements that hold others."""
    no_transaction: list[Text] = []
    """Phrases: statements that may not run in a transaction, so that none is opened for them."""
    unpreparable: list[Text] = []
    """Phrases: statements that the server cannot prepare."""
    redefines: list[Text] = []
    """Phrases: statements after which the types of what is prepared, inferred before, may be wrong: it is forgotten."""
