"""The pack language: what a `*.wire.json` may say, as models.

Only a check loads this module, and a pack that the user names; shipped packs are held against it when they are made.
docs/wire-pack.schema.json and the reference in docs/wire-packs.md are generated from here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from sqlx.wire.language.copying import Copy
from sqlx.wire.language.errors import Errors
from sqlx.wire.language.fields import Fields, PrefixedInteger
from sqlx.wire.language.messages import Framing, Messages
from sqlx.wire.language.options import Environment, Option
from sqlx.wire.language.parameters import Parameters
from sqlx.wire.language.parts import LowerName, Name, Part, Text, by_shape
from sqlx.wire.language.session import Session
from sqlx.wire.language.sql import Sql
from sqlx.wire.language.steps import Command, Segment, Steps
from sqlx.wire.language.types import Columns, TypeLookup, TypeRules

VariableType = Literal["text", "bytes", "int", "bool", "list", "map", "any"]
Capability = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[int | float, Tag("<number>")]
    | Annotated[bool, Tag("<truth>")]
    | Annotated[dict[Name, int | float], Tag("<object>")],
    by_shape,
]


class Verified(Part):
    """How it was shown that the pack works."""

    how: Literal["live", "transcript", "unverified"]
    """Against a server that ran, by a recorded conversation, or not at all."""
    version: Text | None = None
    """The engine's version."""


class CatalogQuery(Part):
    """A query of the catalog; its columns are called as the fields of the model in `sqlx.catalog` are.

    A field of several values is an array, or its values come one a row. A column `id` tells apart what would else be
    the same.
    """

    sql: Annotated[list[Text], Field(min_length=1)]
    """The statement's lines. `:schema` and `:relation` are bound, `{schema}` is the quoted name."""


class PackModel(Part):
    """A wire pack: one engine, as data."""

    schema_: Annotated[str | None, Field(alias="$schema")] = None
    """The JSON Schema that an editor may hold it against."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    """What the pack is called."""
    title: str = ""
    """What people call the engine."""
    schemes: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]{0,31}$")]] = []
    """The schemes of its URLs."""
    verified: list[Verified] = []
    """How it was shown to work, and with which versions."""
    embedded: Text | None = None
    """The library that is the engine, in this process; without it the engine is spoken to over a socket."""
    greets: bool = False
    """The server speaks first."""
    default_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """The port it listens on."""
    default_socket: str = ""
    """The path of its Unix socket, where `{port}` stands for the port."""
    dialect: str = ""
    """The name of its SQL for translation; for programs to read."""
    byte_order: Literal["big", "little"] = "big"
    """Of all numbers on the wire that do not say otherwise."""
    options: dict[Name, Option] = {}
    """What a URL and `connect` may say, beyond what every engine has."""
    environment: Environment | None = None
    """Variables and files that give options, where a URL and `connect` do not."""
    constants: dict[Name, int] = {}
    """Names for numbers, in expressions."""
    integers: dict[LowerName, PrefixedInteger] = {}
    """Integers of variable length."""
    structs: dict[LowerName, Fields] = {}
    """Groups of fields that types may name."""
    variables: dict[Name, VariableType] = {}
    """What a connection remembers, beside what every connection has."""
    framing: dict[Name, Framing] = {}
    """Where messages end: `server` for what comes, `client` for what is sent, and others that messages and `expect`
    name."""
    messages: Messages = Messages()
    """All messages."""
    always: dict[Name, Steps] = {}
    """Messages that may come whenever a command's replies are read, with what is done then."""
    idle: dict[Name, Steps] = {}
    """Messages that, beside those of `always`, may come while nothing is owed; any other breaks the protocol."""
    flows: dict[Name, Steps] = {}
    """Conversations by name: `connect` opens a connection, `cancel` stops a statement from another; the rest are
    called."""
    commands: dict[Name, Command] = {}
    """What can be asked of the server."""
    segment: Segment | None = None
    """What ends a batch of commands, where the protocol has batches."""
    columns: Columns | None = None
    """Where a column's definition says what."""
    types: dict[str, TypeRules] = {}
    """How values of each type are read, by what a column's definition says; `default` stands for the rest."""
    lookup: TypeLookup | None = None
    """Types that `types` does not know, for a server that can be asked."""
    parameters: Parameters | None = None
    """How values are bound."""
    errors: Errors
    """What the server's errors mean."""
    sql: Sql
    """How the engine's SQL is read."""
    session: Session
    """The statements by which a session is led."""
    capabilities: dict[Name, Capability] = {}
    """What it can do, and its limits; for programs to read."""
    copy_: Annotated[Copy | None, Field(alias="copy")] = None
    """Statements whose data streams."""
    catalog: dict[Name, CatalogQuery] = {}
    """The queries that list what is in a database."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the language (2020-12). One that `extends` another is whole only together with it."""
    whole = PackModel.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = whole.pop("$defs")
    definitions["Pack"] = whole
    names = ("$schema", "name", "title")
    difference = {
        "type": "object",
        "description": "A pack that is another one plus differences: objects merge, null removes, all else replaces.",
        "properties": {
            "extends": {"type": "string", "description": "The shipped pack it adds to."},
            **{name: whole["properties"][name] for name in names},
            **{name: {} for name in whole["properties"] if name not in names},
        },
        "required": ["extends", "name"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wire pack",
        "if": {"type": "object", "required": ["extends"]},
        "then": difference,
        "else": {"$ref": "#/$defs/Pack"},
        "$defs": definitions,
    }
