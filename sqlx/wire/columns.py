"""Result layouts: from the raw column definitions that a server sent to Columns and a row program.

The key of a layout is everything that shaped it: the raw bytes of the definitions, the message its rows come in, the
formats asked for, and the session's time zone. A known layout costs one dictionary hit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.expr import Name
from sqlx.wire.compile.layout import Integer, Repeat, Scalar
from sqlx.wire.compile.program import Function
from sqlx.wire.compile.reading import Reader
from sqlx.wire.errors import PackError, WireError
from sqlx.wire.result import Column, Shape
from sqlx.wire.rows import Cell, Frames, RowProgram, compile_rows
from sqlx.wire.values import Context

MAX_COLUMNS = 8192  # of one result: engines stop at 4096, and compiling twice as many takes about a second
MAX_LAYOUTS = 512
MAX_DEFINED = 4 << 20  # bytes of the definitions that layouts are known by
MAX_LOOKED_UP = 10_000  # types of one database that the pack does not know
_HOLE = re.compile(r"'[^']*'|\{([a-z_][a-z0-9_]*)\}")  # quoted text, a server's names of fields, has none
SIZES = ("display_size", "internal_size", "precision", "scale", "null_ok")  # of a Column, by expressions

Raw = tuple[bytes, ...]


class Layout:
    """One result layout: its columns, and the program that reads its rows."""

    __slots__ = ("_compile", "_programs", "columns", "lenient", "made_of", "unsure")

    def __init__(self, columns: Sequence[Column], compile_: Callable[[frozenset[int], bool], RowProgram]) -> None:
        self.columns = columns
        self.made_of: tuple[Any, ...] = ()  # what `Layouter.layout` was given, but for the variables
        self.unsure = False  # a column's type was not known when this was made
        self.lenient = False  # values that cannot be read arrive as the server's text; set when there was one
        self._compile = compile_
        self._programs: dict[frozenset[int], RowProgram] = {}

    def program(self, ends: frozenset[int]) -> RowProgram:
        """The row program for a state in which a body that begins with one of `ends` may be something else than a
        row."""
        program = self._programs.get(ends)
        if program is None:
            program = self._programs[ends] = self._compile(ends, self.lenient)
        return program

    def relax(self) -> bool:
        """Be lenient from now on; False when it was already."""
        if self.lenient:
            return False
        self.lenient = True
        self._programs.clear()
        return True


class TypeRule(NamedTuple):
    """One entry of the pack's `types`, or of a type that was looked up."""

    when: Function | None
    name: str
    group: str
    text: str
    binary: str | None
    sizes: dict[str, Function]
    shape: Shape | None = None


class Layouter:
    """Makes the layouts of one pack, and of one database where types are looked up. Shared by its connections.

    `looked_up` are entries of the form that the pack's `types` have. They are added to, and never changed.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rule = program.pack.columns
        self.looked_up: dict[str, Mapping[str, Any]] = {}
        self._known: dict[tuple[Any, ...], Layout] = {}
        self._defined = 0  # bytes
        self._types: dict[str, list[TypeRule]] = {}
        self._readers: dict[str, tuple[Reader, bool]] = {}
        self._header = program.loop_header()
        self._split = program.pack.framing["server"].get("split", 0)
        self._zone = program.told(self.rule["zone"], "$.columns.zone") if "zone" in self.rule else None
        self.prefix = self._integer(program.pack.parameters.get("prefix"))
        if self.rule:
            self._struct = program.readers.struct_reader(self.rule["struct"])
            self._scope = {**program.scope, **self._struct.scope("a")}
            self._base = self._sizes(self.rule, "$.columns")

    def fork(self) -> Layouter:
        """One that makes the same layouts, and will look up types for itself."""
        other = copy(self)
        other.looked_up, other._known, other._types, other._defined = {}, {}, {}, 0
        return other

    def unknown(self, types: Iterable[int | None]) -> list[int]:
        """Those of some types that are to be looked up."""
        pack = self.program.pack
        if not pack.lookup or len(self.looked_up) >= MAX_LOOKED_UP:
            return []
        new = {key for key in types if key and str(key) not in pack.types and str(key) not in self.looked_up}
        return sorted(new)

    def _integer(self, name: str | None) -> Callable[[int], bytes] | None:
        """How the length before a parameter's value is written, where the pack's `parameters.prefix` names an
        integer."""
        type_ = self.program.layouts.integer(name) if name else None
        return self.program.writers.integer(type_) if isinstance(type_, Integer | Scalar) else None

    def zone(self, variables: list[Any]) -> str | None:
        """The name of the session's time zone, where the server tells it."""
        return self._zone(variables) if self._zone is not None else None

    def layout(self, raw: Raw, source: str, rows: str, formats: tuple[int, ...], variables: list[Any]) -> Layout:
        """The layout of rows that come in the message `rows`, as the definitions `raw` (messages called `source`)
        describe them."""
        key = (raw, source, rows, formats, self.zone(variables), len(self.looked_up))
        known = self._known.get(key)
        if known is None:
            self._defined += sum(map(len, raw))
            if len(self._known) >= MAX_LAYOUTS or self._defined > MAX_DEFINED:
                self._known.clear()
                self._defined = sum(map(len, raw))
            known = self._known[key] = self._make(self.definitions(raw, source), rows, formats, variables)
            known.made_of = key[:4]
        return known

    def again(self, layout: Layout, variables: list[Any]) -> Layout:
        """The same layout, by what is known of types now."""
        raw, source, rows, formats = layout.made_of
        return self.layout(raw, source, rows, formats, variables)

    def named(self, columns: list[tuple[str, str]]) -> list[Column]:
        """Columns that the pack itself names, with the type the pack gives each."""
        check_width(len(columns))
        ruled = [(name, self._rules(type_)[0]) for name, type_ in columns]
        return [Column(name, rule.name, None, rule.group) for name, rule in ruled]

    def definitions(self, raw: Raw, source: str) -> list[tuple[Any, ...]]:
        """The structs of column definitions."""
        reader, many = self._definition_reader(source)
        found: list[tuple[Any, ...]] = []
        for body in raw:
            slots, position = reader.read(body, 0, len(body), [])
            if position != len(body):
                raise ValueError("bytes are left after the column definitions")
            found.extend(slots[0] if many else slots[:1])
        check_width(len(found))
        return found

    def formats(self, raw: Raw, source: str) -> tuple[int, ...]:
        """For each column the better format: 1 where the pack has a binary operation for its type, else 0."""
        return tuple(int(self._rule(slots, []).binary is not None) for slots in self.definitions(raw, source))

    def columns(self, raw: Raw, source: str, variables: list[Any]) -> list[Column]:
        return [self._column(slots, variables) for slots in self.definitions(raw, source)]

    def _definition_reader(self, source: str) -> tuple[Reader, bool]:
        if source not in self._readers:
            text = self.program.message(source, "server", "$.messages")["columns"]
            fields = self.program.layouts.fields([f"columns:{text}"], f"$.messages.server.{source}.columns")
            many = isinstance(fields[0].type, Repeat)  # type: ignore[union-attr]
            self._readers[source] = self.program.readers.compile(fields), many
        return self._readers[source]

    def _make(
        self, definitions: list[tuple[Any, ...]], rows: str, formats: tuple[int, ...], variables: list[Any]
    ) -> Layout:
        message = self.program.message(rows, "server", "$.messages")
        rule = message["row"]
        cells = [
            self._cell(slots, self._format(rule, slots, formats, index, variables), variables)
            for index, slots in enumerate(definitions)
        ]
        context = self.context(variables)
        tag = ord(message["tag"]) if isinstance(message.get("tag"), str) else None

        def compile_(ends: frozenset[int], lenient: bool) -> RowProgram:
            frames = Frames(self._header, tag, ends, self._split) if self._header is not None else None
            wanted = [cell._replace(lenient=True) for cell in cells] if lenient else cells
            return compile_rows(rule, wanted, frames, self.program.layouts, context)

        layout = Layout([self._column(slots, variables) for slots in definitions], compile_)
        layout.unsure = bool(self.unknown(column.type_id for column in layout.columns))
        return layout

    def context(self, variables: list[Any]) -> Context:
        """What decoding depends on in a session."""
        return Context(_zone_info(self.zone(variables)), byte_order=self.program.pack.byte_order)

    def _format(
        self, rule: dict[str, Any], slots: tuple[Any, ...], formats: tuple[int, ...], index: int, v: list[Any]
    ) -> int:
        told = rule.get("format", "text")
        if told != "columns":
            return int(told == "binary")
        return formats[index] if formats else int(self._base["format"](v, slots))

    def _cell(self, slots: tuple[Any, ...], format_: int, variables: list[Any]) -> Cell:
        rule = self._rule(slots, variables)
        if format_ and rule.binary is not None:
            return Cell(self._filled(rule.binary, slots), True)
        return Cell("bytes" if format_ else self._filled(rule.text, slots), False)

    def _filled(self, operation: str, slots: tuple[Any, ...]) -> str:
        """An operation with numbers of the column in its arguments: `datetime_parts({decimals})`."""
        names = list(self._struct.slots)
        return _HOLE.sub(lambda match: str(int(slots[names.index(match[1])])) if match[1] else match[0], operation)

    def _column(self, slots: tuple[Any, ...], variables: list[Any]) -> Column:
        rule = self._rule(slots, variables)
        sizes = {name: value(variables, slots) for name, value in {**self._base, **rule.sizes}.items() if name in SIZES}
        type_id = self._base["type"](variables, slots)
        name = str(self._base["name"](variables, slots))
        return Column(name, rule.name, type_id, rule.group, shape=rule.shape, **sizes)

    def _rule(self, slots: tuple[Any, ...], variables: list[Any]) -> TypeRule:
        for rule in self._rules(str(self._base["type"](variables, slots))):
            if rule.when is None or rule.when(variables, slots):
                return rule
        raise PackError("$.types", "the last of several rules for a type has no `when`")

    def _rules(self, key: str) -> list[TypeRule]:
        found = self._types.get(key)
        if found is None:
            types = self.program.pack.types
            entries: Any = types.get(key) or self.looked_up.get(key)
            if entries is None and key != "default":
                return self._rules("default")  # it may be looked up later
            path = f"$.types.{key}"
            found = [self._read(entry, path) for entry in (entries if isinstance(entries, list) else [entries])]
            self._types[key] = found
        return found

    def _read(self, entry: dict[str, Any], path: str) -> TypeRule:
        when = self._function(entry["when"], f"{path}.when") if "when" in entry else None
        text = entry.get("text", "text")
        return TypeRule(
            when,
            entry["name"],
            entry.get("group", ""),
            text,
            entry.get("binary"),
            self._sizes(entry, path),
            entry.get("shape"),
        )

    def _sizes(self, entry: dict[str, Any], path: str) -> dict[str, Function]:
        names = SIZES if path != "$.columns" else (*SIZES, "name", "type", "format")
        return {name: self._function(entry[name], f"{path}.{name}") for name in names if name in entry}

    def _function(self, text: str, path: str) -> Function:
        return self.program.function(text, path, getattr(self, "_scope", {"none": Name("None", "null")}))


def check_width(count: int) -> None:
    """Raises WireError for more columns than a result may have."""
    if count > MAX_COLUMNS:
        raise WireError("protocol", f"the server announced {count} columns; at most {MAX_COLUMNS} are accepted")


def _zone_info(name: str | None) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None
