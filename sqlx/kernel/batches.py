"""Many rows of parameters for one statement, under as few types as hold them all; and what they brought, as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from sqlx.kernel.errors import Mistake, WireError, number_in
from sqlx.wire.parameters import HOLDERS, Parameters, ParameterType
from sqlx.wire.result import Result
from sqlx.wire.values.kinds import unwrap

T = TypeVar("T")
U = TypeVar("U")
Types: TypeAlias = tuple[ParameterType, ...]
Values: TypeAlias = Sequence[Any]


def each(rows: Iterable[T]) -> Iterator[T]:
    """One after the other. Raises Mistake for what holds no rows, or makes one wait for them."""
    try:
        return iter(rows)
    except TypeError:
        raise Mistake(
            f"rows are an iterable, not {type(rows).__name__}",
            "what is waited for is collected first: [row async for row in rows]" if hasattr(rows, "__aiter__") else "",
        ) from None


def every(work: Callable[[T], U], rows: Iterable[T]) -> list[U]:
    """What `work` makes of each row; a WireError says of which row it is."""
    done: list[U] = []
    try:
        for row in rows:
            done.append(work(row))  # not a list of its own: how many are done is told
    except WireError as error:
        error.fields["row"] = str(len(done) + 1)
        raise
    return done


def name_row(error: WireError, before: int, index: int | None) -> None:
    """Say in an error which row it is of: the one of this index behind those `before`. One that has a position is of
    the statement, whatever its row."""
    if index is not None and error.kind in ("server", "data") and number_in(error.fields, "position") is None:
        error.fields["row"] = str(before + index + 1)


def batches(parameters: Parameters, rows: Iterable[Values]) -> Iterator[tuple[Types, list[Values]]]:
    """The rows encoded, in order, those that follow one another with the same types together. Raises WireError (data).

    The integers of a column share the smallest type that holds them all, and None the type of what else is there: a
    column of one kind never splits a batch.
    """
    raw = list(rows)
    bound = every(parameters.bind, raw)
    kinds = {types for types, _ in bound}
    if len(kinds) > 1:
        shared = [_shared(parameters, set(types), raw, index) for index, types in enumerate(zip(*kinds, strict=True))]
        bound = [_recast(types, values, row, shared) for (types, values), row in zip(bound, raw, strict=True)]
    for types, group in groupby(bound, itemgetter(0)):
        yield types, [values for _, values in group]


def _shared(parameters: Parameters, types: set[ParameterType], rows: list[Values], index: int) -> ParameterType | None:
    """The one type for a column, or None where there is none."""
    telling = {each for each in types if each.kind != "null"}
    if len(telling) < 2:
        return (telling or types).pop()
    kinds = {each.kind for each in telling}
    if len(kinds) > 1 or kinds & HOLDERS:
        return None
    values = [value for value in (unwrap(row[index]) for row in rows) if value is not None]
    try:
        return parameters.holding(kinds.pop(), min(values), max(values))
    except ValueError:
        return None


def _recast(
    types: Types, values: list[Any], row: Values, shared: list[ParameterType | None]
) -> tuple[Types, list[Any]]:
    """One row under the shared types."""
    for index, chosen in enumerate(shared):
        if chosen is not None and chosen is not types[index] and row[index] is not None:
            values[index] = chosen.encode(unwrap(row[index]))
    return tuple(chosen or own for chosen, own in zip(shared, types, strict=True)), values


def joined(results: list[Result]) -> list[Result]:
    """What one statement brought that was run many times: one result, where all that have columns have the same; else
    each as it came."""
    shared = {id(result.columns): result.columns for result in results if result.columns is not None}.values()
    if not results or len({tuple((column.name, column.type) for column in columns) for columns in shared}) > 1:
        return results
    whole = Result(next(iter(shared), None))
    counts = [result.rowcount for result in results]
    whole.rowcount = -1 if -1 in counts else sum(counts)
    whole.lastrowid, whole.tag = results[-1].lastrowid, results[-1].tag
    for result in results:
        whole.rows += result.rows
    whole.complete = True
    return [whole]
