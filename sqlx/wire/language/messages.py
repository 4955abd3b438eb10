"""The models of what a pack says of messages: where one ends, what stands in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from sqlx.wire.language.fields import Fields
from sqlx.wire.language.parts import Character, Expression, LowerName, Name, Part, by_shape
from sqlx.wire.language.steps import Steps


class Limit(Part):
    """The largest message body that is accepted, in bytes."""

    connecting: Annotated[int, Field(ge=1)] = 65536
    """Until the flow `connect` has ended: the server is not known yet."""
    ready: Annotated[int, Field(ge=1)] = 1 << 30
    """From then on."""


class Framing(Part):
    """Where a message ends, and what tells it from others."""

    header: Fields
    """The fields before a body. Sent ones may use `size`, `tag` and `sequence`; one called `sequence` counts frames."""
    size: Expression = "0"
    """Received: how many bytes follow the header, over its fields."""
    ends: Annotated[str, Field(min_length=1, max_length=16)] | None = None
    """Received, in the place of `size`: the text up to which a body goes, and which is its last part."""
    tag: Expression | None = None
    """Received: what tells messages apart. Default: the header's field `tag`, else `first`, the body's first byte."""
    split: Annotated[int, Field(ge=0)] = 0
    """A body of this many bytes goes on in the next frame; 0: none does."""
    limit: Limit = Limit()
    """The largest body that is accepted."""


class ErrorMapping(Part):
    """What a message says of an error: an expression over its fields for each."""

    message: Expression
    """What happened, in words."""
    sqlstate: Expression | None = None
    """The five characters of the SQL standard."""
    code: Expression | None = None
    """The server's own number."""
    fatal: Expression | None = None
    """True when the server closes the connection after it."""
    severity: Expression | None = None
    """The server's word for how bad it is."""
    detail: Expression | None = None
    """More about what happened."""
    hint: Expression | None = None
    """What to do."""
    position: Expression | None = None
    """Where in the statement, in characters from 1."""
    schema_: Expression | None = None
    """The schema of the object concerned."""
    table: Expression | None = None
    """The table concerned."""
    column: Expression | None = None
    """The column concerned."""
    constraint: Expression | None = None
    """The constraint that did not hold."""
    type: Expression | None = None
    """The data type concerned."""
    where: Expression | None = None
    """The call stack on the server."""
    routine: Expression | None = None
    """The place in the server's own code that said so."""


class ClientMessage(Part):
    """A message that is sent."""

    tag: OneTag | None = None
    """What the header writes as `tag`."""
    framing: Name = "client"
    """The framing it is sent in."""
    fields_: Fields = []
    """Its body. A field takes its value from `with`, else from its own `= expression`."""
    secret: list[Name] = []
    """Fields that no trace ever shows."""
    hidden: list[Name] = []
    """Fields with a user's data, which a trace shows only when asked to."""


class RowLayout(Part):
    """How a row lies in a message."""

    value: Name
    """The integer before each value: its length, with null as -1 or the integer's own null."""
    count: Literal["u8", "u16", "u32", "u64", "i16", "i32"] | None = None
    """The integer before the row: its number of values."""
    skip: Annotated[int, Field(ge=0, le=255)] = 0
    """Bytes before anything else, which say nothing."""
    bitmap: Annotated[int, Field(ge=0, le=64)] | None = None
    """A bitmap of nulls stands before the values; this is the bit of the first."""
    bare: bool = False
    """Values of a fixed size have no length before them."""
    format: Literal["text", "binary", "columns"] = "text"
    """How values are written: all as text, all binary, or each as its column says."""


OneTag = Annotated[Annotated[Character, Tag("<text>")] | Annotated[int, Tag("<number>")], by_shape]
Tags = Annotated[
    Annotated[Character, Tag("<text>")] | Annotated[int, Tag("<number>")] | Annotated[list[OneTag], Tag("<list>")],
    by_shape,
]


class ServerMessage(Part):
    """A message that is received."""

    tag: Tags | None = None
    """What tells it from others, or several such; without one it is whatever nothing else is."""
    when: Expression | None = None
    """A further condition, over the variables and `size`, the body's number of bytes."""
    fields_: Fields = []
    """Its body. A value after `=` is what the field must be."""
    error: ErrorMapping | None = None
    """What it says of an error or a notice, for the steps `fail` and `event`."""
    row: RowLayout | None = None
    """It is a row of a result, which lies like this."""
    columns: str | None = None
    """It describes columns: a struct, or a repeated one, as in `column[u16]`."""
    does: Steps = []
    """Steps that do not wait, done whenever it has come, before those of the branch that it leads to."""
    secret: list[Name] = []
    """Fields that no trace ever shows."""
    hidden: list[Name] = []
    """Fields with a user's data, which a trace shows only when asked to."""


class Messages(Part):
    """All messages by name."""

    client: dict[LowerName, ClientMessage] = {}
    """Those that are sent."""
    server: dict[LowerName, ServerMessage] = {}
    """Those that are received."""
