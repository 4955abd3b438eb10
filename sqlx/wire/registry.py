"""Where packs are found, and how one that `extends` another becomes whole.

Packs are read as plain JSON here; only `sqlx.wire.language` holds them against the models, because pydantic is not
loaded to connect. Shipped packs are checked when the wheel is built.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from sqlx.wire.errors import PackError

Section = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """One engine, as data: the sections of a wire pack after `extends`. docs/wire-packs.md says what each may hold."""

    name: str
    title: str = ""
    schemes: tuple[str, ...] = ()
    embedded: str = ""  # the in-process engine that runs it; empty: it is spoken to over a socket
    greets: bool = False  # the server speaks first
    default_port: int = 0
    default_socket: str = ""
    dialect: str = ""
    byte_order: Literal["big", "little"] = "big"
    verified: tuple[Section, ...] = ()
    options: Section = field(default_factory=dict)
    environment: Section = field(default_factory=dict)
    constants: Section = field(default_factory=dict)
    integers: Section = field(default_factory=dict)
    structs: Section = field(default_factory=dict)
    variables: Section = field(default_factory=dict)
    framing: Section = field(default_factory=dict)
    messages: Section = field(default_factory=dict)
    always: Section = field(default_factory=dict)
    idle: Section = field(default_factory=dict)
    flows: Section = field(default_factory=dict)
    commands: Section = field(default_factory=dict)
    segment: Section = field(default_factory=dict)
    columns: Section = field(default_factory=dict)
    types: Section = field(default_factory=dict)
    lookup: Section = field(default_factory=dict)
    parameters: Section = field(default_factory=dict)
    errors: Section = field(default_factory=dict)
    sql: Section = field(default_factory=dict)
    session: Section = field(default_factory=dict)
    capabilities: Section = field(default_factory=dict)
    copy: Section = field(default_factory=dict)
    catalog: Section = field(default_factory=dict)


def pack_folder() -> Path:
    """The shipped packs: `sqlx/_packs` in an installed wheel, `wirepacks/` beside the package in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_packs"
    return installed if installed.is_dir() else package.parent / "wirepacks"


def merge(base: Section, difference: Section) -> Section:
    """`difference` laid over `base`: objects merge key by key, null removes a key, everything else replaces."""
    merged = dict(base)
    for key, value in difference.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def read_source(path: Path) -> Section:
    """One pack file as it is written, without what it extends. Raises PackError."""
    try:
        source = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PackError("$", f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise PackError("$", f"{path} is not JSON: {error}") from None
    if not isinstance(source, dict):
        raise PackError("$", "a pack is a JSON object")
    return source


def resolve(source: Section, depth: int = 0) -> Section:
    """A pack with everything it inherits from the shipped packs it extends. Raises PackError."""
    parent = source.get("extends")
    if parent is None:
        return source
    if depth > 8:
        raise PackError("$.extends", "packs extend one another in a circle, or more than 8 deep")
    if not isinstance(parent, str) or parent not in shipped_packs():
        raise PackError("$.extends", f"{parent!r} is not a shipped pack; there are {', '.join(shipped_packs())}")
    base = resolve(read_source(pack_folder() / f"{parent}.wire.json"), depth + 1)
    return merge(base, {key: value for key, value in source.items() if key != "extends"})


def build(source: Section) -> Pack:
    """The record of a resolved pack. Raises PackError for a section no pack has."""
    known = Pack.__dataclass_fields__
    for key in source:
        if key not in known and key != "$schema":
            raise PackError(f"$.{key}", "no section has this name")
    if not isinstance(source.get("name"), str):
        raise PackError("$.name", "a pack has a name")
    values = {key: value for key, value in source.items() if key in known}
    for key in ("schemes", "verified"):
        values[key] = tuple(values.get(key, ()))
    return Pack(**values)


@lru_cache(maxsize=1)
def _registry() -> dict[str, str]:
    return dict(json.loads((pack_folder() / "registry.json").read_text("utf-8")))


def shipped_packs() -> list[str]:
    """The names of the packs that ship with this package."""
    return sorted(set(_registry().values()))


def shipped_schemes() -> dict[str, str]:
    """URL scheme -> pack name."""
    return dict(_registry())


@lru_cache(maxsize=64)
def load(name: str) -> Pack:
    """A shipped pack by its name. Raises PackError."""
    return build(resolve(read_source(pack_folder() / f"{name}.wire.json")))


def is_shipped(pack: Pack) -> bool:
    """Whether it is a shipped pack as it was shipped."""
    return pack.name in shipped_packs() and load(pack.name) is pack
