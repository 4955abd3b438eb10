"""What the names of one pack mean: its variables, messages, framings, and the expressions over them."""

from __future__ import annotations

import re
from typing import Any

from sqlx.wire.compile import expr
from sqlx.wire.compile.emit import Source
from sqlx.wire.compile.expr import Emitter, Name, Scope
from sqlx.wire.compile.findings import alternatives
from sqlx.wire.compile.framing import FrameReader, FrameWriter, LoopHeader, compile_reader, compile_writer, loop_header
from sqlx.wire.compile.fuel import Fuel, kept
from sqlx.wire.compile.layout import Layouts
from sqlx.wire.compile.program import BUILTIN_VARIABLES, INITIAL, Function
from sqlx.wire.compile.reading import Reader, Readers
from sqlx.wire.compile.writing import Writers, scope_of
from sqlx.wire.errors import MALFORMED, PackError, not_understood
from sqlx.wire.registry import Pack

_HOLE = re.compile(r"\{([^{}]+)\}")


class Vocabulary:
    """`slots` are the places of the variables, `types` their types, `scope` is how expressions reach them."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.types = {**BUILTIN_VARIABLES, **pack.variables}
        self.slots = {name: index for index, name in enumerate(self.types)}
        constants = {name: Name(repr(int(value)), "int") for name, value in pack.constants.items()}
        self.scope: dict[str, Name] = {**constants, **scope_of(self.types, "v")}
        self.layouts = Layouts(pack.byte_order, pack.integers, pack.structs)
        self.readers = Readers(self.layouts, self.scope)
        self.writers = Writers(self.layouts)
        self._frame_readers: dict[str, FrameReader] = {}
        self._frame_writers: dict[str, FrameWriter] = {}
        self._readers: dict[str, Reader] = {}
        self._told: dict[str, Function] = {}

    def initial(self) -> list[Any]:
        """The variables of a new connection, and its fuel."""
        values = [INITIAL[type_] for type_ in self.types.values()]
        return [*(value.copy() if isinstance(value, list | dict) else value for value in values), Fuel()]

    def function(self, text: str, path: str, scope: Scope | None = None, wanted: str = "any") -> Function:
        """An expression as a function of `v, a, f`."""
        source = Source()
        code = Emitter(source, scope or self.scope, path).emit(expr.parse(text, path), wanted)[0]
        source.line(f"return {code}")
        return source.build("v, a=None, f=None")

    def told(self, text: str, path: str) -> Function:
        """An expression of nothing but variables, for whoever has them: compiled once, for every connection asks it.
        The function raises WireError where the server has told what cannot be meant."""
        if text not in self._told:
            self._told[text] = _guarded(self.function(text, path))
        return self._told[text]

    def kept(self, text: str, path: str, scope: Scope, wanted: str = "any") -> Function:
        """An expression whose value a variable keeps: what it has grown to is measured."""
        function = self.function(text, path, scope, wanted)
        if not expr.grows(expr.parse(text, path)):
            return function
        return lambda v, a=None, f=None: kept(function(v, a, f))

    def template(self, text: str, path: str, scope: Scope) -> Function:
        """A text with `{expression}` in it as a function of `v, a, f`."""
        parts = [
            self.function(part, path, scope) if index % 2 else (lambda v, a=None, f=None, part=part: part)
            for index, part in enumerate(_HOLE.split(text))
        ]
        return lambda v, a=None, f=None: "".join([str(part(v, a, f)) for part in parts])

    def message(self, name: str, side: str, path: str) -> dict[str, Any]:
        messages: dict[str, Any] = self.pack.messages.get(side, {})
        found: dict[str, Any] | None = messages.get(name)
        if found is None:
            raise PackError(path, f"no message of the {side} is called {name!r}{alternatives(name, messages)}")
        return found

    def reader(self, name: str, path: str) -> Reader:
        if name not in self._readers:
            rule = self.message(name, "server", path)
            fields = self.layouts.fields(rule.get("fields", []), f"$.messages.server.{name}.fields")
            self._readers[name] = self.readers.compile(fields)
        return self._readers[name]

    def frames(self, name: str) -> FrameReader:
        if name not in self._frame_readers:
            rule = self._framing(name)
            self._frame_readers[name] = compile_reader(rule, f"$.framing.{name}", self.layouts, self.readers)
        return self._frame_readers[name]

    def frame_writer(self, name: str) -> FrameWriter:
        if name not in self._frame_writers:
            rule = self._framing(name)
            self._frame_writers[name] = compile_writer(rule, f"$.framing.{name}", self.layouts, self.writers)
        return self._frame_writers[name]

    def loop_header(self) -> LoopHeader | None:
        return loop_header(self.pack.framing["server"], self.layouts)

    def _framing(self, name: str) -> dict[str, Any]:
        rule: dict[str, Any] | None = self.pack.framing.get(name)
        if rule is None:
            raise PackError("$.framing", f"no framing is called {name!r}{alternatives(name, self.pack.framing)}")
        return rule


def _guarded(function: Function) -> Function:
    """The function, for callers outside of the machine, which guards its own."""

    def told(v: list[Any], a: Any = None, f: Any = None) -> Any:
        try:
            return function(v, a, f)
        except MALFORMED as error:
            raise not_understood(error) from error

    return told
