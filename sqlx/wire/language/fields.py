"""The models of what a pack says of fields: the bytes of messages, structs and integers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from sqlx.wire.language.parts import Expression, Part, shape

Byte = Annotated[int, Field(ge=0, le=255)]
ByteKey = Annotated[str, Field(pattern=r"^(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$")]


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
