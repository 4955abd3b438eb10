"""What a pack says of a type, found by the type's name: for data that does not tell itself of which types it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlx.wire.values import Context, binary_decoder, binary_encoder, text_decoder
from sqlx.wire.values.operations import Codec


class TypeCodecs(NamedTuple):
    """How the values of a type are read and written; `from_binary` and `to_binary` are None for a type that is only
    known as text."""

    from_text: Codec
    from_binary: Codec | None
    to_binary: Codec | None


def type_codecs(types: Mapping[str, Any], name: str, context: Context) -> TypeCodecs | None:
    """The codecs of the type that is called so (`int4`, `numeric[]`) among a pack's `types`, or others of their form;
    None when there is none. Raises PackError for an entry that cannot be."""
    entry = next((entry for entry in _entries(types) if entry["name"] == name), None)
    if entry is None:
        return None
    encode = entry.get("encode")
    binary = entry.get("binary", encode)  # what is written is read by the operation of the same name
    return TypeCodecs(
        text_decoder(entry.get("text", "text"), context),
        None if binary is None or "{" in binary else binary_decoder(binary, context),  # a column's numbers are missing
        None if encode is None else binary_encoder(encode, context),
    )


def own_names(types: Mapping[str, Any]) -> dict[str, str]:
    """Every word for a type of a pack, in small letters -> its name."""
    names = {entry["name"]: entry.get("alias", ()) for entry in _entries(types)}
    words = {alias: name for name, aliases in names.items() for alias in aliases}
    return words | {name.lower(): name for name in names}


def own_name(names: Mapping[str, str], word: str) -> str | None:
    """The name of the type, or of its arrays, that a word is for; None where no type is known by it."""
    single = word.removesuffix("[]")
    name = names.get(single.lower())
    return name and name + word[len(single) :]


def _entries(types: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (entry for each in types.values() for entry in (each if isinstance(each, list) else [each]))
