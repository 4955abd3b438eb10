"""What all models of the pack language are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, ValidationInfo, model_validator
from typing_extensions import TypeAliasType


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
Character = Annotated[str, Field(min_length=1, max_length=1)]
Text = Annotated[str, Field(min_length=1)]


def shape(value: Any) -> str:
    """What kind of JSON value this is; in angle brackets, which no path of a pack has in this place."""
    names = {dict: "<object>", list: "<list>", str: "<text>", bool: "<truth>", int: "<number>", float: "<number>"}
    return names.get(type(value), "<nothing>")


by_shape = Discriminator(shape)
