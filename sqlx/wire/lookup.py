"""Types that a pack does not know: what the server says of them becomes entries like those of the pack's `types`.

The pack's `lookup` has the query. What it brings is remembered by server, how far it is to be verified, database and
user, for all connections of the process.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlx.wire.arguments import arguments
from sqlx.wire.columns import Layouter
from sqlx.wire.errors import PackError, WireError
from sqlx.wire.line import Line
from sqlx.wire.link import Steps
from sqlx.wire.replies import Replies
from sqlx.wire.result import Column, Reply, Result, Shape
from sqlx.wire.values import Context, ServerText, text_decoder
from sqlx.wire.values.text import lenient

MAX_PLACES = 64  # databases whose types are remembered
SAVEPOINT = "sqlx_types"  # stands around a query within a transaction
MAX_PARTS = 1600  # of one composite

Place: TypeAlias = tuple[Any, ...]
Section: TypeAlias = Mapping[str, Any]
Described: TypeAlias = tuple[list[Column] | None, tuple[int, ...]]  # columns, and the format that is best for each


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


class Lookup:
    """Asks one server for types, and reads once more what came before anybody could."""

    def __init__(self, line: Line, replies: Replies, renew: Callable[[], Layouter]) -> None:
        self._line = line
        self._replies = replies
        self._renew = renew

    def described(self, raw: Any, parameters: Sequence[int]) -> Steps[Described]:
        """What is known of a statement just prepared, its types looked up where the pack does not know them."""
        found = self._description(raw)
        layouter = self._line.machine.results.layouter
        unknown = layouter.unknown([*(column.type_id for column in found[0] or ()), *parameters])
        return self._description(raw) if unknown and (yield from self._look_up(unknown)) else found

    def _description(self, raw: Any) -> Described:
        try:
            return self._line.machine.results.description(raw)
        except WireError:
            self._replies.abort()
            raise

    def _look_up(self, ids: Sequence[int]) -> Steps[bool]:
        """Ask for types; whether there was an answer. A transaction outlives that there was none, by a savepoint."""
        state, pack, machine = self._replies.state, self._line.program.pack, self._line.machine
        if state == "failed":
            return False
        guarded = state == "open" and "savepoint" in pack.session
        try:
            if guarded:
                yield from self._savepoint("savepoint")
            reply = yield from self._ask(query(pack.lookup, ids))
            if guarded:
                yield from self._savepoint("release")
            found = entries(reply.results[0], pack.types, pack.lookup.get("named", {}), ids)
        except WireError as error:
            if error.kind != "server":
                raise
            if guarded:
                yield from self._savepoint("rollback_to")
                yield from self._savepoint("release")
            return False
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):  # an answer of another shape
            return False
        machine.results.layouter.looked_up.update(found)
        machine.openings.forget()
        return True

    def _savepoint(self, verb: str) -> Steps[Reply]:
        return self._ask(str(self._line.program.pack.session[verb]).replace("{name}", SAVEPOINT))

    def _ask(self, sql: str) -> Steps[Reply]:
        """Run a text of our own, which brings nothing that is looked up in turn."""
        return self._replies.ask("query", arguments(sql=sql), Reply())

    def reread(self, reply: Reply) -> Steps[None]:
        """What came before anybody could ask for its type is read once more, so that it arrives as it always does. The
        further parts of a stream are read that way at once, where it comes in parts."""
        if not (reply.unsure and reply.done and (reply.portal or not reply.stream)):
            return
        layouter, v = self._line.machine.results.layouter, self._line.machine.v
        columns = [column for result in reply.results for column in result.columns or ()]
        unknown = layouter.unknown(column.type_id for column in columns)
        if unknown and not (yield from self._look_up(unknown)):
            return
        for result in reply.results:
            reread(result, layouter, layouter.context(v))
        reply.unsure = False
        if reply.portal and reply.layout is not None:
            reply.layout = layouter.again(reply.layout, v)

    def forget(self) -> None:
        """Look up types anew."""
        machine = self._line.machine
        if machine.results.layouter.looked_up:
            machine.results.layouter = self._renew()
            machine.openings.forget()


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
