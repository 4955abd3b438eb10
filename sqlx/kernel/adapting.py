"""What programs teach the driver of types: how values of their classes are bound, and what values become of.

There is one registry for all connections, `sqlx.types`, and one over it for each connection, `connection.types`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, TypeAlias, TypeVar

from sqlx.kernel.errors import Mistake, Pack, did_you_mean
from sqlx.wire.named_types import own_name, own_names
from sqlx.wire.result import Column, Shape
from sqlx.wire.values.containers import Array, Multirange, Range, Record

T = TypeVar("T")
Load: TypeAlias = Callable[[Any], Any]

MAX_STEPS = 8  # adapters one after the other, for one value


class Types:
    """Adapters and loaders. A registration counts for all statements that are executed after it."""

    def __init__(self, base: Types | None = None) -> None:
        self._base = base
        self._adapters: dict[type, Load] = {}
        self._loaders: dict[str | int, Load] = {}

    def adapt(self, cls: type[T], to: Callable[[T], Any]) -> None:
        """Bind instances of a class, and of its subclasses, as what `to(value)` returns.

        Raises TypeError for what is no class, or no function.
        """
        _check_class(cls)
        _check_function(to)
        self._adapters[cls] = to

    def load(self, type: str | int, from_: Load) -> None:
        """Give `from_(value)` for each value of a server's type that is not null, wherever in a value it stands.

        The type is named as `Cursor.description` does, with its schema before it where that matters, or by its number.
        Raises TypeError for what is neither, or no function; for a connection ValueError for what its columns are never
        said to be: another word for a type, or any that is not known where a database has no types of its own.
        """
        self._check_type(type)
        _check_function(from_)
        self._loaders[type] = from_

    def enum(self, name: str, cls: type[Enum], *, by: str = "value") -> None:
        """Labels of the type `name` arrive as members of `cls`, and members are bound as labels.

        `by="name"` takes the members' names for the labels. Raises TypeError for what is no enum.
        """
        if not (isinstance(cls, type) and issubclass(cls, Enum)):
            raise TypeError(f"a class of enum.Enum has the members, not {cls!r:.40}")
        if by not in ("value", "name"):
            raise ValueError(f"a label is a member's 'value' or 'name', not {by!r}")
        self.adapt(cls, lambda member: getattr(member, by))
        self.load(name, cls if by == "value" else cls.__getitem__)

    def composite(self, name: str, cls: type[Any]) -> None:
        """Values of the composite type `name` arrive as `cls(field=value, ...)`, and instances are bound as such.

        A dataclass or a named tuple; any other class takes keywords, and has attributes of these names. Raises
        TypeError for what is no class, or does not tell its fields.
        """
        _check_class(cls)
        fields = _fields_of(cls)
        self.load(name, lambda record: cls(**record._asdict()))
        self.adapt(cls, lambda value: Record([getattr(value, field) for field in fields], fields))

    def _check_type(self, type: str | int) -> None:
        if not isinstance(type, str | int) or isinstance(type, bool) or type == "":
            raise TypeError(f"a type is told by its name, or its number, not by {type!r:.40}")

    # -- what the kernel asks

    def adapter_of(self, cls: type) -> Load | None:
        """How values of a class are bound, where somebody said so: the nearest of its bases counts."""
        for base in cls.__mro__[:-1]:
            registry: Types | None = self
            while registry is not None:
                if base in registry._adapters:
                    return registry._adapters[base]
                registry = registry._base
        return None

    @property
    def adapts(self) -> bool:
        """Whether there is any adapter."""
        return bool(self._adapters) or (self._base is not None and self._base.adapts)

    @property
    def loads(self) -> bool:
        """Whether there is any loader."""
        return bool(self._loaders) or (self._base is not None and self._base.loads)

    def _loader(self, *names: str | int | None) -> Load | None:
        for name in names:
            if name in self._loaders:
                return self._loaders[name]
        return self._base._loader(*names) if self._base is not None else None

    def loaders_of(self, columns: Iterable[Column]) -> list[tuple[int, Column, Load]]:
        """The columns whose values are to be loaded: place, column, and how."""
        found = []
        for place, column in enumerate(columns):
            shape = column.shape or Shape.named(column.type)
            load = self._loading(shape, column.type_id)
            if load is not None:
                found.append((place, column, load))
        return found

    def _loading(self, shape: Shape, number: int | None = None) -> Load | None:
        own = self._loader(number, f"{shape.schema}.{shape.name}" if shape.schema else None, shape.name)
        inner = _within(shape.kind, [self._loading(part) for part in shape.parts])
        if own is None or inner is None:
            return own if own is not None else inner
        return lambda value: own(inner(value))


class SessionTypes(Types):
    """The registry of one connection, over the one for all."""

    def __init__(self, forget: Callable[[], None], pack: Pack) -> None:
        super().__init__(EVERYWHERE)
        self._forget = forget
        self._pack = pack

    def _check_type(self, type: str | int) -> None:
        super()._check_type(type)
        if complaint := _never_said(self._pack, type):
            raise ValueError(complaint)

    def _loader(self, *names: str | int | None) -> Load | None:
        if not self._pack.embedded:
            return super()._loader(*names)
        for registry in (self, EVERYWHERE):  # what a table declares is one type in any case
            declared = {str(name).upper(): load for name, load in registry._loaders.items()}
            for name in names:
                if name is not None and str(name).upper() in declared:
                    return declared[str(name).upper()]
        return None

    def refresh(self) -> None:
        """Look up the server's types anew when they are next seen: another program may have changed them."""
        self._forget()


class Unloadable(Exception):
    """A loader failed; its cause is the error that it raised."""


def loading(types: Types, columns: Sequence[Column]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    """What puts rows through the loaders of their columns; None where there are none. It raises Unloadable."""
    loaders = types.loaders_of(columns) if types.loads else []
    if not loaders:
        return None

    def load_row(values: tuple[Any, ...]) -> tuple[Any, ...]:
        row = list(values)
        for place, column, load in loaders:
            if row[place] is not None:
                try:
                    row[place] = load(row[place])
                except Exception as error:
                    raise Unloadable(
                        f"the loader of {column.type}, the type of the column {column.name!r}, failed for a value of "
                        f"type {type(row[place]).__name__}: {error!r}"
                    ) from error
        return tuple(row)

    return load_row


def adapted(types: Types, values: Sequence[Any]) -> Sequence[Any]:
    """Values to be bound, as their adapters make them. Raises Mistake for what never comes to an end."""
    return [_adapted(types, value) for value in values]


def _adapted(types: Types, value: Any) -> Any:
    for _ in range(MAX_STEPS):
        to = types.adapter_of(type(value))
        if to is None:
            return _parts_adapted(types, value)
        before, value = value, to(value)
        if type(value) is type(before):
            return value
    raise Mistake(f"adapters lead from one to the other without end, the last made a {type(value).__name__}")


def _parts_adapted(types: Types, value: Any) -> Any:
    if isinstance(value, Record):
        return Record([_adapted(types, each) for each in value], value._fields or None)
    if type(value) in (list, tuple):
        return [_adapted(types, each) for each in value]
    if isinstance(value, Range) and not value.empty:
        return Range(_adapted(types, value.lower), _adapted(types, value.upper), value.bounds)
    return value


def _within(kind: str, parts: list[Load | None]) -> Load | None:
    """How a value is loaded whose parts are."""
    if not any(parts):
        return None
    if kind == "composite":
        return lambda record: _loaded_record(record, parts)
    (load,) = parts
    assert load is not None
    if kind == "array":
        return lambda value: _loaded_list(value, load)
    if kind == "range":
        return lambda value: _loaded_range(value, load)
    if kind == "multirange":
        return lambda value: Multirange(_loaded_range(each, load) for each in value)
    return load  # of a domain


def _loaded_list(value: Any, load: Load) -> Any:
    if not isinstance(value, list):  # the server's text, where it could not be read
        return value
    items = [
        _loaded_list(each, load) if isinstance(each, list) else None if each is None else load(each) for each in value
    ]
    return Array(items, value.lower_bounds) if isinstance(value, Array) else items


def _loaded_range(value: Any, load: Load) -> Any:
    if not isinstance(value, Range) or value.empty:
        return value
    lower, upper = (None if end is None else load(end) for end in (value.lower, value.upper))
    return Range(lower, upper, value.bounds)


def _loaded_record(record: Any, parts: list[Load | None]) -> Any:
    if not isinstance(record, Record):
        return record
    values = (
        value if value is None or load is None else load(value) for value, load in zip(record, parts, strict=True)
    )
    return Record(values, record._fields)


def _check_class(cls: Any) -> None:
    if not isinstance(cls, type) or cls is object:
        raise TypeError(f"an adapter is for a class and those below it, not for {cls!r:.40}")


def _check_function(function: Any) -> None:
    if not callable(function):
        raise TypeError(f"a function makes one value of another, not {function!r:.40}")


def _never_said(pack: Pack, type: str | int) -> str:
    """Why no column is ever said to be of this type; empty where one may be."""
    if pack.embedded:  # a table declares what it likes
        return ""
    if pack.lookup and isinstance(type, str) and type != type.lower():
        return ""  # its case tells a type of the database's own from those that all have
    title, names = pack.title or pack.name, own_names(pack.types)
    own = own_name(names, type) if isinstance(type, str) else type
    if isinstance(type, str) and own not in (None, type):
        yours = f", or one of the database's own as schema.{type}" if pack.lookup else ""
        return f"{title} tells of this type as one called {own!r}, and never as {type!r}: name it so{yours}"
    if pack.lookup or type in names.values() or str(type) in pack.types:
        return ""
    return f"no type of {title} is {type!r}{did_you_mean(type, names) if isinstance(type, str) else ''}"


def _fields_of(cls: type[Any]) -> tuple[str, ...]:
    """The names of a class's fields, in order. Raises TypeError where they cannot be told."""
    for name in ("__dataclass_fields__", "_fields", "__annotations__", "__match_args__"):
        fields = getattr(cls, name, None)
        if fields:
            return tuple(fields)
    raise TypeError(f"{cls.__name__} does not tell its fields: make it a dataclass, or give it __match_args__")


EVERYWHERE = Types()
