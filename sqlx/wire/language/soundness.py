"""Whether what a pack says means anything: every expression, field, step and operation is compiled, one by one."""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, get_args

from sqlx.wire.columns import SIZES
from sqlx.wire.compile import actions, expr, integers
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.expr import Scope
from sqlx.wire.compile.findings import Finding, alternatives
from sqlx.wire.compile.framing import loop_header
from sqlx.wire.compile.layout import SCALARS, Conditional, Field, Integer, Plain, Repeat, Switch
from sqlx.wire.compile.places import everywhere
from sqlx.wire.compile.program import BUILTIN_VARIABLES
from sqlx.wire.errors import PackError
from sqlx.wire.link import State
from sqlx.wire.parameters import HOLDERS
from sqlx.wire.registry import Pack
from sqlx.wire.rows import Cell, Frames, compile_rows
from sqlx.wire.values import Context, binary_decoder, binary_encoder, encoder, text_decoder

_HOLE = re.compile(r"\{([^{}]*)\}")
# What Python itself refuses when a pack makes too much of it.
_TOO_MUCH = (RecursionError, SyntaxError, MemoryError)


class _Compiled(Program):
    """A program that is made to find what is wrong with it."""

    def __init__(self, pack: Pack) -> None:
        self.refused: list[PackError] = []
        super().__init__(dataclasses.replace(pack, segment={}))

    def refuse(self, error: PackError) -> None:
        self.refused.append(error)


def unsound(pack: Pack) -> Iterator[Finding]:
    """All that cannot be compiled, and names that only running would miss."""
    try:
        program = _Compiled(pack)
    except PackError as error:
        yield Finding(error.path, error.reason)
        return
    parts = _Parts(program, pack)
    for path, compile_ in parts.all():
        try:
            compile_()
        except PackError as error:
            program.refused.append(PackError(path if error.path == "$" else error.path, error.reason))
        except _TOO_MUCH:
            program.refused.append(PackError(path, "this nests deeper than can be compiled"))
    yield from (Finding(refused.path, refused.reason) for refused in program.refused)


Part = tuple[str, Callable[[], Any]]


class _Parts:
    """Everything in a pack that is compiled, with its path."""

    def __init__(self, program: _Compiled, pack: Pack) -> None:
        self.program = program
        self.pack = pack

    def all(self) -> Iterator[Part]:
        yield from self._layouts()
        yield from self._messages()
        yield from self._steps()
        yield from self._session()
        yield from self._environment()
        yield from self._types()
        yield from self._parameters()
        yield from self._copy()

    def _layouts(self) -> Iterator[Part]:
        program, pack = self.program, self.pack
        for name in pack.integers:
            yield f"$.integers.{name}", partial(integers.codec, name, program.layouts)
        for name in pack.structs:
            yield f"$.structs.{name}", partial(program.readers.struct, name)
        sent = {message.get("framing", "client") for message in pack.messages.get("client", {}).values()}
        read = {step.get("framing", "server") for _, step in self._all_steps() if "expect" in step}
        sent |= {step["writes"] for _, step in self._all_steps() if "writes" in step}
        read |= {step["reads"] for _, step in self._all_steps() if "reads" in step}
        for name in pack.framing:
            if name in sent | {"client"}:
                yield f"$.framing.{name}", partial(program.frame_writer, name)
            if name in read | {"server"}:
                yield f"$.framing.{name}", partial(program.frames, name)

    def _all_steps(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        sections = ("flows", "commands", "segment", "messages")
        source = {name: getattr(self.pack, name) for name in sections}
        return ((path, step) for path, step in everywhere(source) if isinstance(step, dict))

    def _messages(self) -> Iterator[Part]:
        program = self.program
        for name, message in self.pack.messages.get("client", {}).items():
            path = f"$.messages.client.{name}"
            yield path, partial(self._fields_of, message, path)
            if "framing" in message:
                yield f"{path}.framing", partial(program.frame_writer, message["framing"])
        for name, message in self.pack.messages.get("server", {}).items():
            path = f"$.messages.server.{name}"
            yield path, partial(self._fields_of, message, path)
            yield path, partial(program.candidate, name, None, path, 0)
            if "does" in message:
                yield f"{path}.does", partial(program.message_code, name, [], f"{path}.does")
            if "error" in message:
                yield path, partial(actions.error_of, program, name, path)
            if "columns" in message:
                yield path, partial(self._definitions, message["columns"], f"{path}.columns")
            if "row" in message:
                yield path, partial(self._row, message["row"], f"{path}.row")

    def _fields_of(self, message: Mapping[str, Any], path: str) -> None:
        fields = self.program.layouts.fields(message.get("fields", []), f"{path}.fields")
        known = set(_names(fields))
        for key in ("secret", "hidden"):
            for index, name in enumerate(message.get(key, [])):
                if name not in known:
                    near = alternatives(name, known)
                    self.program.refuse(PackError(f"{path}.{key}[{index}]", f"the message has no field {name!r}{near}"))

    def _definitions(self, text: str, path: str) -> None:
        """A struct of the pack, or a repeated one: the struct that `columns` reads."""
        (field,) = self.program.layouts.fields([f"columns:{text}"], path)
        item = field.type if isinstance(field, Plain) else None
        item = item.item if isinstance(item, Repeat) else item
        wanted = self.pack.columns.get("struct")
        if getattr(item, "name", None) != wanted or isinstance(item, Integer):
            raise PackError(path, f"definitions are of the struct {wanted!r}, which `columns` names, not {text!r}")
        self.program.readers.compile((field,))

    def _row(self, rule: Mapping[str, Any], path: str) -> None:
        layouts = self.program.layouts
        value = layouts.length(rule["value"])
        if value is None or getattr(value, "letter", "") == "U":
            raise PackError(f"{path}.value", f"{rule['value']!r} is no integer that can stand before a value")
        if rule.get("format") == "columns" and "format" not in self.pack.columns:
            raise PackError(f"{path}.format", "`columns` does not say where a column's `format` stands")
        framing = self.pack.framing.get("server")
        header = loop_header(framing, layouts) if framing else None
        frames = Frames(header, None, frozenset(), framing.get("split", 0)) if framing and header else None
        compile_rows(dict(rule), [Cell("text", False)], frames, layouts, Context(byte_order=self.pack.byte_order))

    def _steps(self) -> Iterator[Part]:
        program, pack = self.program, self.pack
        unasked = [("always", *each) for each in pack.always.items()] + [("idle", *each) for each in pack.idle.items()]
        for section, name, steps in unasked:
            path = f"$.{section}.{name}"
            yield path, partial(program.message_code, name, steps, path)
        for name, steps in pack.flows.items():
            yield f"$.flows.{name}", partial(program.one, steps, f"$.flows.{name}")
        halves = {f"$.commands.{name}": command for name, command in pack.commands.items()}
        halves |= {"$.segment": pack.segment} if pack.segment else {}
        for path, command in halves.items():
            for half in ("send", "replies"):
                where = f"{path}.{half}"
                yield where, partial(program.one, command[half], where)
        for path, step in self._all_steps():
            yield path, partial(self._step, step, path)

    def _step(self, step: Mapping[str, Any], path: str) -> None:
        """What the compiler takes as it comes."""
        for key in ("require", "switch"):  # these are compiled as parts of larger expressions
            if key in step:
                expr.parse(step[key], f"{path}.{key}")
        targets = (("random", step.get("random", ""), "bytes"), ("put", step.get("put", {}).get("map", ""), "map"))
        for key, name, type_ in targets:
            if key in step and self.program.types.get(name, type_) not in (type_, "any"):
                raise PackError(f"{path}.{key}", f"the variable {name!r} holds {self.program.types[name]}, not {type_}")
        server = self.pack.messages.get("server", {})
        if isinstance(step.get("result"), str) and "row" not in server.get(step["result"], {"row": None}):
            raise PackError(f"{path}.result", f"the message {step['result']!r} has no `row`")
        if "gather" in step and "columns" not in server.get(step["gather"], {"columns": None}):
            raise PackError(f"{path}.gather", f"the message {step['gather']!r} has no `columns`")
        for index, column in enumerate(step["result"] if isinstance(step.get("result"), list) else []):
            self._type(column["type"], f"{path}.result[{index}].type")

    def _type(self, name: str, path: str) -> None:
        if name not in self.pack.types:
            self.program.refuse(PackError(path, f"no type is called {name!r}{alternatives(name, self.pack.types)}"))

    def _session(self) -> Iterator[Part]:
        session, program = self.pack.session, self.program
        if session.get("state") is not None:
            path = "$.session.state"
            yield path, partial(self._state, session["state"], path)
        for index, name in enumerate(session.get("secrets", ())):
            yield f"$.session.secrets[{index}]", partial(actions.slot, program, name, f"$.session.secrets[{index}]")
        if session.get("warnings"):
            path = "$.session.warnings.count"
            yield path, partial(actions.slot, program, session["warnings"]["count"], path)
        for name, text in session.get("cancel_with", {}).items():
            where = f"$.session.cancel_with.{name}"
            yield where, partial(actions.slot, program, name, where)
            yield where, partial(program.function, text, where, None, program.types.get(name, "any"))
        for name, rule in session.get("traits", {}).items():
            if rule.get("told") is not None:
                where = f"$.session.traits.{name}.told"
                yield where, partial(program.function, rule["told"], where, None, "text")
        for index, quote in enumerate(self.pack.sql.get("quotes", [])):
            condition = quote.get("backslash")
            if isinstance(condition, str) and not self.pack.embedded:
                name = condition.partition("=")[0].removeprefix("!")
                where = f"$.sql.quotes[{index}].backslash"
                yield where, partial(actions.slot, program, name, where)

    def _environment(self) -> Iterator[Part]:
        for name in ("password_file", "service_file", "option_files"):
            rule = self.pack.environment.get(name, {})
            for key in ("option", "file_option"):
                if key in rule:
                    where = f"$.environment.{name}.{key}"
                    yield where, partial(self._option, rule[key], where)

    def _option(self, name: str, path: str) -> None:
        if name not in self.pack.options:
            near = alternatives(name, self.pack.options)
            raise PackError(path, f"no option of the pack is called {name!r}{near}")

    def _state(self, text: str, path: str) -> None:
        self.program.function(text, path, None, "text")
        states = get_args(State)
        for word in _texts(expr.parse(text, path)):
            if word not in states:
                raise PackError(path, f"a session is never {word!r}; it is {', '.join(states)}")

    def _types(self) -> Iterator[Part]:
        pack, program = self.pack, self.program
        if pack.lookup and not any("{ids}" in line for line in pack.lookup["sql"]):
            program.refuse(PackError("$.lookup.sql", "the query does not say `{ids}`, which stands for the types"))
        struct = pack.columns.get("struct")
        scope: Scope = program.scope
        if struct is not None:
            if struct not in pack.structs:
                near = alternatives(struct, pack.structs)
                program.refuse(PackError("$.columns.struct", f"no struct is called {struct!r}{near}"))
                return
            try:
                scope = {**program.scope, **program.readers.struct_reader(struct).scope("a")}
            except PackError:  # told where the struct itself is compiled
                return
        yield from self._expressions(pack.columns, ("name", "type", "format", *SIZES), scope, "$.columns")
        yield from self._expressions(pack.columns, ("zone",), program.scope, "$.columns")
        for name, entry in pack.lookup.get("named", {}).items():
            yield from self._operations(entry, scope, f"$.lookup.named.{name}")
        for name, entry in pack.types.items():
            for index, rule in enumerate(entry if isinstance(entry, list) else [entry]):
                path = f"$.types.{name}[{index}]" if isinstance(entry, list) else f"$.types.{name}"
                yield from self._expressions(rule, ("when", *SIZES), scope, path)
                yield from self._operations(rule, scope, path)

    def _expressions(self, rule: Mapping[str, Any], keys: tuple[str, ...], scope: Scope, path: str) -> Iterator[Part]:
        for key in keys:
            if rule.get(key) is not None:
                where = f"{path}.{key}"
                yield where, partial(self.program.function, rule[key], where, scope)

    def _operations(self, rule: Mapping[str, Any], scope: Scope, path: str) -> Iterator[Part]:
        for key, decoder in (("text", text_decoder), ("binary", binary_decoder), ("encode", binary_encoder)):
            if rule.get(key) is not None:
                where = f"{path}.{key}"
                yield where, partial(self._operation, decoder, rule[key], scope, where)

    def _operation(self, decoder: Callable[[str, Context], Any], text: str, scope: Scope, path: str) -> None:
        decoder(_filled(text, scope, path), Context(byte_order=self.pack.byte_order))

    def _parameters(self) -> Iterator[Part]:
        section = self.pack.parameters
        prefix = section.get("prefix")
        if prefix is not None and self.program.layouts.length(prefix) is None:
            near = alternatives(prefix, self.pack.integers)
            self.program.refuse(PackError("$.parameters.prefix", f"no integer is called {prefix!r}{near}"))
        known = set()
        for kind, rule, path in _rules(section.get("kinds", {}), "$.parameters.kinds"):
            known.add(str(rule.get("type", 0)))
            yield f"{path}.encode", partial(self._encoder, rule, kind, path)
            if rule.get("prefixed") and prefix is None:
                self.program.refuse(PackError(f"{path}.prefixed", "`parameters` has no `prefix` to write it with"))
        holders = {kind: rule for kind, rule in section.get("kinds", {}).items() if kind in HOLDERS}
        known |= {str(number) for rule in holders.values() for number in rule.get("of", {}).values()}
        for kind, rule in holders.items():
            yield f"$.parameters.kinds.{kind}", partial(self._holder, rule, kind, known)

    def _copy(self) -> Iterator[Part]:
        for kind, rule, path in _rules(self.pack.copy.get("kinds", {}), "$.copy.kinds"):
            yield f"{path}.encode", partial(self._encoder, rule, kind, path)
        if binary := self.pack.copy.get("binary"):
            yield "$.copy.binary", partial(self._binary_rows, binary)

    def _binary_rows(self, rule: Mapping[str, Any]) -> None:
        if rule["when"] not in self.pack.variables:
            near = alternatives(rule["when"], self.pack.variables)
            self.program.refuse(PackError("$.copy.binary.when", f"no variable is called {rule['when']!r}{near}"))
        try:
            struct.pack(SCALARS[rule["count"]][0], rule["end"])
        except struct.error:
            self.program.refuse(PackError("$.copy.binary.end", f"{rule['end']} is no {rule['count']}, as `count` is"))

    def _encoder(self, rule: Mapping[str, Any], kind: str, path: str) -> None:
        if "encode" in rule:
            encoder(rule["encode"], Context(byte_order=self.pack.byte_order))
        elif kind != "null":
            raise PackError(path, "an entry says how to `encode`")

    def _holder(self, rule: Mapping[str, Any], kind: str, known: set[str]) -> None:
        for element, holder in rule.get("of", {}).items():
            path = f"$.parameters.kinds.{kind}.of.{element}"
            if element not in known:
                self.program.refuse(PackError(path, f"no kind of value has the type {element}"))
            self._type(str(holder), path)


def _rules(kinds: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Each rule of each kind, with its path."""
    for kind, entry in kinds.items():
        for index, rule in enumerate(entry if isinstance(entry, list) else [entry]):
            yield kind, rule, f"{path}.{kind}" + (f"[{index}]" if isinstance(entry, list) else "")


def _filled(operation: str, scope: Scope, path: str) -> str:
    """An operation with a number in the place of each field."""
    for name in _HOLE.findall(operation):
        if name not in scope or name in BUILTIN_VARIABLES or not scope[name].code.startswith("a["):
            fields = [name for name, known in scope.items() if known.code.startswith("a[")]
            raise PackError(path, f"a column's definition has no field {name!r}{alternatives(name, fields)}")
    return _HOLE.sub("1", operation)


def _names(fields: tuple[Field, ...]) -> Iterator[str]:
    for field in fields:
        if isinstance(field, Plain):
            yield field.name
        elif isinstance(field, Conditional):
            yield from _names(field.fields)
        elif isinstance(field, Switch):
            for _, case in field.cases:
                yield from _names(case)


def _texts(node: expr.Node) -> Iterator[str]:
    """The texts that an expression may be, as far as they stand in it."""
    if node.kind == "if":
        yield from _texts(node.parts[1])
        yield from _texts(node.parts[2])
    elif node.kind == "literal" and isinstance(node.value, str):
        yield node.value
