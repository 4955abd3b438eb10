"""Value types that hold other values: arrays with bounds, records, ranges, vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from typing import Any, ClassVar

from sqlx.wire.values.types import ServerText


class Array(list[Any]):
    """An array whose indexes do not begin at 1: a list, with the first index of each dimension in `lower_bounds`."""

    __slots__ = ("lower_bounds",)

    def __init__(self, values: Iterable[Any] = (), lower_bounds: Sequence[int] = (1,)) -> None:
        super().__init__(values)
        self.lower_bounds = tuple(lower_bounds)

    def __repr__(self) -> str:
        return f"Array({super().__repr__()}, lower_bounds={self.lower_bounds})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Array, (list(self), self.lower_bounds)


class Vector(list[float]):
    """A vector of 4-byte floats: a list that binds as one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Vector({super().__repr__()})"


class Record(tuple[Any, ...]):
    """The fields of a composite value: a tuple whose items can be had by name, as `record.name` or `record["name"]`.

    Of fields that are called alike the first is meant; a field called like a method of tuples is had by the key only.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _places: ClassVar[Mapping[str, int]] = {}

    def __new__(cls, values: Iterable[Any], fields: Sequence[str] | None = None) -> Record:
        """`Record((1, "a"), ("id", "name"))`. Raises ValueError for as many names as there are not values."""
        if fields is not None:
            cls = record_class(tuple(fields))
        record = tuple.__new__(cls, values)
        if len(record) != len(cls._fields) and cls is not Record:
            raise ValueError(f"{len(record)} values for {len(cls._fields)} fields")
        return record

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self._places[key] if isinstance(key, str) else key)

    def __getattr__(self, name: str) -> Any:
        place = self._places.get(name)
        if place is None:
            raise AttributeError(f"the record has no field {name!r}")
        return self[place]

    def _asdict(self) -> dict[str, Any]:
        """The values by name."""
        return {name: self[place] for name, place in self._places.items()}

    def __repr__(self) -> str:
        return f"Record({tuple(self)!r}, {self._fields!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Record, (tuple(self), self._fields or None)


@lru_cache(maxsize=512)
def record_class(fields: tuple[str, ...]) -> type[Record]:
    """Records with these names, which are data of the class and no attributes of it."""
    places = {name: place for place, name in reversed(list(enumerate(fields)))}
    return type("Record", (Record,), {"__slots__": (), "_fields": fields, "_places": places})


@total_ordering
@dataclass(frozen=True, slots=True, repr=False)
class Range:
    """All values from `lower` to `upper`; None: without end on that side. `bounds` tells which of the two belong to it:
    `[` and `]` do, `(` and `)` do not. What holds nothing is `Range(empty=True)`.

    Ranges sort as servers sort them: empty ones first, then by their lower ends, then by their upper ends.
    """

    lower: Any = None
    upper: Any = None
    bounds: str = "[)"
    empty: bool = False

    def __post_init__(self) -> None:
        if self.bounds not in ("[)", "()", "(]", "[]"):
            raise ValueError(f"bounds are '[)', '[]', '()' or '(]', not {self.bounds!r}")
        nothing = self.empty or (self.lower is not None and self.lower == self.upper and self.bounds != "[]")
        lower, upper = (None, None) if nothing else (self.lower, self.upper)
        bounds = ("(" if lower is None else self.bounds[0]) + (")" if upper is None else self.bounds[1])
        for name, value in (("lower", lower), ("upper", upper), ("bounds", bounds), ("empty", nothing)):
            object.__setattr__(self, name, value)

    def __contains__(self, value: Any) -> bool:
        if self.empty:
            return False
        above = _unbounded(self.lower, "-infinity") or (
            value >= self.lower if self.bounds[0] == "[" else value > self.lower
        )
        below = _unbounded(self.upper, "infinity") or (
            value <= self.upper if self.bounds[1] == "]" else value < self.upper
        )
        return bool(above and below)

    def __bool__(self) -> bool:
        return not self.empty

    def __lt__(self, other: Range) -> bool:
        if not isinstance(other, Range):
            return NotImplemented
        if self.empty or other.empty:
            return self.empty and not other.empty
        if (self.lower, self.bounds[0]) != (other.lower, other.bounds[0]):
            return _lower_first(self, other)
        return (self.upper, self.bounds[1]) != (other.upper, other.bounds[1]) and _ends_first(self, other)

    def __str__(self) -> str:
        if self.empty:
            return "empty"
        lower, upper = ("" if end is None else end for end in (self.lower, self.upper))
        return f"{self.bounds[0]}{lower},{upper}{self.bounds[1]}"

    def __repr__(self) -> str:
        return "Range(empty=True)" if self.empty else f"Range({self.lower!r}, {self.upper!r}, {self.bounds!r})"


def _unbounded(end: Any, infinity: str) -> bool:
    return end is None or (isinstance(end, ServerText) and end == infinity)


def _lower_first(one: Range, other: Range) -> bool:
    if one.lower is None or other.lower is None:
        return one.lower is None
    if one.lower == other.lower:
        return one.bounds[0] == "["
    return bool(one.lower < other.lower)


def _ends_first(one: Range, other: Range) -> bool:
    if one.upper is None or other.upper is None:
        return other.upper is None
    if one.upper == other.upper:
        return one.bounds[1] == ")"
    return bool(one.upper < other.upper)


class Multirange(tuple[Range, ...]):
    """Ranges as one set of values: a tuple of them, `in` which a value is when it is in one of them."""

    __slots__ = ()

    def __contains__(self, value: Any) -> bool:
        return any(value in each for each in self)

    def __repr__(self) -> str:
        return f"Multirange({list(self)!r})"
