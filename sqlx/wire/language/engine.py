"""The models of what a pack says of its engine beside the protocol: types, parameters, errors, SQL, sessions, catalog.

A docstring under a field is its documentation: docs/wire-packs.md and the JSON Schema are made of them.
"""

# ruff: noqa: RUF012  a model copies its defaults

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from sqlx.wire.language.protocol import Character, Expression, Name, Part, by_shape

Group = Literal["STRING", "BINARY", "NUMBER", "DATETIME", "ROWID", ""]
ErrorClass = Literal[
    "DatabaseError", "DataError", "OperationalError", "IntegrityError", "InternalError", "ProgrammingError",
    "NotSupportedError",
]  # fmt: skip
Retry = Literal["serialization", "deadlock", "locked", "cancelled", "connection", "overload", "stale_statement"]
Text = Annotated[str, Field(min_length=1)]


class Verified(Part):
    """How it was shown that the pack works."""

    how: Literal["live", "transcript", "unverified"]
    """Against a server that ran, by a recorded conversation, or not at all."""
    version: Text | None = None
    """The engine's version."""


class Option(Part):
    """An option of a URL or of `connect`, beyond those that every engine has."""

    kind: Literal["text", "int", "bool", "path", "seconds", "choice", "choices"]
    """What its value is; `choices` is a list of some, with commas between them."""
    choices: list[Text] = []
    """The values of a `choice`, or of `choices`."""
    default: Any = None
    """Its value when it is not given."""
    secret: bool = False
    """It is never shown."""
    contents: bool = False
    """A path whose file's content is the value the flows see."""
    alias: list[Name] = []
    """Other names for it."""
    from_: int | None = None
    """The smallest `int`."""
    to: int | None = None
    """The largest `int`."""


class OptionWord(Part):
    """A word for an option whose values have other names."""

    option: Name
    """The option."""
    values: Annotated[dict[str, str], Field(min_length=1)]
    """Each of the word's values, in lower case, with the option's; an empty one gives nothing."""


OptionWords = dict[Text, Annotated[Annotated[Name, Tag("<text>")] | Annotated[OptionWord, Tag("<object>")], by_shape]]


class PasswordFile(Part):
    """A file of lines `host:port:database:user:password`."""

    option: Name
    """The option that names another file."""
    path: Text
    """Where it is; `~` and `$VARIABLE` may begin a path."""


class ServiceFile(Part):
    """Files that give options of a connection under a name."""

    option: Name
    """The option that asks for a service."""
    file_option: Name
    """The option that names another file than the first."""
    paths: Annotated[list[Text], Field(min_length=1)]
    """Where they are; the first that has the service counts."""
    ignored: list[Text] = []
    """Words that mean nothing to us, and whose loss makes nothing less safe; any other is refused."""


class OptionFiles(Part):
    """Files of options in groups, for many programs."""

    option: Name
    """The option that names the only file to be read."""
    paths: Annotated[list[Text], Field(min_length=1)]
    """Where they are; the last one that says something counts."""
    groups: Annotated[list[Text], Field(min_length=1)]
    """The groups that are read."""
    words: OptionWords
    """The options that each word means, with `-` for `_`; other words are passed over."""


class Environment(Part):
    """What the engine's own tools read before they connect."""

    variables: OptionWords = {}
    """Variables of the environment, with the options that they give."""
    password_file: PasswordFile | None = None
    """Where passwords are."""
    service_file: ServiceFile | None = None
    """Where services are."""
    option_files: OptionFiles | None = None
    """Where options are."""


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


class ParameterRule(Part):
    """What a bound value is on the wire."""

    type: int = 0
    """The number of its type."""
    encode: Text | None = None
    """The operation that writes it; only null has none."""
    format: Literal[0, 1] = 0
    """0 for text, 1 for binary."""
    flags: int = 0
    """Further bits for messages that have them beside the type."""
    prefixed: bool = False
    """Its length stands before it, as `parameters.prefix` says."""
    from_: int | float | None = None
    """The smallest value that it holds."""
    to: int | float | None = None
    """The largest."""


ParameterRules = Annotated[
    Annotated[ParameterRule, Tag("<object>")] | Annotated[list[ParameterRule], Field(min_length=1), Tag("<list>")],
    by_shape,
]


class HolderRule(Part):
    """How a value is bound whose type depends on what it holds."""

    encode: Text
    """The operation that writes it."""
    of: dict[Annotated[str, Field(pattern=r"^[0-9]+$")], int] = {}
    """For each type of what it holds, its own."""
    otherwise: int = 0
    """Its type when it holds anything else, or nothing."""


class Kinds(Part):
    """One rule for each kind of Python value, or several: the first that holds it is taken. One left out is refused."""

    null: ParameterRules | None = None
    """None."""
    bool_: ParameterRules | None = None
    """bool."""
    int_: ParameterRules | None = None
    """int."""
    float_: ParameterRules | None = None
    """float."""
    decimal: ParameterRules | None = None
    """decimal.Decimal."""
    text: ParameterRules | None = None
    """str."""
    bytes_: ParameterRules | None = None
    """bytes, bytearray, memoryview."""
    date: ParameterRules | None = None
    """datetime.date."""
    time: ParameterRules | None = None
    """datetime.time without a zone."""
    timetz: ParameterRules | None = None
    """datetime.time with a zone."""
    timestamp: ParameterRules | None = None
    """datetime.datetime without a zone."""
    timestamptz: ParameterRules | None = None
    """datetime.datetime with a zone."""
    interval: ParameterRules | None = None
    """datetime.timedelta and sqlx.Interval."""
    uuid: ParameterRules | None = None
    """uuid.UUID."""
    inet: ParameterRules | None = None
    """The addresses and networks of ipaddress."""
    json_: ParameterRules | None = None
    """dict and sqlx.Json."""
    set: ParameterRules | None = None
    """set and frozenset."""
    array: HolderRule | None = None
    """list and tuple."""
    range: HolderRule | None = None
    """sqlx.Range."""
    multirange: HolderRule | None = None
    """sqlx.Multirange."""
    record: ParameterRules | None = None
    """sqlx.Record."""
    point: ParameterRules | None = None
    """sqlx.Point."""
    line: ParameterRules | None = None
    """sqlx.Line."""
    segment: ParameterRules | None = None
    """sqlx.Segment."""
    box: ParameterRules | None = None
    """sqlx.Box."""
    path: ParameterRules | None = None
    """sqlx.Path."""
    polygon: ParameterRules | None = None
    """sqlx.Polygon."""
    circle: ParameterRules | None = None
    """sqlx.Circle."""
    geometry: ParameterRules | None = None
    """sqlx.Geometry."""
    vector: ParameterRules | None = None
    """sqlx.Vector."""


class Parameters(Part):
    """How values are bound."""

    typed_at: Literal["prepare", "execute"] = "execute"
    """When the server must know the types."""
    prefix: Name | None = None
    """The integer that writes the length of `prefixed` values."""
    kinds: Kinds
    """The rules by kind of value."""


class Advice(Part):
    """What to do about an error of a statement with parameters."""

    code: Text
    """The server's own number, or SQLSTATE."""
    part: Text | None = None
    """A part of the server's sentence; without one any sentence fits."""
    hint: Text
    """What to do."""


class Errors(Part):
    """What an error of the server means."""

    classes: dict[Annotated[str, Field(pattern=r"^([0-9A-Z]{1,32}|default)$")], ErrorClass]
    """PEP 249's class by SQLSTATE, or what its messages give as that; the longest prefix counts, `default` stands for
    the rest."""
    codes: dict[str, ErrorClass] = {}
    """PEP 249's class by the server's own number, which counts before SQLSTATE."""
    retry: dict[str, Retry] = {}
    """What kind of second attempt helps, by SQLSTATE."""
    retry_codes: dict[str, Retry] = {}
    """The same by the server's own number."""
    retry_if: dict[str, dict[Name, str]] = {}
    """By SQLSTATE or the server's own number, what its error says when that holds: fields with their values, an empty
    one being absent; `message` is a part of its sentence. What `stale_statement` is said of must not have begun."""
    advice: list[Advice] = []
    """What to do about errors of statements with parameters, where the server does not say: the first that fits."""
    sqlstates: dict[str, str] = {}
    """For an engine without them: SQLSTATE by its own number."""
    messages: list[Annotated[list[str], Field(min_length=2, max_length=2)]] = []
    """For such an engine: a part of its sentence, and the SQLSTATE that it means."""
    hints: dict[str, str] = {}
    """For such an engine: what to do, by its own number."""


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


class Autocommit(Part):
    """For an engine that opens transactions by itself."""

    on: Text
    """The statement after which each statement is its own transaction."""
    off: Text
    """The statement after which the first one opens a transaction."""


class Trait(Part):
    """How it is found out whether a server is something."""

    told: Expression | None = None
    """'on' or 'off' by the variables, or '' where an older server told nothing of it."""
    sql: Text
    """The query that says so then: true, 1 or 'on' in its first column."""


class Traits(Part):
    """What a server can be that `target_session_attrs` asks for; one left out cannot be asked for."""

    read_only: Trait | None = None
    """A session there cannot write."""
    standby: Trait | None = None
    """It follows another server."""


class CallTexts(Part):
    """How a procedure or a function is called: `{name}`, `{arguments}`."""

    procedure: Text
    """The statement that calls a procedure."""
    function: Text | None = None
    """The statement that calls a function."""
    kind: Text | None = None
    """A query with one parameter, the name, that answers `procedure` or `function`."""


class Recover(Part):
    """How prepared transactions are found."""

    sql: Text
    """The statement that lists them."""
    columns: list[Literal["format_id", "gtrid", "bqual", "gtrid_length", "bqual_length", "data"]]
    """What its columns are; `data` holds both parts of the id, one behind the other."""


class TwoPhase(Part):
    """Transactions that are committed in two phases: each list holds statements with an `{xid}`."""

    xid: Text
    """The id as it is written, with `{format_id}` and `{gtrid:hex}` or `{gtrid:base64}`, `{bqual:...}`."""
    begin: list[Text] | None = None
    """Open one; left out where the session's own `begin` does."""
    prepare: list[Text]
    """End its first phase."""
    commit: list[Text]
    """Commit one that is prepared."""
    rollback: list[Text]
    """Undo one that is prepared."""
    commit_active: list[Text]
    """Commit one that was not prepared."""
    rollback_active: list[Text]
    """Undo one that was not prepared."""
    foreign: Text | None = None
    """An id that another program made in its own way, with its `{gtrid}` between quotes that are doubled in it."""
    recover: Recover
    """Lists what is prepared."""


class TransactionTexts(Part):
    """How one transaction is opened that has modes of its own."""

    open: Text
    """The statement that opens it, with `{modes}` where they stand, commas between them."""
    isolation: Text | None = None
    """The statement before it that sets `{level}` for it alone, where the level is no mode."""
    modes: dict[Literal["isolation", "read_only", "not_read_only", "deferrable", "not_deferrable"], Text] = {}
    """The words for each mode; `isolation` has a `{level}`."""


class Scroll(Part):
    """How a result is moved in that stays at the server: `{name}` is a portal, which `close_portal` ends."""

    declare: Text
    """Leaves the result of `{query}` there, for the transaction."""
    declare_held: Text
    """The same, beyond the transaction when that is committed."""
    fetch: Text
    """Brings the next rows, at most `{count}`."""
    move: Text
    """Goes behind `{row}`, counted from 1, or by 0 before the first; it counts 1 row where there is one."""


class PipelineGuard(Part):
    """Three statements around a pipeline."""

    open: Text
    """Before it."""
    keep: Text
    """After it, when all went well."""
    undo: Text
    """After it, when something failed."""


class Pipeline(Part):
    """For a server that goes on behind an error: what makes a failed pipeline leave nothing behind."""

    outside: PipelineGuard
    """Where each statement is a transaction of its own."""
    inside: PipelineGuard
    """Where a transaction is open, or opens by itself."""


class ShownWarnings(Part):
    """How warnings are read that the server only counts."""

    count: Name
    """The variable that holds how many the last statement brought."""
    sql: Text
    """Lists them."""
    columns: list[Literal["severity", "code", "message"]]
    """What its columns hold."""


class Session(Part):
    """The statements by which a session is led. Null is what the engine does not have.

    `statement_timeout`, `current_user`, `current_schema`, `version` and `reset` are for programs to read: the driver
    itself runs none of them.
    """

    state: Expression | None = None
    """'idle', 'open' or 'failed', over the variables; an engine in the process tells it by itself."""
    begin: Text | None = None
    """Opens a transaction; null for an engine that opens them by itself."""
    commit: Text | None = None
    """Ends it well; null for an engine without transactions."""
    rollback: Text | None = None
    """Undoes it; null for an engine without transactions."""
    transaction: TransactionTexts | None = None
    """How one is opened with modes of its own; null where there are none to choose."""
    autocommit: Autocommit | None = None
    """For an engine that opens transactions by itself."""
    savepoint: Text | None = None
    """Sets a savepoint `{name}`."""
    release: Text | None = None
    """Forgets it."""
    rollback_to: Text | None = None
    """Goes back to it."""
    isolation: dict[Text, Text] = {}
    """The levels there are, each with the engine's word for it."""
    begin_isolation: Text | None = None
    """Opens a transaction of `{level}`."""
    set_isolation: Text | None = None
    """Sets `{level}` for the transactions to come."""
    statement_timeout: Text | None = None
    """Bounds the time of each statement, in `{milliseconds}`."""
    resynchronise: Text | None = None
    """A statement that does nothing, after a cancellation that may have come late."""
    direct: Expression | None = None
    """Whether one process of the server answers all that a connection asks, over the variables, once the command
    `identify` has run: through a pooler that shares servers, statements are not kept by name. Null: it always does."""
    portals: bool = False
    """Parts of a result can be fetched while other statements run."""
    portal_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """How many rows such a part has."""
    secrets: list[Name] = []
    """Variables that are forgotten as soon as `connect` has ended: what was made of the password."""
    cancel_with: dict[Name, Expression] = {}
    """Variables of the second connection, which cancels, with their values over the variables of the first."""
    current_user: Text | None = None
    """A query for the user's name."""
    current_schema: Text | None = None
    """A query for the schema that unqualified names mean."""
    version: Text | None = None
    """A query for the server's version."""
    reset: Text | None = None
    """Makes the session as it was when it was opened."""
    warnings: ShownWarnings | None = None
    """How warnings are read that the server only counts, where the option `show_warnings` asks for them."""
    traits: Traits | None = None
    """What a server can tell of itself, where one of several is to be chosen."""
    call: CallTexts | None = None
    """How a procedure is called."""
    pipeline: Pipeline | None = None
    """What stands around a pipeline; null for a server that skips what follows an error."""
    scroll: Scroll | None = None
    """How a result is moved in that stays at the server; null where all of it comes."""
    two_phase: TwoPhase | None = None
    """How a transaction is committed in two phases."""


class CatalogQuery(Part):
    """A query of the catalog; its columns are called as the fields of the model in `sqlx.catalog` are.

    A field of several values is an array, or its values come one a row. A column `id` tells apart what would else be
    the same.
    """

    sql: Annotated[list[Text], Field(min_length=1)]
    """The statement's lines. `:schema` and `:relation` are bound, `{schema}` is the quoted name."""


Capability = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[bool, Tag("<truth>")]
    | Annotated[dict[Name, int | float], Tag("<object>")],
    by_shape,
]
