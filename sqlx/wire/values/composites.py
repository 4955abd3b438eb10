"""Decoders of values with named parts: composites as records, sets of keys and values as dicts.

The names of fields are text from a server: data of the records' class, never source.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from sqlx.wire.values.containers import Record, record_class
from sqlx.wire.values.operations import Codec, Context, Maker, Operation, plain
from sqlx.wire.values.ranges import QUOTED, counted, unescaped

_FIELD = re.compile(rb"(?:" + QUOTED + rb'|([^"\\(),]*+))([,)])', re.DOTALL)


def text_composite(context: Context, *parts: Any) -> Codec:
    """`(1,"a ""b"" c",)`: nothing between separators is null."""
    make, elements = partial(tuple.__new__, record_class(parts[::2])), parts[1::2]
    count = len(elements)

    def decode(raw: bytes) -> Record:
        if raw[:1] != b"(":
            raise ValueError(f"not a composite: {raw[:40]!r}")
        if not count and raw == b"()":
            return make(())
        values: list[Any] = []
        position = 1
        for element in elements:
            match = _FIELD.match(raw, position)
            if match is None or (match[3] == b")") != (len(values) == count - 1):
                raise ValueError(f"not a composite of {count} fields: unexpected byte at {position}")
            quoted, bare = match[1], match[2]
            values.append(element(unescaped(quoted)) if quoted is not None else element(bare) if bare else None)
            position = match.end()
        if position != len(raw):
            raise ValueError(f"a composite that ends at {position} of {len(raw)} bytes")
        return make(values)

    return decode


def text_record(raw: bytes) -> Record:
    """The same of fields that nothing is known of: each as text. What stands for no field and for one that is null is
    read as the latter."""
    if raw[:1] != b"(":
        raise ValueError(f"not a record: {raw[:40]!r}")
    values: list[str | None] = []
    position, mark = 1, b","
    while mark == b",":
        match = _FIELD.match(raw, position)
        if match is None:
            raise ValueError(f"not a record: unexpected byte at {position}")
        quoted, bare, mark = match.groups()
        values.append(unescaped(quoted).decode() if quoted is not None else bare.decode() if bare else None)
        position = match.end()
    if position != len(raw):
        raise ValueError(f"a record that ends at {position} of {len(raw)} bytes")
    return Record(values)


def binary_composite(context: Context, *parts: Any) -> Codec:
    """i32 count; for each field u32 type, its value after its i32 length."""
    make, elements = partial(tuple.__new__, record_class(parts[::2])), parts[1::2]

    def decode(raw: bytes) -> Record:
        count = int.from_bytes(raw[:4], "big")
        if len(raw) < 4 or count != len(elements):
            raise ValueError(f"a composite of {count} fields where {len(elements)} were expected")
        values, position = [], 4
        for element in elements:
            value, position = counted(raw, position + 4)
            values.append(None if value is None else element(value))
        if position != len(raw):
            raise ValueError(f"a composite that ends at {position} of {len(raw)} bytes")
        return make(values)

    return decode


_PAIR = re.compile(QUOTED + rb"=>(?:NULL|" + QUOTED + rb")(?:, |\Z)", re.DOTALL)


def text_hstore(raw: bytes) -> dict[str, str | None]:
    r"""`"key"=>"value", "other"=>NULL`."""
    pairs: dict[str, str | None] = {}
    position = 0
    while position < len(raw):
        match = _PAIR.match(raw, position)
        if match is None:
            raise ValueError(f"not keys and values: unexpected byte at {position}")
        key, value = match.groups()
        pairs[unescaped(key).decode()] = None if value is None else unescaped(value).decode()
        position = match.end()
    if raw[-2:] == b", ":
        raise ValueError("not keys and values: they do not end")
    return pairs


def binary_hstore(raw: bytes) -> dict[str, str | None]:
    """i32 count; of each pair the key and the value, each after its i32 length, -1 for null."""
    count = int.from_bytes(raw[:4], "big")
    if len(raw) < 4 or count * 8 > len(raw) - 4:
        raise ValueError(f"{count} keys and values in {len(raw)} bytes")
    pairs: dict[str, str | None] = {}
    position = 4
    for _ in range(count):
        key, position = counted(raw, position)
        value, position = counted(raw, position)
        if key is None:
            raise ValueError("a key that is null")
        pairs[key.decode()] = None if value is None else value.decode()
    if position != len(raw):
        raise ValueError(f"keys and values that end at {position} of {len(raw)} bytes")
    return pairs


TEXT: dict[str, Maker] = {
    "composite": Maker(text_composite, repeats=(str, Operation)),
    "record": plain(text_record),
    "hstore": plain(text_hstore),
}
BINARY: dict[str, Maker] = {
    "composite": Maker(binary_composite, repeats=(str, Operation)),
    "hstore": plain(binary_hstore),
}
