"""How Python values are bound: the wire type that each one gets, and its bytes.

A pack's `parameters.kinds` gives for every kind of value one entry, or several: the first that holds it is taken.

    "int": [{"from": -32768, "to": 32767, "type": 21, "encode": "int"}, {"type": 20, "encode": "int"}]

`type` is the type's number on the wire, `format` 0 for text and 1 for binary, `flags` and `prefixed` are for the
messages that carry it, `encode` an operation of `sqlx.wire.values`.
`parameters.kinds.array`, `range` and `multirange` map the type of what is in such a value to its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import inf
from struct import error as StructError
from typing import Any, TypeAlias

from sqlx.wire.errors import PackError, WireError
from sqlx.wire.registry import Pack
from sqlx.wire.values import Context, Json, ServerText, encoder
from sqlx.wire.values.arrays import MAX_DIMENSIONS
from sqlx.wire.values.containers import Range
from sqlx.wire.values.kinds import KINDS, ZONED, is_wrapped, kind_of, unwrap

Section: TypeAlias = Mapping[str, Any]


class ParameterType:
    """One entry of a pack's `parameters`: what a bound value is on the wire. Compared by identity."""

    __slots__ = ("encode", "flags", "format", "kind", "prefixed", "type")

    def __init__(self, kind: str, entry: Section, encode: Callable[[Any], Any]) -> None:
        self.kind = kind
        self.type: int = entry.get("type", 0)
        self.flags: int = entry.get("flags", 0)
        self.format: int = entry.get("format", 0)
        self.prefixed: bool = entry.get("prefixed", False)
        self.encode = encode

    def __repr__(self) -> str:
        return f"<ParameterType {self.kind} {self.type}>"


class _Choice:
    """The entries of one kind, each with the range of values that it holds."""

    def __init__(self, kind: str, section: Any, context: Context) -> None:
        path = f"$.parameters.kinds.{kind}"
        entries = section if isinstance(section, list) else [section]
        self._ranges = [
            (entry.get("from", -inf), entry.get("to", inf), _type(kind, entry, context, path)) for entry in entries
        ]

        low, high, first = self._ranges[0]
        self.only = first if (low, high) == (-inf, inf) else None  # set when there is nothing to choose

    def resolve(self, value: Any) -> tuple[ParameterType, Any]:
        """The first entry that holds the value, beside it. Raises ValueError."""
        if self.only is not None:
            return self.only, value
        for low, high, entry in self._ranges:
            if low <= value <= high:
                return entry, value
        raise self._refusal(value)

    def holding(self, least: Any, most: Any) -> ParameterType:
        """The first entry that holds both numbers. Raises ValueError."""
        for low, high, entry in self._ranges:
            if low <= least and most <= high:
                return entry
        raise self._refusal(most)

    def _refusal(self, value: Any) -> ValueError:
        if value != value:
            return ValueError("the engine has no number for NaN: send None")
        low, high = min(low for low, _, _ in self._ranges), max(high for _, high, _ in self._ranges)
        return ValueError(f"it does not lie between {low} and {high}: send it as text")


def _type(kind: str, entry: Section, context: Context, path: str) -> ParameterType:
    if "encode" not in entry:
        if kind != "null":
            raise PackError(path, "an entry says how to `encode`")
        return ParameterType(kind, entry, _null)
    try:
        return ParameterType(kind, entry, encoder(entry["encode"], context))
    except PackError as error:
        raise PackError(f"{path}.encode", error.reason) from None


def _null(value: None) -> None:
    return None


_Resolver: TypeAlias = Callable[[Any], tuple[ParameterType, Any]]
# What an encoder raises for a value that it cannot write.
UNWRITABLE = (ValueError, TypeError, OverflowError, ArithmeticError, AttributeError, RecursionError, StructError)


class Parameters:
    """Binds values by a pack's `parameters` section. Raises PackError for a section that cannot be."""

    def __init__(self, section: Section, context: Context) -> None:
        kinds: Section = section.get("kinds", {})
        scalars = {"null": {}} | {kind: entry for kind, entry in kinds.items() if kind not in HOLDERS}
        self._choices = {kind: _Choice(kind, entry, context) for kind, entry in scalars.items()}
        self._holders: dict[str, _Holder] = {}
        for kind in HOLDERS & kinds.keys():
            self._holders[kind] = _Holder(kind, kinds[kind], self._choices, self._holders, context)
        # For each Python type seen: the one entry that it has, or how to find that of a value.
        self._known: dict[type, tuple[ParameterType | None, _Resolver]] = {}

    def bind(self, values: Sequence[Any]) -> tuple[tuple[ParameterType, ...], list[Any]]:
        """The types of the values, and the values encoded for them; None stays None.

        Raises WireError of kind `data` that names the position (from 1) and the Python type, and says what fits.
        """
        known = self._known
        types: list[ParameterType] = []
        encoded: list[Any] = []
        value: Any = None
        try:
            for value in values:
                found = known.get(type(value)) or self._learn(type(value))
                entry, item = found[0], value
                if entry is None:
                    entry, item = found[1](value)
                types.append(entry)
                encoded.append(entry.encode(item))
        except UNWRITABLE as error:
            raise _refusal(len(encoded) + 1, value, error) from None
        return tuple(types), encoded

    def holding(self, kind: str, least: Any, most: Any) -> ParameterType:
        """The first entry of a kind that holds both numbers, so that many values can share one. Raises ValueError."""
        return self._choices[kind].holding(least, most)

    def _learn(self, python_type: type) -> tuple[ParameterType | None, _Resolver]:
        found = self._find(python_type)
        if len(self._known) < MAX_KNOWN:
            self._known[python_type] = found
        return found

    def _find(self, python_type: type) -> tuple[ParameterType | None, _Resolver]:
        if is_wrapped(python_type):
            return None, lambda value: self._resolve(unwrap(value))
        kind = next((KINDS[base] for base in python_type.__mro__ if base in KINDS), None)
        if kind is None or kind in ZONED or kind not in self._choices:
            return None, self._resolve
        choice = self._choices[kind]
        return choice.only, choice.resolve

    def _resolve(self, value: Any) -> tuple[ParameterType, Any]:
        kind = kind_of(value) or ""
        if kind in LISTS and kind not in self._choices:
            kind = "array"
        holder = self._holders.get(kind)
        if holder is not None:
            return holder.type_of(value), value
        if kind == "array":  # where there are no arrays, lists are documents
            return self._resolve(Json(value))
        choice = self._choices.get(kind)
        if choice is None:
            raise TypeError(_advice(value, kind))
        return choice.resolve(value)


@lru_cache(maxsize=64)
def parameters_of(pack: Pack) -> Parameters:
    """The parameters of a pack: the same ones for all its connections."""
    return Parameters(pack.parameters, Context(byte_order=pack.byte_order))


LISTS = ("record", "vector")  # which are lists or tuples, and bind as such where there is nothing of the kind
MAX_KNOWN = 1024  # Python types remembered; a program that makes types without end gains nothing here


class _Holder:
    """Finds the type of a value that holds others, such as an array, by all that it holds."""

    def __init__(
        self, kind: str, section: Section, choices: dict[str, _Choice], holders: dict[str, _Holder], context: Context
    ) -> None:
        self._kind = kind
        self._choices = choices
        self._holders = holders
        self._of: Mapping[str, int] = section.get("of", {})
        self._otherwise: int = section.get("otherwise", 0)
        numbers = {self._otherwise, *self._of.values()}
        path = f"$.parameters.kinds.{kind}"
        self._types = {number: _type(kind, {**section, "type": number}, context, path) for number in numbers}

    def type_of(self, value: Any) -> ParameterType:
        """The one type of a value. Raises ValueError when what it holds has no kind in common."""
        return self._types[self._number(PARTS[self._kind](value))]

    def _number(self, parts: Iterable[Any]) -> int:
        """The number of the type of what holds these parts."""
        leaves = list(parts)
        kind = _common_kind(leaves)
        if kind is None:
            return self._otherwise
        there = [leaf for leaf in leaves if leaf is not None and not isinstance(leaf, ServerText)]
        holder = self._holders.get(kind)
        if holder is not None:
            inner = holder._number(part for leaf in there for part in PARTS[kind](leaf))
            return self._of.get(str(inner), self._otherwise)
        choice = self._choices.get(kind)
        if choice is None:
            raise TypeError(_advice_inside(there[0], kind))
        entry = choice.only or choice.holding(min(there), max(there))
        return self._of.get(str(entry.type), self._otherwise)


def _leaves(values: Sequence[Any], depth: int = 1) -> Iterator[Any]:
    if depth > MAX_DIMENSIONS:
        raise ValueError(f"its lists are nested more than {MAX_DIMENSIONS} deep")
    for value in values:
        if isinstance(value, (list, tuple)) and kind_of(value) in ("array", "vector"):
            yield from _leaves(value, depth + 1)
        else:
            yield unwrap(value)


def _ends(value: Range) -> tuple[Any, Any]:
    return unwrap(value.lower), unwrap(value.upper)


# What the values of a kind hold.
PARTS: dict[str, Callable[[Any], Iterable[Any]]] = {"array": _leaves, "range": _ends, "multirange": iter}
HOLDERS = PARTS.keys()


_WIDER = ({"int", "decimal"}, {"int", "float"})


def _common_kind(leaves: list[Any]) -> str | None:
    """The kind of all leaves but None, if there are such. Integers among decimals or floats count as such, and the
    server's own text for a value as that value.
    """
    kinds: set[str] = set()
    for sample in _samples(leaves):
        kind = "null" if isinstance(sample, ServerText) else kind_of(sample)
        if kind is None:
            raise TypeError(_advice_inside(sample, ""))
        kinds.add(kind)
    kinds.discard("null")
    if kinds in _WIDER:
        kinds.discard("int")
    if len(kinds) > 1:
        raise ValueError(f"its elements are of different kinds ({', '.join(sorted(kinds))}): make them one")
    return kinds.pop() if kinds else None


def _samples(leaves: list[Any]) -> Iterator[Any]:
    """One leaf of each Python type; all of a type whose kind depends on the value."""
    samples = {type(leaf): leaf for leaf in leaves}
    if any(kind_of(sample) in ("time", "timetz", "timestamp", "timestamptz") for sample in samples.values()):
        return iter(leaves)
    return iter(samples.values())


_INSTEAD = {
    "bool": "int",
    "decimal": "str or float",
    "interval": "a number of seconds, or str",
    "uuid": "str or bytes",
    "json": "text with json.dumps",
    "set": "list",
    "timestamptz": "the session's zone and take the zone off",
}


def _advice(value: Any, kind: str) -> str:
    """What to do with a value that has no type here."""
    if not kind and hasattr(value, "tolist"):
        return "there is no type for it: convert it with .tolist()"
    return f"there is no type for it: convert it to {_INSTEAD.get(kind, 'str')}"


def _advice_inside(value: Any, kind: str) -> str:
    """What to do with a value that holds one which has no type here."""
    instead = _INSTEAD.get(kind, "str")
    return f"its element of type {type(value).__name__} has no type on the server: convert it to {instead}"


def _refusal(position: int, value: Any, error: Exception) -> WireError:
    sentence = f"parameter {position} ({type(value).__name__}) cannot be sent: {reason(error)}"
    return WireError("data", sentence, outcome="not_run")


def reason(error: Exception) -> str:
    """Why an encoder refused a value, in our words where the error has only Python's."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeEncodeError):
        character = f"U+{ord(error.object[error.start]):04X}"
        return f"it has a character that {error.encoding} cannot write, {character}: take it out"
    if isinstance(error, (OverflowError, AttributeError, StructError)):
        return "what stands in it does not fit its type"
    return str(error)
