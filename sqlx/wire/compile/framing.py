"""Frames: where one ends, what tells it from others, how it is sealed when sent.

    "server": {"header": ["tag:char", "length:i32"], "size": "length - 4", "limit": {"connecting": 30000}}

`size` is how many bytes follow the header, or `ends` a text up to which they go, and which is their last part. `tag`
(default: the header's field of that name, else `first`, the body's first byte) is what messages are told apart by. A
header field called `sequence` counts the frames of one exchange in both directions. A body of `split` bytes goes on in
the next frame. A header that is sent may use `size`, `tag` and `sequence`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlx.wire.compile import expr
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.expr import Emitter, Name
from sqlx.wire.compile.integers import Short
from sqlx.wire.compile.layout import Field, Layouts, Plain, Scalar
from sqlx.wire.compile.reading import Reader, Readers
from sqlx.wire.compile.writing import Writers, scope_of
from sqlx.wire.errors import PackError, WireError


class LoopHeader(NamedTuple):
    """A fixed-size header as a row program reads it: one struct call into `targets`, then `lines`; `names` tells which
    local holds which field (a char as its number), `size` is the Python text of the body's length."""

    codec: struct.Struct
    targets: tuple[str, ...]
    lines: tuple[str, ...]
    names: dict[str, str]
    chars: frozenset[str]  # the fields that are characters
    size: str


DEFAULT_LIMIT = {"connecting": 65536, "ready": 1 << 30}
_SENT = {"size": "int", "tag": "any", "sequence": "int"}

# tag, where the body starts, where it stops, its sequence number (-1: frames are not counted)
Head = tuple[Any, int, int, int]


class FrameReader(NamedTuple):
    """`read(buffer, position, end, limit, variables)` gives a Head, or how many bytes are missing (at least)."""

    read: Callable[[bytes, int, int, int, list[Any]], Head | int]
    split: int
    limits: dict[str, int]


class FrameWriter(NamedTuple):
    """`header(tag, size, sequence)`; `split` is the largest body of one frame, `limit` that of a message; 0 is no
    bound."""

    header: Callable[[Any, int, int], bytes]
    split: int
    limit: int


class Blocks(NamedTuple):
    """How compressed blocks are framed: `read` tells what a block inflates to as its tag, `write` is given it so; 0 is
    a block that is not compressed. Those shorter than `threshold` are sent as they are."""

    read: FrameReader
    write: FrameWriter
    threshold: int


def too_large(size: int, limit: int) -> None:
    raise WireError("protocol", f"the server announced a message of {size} bytes; at most {limit} are accepted here")


def negative(size: int) -> None:
    raise WireError("protocol", f"the server announced a message of {size} bytes")


def empty() -> None:
    raise WireError("protocol", "a message without a header and without a body, which would come for ever")


def compile_reader(rule: dict[str, Any], path: str, layouts: Layouts, readers: Readers) -> FrameReader:
    """Raises PackError."""
    fields = layouts.fields(rule["header"], f"{path}.header")
    source = Source()
    fixed = _fixed(fields, layouts)
    header = _fixed_head(source, fixed) if fixed is not None else _variable_head(source, readers.compile(fields))
    scope = {**readers.scope, **header, "first": Name("(b[t] if n else -1)", "int")}
    if "ends" in rule:
        _up_to(source, rule["ends"].encode(), f"{path}.ends")
    else:
        size = expr.parse(rule.get("size", "0"), f"{path}.size")
        source.line(f"n = {Emitter(source, scope, f'{path}.size').emit(size, 'int')[0]}")
        source.line(f"if n < 0: {source.constant(negative)}(n)")
    source.line(f"if n > l: {source.constant(too_large)}(n, l)")
    source.line("s = t + n")
    source.line("if s > e: return s - e")
    if fixed is None and "ends" not in rule:
        source.line(f"if s == p: {source.constant(empty)}()")
    tag = expr.parse(rule.get("tag", "tag" if "tag" in header else "first"), f"{path}.tag")
    sequence = scope["sequence"].code if "sequence" in header else "-1"
    source.line(f"return {Emitter(source, scope, f'{path}.tag').emit(tag)[0]}, t, s, {sequence}")
    limits = {**DEFAULT_LIMIT, **rule.get("limit", {})}
    return FrameReader(source.build("b, p, e, l, v"), rule.get("split", 0), limits)


def _fixed_head(source: Source, header: LoopHeader) -> dict[str, Name]:
    """A header of known size: one struct call. Returns where its fields are then."""
    size = header.codec.size
    source.line(f"if e - p < {size}: return {size} - (e - p)")
    source.line(f"{', '.join(header.targets)}, = {source.constant(header.codec.unpack_from)}(b, p)")
    for line in header.lines:
        source.line(line)
    source.line(f"t = p + {size}")
    return {
        name: Name(f"chr({local})", "text") if name in header.chars else Name(local, "int")
        for name, local in header.names.items()
    }


def _variable_head(source: Source, header: Reader) -> dict[str, Name]:
    """A header whose own length is told by its bytes: until it can be read, more must come."""
    source.indent("try:")
    source.line(f"h, t = {source.constant(header.read)}(b, p, e, v)")
    source.dedent()
    source.indent(f"except {source.constant(Short)}:")
    source.line(f"if e - p > l: {source.constant(too_large)}(e - p, l)")
    source.line("return 1")
    source.dedent()
    return header.scope("h")


def _up_to(source: Source, end: bytes, path: str) -> None:
    """The size of a body that goes up to a text, which is its last part."""
    if not end:
        raise PackError(path, "a text that ends a body has at least one character")
    source.line(f"n = b.find({source.constant(end)}, t, e)")
    source.indent("if n < 0:")
    source.line(f"if e - t > l: {source.constant(too_large)}(e - t, l)")
    source.line("return 1")
    source.dedent()
    source.line(f"n += {len(end)} - t")


def loop_header(rule: dict[str, Any], layouts: Layouts) -> LoopHeader | None:
    """The header for row programs; None where it is not of fixed size, or does not tell the size."""
    header = _fixed(layouts.fields(rule["header"], "$.framing"), layouts)
    if header is None or "ends" in rule:
        return None
    scope = {name: Name(local, "int") for name, local in header.names.items()}
    size = Emitter(Source(), scope, "$.framing").emit(expr.parse(rule.get("size", "0"), "$.framing"), "int")[0]
    return header._replace(size=size)


def _fixed(fields: tuple[Field, ...], layouts: Layouts) -> LoopHeader | None:
    """A header of plain numbers; None where it is something else, mixes byte orders, or has values to be checked."""
    letters, targets, lines, names, chars = layouts.order, [], [], {}, set()
    for index, field in enumerate(fields):
        if not isinstance(field, Plain) or not isinstance(field.type, Scalar):
            return None
        if field.value is not None or field.type.order != layouts.order:
            return None
        names[field.name] = local = f"h{index}"
        if field.type.letter == "U":
            low, high = (f"{local}a", f"{local}b") if field.type.order == "<" else (f"{local}b", f"{local}a")
            letters += "HB" if field.type.order == "<" else "BH"
            targets += [f"{local}a", f"{local}b"]
            lines.append(f"{local} = {low} | {high} << 16")
            continue
        if field.type.letter == "c":
            chars.add(field.name)
        letters += field.type.letter.replace("c", "B")
        targets.append(local)
    if not targets:
        return None
    return LoopHeader(struct.Struct(letters), tuple(targets), tuple(lines), names, frozenset(chars), "")


def compile_writer(rule: dict[str, Any], path: str, layouts: Layouts, writers: Writers) -> FrameWriter:
    """Raises PackError."""
    fields = layouts.fields(rule["header"], f"{path}.header")
    limit = rule.get("limit", {}).get("ready", 0)
    if not fields:
        return FrameWriter(lambda tag, size, sequence: b"", 0, limit)
    write = writers.compile(fields, {}, scope_of(_SENT, "a"), path)
    split = rule.get("split", 0)
    if split and not isinstance(split, int):
        raise PackError(f"{path}.split", "the largest body of one frame is a number")
    return FrameWriter(lambda tag, size, sequence: write([], (size, tag, sequence), None), split, limit)
