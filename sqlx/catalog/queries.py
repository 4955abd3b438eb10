"""From a pack's `catalog` section to its statements, and from their rows to records of the model.

The columns of a query are called as the model's fields are. A field of several values gets them as an array, or one a
row: rows that agree in everything else are one record. Where two records could agree in everything else, a column
`id` tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from sqlx.dbapi.exceptions import InterfaceError, translate
from sqlx.kernel.errors import Mistake
from sqlx.kernel.exec import Pack
from sqlx.kernel.names import quoted

T = TypeVar("T")


def query(pack: Pack, name: str, schema: str | None) -> str | None:
    """The statement of this name, with `:schema` and `:relation` to be bound; None where the engine has no such thing.

    `{schema}` in it is the quoted name, for engines that keep a catalog in each schema. Raises ProgrammingError for one
    that cannot be quoted.
    """
    entry = pack.catalog.get(name)
    if entry is None:
        return None
    text = "\n".join(entry["sql"])
    if schema is None or "{schema}" not in text:
        return text
    try:
        return text.replace("{schema}", quoted(pack.sql, schema))
    except Mistake as error:
        raise translate(error, pack) from None


def records(model: type[T], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> tuple[T, ...]:
    """The records that the rows hold, in their order.

    Raises InterfaceError when the columns, whose names are given, are not the model's fields.
    """
    kinds = _kinds(model, names)
    several = [name for name in names if kinds[name] == "tuple[str, ...]"]
    truths = [name for name in names if kinds[name] == "bool"]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        values = dict(zip(names, row, strict=True))
        listed = {name: values.pop(name) for name in several}
        record = found.setdefault(tuple(values.values()), values | dict.fromkeys(several, ()))
        for name, value in listed.items():
            record[name] += tuple(value) if isinstance(value, list) else () if value is None else (value,)
    for record in found.values():
        record.pop("id", None)
        record.update({name: bool(record[name]) for name in truths})
    return tuple(model(**record) for record in found.values())


def _kinds(model: type[Any], names: Sequence[str]) -> dict[str, str]:
    """The annotation of each field, and of `id`."""
    kinds = {field.name: str(field.type) for field in fields(model)}
    needed = {field.name for field in fields(model) if field.default is MISSING}
    if not needed <= {*names} <= {*kinds, "id"}:
        raise InterfaceError(
            f"a catalog query of the pack answers {', '.join(names)}; "
            f"the fields of {model.__name__} are {', '.join(kinds)}"
        )
    return {**kinds, "id": "str"}
