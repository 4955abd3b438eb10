"""The models of a pack's `session`: the statements by which one is led."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sqlx.wire.language.parts import Expression, Name, Part, Text


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
    gone: list[Text] = []
    """The SQLSTATEs of an end that came too late: somebody else has ended what was prepared."""
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
    implicit_commit: bool = False
    """Some statements, such as DDL, commit the transaction that they stand in, and end it."""
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
