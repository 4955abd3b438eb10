"""What a server answers, in the shape every link gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlx.wire.errors import WireError


class Shape(NamedTuple):
    """How a type is made: `kind` is `enum`, `domain`, `array`, `range`, `multirange`, `composite`, or empty for all
    that has no `parts`."""

    kind: str
    name: str
    schema: str = ""
    parts: tuple[Any, ...] = ()  # shapes: of elements, ends, fields

    @classmethod
    def named(cls, name: str) -> Shape:
        """The shape of a type that a pack knows: `x[]` is an array of `x`."""
        if name.endswith("[]"):
            return cls("array", name, "", (cls("", name[:-2]),))
        return cls("", name)


class Column:
    """One column of a result.

    `type` is the engine's own name for the type (`int4`, `varchar`), `type_id` its number on the wire or None,
    `group` the DB-API type group: `STRING`, `BINARY`, `NUMBER`, `DATETIME`, `ROWID`, or `""`. `shape` is how the type
    is made, of one that was looked up at the server.
    Sizes are in characters or bytes as the engine counts them; None where the engine does not say.
    """

    __slots__ = (
        "display_size",
        "group",
        "internal_size",
        "name",
        "null_ok",
        "precision",
        "scale",
        "shape",
        "type",
        "type_id",
    )

    def __init__(
        self,
        name: str,
        type: str = "",
        type_id: int | None = None,
        group: str = "",
        *,
        display_size: int | None = None,
        internal_size: int | None = None,
        precision: int | None = None,
        scale: int | None = None,
        null_ok: bool | None = None,
        shape: Shape | None = None,
    ) -> None:
        self.name = name
        self.type = type
        self.type_id = type_id
        self.group = group
        self.display_size = display_size
        self.internal_size = internal_size
        self.precision = precision
        self.scale = scale
        self.null_ok = null_ok
        self.shape = shape

    def __repr__(self) -> str:
        return f"<Column {self.name!r} {self.type}>"


class Result:
    """One result of a statement. `columns` is None where there are no rows to come (DDL, DML without RETURNING).

    `rows` holds what has arrived and not been taken. `complete` is True once the server has said that it is all.
    `rowcount` is -1 while unknown; `lastrowid` None where there is none; `tag` the server's word for what it did.
    """

    __slots__ = ("columns", "complete", "lastrowid", "rowcount", "rows", "tag")

    def __init__(self, columns: Sequence[Column] | None = None) -> None:
        self.columns = columns
        self.rows: list[tuple[Any, ...]] = []
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.tag = ""
        self.complete = False


class Reply:
    """All that one exchange brings: its results in order, and whether the exchange has ended.

    A streamed reply is handed out before it is `done`; `Link.resume` reads on. `error` is the error that ended it.
    """

    __slots__ = (
        "described",
        "done",
        "error",
        "layout",
        "portal",
        "prepared",
        "results",
        "steps",
        "stream",
        "unsure",
        "wanting",
    )

    def __init__(self, stream: bool = False) -> None:
        self.results: list[Result] = []
        self.done = False
        self.error: WireError | None = None
        self.stream = stream
        self.portal: str | None = None
        self.unsure = False  # some column is of a type that nobody knows yet
        self.wanting = False  # the server takes data, which `Link.give` gives
        self.prepared: Any = None  # the statement that was prepared in passing, for `Link.execute`
        self.described: Any = None  # the definitions of the columns that came last; its link's business
        self.layout: Any = None  # how the rows of the open result are read; its link's business
        self.steps: Any = None  # the suspended machine of a streamed reply; its link's business
