"""Types that a pack does not know: what the server says of them becomes entries like those of the pack's `types`.

The pack's `lookup` has the query. What it brings is remembered by server, database and user, for all connections of
the process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from sqlx.wire.columns import Layouter
from sqlx.wire.errors import PackError
from sqlx.wire.result import Column, Result, Shape
from sqlx.wire.values import Context, ServerText, text_decoder
from sqlx.wire.values.text import lenient

MAX_PLACES = 64  # databases whose types are remembered
SAVEPOINT = "sqlx_types"  # stands around a query within a transaction
MAX_PARTS = 1600  # of one composite

Place: TypeAlias = tuple[Any, ...]
Section: TypeAlias = Mapping[str, Any]


class Known:
    """A layouter for each place: what was looked up in one database is never taken for another's."""

    def __init__(self) -> None:
        self._places: OrderedDict[Place, Layouter] = OrderedDict()

    def layouter(self, base: Layouter, place: Place) -> Layouter:
        """The layouter of a place, which begins as what the pack knows."""
        if not base.program.pack.lookup:
            return base
        found = self._places.get(place)
        return found if found is not None else self.renew(base, place)

    def renew(self, base: Layouter, place: Place) -> Layouter:
        """A layouter that has looked up nothing, for this connection and those to come; others keep what they know."""
        if not base.program.pack.lookup:
            return base
        fresh = self._places[place] = base.fork()
        if len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)
        return fresh


def query(lookup: Section, ids: Iterable[int]) -> str:
    """The pack's query for some types. Their numbers come from the wire's integers."""
    return "\n".join(lookup["sql"]).replace("{ids}", ", ".join(str(int(each)) for each in ids))


def entries(result: Result, types: Section, named: Section, asked: Iterable[int]) -> dict[str, Section]:
    """Entries for the types of a result of that query; those asked for that it says nothing of stay as they were.

    Raises ValueError, TypeError or KeyError for a result that has other columns.
    """
    names = [column.name for column in result.columns or ()]
    rows = {str(int(row["id"])): row for row in (dict(zip(names, each, strict=True)) for each in result.rows)}
    composer = _Composer(rows, types, named)
    for key in rows:
        composer.entry(key)
    return {str(key): types["default"] for key in asked} | composer.made


class _Composer:
    """Makes entries of rows. What is made of parts that are not known, or of too many, is text."""

    def __init__(self, rows: Mapping[str, Section], types: Section, named: Section) -> None:
        self._rows = rows
        self._types = types
        self._named = named
        self.made: dict[str, Section] = {}

    def entry(self, key: str) -> Section:
        known: Section | list[Section] | None = self._types.get(key) or self.made.get(key)
        if known is not None:
            return known[-1] if isinstance(known, list) else known
        row = self._rows.get(key)
        if row is None:
            return dict(self._types["default"])
        self.made[key] = {"name": row["name"], "group": "STRING"}  # meanwhile, where a type would be its own part
        made = self.made[key] = self._composed(row)
        return made

    def _composed(self, row: Section) -> Section:
        kind, name = str(row["kind"]), str(row["name"])
        if kind == "enum":
            return {"name": name, "group": "STRING", "binary": "text", "shape": Shape(kind, name, row["schema"])}
        if kind == "base":
            return {"name": name, "group": "STRING", **self._named.get(name, {})}
        parts = [self.entry(str(int(part))) for part in (row["parts"] or ())[:MAX_PARTS]]
        if kind == "array":
            name = f"{parts[0]['name']}[]"
        shape = Shape(kind, name, row["schema"], tuple(map(shape_of, parts)))
        operation = _operation(kind, parts, row["fields"] or ())
        group = str(parts[0].get("group", "")) if kind == "domain" else ""
        if operation is None:
            return {"name": name, "group": "STRING"}
        return {"name": name, "group": group, "text": operation, "shape": shape}


def shape_of(entry: Section) -> Shape:
    """The shape of what an entry reads; that of a list is told by its name."""
    shape: Shape | None = entry.get("shape")
    return shape if shape is not None else Shape.named(entry["name"])


def _operation(kind: str, parts: list[Section], fields: Iterable[str]) -> str | None:
    """The operation of what is made of parts; None when it cannot be one."""
    read = [str(part.get("text", "text")) for part in parts]
    if kind == "composite":
        pairs = zip((field.replace("'", "''") for field in fields), read, strict=True)
        inner = ", ".join(f"'{field}', {each}" for field, each in pairs)
        operation = f"composite({inner})" if inner else "composite"
    else:
        operation = read[0] if kind == "domain" else f"{kind}({read[0]})"
    try:
        text_decoder(operation, Context())
    except PackError:  # nested too deeply, or too long
        return None
    return operation


def reread(result: Result, layouter: Layouter, context: Context) -> None:
    """Read once more what arrived as text because its type was not known."""
    columns = list(result.columns or ())
    for place, column in enumerate(columns):
        entry = layouter.looked_up.get(str(column.type_id))
        if entry is None or column.shape is not None:
            continue
        columns[place] = _renamed(column, entry)
        decode = lenient(text_decoder(entry.get("text", "text"), context))
        for index, row in enumerate(result.rows):
            value = row[place]
            if type(value) is str and not isinstance(value, ServerText):
                result.rows[index] = (*row[:place], decode(value.encode()), *row[place + 1 :])
    result.columns = columns


def _renamed(column: Column, entry: Section) -> Column:
    sizes = {name: getattr(column, name) for name in ("display_size", "internal_size", "precision", "scale", "null_ok")}
    return Column(column.name, entry["name"], column.type_id, entry.get("group", ""), shape=entry.get("shape"), **sizes)
