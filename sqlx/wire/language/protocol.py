"""The models of what a pack says of its protocol: fields, framing, messages, and the steps of flows and commands.

A docstring under a field is its documentation: docs/wire-packs.md and the JSON Schema are made of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationInfo, model_validator
from typing_extensions import TypeAliasType

from sqlx.wire.compile.compiler import STEPS
from sqlx.wire.errors import Kind


class Part(BaseModel):
    """An object of a pack: keys that it does not know are refused, and values are never converted."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=lambda name: name.rstrip("_"),
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    @model_validator(mode="before")
    @classmethod
    def _remember(cls, value: Any, info: ValidationInfo) -> Any:
        """Tell the check which model an object was held against, so that it can name the keys there are."""
        if info.context is not None:
            info.context[id(value)] = cls
        return value


Name = TypeAliasType("Name", Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$")])
LowerName = TypeAliasType("LowerName", Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,63}$")])
Expression = TypeAliasType("Expression", Annotated[str, Field(min_length=1, max_length=2000)])
Byte = Annotated[int, Field(ge=0, le=255)]
ByteKey = Annotated[str, Field(pattern=r"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$")]
Character = Annotated[str, Field(min_length=1, max_length=1)]


def shape(value: Any) -> str:
    """What kind of JSON value this is; in angle brackets, which no path of a pack has in this place."""
    names = {dict: "<object>", list: "<list>", str: "<text>", bool: "<truth>", int: "<number>", float: "<number>"}
    return names.get(type(value), "<nothing>")


by_shape = Discriminator(shape)

# -- fields


class IfField(Part):
    """Fields that are part of a message only when a condition holds."""

    if_: Expression
    """The condition, over the fields before it and the variables."""
    fields_: list[FieldItem]
    """What is there when it is true."""


class SwitchField(Part):
    """Fields that depend on a value. Every other key is a value, `otherwise` stands for all that are not named."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[FieldItem]] = Field(init=False)

    switch: Expression
    """The number or text that decides, over the fields before it and the variables."""


def _field_item(value: Any) -> str:
    return "<switch>" if isinstance(value, dict) and "switch" in value else shape(value)


FieldItem = TypeAliasType(
    "FieldItem",
    Annotated[
        Annotated[str, Tag("<text>")] | Annotated[IfField, Tag("<object>")] | Annotated[SwitchField, Tag("<switch>")],
        Discriminator(_field_item),
    ],
)
Fields = Annotated[list[FieldItem], Field(max_length=200)]


class PrefixedInteger(Part):
    """An integer whose first byte tells how it goes on."""

    direct_below: Annotated[int, Field(ge=0, le=256)]
    """First bytes below this one are the number itself."""
    prefixes: dict[ByteKey, Literal["u8", "u16", "u24", "u32", "u64"]] = {}
    """For other first bytes, the integer that follows."""
    null: Byte | None = None
    """The first byte that alone means null."""


# -- framing


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


# -- messages


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


# -- steps


class Sentence(Part):
    """An error in the pack's own words."""

    message: str
    """What is wrong; `{expression}` stands for its value."""
    kind: Kind = "refused"
    """What kind of error it is."""
    hint: str | None = None
    """What the user can do."""


class Send(Part):
    """Send a message."""

    send: Name
    """The message, one of `messages.client`."""
    with_: dict[Name, Expression] = {}
    """The values of its fields."""


class Expect(Part):
    """Read messages until a branch says `done`."""

    expect: Annotated[dict[str, Steps], Field(min_length=1)]
    """What to do on each message, by `name` or `name[condition]`: the first that fits. Then the next is read."""
    framing: Name = "server"
    """The framing of what comes."""


class Set(Part):
    """Give variables new values, one after the other."""

    set: Annotated[dict[Name, Expression], Field(min_length=1)]
    """The variables with their values."""


class PutRule(Part):
    """One entry of a map."""

    map: Name
    """The variable that holds the map."""
    key: Expression
    """The entry's key, a text."""
    value: Expression
    """Its value."""


class Put(Part):
    """Make an entry in a map, which holds at most 1000."""

    put: PutRule
    """Where and what."""


class If(Part):
    """Go one way or the other."""

    if_: Expression
    """The condition."""
    then: Steps = []
    """What is done when it is true."""
    else_: Steps = []
    """What is done when it is not."""


class SwitchStep(Part):
    """Go the way that a text names."""

    switch: Expression
    """The text."""
    cases: Annotated[dict[str, Steps], Field(min_length=1)]
    """What is done for each value."""
    otherwise: Steps = []
    """What is done for any other."""


class Call(Part):
    """Run a flow, and go on behind it."""

    call: Name
    """One of `flows`."""


class Require(Part):
    """Fail unless a condition holds."""

    require: Expression
    """The condition."""
    else_: Sentence
    """The error when it does not."""


class Fail(Part):
    """Raise an error in the pack's own words."""

    fail: Sentence
    """The words."""


Size = Annotated[int, Field(ge=1, le=1024)]


class Random(Part):
    """Fill a variable with random bytes."""

    random: Name
    """The variable."""
    bytes: Annotated[Annotated[Size, Tag("<number>")] | Annotated[Expression, Tag("<text>")], by_shape]
    """How many."""


class StartTls(Part):
    """Encrypt the connection, and agree on the protocol above it; the word alone agrees on none."""

    start_tls: StartTlsRule
    """What is agreed on."""


class StartTlsRule(Part):
    """What both ends of an encrypted connection agree on."""

    alpn: str
    """The protocol's registered name (RFC 7301); a server that does not agree is refused."""
    hint: str | None = None
    """What the user can do when the handshake fails."""


class Gather(Part):
    """Read a number of messages of one kind: the columns of the result that follows."""

    gather: Name
    """The message, which has `columns`."""
    count: Expression
    """How many there are."""
    keep: bool = True
    """False reads past them."""


class Pull(Part):
    """The server takes data from here on: what the caller gives is sent, and what comes is read as before."""

    pull: PullRule
    """The messages that carry it."""


class PullRule(Part):
    """The messages that carry what the caller gives."""

    data: Name
    """A piece of it, in the message's field `data`."""
    end: Name
    """There is no more."""
    fail: Name | None = None
    """The caller cannot go on, for the reason in the message's field `reason`; without it `end` must do."""


class NamedColumn(Part):
    """A column that the pack itself names."""

    name: Expression
    """Its name, a text."""
    type: str
    """Its type, one of `types`."""


class NamedColumns(Part):
    """Columns that the server names, of one type."""

    names: Expression
    """Their names, a list of texts."""
    type: str
    """Their type, one of `types`."""


class ResultStep(Part):
    """Begin a result; rows that come from now on belong to it."""

    result: Annotated[
        Annotated[Name, Tag("<text>")]
        | Annotated[list[NamedColumn], Tag("<list>")]
        | Annotated[NamedColumns, Tag("<object>")],
        by_shape,
    ]
    """The message in which its rows come, or its columns where rows are made by `row`."""
    columns: Literal["prepared"] | None = None
    """The columns are those of the prepared statement, not those just read."""


class Row(Part):
    """Add a row made of values, where rows are no messages of their own."""

    row: Annotated[Annotated[Expression, Tag("<text>")] | Annotated[list[Expression], Tag("<list>")], by_shape]
    """The values, or an expression that gives a list of them."""


class Completion(Part):
    """What is known of a result that is whole."""

    rowcount: Expression | None = None
    """How many rows there are, or were changed; -1 where the server does not say."""
    lastrowid: Expression | None = None
    """The number given to the row that was inserted."""
    tag: Expression | None = None
    """What the server calls what it did."""


class Complete(Part):
    """End the result; without one that is open, add one without rows."""

    complete: Completion
    """What is known of it."""


class PreparedRule(Part):
    """What a server says of a statement it has prepared."""

    statement: Expression | None = None
    """What identifies it to the server; default: the name it was given."""
    parameters: Expression | None = None
    """The type numbers of its parameters, a list; default: those that were asked for."""


class Prepared(Part):
    """Note what a server says of a statement it has prepared."""

    prepared: PreparedRule
    """What it says."""


class Compress(Part):
    """From here on everything goes in blocks, with headers and numbers of their own, that may be compressed."""

    compress: Expression
    """The algorithm, a text: `zlib` or `zstd`."""
    level: Expression = "0"
    """How hard to try, where the algorithm lets one choose."""
    reads: Name
    """The framing of the blocks that come; its `tag` is what a block inflates to, 0 when it is not compressed."""
    writes: Name
    """The framing of the blocks that are sent; it writes that as `tag`."""
    threshold: Annotated[int, Field(ge=0)] = 0
    """Blocks of fewer bytes are sent as they are."""


class Event(Part):
    """Tell the application of something nobody asked for."""

    event: Literal["notice", "notify"]
    """`notice` is what the message's `error` says; `notify` has the values of `with`."""
    with_: dict[Name, Expression] = {}
    """The values of a `notify`."""


WORDS = {
    "done": "Leave the `expect`; go on behind it.",
    "fail": "Raise the error that the message just read tells, by its `error`.",
    "suspend": "The portal has more rows: its result stays open.",
    "complete": "End the result, of which nothing more is known.",
    "start_tls": "Encrypt the connection; nothing may have come behind the server's consent.",
    "until_closed": "Wait until the server closes the connection.",
    "new_exchange": "What is sent next is a command of its own, its frames counted anew.",
}
Word = TypeAliasType(
    "Word", Literal["done", "fail", "suspend", "complete", "start_tls", "until_closed", "new_exchange"]
)


def step_kind(value: Any) -> str:
    """The tag of the model that a step is held against; none fits what is no step."""
    if isinstance(value, dict):
        return next((f"<{key}>" for key in value if key in STEPS), "<unknown>")
    return shape(value)


Step = TypeAliasType(
    "Step",
    Annotated[
        Annotated[Word, Tag("<text>")]
        | Annotated[Send, Tag("<send>")]
        | Annotated[Expect, Tag("<expect>")]
        | Annotated[Set, Tag("<set>")]
        | Annotated[Put, Tag("<put>")]
        | Annotated[If, Tag("<if>")]
        | Annotated[SwitchStep, Tag("<switch>")]
        | Annotated[Call, Tag("<call>")]
        | Annotated[Require, Tag("<require>")]
        | Annotated[Fail, Tag("<fail>")]
        | Annotated[Random, Tag("<random>")]
        | Annotated[StartTls, Tag("<start_tls>")]
        | Annotated[Gather, Tag("<gather>")]
        | Annotated[Pull, Tag("<pull>")]
        | Annotated[ResultStep, Tag("<result>")]
        | Annotated[Row, Tag("<row>")]
        | Annotated[Complete, Tag("<complete>")]
        | Annotated[Prepared, Tag("<prepared>")]
        | Annotated[Compress, Tag("<compress>")]
        | Annotated[Event, Tag("<event>")],
        Discriminator(step_kind),
    ],
)
_one_or_several: Callable[[Any], str] = lambda value: "<list>" if isinstance(value, list) else "<one>"  # noqa: E731
Steps = TypeAliasType(
    "Steps",
    Annotated[
        Annotated[list[Step], Tag("<list>")] | Annotated[Step, Tag("<one>")],
        Discriminator(_one_or_several),
    ],
)


class Command(Part):
    """What is sent, and what answers."""

    send: Steps
    """Steps that do not wait: they may use the command's arguments, and no message has been read."""
    replies: Steps
    """What the server owes for it; the messages of `always` are understood everywhere."""
    closed: bool = False
    """It ends its own segment: nothing of `segment` follows when it is sent alone."""


class Segment(Part):
    """What ends a batch of commands; after an error the server skips everything up to there."""

    send: Steps
    """Steps that do not wait."""
    replies: Steps
    """What the server answers."""
