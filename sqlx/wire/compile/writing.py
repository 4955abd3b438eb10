"""Fields to a writer: `write(variables, arguments, slots) -> bytes`, the body of one message.

A writer belongs to one `send`: the values of its fields are expressions compiled into it. Nothing is cut to fit: a
number too large for its field, a text with a zero byte where one ends it, raise WireError of kind `data` before a byte
is sent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sized
from typing import Any, NoReturn

from sqlx.wire.compile import expr, integers
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.expr import Emitter, Name, Scope
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
from sqlx.wire.errors import PackError, WireError

MAX_PADDING = 65536
_UNFIT = (struct.error, OverflowError, UnicodeEncodeError, TypeError, AttributeError)

Write = Callable[[Any, Any, Any], bytes]


def terminated(value: Any, end: bytes) -> bytes:
    """A text or bytes and its terminator. Raises WireError data when the terminator stands in it."""
    raw = encoded(value)
    if end in raw:
        what = "a NUL character" if end == b"\0" else repr(end)
        where = f"a text holds {what} as byte {raw.index(end) + 1}, and would end there for the server: take it out"
        raise WireError("data", where, outcome="not_run")
    return raw + end


def encoded(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else bytes(memoryview(value))


def exact(value: Any, size: int) -> bytes:
    """A text or bytes that fill their field. Raises WireError data."""
    raw = encoded(value)
    if len(raw) != size:
        raise WireError("data", f"{len(raw)} bytes stand where {size} fit", outcome="not_run")
    return raw


def counted(items: Sized, count: int) -> None:
    if len(items) != count:
        raise WireError("data", f"{len(items)} elements stand where {count} fit", outcome="not_run")


def zeros(size: int) -> bytes:
    if not 0 <= size <= MAX_PADDING:
        raise WireError("data", f"padding of {size} bytes; at most {MAX_PADDING} are sent", outcome="not_run")
    return bytes(size)


def unfit(error: Exception) -> NoReturn:
    if isinstance(error, UnicodeEncodeError):
        place = f"(U+{ord(error.object[error.start]):04X}) at character {error.start + 1}"
        raise WireError("data", f"a text has half a character {place}: take it out", outcome="not_run") from None
    raise WireError("data", f"a value does not fit its place in the message: {error}", outcome="not_run") from error


class Writers:
    """Compiles the writers of one pack."""

    def __init__(self, layouts: Layouts) -> None:
        self.layouts = layouts
        self._structs: dict[str, list[Write | None]] = {}

    def compile(self, fields: tuple[Field, ...], values: Mapping[str, expr.Node], scope: Scope, path: str) -> Write:
        """The writer of a message whose fields take `values`. Raises PackError for a field without a value."""
        return _Builder(self, values, scope, path).build(fields)

    def integer(self, type_: Integer | Scalar) -> Callable[[int | None], bytes]:
        if isinstance(type_, Integer):
            return integers.codec(type_.name, self.layouts).write
        if type_.letter == "U":
            return _u24("little" if type_.order == "<" else "big")
        pack, size = struct.Struct(type_.order + type_.letter).pack, type_.size

        def write(number: int | None) -> bytes:
            try:
                return pack(-1 if number is None else number)
            except struct.error:
                sentence = f"the protocol counts in {size} bytes, and {number} does not fit"
                raise WireError("data", sentence, outcome="not_run") from None

        return write

    def item(self, type_: Type) -> Callable[[Any], bytes]:
        """A function that writes one element of a list."""
        if isinstance(type_, Scalar) and type_.letter == "c":
            return lambda value: exact(value.encode("latin-1"), 1)
        if isinstance(type_, Scalar | Integer):
            return self.integer(type_)
        if isinstance(type_, Chars):
            return self.chars(type_)
        if isinstance(type_, Struct | StructName):
            return self.struct(type_)
        raise PackError("$.messages", "what stands inside a list cannot itself be a list when sent")

    def chars(self, chars: Chars) -> Callable[[Any], bytes]:
        end = chars.length
        if isinstance(end, bytes):
            return lambda value: terminated(value, end)
        if isinstance(end, Scalar | Integer):
            return _prefixed(self.integer(end))
        if end is None:
            return encoded
        source = Source()
        source.line(f"return {Emitter(source, {}, '$.messages').emit(end, 'int')[0]}")
        size = source.build("v")([])
        return lambda value: exact(value, size)

    def struct(self, type_: Struct | StructName) -> Callable[[Any], bytes]:
        """The writer of a struct from the tuple that its reader gives; one that contains itself finds its own
        writer."""
        if isinstance(type_, Struct):
            write = self._struct(type_.fields)
            return lambda value: write([], None, value)
        cell = self._structs.get(type_.name)
        if cell is None:
            cell = self._structs[type_.name] = [None]
            cell[0] = self._struct(self.layouts.struct(type_.name))
        return lambda value: cell[0]([], None, value)  # type: ignore[misc]

    def _struct(self, fields: tuple[Field, ...]) -> Write:
        types = {field.name: type_word(field.type) for field in plain_fields(fields)}
        values = {field.name: expr.Node("name", field.name) for field in plain_fields(fields) if field.value is None}
        return self.compile(fields, values, scope_of(types, "f"), "$.structs")


def _numbers(item: Struct) -> struct.Struct | None:
    """The struct codec of nothing but integers and floats of one byte order."""
    letters, orders = "", set()
    for field in item.fields:
        if not isinstance(field, Plain) or not isinstance(field.type, Scalar) or field.type.letter in "Uc":
            return None
        letters += field.type.letter
        orders.add(field.type.order)
    return struct.Struct(orders.pop() + letters) if len(orders) == 1 else None


def _prefixed(length: Callable[[int | None], bytes]) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        if value is None:
            return length(None)
        raw = value.encode() if isinstance(value, str) else value
        return length(len(raw)) + raw

    return write


def _u24(order: Any) -> Callable[[int | None], bytes]:
    return lambda number: (-1 if number is None else number).to_bytes(3, order)


class _Builder:
    def __init__(self, writers: Writers, values: Mapping[str, expr.Node], scope: Scope, path: str) -> None:
        self.writers = writers
        self.values = values
        self.unused = set(values)
        self.scope = scope
        self.path = path
        self.source = Source()

    def build(self, fields: tuple[Field, ...]) -> Write:
        self.source.indent("try:")
        self.source.line("o = []")
        self.fields(fields)
        self.source.line(f"return {self.source.constant(b'')}.join(o)")
        self.source.dedent()
        self.source.line(f"except {self.source.constant(_UNFIT)} as x: {self.source.constant(unfit)}(x)")
        if self.unused:
            raise PackError(self.path, f"the message has no field called {min(self.unused)!r}")
        return self.source.build("v, a, f")

    def fields(self, fields: tuple[Field, ...]) -> None:
        for field in in_runs(fields):
            if isinstance(field, Run):
                self.run(field)
            elif isinstance(field, Plain):
                self.source.line(f"o.append({self.plain(field)})")
            elif isinstance(field, Conditional):
                self.optional(field)
            else:
                self.switch(field)

    def run(self, run: Run) -> None:
        letters = "".join("x" * scalar.size if field.name == "_" else scalar.letter for field, scalar in run.parts)
        codec = struct.Struct(run.order + letters)
        values = [self.scalar(field, scalar) for field, scalar in run.parts if field.name != "_"]
        self.source.line(f"o.append({self.source.constant(codec.pack)}({', '.join(values)}))")

    def scalar(self, field: Plain, scalar: Scalar) -> str:
        if scalar.letter == "c":
            return f"{self.value(field, 'text')}.encode({self.source.constant('latin-1')})"
        return self.value(field, "any" if scalar.letter in "fd" else "int")

    def value(self, field: Plain, type_: str) -> str:
        node = self.values.get(field.name, field.value)
        self.unused.discard(field.name)
        if node is None:
            raise PackError(self.path, f"the field {field.name!r} has no value: give it one with `with`")
        return Emitter(
            self.source, self.scope, field.path if node is field.value else f"{self.path}.with.{field.name}"
        ).emit(node, type_)[0]

    def plain(self, field: Plain) -> str:
        if field.name == "_":
            return self.padding(field.type)
        return self.typed(field.type, field)

    def padding(self, type_: Type) -> str:
        if isinstance(type_, Chars) and isinstance(type_.length, expr.Node):
            size = Emitter(self.source, self.scope, self.path).emit(type_.length, "int")[0]
            return f"{self.source.constant(zeros)}({size})"
        raise PackError(self.path, "padding is written bytes[n]")

    def typed(self, type_: Type, field: Plain) -> str:
        if isinstance(type_, Chars) and isinstance(type_.length, expr.Node):
            size = Emitter(self.source, self.scope, field.path).emit(type_.length, "int")[0]
            return f"{self.source.constant(exact)}({self.value(field, 'any')}, {size})"
        if isinstance(type_, Chars):
            return self.call(self.writers.chars(type_), self.value(field, "any"))
        if isinstance(type_, Repeat):
            return self.repeat(type_, field)
        if isinstance(type_, Block):
            return self.block(type_, field)
        if isinstance(type_, Scalar | Integer):
            return self.call(self.writers.integer(type_), self.value(field, "int"))
        return self.call(self.writers.struct(type_), self.value(field, "list"))

    def call(self, function: Callable[..., bytes], value: str) -> str:
        return f"{self.source.constant(function)}({value})"

    def repeat(self, repeat: Repeat, field: Plain) -> str:
        items = self.source.mint()
        self.source.line(f"{items} = {self.items(field)}")
        if isinstance(repeat.times, expr.Node):
            count = Emitter(self.source, self.scope, field.path).emit(repeat.times, "int")[0]
            self.source.line(f"{self.source.constant(counted)}({items}, {count})")
        joined = f"{self.source.constant(b'')}.join({self.written(repeat.item, items)})"
        if isinstance(repeat.times, Scalar | Integer):
            return f"{self.source.constant(self.writers.integer(repeat.times))}(len({items})) + {joined}"
        return joined if repeat.until is None else f"{joined} + {self.source.constant(bytes((repeat.until,)))}"

    def written(self, item: Type, items: str) -> str:
        """The elements of a list as bytes: in one call each where they are plain numbers, as they are where raw."""
        if item == Chars(False, None):
            return items
        if isinstance(item, Struct) and (codec := _numbers(item)) is not None:
            return f"[{self.source.constant(codec.pack)}(*i) for i in {items}]"
        return f"[{self.source.constant(self.writers.item(item))}(i) for i in {items}]"

    def items(self, field: Plain) -> str:
        """The elements of a list, or of a map as pairs."""
        node = self.values.get(field.name, field.value)
        if node is not None and Emitter(Source(), self.scope, self.path).emit(node)[1] == "map":
            return f"{self.value(field, 'map')}.items()"
        return self.value(field, "list")

    def block(self, block: Block, field: Plain) -> str:
        inner = self.source.mint()
        self.source.line(f"{inner} = {self.typed(block.item, field)}")
        return f"{self.source.constant(self.writers.integer(block.length))}(len({inner})) + {inner}"

    def optional(self, field: Conditional) -> None:
        condition = Emitter(self.source, self.scope, field.path).emit(field.condition)[0]
        self.source.indent(f"if {condition}:")
        self.fields(field.fields)
        self.source.line("pass")
        self.source.dedent()

    def switch(self, field: Switch) -> None:
        subject = self.source.mint()
        self.source.line(f"{subject} = {Emitter(self.source, self.scope, field.path).emit(field.subject)[0]}")
        word = "if"
        for value, fields in field.cases:
            constant = self.source.constant(value) if isinstance(value, str) else repr(value)
            self.source.indent(f"{word} {subject} == {constant}:" if value is not None else f"{word} True:")
            self.fields(fields)
            self.source.line("pass")
            self.source.dedent()
            word = "elif"


def scope_of(names: Mapping[str, str], container: str) -> dict[str, Name]:
    """Names in the order of a list called `container`, with their types."""
    return {name: Name(f"{container}[{index}]", type_) for index, (name, type_) in enumerate(names.items())}
