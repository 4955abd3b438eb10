"""The fields of messages: how a pack writes them, and what they compile to.

A field is `name:type`, or `name:type = expression` (sent: the value; received: what it must be), or an object:

    {"if": "expression", "fields": [...]}                       part of the message only when it is true
    {"switch": "expression", "5": [...], "otherwise": [...]}    by the value of an int or a text

A type is one of

    u8 u16 u24 u32 u64 i8 i16 i32 i64 f32 f64     integers and floats in the pack's byte order; u16le, u16be say theirs
    char                                          one byte as a text of one character
    varint, NAME                                  LEB128; an integer of the pack's `integers`
    bytes, text                                   the rest of the frame
    bytes[4], text[n - 1]                         by a number or an expression
    bytes[i32], text[lenenc]                      after its length; -1, or the integer's own null, means null
    cstring, cbytes                               ended by a zero byte
    line                                          text ended by CR LF
    NAME, (a:u8 b:cstring)                        a struct of the pack's `structs`, or one written in place

and after it: `[n]` that many, `[u16]` as many as the integer before them says, `*` as many as there are until the
frame ends, `* until 0` until a byte stands where the next would begin, `in lenenc` inside a block whose length in
bytes stands before it. A field called `_` is padding: read and forgotten, sent as zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from sqlx.wire.compile import expr
from sqlx.wire.errors import PackError

SCALARS = {
    "u8": ("B", 1), "i8": ("b", 1), "u16": ("H", 2), "i16": ("h", 2), "u32": ("I", 4), "i32": ("i", 4),
    "u64": ("Q", 8), "i64": ("q", 8), "f32": ("f", 4), "f64": ("d", 8),
}  # fmt: skip
MAX_FIELDS = 200
MAX_DEPTH = 16
MAX_SUFFIXES = 8

_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_FIELD = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*:\s*(.+?)\s*$", re.DOTALL)


class Scalar(NamedTuple):
    """A fixed-size number. `letter` is struct's; u24 and char have letters of our own: `U` and `c`."""

    letter: str
    size: int
    order: str  # "<" or ">"


class Integer(NamedTuple):
    """An integer of variable length: `name` of the pack's table, or `varint`."""

    name: str


class Chars(NamedTuple):
    """Bytes or text. `length` is None (the rest), an expression, an integer type before it, or a terminator."""

    text: bool
    length: expr.Node | Scalar | Integer | bytes | None


class Struct(NamedTuple):
    fields: tuple[Field, ...]


class StructName(NamedTuple):
    name: str


class Repeat(NamedTuple):
    """`times` is None (until the frame ends, or the byte `until`), an expression, or an integer type before it."""

    item: Type
    times: expr.Node | Scalar | Integer | None
    until: int | None


class Block(NamedTuple):
    """What stands inside a number of bytes told by the integer before it."""

    item: Type
    length: Scalar | Integer


Type = Scalar | Integer | Chars | Struct | StructName | Repeat | Block


class Plain(NamedTuple):
    name: str
    type: Type
    value: expr.Node | None
    path: str


class Conditional(NamedTuple):
    condition: expr.Node
    fields: tuple[Field, ...]
    path: str


class Switch(NamedTuple):
    """`otherwise`, the case None, is the last."""

    subject: expr.Node
    cases: tuple[tuple[int | str | None, tuple[Field, ...]], ...]
    path: str


Field = Plain | Conditional | Switch


class Run(NamedTuple):
    """Neighbours of fixed size and one byte order: one struct call."""

    order: str
    parts: tuple[tuple[Plain, Scalar], ...]


def in_runs(fields: tuple[Field, ...]) -> Iterator[Run | Field]:
    """The fields in order, those that fit into one struct call together."""
    for order, group in groupby(fields, _struct_order):
        if order:
            yield Run(order, tuple((field, field.type) for field in group))  # type: ignore[union-attr, misc]
        else:
            yield from group


def _struct_order(field: Field) -> str:
    fits = isinstance(field, Plain) and isinstance(field.type, Scalar) and field.type.letter != "U"
    return field.type.order if fits else ""  # type: ignore[union-attr]


def plain_fields(fields: tuple[Field, ...]) -> Iterator[Plain]:
    """Every field that may be there, in order; padding is none."""
    for field in fields:
        if isinstance(field, Plain):
            if field.name != "_":
                yield field
            continue
        for case in (field.fields,) if isinstance(field, Conditional) else (case for _, case in field.cases):
            yield from plain_fields(case)


def type_word(type_: Type) -> str:
    """The type of a value as expressions know it."""
    if isinstance(type_, Scalar):
        return {"c": "text", "f": "any", "d": "any"}.get(type_.letter, "int")
    if isinstance(type_, Chars):
        return "text" if type_.text else "bytes"
    if isinstance(type_, Block):
        return type_word(type_.item)
    return "int" if isinstance(type_, Integer) else "list"


class Layouts:
    """Reads the fields of one pack: knows its byte order, integers and structs."""

    def __init__(self, byte_order: str, integers: dict[str, Any], structs: dict[str, Any]) -> None:
        self.order = "<" if byte_order == "little" else ">"
        self.integers = integers
        self.structs: dict[str, tuple[Field, ...]] = {}
        self._sources = structs
        self._open: list[str] = []

    def struct(self, name: str) -> tuple[Field, ...]:
        """The fields of a named struct; one that contains itself is known by name while it is read."""
        if name not in self.structs and name not in self._open:
            if len(self._open) >= MAX_DEPTH:
                raise PackError(f"$.structs.{name}", f"structs nest at most {MAX_DEPTH} deep")
            self._open.append(name)
            try:
                self.structs[name] = self.fields(self._sources[name], f"$.structs.{name}")
            finally:
                self._open.remove(name)
        return self.structs.get(name, ())

    def fields(self, items: Any, path: str, depth: int = 0) -> tuple[Field, ...]:
        """Fields from their JSON. Raises PackError."""
        if not isinstance(items, list) or len(items) > MAX_FIELDS or depth > MAX_DEPTH:
            raise PackError(path, f"fields are a list of at most {MAX_FIELDS}, nested at most {MAX_DEPTH} deep")
        return tuple(self._field(item, f"{path}[{index}]", depth) for index, item in enumerate(items))

    def _field(self, item: Any, path: str, depth: int) -> Field:
        if isinstance(item, str):
            return self._plain(item, path)
        if isinstance(item, dict) and set(item) == {"if", "fields"}:
            condition = expr.parse(item["if"], f"{path}.if")
            return Conditional(condition, self.fields(item["fields"], f"{path}.fields", depth + 1), path)
        if isinstance(item, dict) and "switch" in item:
            return self._switch(item, path, depth)
        raise PackError(
            path, "a field is a text `name:type`, or an object with `if` and `fields`, or one with `switch`"
        )

    def _switch(self, item: dict[str, Any], path: str, depth: int) -> Switch:
        cases = tuple(
            (_case(key), self.fields(fields, f"{path}.{key}", depth + 1))
            for key, fields in item.items()
            if key != "switch"
        )
        last = sorted(cases, key=lambda case: case[0] is None)
        return Switch(expr.parse(item["switch"], f"{path}.switch"), tuple(last), path)

    def _plain(self, text: str, path: str) -> Plain:
        match = _FIELD.match(text)
        if match is None:
            raise PackError(path, f"a field is written `name:type`, not {text!r}")
        body, value = _split_value(match[2])
        reader = _TypeReader(self, body, path)
        type_ = reader.type()
        reader.finish()
        return Plain(match[1], type_, expr.parse(value, path) if value is not None else None, path)

    def integer(self, name: str) -> Scalar | Integer | None:
        """The integer type of this name, or None."""
        base, order = (name[:-2], name[-2:]) if name[-2:] in ("le", "be") else (name, "")
        sign = {"le": "<", "be": ">", "": self.order}[order]
        if base in SCALARS:
            return Scalar(*SCALARS[base], sign)
        if base == "u24":
            return Scalar("U", 3, sign)
        if name == "varint" or name in self.integers:
            return Integer(name)
        return None

    def length(self, name: str) -> Scalar | Integer | None:
        """The type of this name if it can tell a length, or None: a float cannot."""
        return None if name.startswith("f") and name[:3] in ("f32", "f64") else self.integer(name)


def _case(key: str) -> int | str | None:
    if key == "otherwise":
        return None
    return int(key) if key.lstrip("-").isdigit() else key


def _split_value(text: str) -> tuple[str, str | None]:
    """`type = expression` at the first `=` outside brackets."""
    depth = 0
    for index, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "=" and depth == 0:
            return text[:index].strip(), text[index + 1 :].strip()
    return text, None


class _TypeReader:
    """A recursive-descent reader of one type."""

    def __init__(self, layouts: Layouts, text: str, path: str) -> None:
        self.layouts = layouts
        self.text = text
        self.path = path
        self.at = 0

    def fail(self, reason: str) -> PackError:
        return PackError(self.path, f"{reason} in the type {self.text!r}")

    def take(self, word: str) -> bool:
        rest = self.text[self.at :].lstrip()
        if not rest.startswith(word):
            return False
        self.at = len(self.text) - len(rest) + len(word)
        return True

    def word(self) -> str:
        rest = self.text[self.at :].lstrip()
        match = _WORD.match(rest)
        if match is None:
            raise self.fail(f"expected a name at {rest[:12]!r}")
        self.at = len(self.text) - len(rest) + match.end()
        return match[0]

    def finish(self) -> None:
        if self.text[self.at :].strip():
            raise self.fail(f"cannot read {self.text[self.at :].strip()!r}")

    def type(self, depth: int = 0) -> Type:
        if depth > MAX_SUFFIXES:
            raise self.fail(f"structs written in place nest more than {MAX_SUFFIXES} deep")
        item = self.base(depth)
        for _ in range(MAX_SUFFIXES):
            if self.take("["):
                item = self.counted(item)
            elif self.take("*"):
                item = Repeat(item, None, self.number() if self.take("until ") else None)
            elif self.take("in "):
                item = Block(item, self.length_type())
            else:
                return item
        raise self.fail(f"more than {MAX_SUFFIXES} suffixes follow one another")

    def base(self, depth: int) -> Type:
        if self.take("("):
            return self.inline(depth + 1)
        word = self.word()
        if word in ("bytes", "text"):
            return self.chars(word == "text")
        if word in ("cstring", "cbytes", "line"):
            return Chars(word != "cbytes", b"\r\n" if word == "line" else b"\0")
        if word == "char":
            return Scalar("c", 1, self.layouts.order)
        integer = self.layouts.integer(word)
        if integer is not None:
            return integer
        if word not in self.layouts._sources:
            raise self.fail(f"no type or struct is called {word!r}")
        self.layouts.struct(word)
        return StructName(word)

    def inline(self, depth: int) -> Struct:
        fields: list[Field] = []
        while not self.take(")"):
            name = self.word()
            if not self.take(":"):
                raise self.fail(f"expected ':' after {name!r}")
            fields.append(Plain(name, self.type(depth), None, self.path))
        return Struct(tuple(fields))

    def chars(self, text: bool) -> Chars:
        if not self.take("["):
            return Chars(text, None)
        inner = self.bracket()
        integer = self.layouts.length(inner)
        return Chars(text, integer if integer is not None else expr.parse(inner, self.path))

    def counted(self, item: Type) -> Repeat:
        inner = self.bracket()
        integer = self.layouts.length(inner)
        return Repeat(item, integer if integer is not None else expr.parse(inner, self.path), None)

    def bracket(self) -> str:
        depth, start = 1, self.at
        while depth and self.at < len(self.text):
            depth += (self.text[self.at] == "[") - (self.text[self.at] == "]")
            self.at += 1
        if depth:
            raise self.fail("a bracket is not closed")
        return self.text[start : self.at - 1].strip()

    def number(self) -> int:
        rest = self.text[self.at :].lstrip()
        match = re.match(r"\d+", rest)
        if match is None or int(match[0]) > 255:
            raise self.fail("expected a byte (0 to 255) after `until`")
        self.at = len(self.text) - len(rest) + match.end()
        return int(match[0])

    def length_type(self) -> Scalar | Integer:
        word = self.word()
        integer = self.layouts.length(word)
        if integer is None:
            raise self.fail(f"{word!r} is no integer type")
        return integer
