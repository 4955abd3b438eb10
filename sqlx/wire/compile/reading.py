"""Fields to a reader: `read(buffer, position, end, variables, depth) -> (slots, position)`.

Runs of fixed-size fields become one struct call. Every read is checked against the frame's end; a frame that lies
raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from sqlx.wire.compile import expr, integers
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.expr import Emitter, Name
from sqlx.wire.compile.layout import (
    Block,
    Chars,
    Conditional,
    Field,
    Integer,
    Layouts,
    Plain,
    Repeat,
    Run,
    Scalar,
    Struct,
    StructName,
    Switch,
    Type,
    in_runs,
    plain_fields,
    type_word,
)
from sqlx.wire.errors import PackError

MAX_NESTING = 32


class Reader:
    """A compiled reader and the shape of what it returns: the slots' names, in order, with their types."""

    __slots__ = ("read", "slots")

    def __init__(self, read: Callable[..., tuple[tuple[Any, ...], int]], slots: dict[str, str]) -> None:
        self.read = read
        self.slots = slots

    def scope(self, tuple_name: str) -> dict[str, Name]:
        """How an expression reaches the slots of a tuple called `tuple_name`."""
        return {name: Name(f"{tuple_name}[{index}]", type_) for index, (name, type_) in enumerate(self.slots.items())}


def short(field: str) -> NoReturn:
    raise integers.Short(f"the frame ends inside {field!r}")


def unlike(field: str, value: object) -> NoReturn:
    raise ValueError(f"{field!r} is {value!r}")


def endless(field: str) -> NoReturn:
    raise ValueError(f"{field!r} repeats what has no length")


class Readers:
    """Compiles the readers of one pack; structs are compiled once and shared."""

    def __init__(self, layouts: Layouts, scope: Mapping[str, Name]) -> None:
        self.layouts = layouts
        self.scope = scope
        self._structs: dict[str, list[Any]] = {}

    def compile(self, fields: tuple[Field, ...]) -> Reader:
        return _Builder(self).build(fields)

    def struct(self, name: str) -> list[Any]:
        """A cell that holds the struct's reader; filled when it is done, so that a struct may contain itself."""
        if name not in self._structs:
            cell: list[Any] = [None]
            self._structs[name] = cell
            try:
                cell[0] = self.struct_reader(name).read
            finally:
                if cell[0] is None:
                    del self._structs[name]
        return self._structs[name]

    def struct_reader(self, name: str) -> Reader:
        return self.compile(self.layouts.struct(name))

    def integer(self, name: str) -> integers.Read:
        return integers.codec(name, self.layouts).read


class _Builder:
    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.source = Source()
        self.encoding = f"{self.source.constant('utf-8')}, {self.source.constant('replace')}"
        self.slots: dict[str, str] = {}
        self.locals: dict[str, str] = {}

    def build(self, fields: tuple[Field, ...]) -> Reader:
        self.source.indent(f"if d > {MAX_NESTING}:")
        self.source.line(f"raise ValueError({self.source.constant('a value nests too deep')})")
        self.source.dedent()
        for name in dict.fromkeys(field.name for field in plain_fields(fields)):
            self.locals[name] = self.source.mint("f")
            self.source.line(f"{self.locals[name]} = None")
        self.fields(fields)
        ordered = "".join(f"{self.locals[name]}, " for name in self.slots)
        self.source.line(f"return ({ordered}), p")
        return Reader(self.source.build("b, p, e, v, d=0"), self.slots)

    def emitter(self, path: str) -> Emitter:
        scope = dict(self.readers.scope)
        scope.update({name: Name(self.locals[name], type_) for name, type_ in self.slots.items()})
        return Emitter(self.source, scope, path)

    def fields(self, fields: tuple[Field, ...]) -> None:
        for field in in_runs(fields):
            if isinstance(field, Run):
                self.run(field)
            elif isinstance(field, Plain):
                self.plain(field)
            elif isinstance(field, Conditional):
                self.optional(field)
            else:
                self.switch(field)

    def run(self, run: Run) -> None:
        """One struct call for a run of fixed-size fields."""
        letters = "".join(_letter(field, scalar) for field, scalar in run.parts)
        codec = struct.Struct(run.order + letters)
        self.need(codec.size, run.parts[0][0].name)
        targets = [self.target(field.name, type_word(scalar)) for field, scalar in run.parts if field.name != "_"]
        if targets:
            self.source.line(f"{', '.join(targets)}, = {self.source.constant(codec.unpack_from)}(b, p)")
        self.source.line(f"p += {codec.size}")
        for field, scalar in run.parts:
            if scalar.letter == "c" and field.name != "_":
                self.source.line(f"{self.locals[field.name]} = chr({self.locals[field.name]})")
            self.check_value(field)

    def need(self, size: int | str, field: str) -> None:
        self.source.line(f"if p + {size} > e: {self.source.constant(short)}({self.source.constant(field)})")

    def target(self, name: str, type_: str) -> str:
        if self.slots.setdefault(name, type_) != type_:
            raise PackError("$.messages", f"the field {name!r} has two types")
        return self.locals[name]

    def check_value(self, field: Plain) -> None:
        if field.value is None or field.name == "_":
            return
        wanted = self.emitter(field.path).emit(field.value)[0]
        name = self.locals[field.name]
        self.source.line(
            f"if {name} != {wanted}: {self.source.constant(unlike)}({self.source.constant(field.name)}, {name})"
        )

    def plain(self, field: Plain) -> None:
        value, type_ = self.value(field.type, field.name, field.path)
        if field.name != "_":
            self.source.line(f"{self.target(field.name, type_)} = {value}")
            self.check_value(field)

    def optional(self, field: Conditional) -> None:
        self.source.indent(f"if {self.emitter(field.path).emit(field.condition)[0]}:")
        self.fields(field.fields)
        self.source.line("pass")
        self.source.dedent()

    def switch(self, field: Switch) -> None:
        subject = self.source.mint()
        self.source.line(f"{subject} = {self.emitter(field.path).emit(field.subject)[0]}")
        word = "if"
        for value, fields in field.cases:
            constant = self.source.constant(value) if isinstance(value, str) else repr(value)
            self.source.indent(f"{word} {subject} == {constant}:" if value is not None else f"{word} True:")
            self.fields(fields)
            self.source.line("pass")
            self.source.dedent()
            word = "elif"

    def value(self, type_: Type, name: str, path: str) -> tuple[str, str]:
        """Emit the reading of one value; its Python text and type."""
        if isinstance(type_, Scalar):
            return self.scalar(type_, name)
        if isinstance(type_, Integer):
            return self.integer(type_), "int"
        if isinstance(type_, Chars):
            return self.chars(type_, name, path)
        if isinstance(type_, Repeat):
            return self.repeat(type_, name, path), "list"
        if isinstance(type_, Block):
            return self.block(type_, name, path)
        return self.nested(type_), "list"

    def scalar(self, scalar: Scalar, name: str) -> tuple[str, str]:
        self.need(scalar.size, name)
        value = self.source.mint()
        if scalar.letter == "U":
            order = "little" if scalar.order == "<" else "big"
            self.source.line(f"{value} = int.from_bytes(b[p:p + 3], {self.source.constant(order)})")
        else:
            unpack = struct.Struct(scalar.order + scalar.letter.replace("c", "B")).unpack_from
            self.source.line(f"{value}, = {self.source.constant(unpack)}(b, p)")
        self.source.line(f"p += {scalar.size}")
        return f"chr({value})" if scalar.letter == "c" else value, type_word(scalar)

    def integer(self, type_: Integer) -> str:
        value = self.source.mint()
        read = self.source.constant(self.readers.integer(type_.name))
        self.source.line(f"{value} = b[p] if p < e else 256")
        self.source.line(f"if {value} < {integers.direct(type_.name, self.readers.layouts)}: p += 1")
        self.source.line(f"else: {value}, p = {read}(b, p, e)")
        return value

    def length(self, type_: Scalar | Integer, name: str) -> str:
        return self.scalar(type_, name)[0] if isinstance(type_, Scalar) else self.integer(type_)

    def chars(self, chars: Chars, name: str, path: str) -> tuple[str, str]:
        if chars.length is None:
            raw = self.taken("e")
        elif isinstance(chars.length, bytes):
            raw = self.terminated(chars.length, name)
        elif isinstance(chars.length, expr.Node):
            size = self.source.mint()
            self.source.line(f"{size} = {self.emitter(path).emit(chars.length, 'int')[0]}")
            self.source.line(
                f"if {size} < 0 or p + {size} > e: {self.source.constant(short)}({self.source.constant(name)})"
            )
            raw = self.taken(f"p + {size}")
        else:
            return self.prefixed(chars, chars.length, name)
        return (f"{raw}.decode({self.encoding})", "text") if chars.text else (raw, "bytes")

    def taken(self, stop: str) -> str:
        """The bytes from here to `stop`."""
        value, end = self.source.mint(), self.source.mint()
        self.source.line(f"{end} = {stop}")
        self.source.line(f"{value} = b[p:{end}]; p = {end}")
        return value

    def terminated(self, end: bytes, name: str) -> str:
        stop, value = self.source.mint(), self.source.mint()
        self.source.line(f"{stop} = b.find({self.source.constant(end)}, p, e)")
        self.source.line(f"if {stop} < 0: {self.source.constant(short)}({self.source.constant(name)})")
        self.source.line(f"{value} = b[p:{stop}]; p = {stop} + {len(end)}")
        return value

    def prefixed(self, chars: Chars, length: Scalar | Integer, name: str) -> tuple[str, str]:
        size, value = self.length(length, name), self.source.mint()
        absent = f"{size} == -1" if isinstance(length, Scalar) else f"{size} is None"
        self.source.line(f"if {absent}: {value} = None")
        self.source.line(
            f"elif {size} < 0 or p + {size} > e: {self.source.constant(short)}({self.source.constant(name)})"
        )
        decode = f".decode({self.encoding})" if chars.text else ""
        self.source.line(f"else: {value} = b[p:p + {size}]{decode}; p += {size}")
        return value, "text" if chars.text else "bytes"

    def repeat(self, repeat: Repeat, name: str, path: str) -> str:
        items = self.source.mint()
        if repeat.times is None:
            head = "while p < e:" if repeat.until is None else f"while p < e and b[p] != {repeat.until}:"
        else:
            count = self.count(repeat.times, name, path)
            head = f"for {self.source.mint('i')} in range({count}):"
        self.source.line(f"{items} = []")
        self.source.indent(head)
        start = self.source.mint()
        self.source.line(f"{start} = p")
        value, _ = self.value(repeat.item, name, path)
        if repeat.times is None:
            self.source.line(f"if p == {start}: {self.source.constant(endless)}({self.source.constant(name)})")
        self.source.line(f"{items}.append({value})")
        self.source.dedent()
        if repeat.until is not None:
            self.need(1, name)
            self.source.line("p += 1")
        return items

    def count(self, count: expr.Node | Scalar | Integer, name: str, path: str) -> str:
        number = self.source.mint()
        if isinstance(count, expr.Node):
            self.source.line(f"{number} = {self.emitter(path).emit(count, 'int')[0]}")
        else:
            self.source.line(f"{number} = {self.length(count, name)}")
        self.source.line(
            f"if {number} is None or not 0 <= {number} <= e - p:"
            f" {self.source.constant(short)}({self.source.constant(name)})"
        )
        return number

    def block(self, block: Block, name: str, path: str) -> tuple[str, str]:
        size, outer = self.length(block.length, name), self.source.mint()
        refuse = f"{self.source.constant(short)}({self.source.constant(name)})"
        self.source.line(f"if {size} is None or {size} < 0 or p + {size} > e: {refuse}")
        self.source.line(f"{outer} = e; e = p + {size}")
        value, type_ = self.value(block.item, name, path)
        result = self.source.mint()
        self.source.line(f"{result} = {value}; p = e; e = {outer}")
        return result, type_

    def nested(self, type_: Struct | StructName) -> str:
        value = self.source.mint()
        if isinstance(type_, StructName):
            cell = self.source.constant(self.readers.struct(type_.name))
            self.source.line(f"{value}, p = {cell}[0](b, p, e, v, d + 1)")
        else:
            read = self.source.constant(self.readers.compile(type_.fields).read)
            self.source.line(f"{value}, p = {read}(b, p, e, v, d + 1)")
        return value


def _letter(field: Plain, scalar: Scalar) -> str:
    return f"{scalar.size}x" if field.name == "_" else scalar.letter.replace("c", "B")
