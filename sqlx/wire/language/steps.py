"""The models of the steps of flows, and of the commands whose halves they are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from sqlx.wire.compile.compiler import STEPS
from sqlx.wire.errors import Kind
from sqlx.wire.language.parts import Expression, Name, Part, by_shape, shape


class Sentence(Part):
    """An error in the pack's own words."""

    message: str
    """What is wrong; `{expression}` stands for its value, which is made of nothing secret."""
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


def _one_or_several(value: Any) -> str:
    return "<list>" if isinstance(value, list) else "<one>"


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
