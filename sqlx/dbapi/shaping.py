"""Rows as a cursor hands them out: their values through the loaders of their types, then all through a row factory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlx.dbapi import exceptions
from sqlx.dbapi.exceptions import translate
from sqlx.kernel.adapting import Types, Unloadable, loading
from sqlx.kernel.errors import WireError
from sqlx.kernel.exec import Column, Pack, Result
from sqlx.rows import RowFactory


def check_factory(factory: object) -> None:
    """Raises ProgrammingError for what is neither a row factory nor None."""
    if factory is not None and not callable(factory):
        raise exceptions.ProgrammingError(
            f"a row factory is a function of a result's columns, such as sqlx.rows.dict_row, not {factory!r:.80}"
        )


class Shaper:
    """Shapes the rows of one statement; what was made for a result's columns serves all its rows."""

    __slots__ = ("_columns", "_factory", "_pack", "_shapes", "_types")

    def __init__(self, types: Types, factory: RowFactory[Any] | None, pack: Pack) -> None:
        self._types = types
        self._factory = factory
        self._pack = pack
        self._columns: Sequence[Column] | None = None
        self._shapes: list[Callable[[Any], Any]] = []  # what makes a row of values, one after the other

    def shaped(self, rows: list[Any], result: Result) -> list[Any]:
        """Rows of a result. Raises DataError when a loader fails, the class of its error when the factory cannot take
        the columns, and whatever else the factory raises."""
        columns = result.columns or ()
        try:
            if self._columns is not columns:
                load = loading(self._types, columns)
                self._shapes = [shape for shape in (load, self._factory and self._factory(columns)) if shape]
                self._columns = columns
            for shape in self._shapes:
                rows = list(map(shape, rows))
        except Unloadable as error:
            raise exceptions.DataError(str(error)) from error.__cause__
        except WireError as error:
            raise translate(error, self._pack) from None
        return rows
