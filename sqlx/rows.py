"""Row factories: what rows are fetched as. `connection.cursor(row_factory=dict_row)`.

A factory is called once a result with its columns, and gives what makes a row of each tuple of values. Those here raise
an error that arrives as ProgrammingError where the columns do not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import partial
from inspect import Parameter, signature
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlx.kernel.errors import Mistake
from sqlx.kernel.exec import Column
from sqlx.wire.values.containers import Record, record_class

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

Row: TypeAlias = tuple[Any, ...]

__all__ = [
    "RowFactory",
    "class_row",
    "dataclass_row",
    "dict_row",
    "namedtuple_row",
    "pydantic_row",
    "scalar_row",
    "tuple_row",
]


class RowFactory(Protocol[R_co]):
    """Called with the columns of a result; returns what makes a row of its values."""

    def __call__(self, columns: Sequence[Column], /) -> Callable[[Row], R_co]: ...


def tuple_row(columns: Sequence[Column]) -> Callable[[Row], Row]:
    """Tuples: the default, which costs nothing."""
    return _same


def _same(values: Row) -> Row:
    return values


def namedtuple_row(columns: Sequence[Column]) -> Callable[[Row], Record]:
    """Tuples with names: `row.name`, or `row["name"]` for a name that no attribute can have.

    Of columns that are called alike the first is meant. Nothing is generated from the names.
    """
    return partial(tuple.__new__, record_class(tuple(column.name for column in columns)))


def dict_row(columns: Sequence[Column]) -> Callable[[Row], dict[str, Any]]:
    """Dicts by column name. Two columns of one name are an error."""
    names = _distinct(columns)
    return lambda values: dict(zip(names, values, strict=True))


def scalar_row(columns: Sequence[Column]) -> Callable[[Row], Any]:
    """The value itself, of results with one column. A null is then not to be told from the end by `fetchone`."""
    if len(columns) != 1:
        raise Mistake(f"a row of {len(columns)} columns is no single value: select one")
    return lambda values: values[0]


def dataclass_row(cls: type[T]) -> RowFactory[T]:
    """Instances of a dataclass, whose fields are called as the columns are.

    Each column needs a field, and each field without a default a column.
    """
    if not is_dataclass(cls):
        raise TypeError(f"{cls!r} is no dataclass: class_row makes instances of any class")
    return class_row(cls)


def class_row(cls: Callable[..., T]) -> RowFactory[T]:
    """What a class, or any callable, makes of the columns as keywords; checked as for `dataclass_row`."""
    parameters = signature(cls).parameters.values()
    named = [each for each in parameters if each.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)]
    wanted = [each.name for each in named if each.default is Parameter.empty]
    taken = None if any(each.kind is Parameter.VAR_KEYWORD for each in parameters) else [each.name for each in named]
    return partial(_of_keywords, cls, taken, wanted)


def pydantic_row(model: type[T]) -> RowFactory[T]:
    """Instances of a pydantic model, validated by it; its ValidationError is raised as it is."""
    validate: Callable[[Mapping[str, Any]], T] = model.model_validate  # type: ignore[attr-defined]

    def factory(columns: Sequence[Column]) -> Callable[[Row], T]:
        names = _distinct(columns)
        return lambda values: validate(dict(zip(names, values, strict=True)))

    return factory


def _of_keywords(
    cls: Callable[..., T], taken: Sequence[str] | None, wanted: Sequence[str], columns: Sequence[Column]
) -> Callable[[Row], T]:
    names, title = _distinct(columns), getattr(cls, "__name__", repr(cls))
    for name in names:
        if taken is not None and name not in taken:
            raise Mistake(f"{title} has no field for the column {name!r}; it has {', '.join(taken)}")
    for name in wanted:
        if name not in names:
            raise Mistake(f"{title} needs a value for its field {name!r}, and no column is called so")
    return lambda values: cls(**dict(zip(names, values, strict=True)))


def _distinct(columns: Sequence[Column]) -> tuple[str, ...]:
    names = tuple(column.name for column in columns)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Mistake(f"several columns are called {twice!r}: name them apart with AS")
    return names
