"""The functions that expressions may call: those on texts, bytes, lists and maps here, the cryptographic ones in
`crypto`."""

from __future__ import annotations

from typing import Any

from sqlx.wire import crypto
from sqlx.wire.compile.fuel import deriving, hashing, reading
from sqlx.wire.crypto import Function
from sqlx.wire.errors import WireError

MAX_ENTRIES = 1000  # of a map that a server fills
MAX_ELEMENTS = 65535  # of a list that an expression makes


def _int(text: Any, default: int | None = None) -> int:
    """The number that a text spells in digits; more than 20 characters are no number of any protocol."""
    try:
        if len(text) > 20:
            raise ValueError("a number of more than 20 digits")
        digits = text.isdigit() or (text[:1] == "-" and text[1:].isdigit())
        if not digits or not text.isascii():  # Python takes 4_096 for a number too
            raise ValueError("a text that is no number")  # nor repeated: it may be a secret
        return int(text)
    except (ValueError, TypeError):
        if default is None:
            raise
        return default


def _word(text: str, index: int) -> str:
    """A word of a text, counted from the left, or from the right when negative; empty where there is none."""
    words = text.split()
    return words[index] if -len(words) <= index < len(words) else ""


def _pairs(text: str, separator: str, equals: str) -> dict[str, str]:
    """A map from `a=1,b=2`: what stands before the first `equals` of each part, and what stands after it.

    No name stands twice: which of its values counts would be anybody's guess.
    """
    parts = [part.partition(equals) for part in text.split(separator)]
    found = {key: value for key, _, value in parts}
    if len(found) < len(parts):
        raise ValueError("a name stands twice in a list of pairs")
    return found


def _null_bitmap(values: list[Any], offset: int) -> bytes:
    """One bit a value, set where it is null, the first at bit `offset` of the first byte."""
    if None not in values:
        return bytes((len(values) + offset + 7) // 8)
    bits = sum(1 << (index + offset) for index, value in enumerate(values) if value is None)
    return bits.to_bytes((len(values) + offset + 7) // 8, "little")


def _get(table: dict[str, Any], key: str, default: Any) -> Any:
    return table.get(key, default)


def _repeat(value: Any, count: int) -> list[Any]:
    if not 0 <= count <= MAX_ELEMENTS:
        raise ValueError(f"a list of {count} elements")
    return [value] * count


def _until(value: bytes, end: bytes) -> bytes:
    return value.partition(end)[0]


def _merge(table: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both maps in one, of at most 1000 entries; what stands in both is the second's."""
    merged = table | more
    if len(merged) > MAX_ENTRIES:
        raise ValueError(f"a map of {len(merged)} entries")
    return merged


def _flatten(values: list[Any], place: int) -> list[Any]:
    """The lists that stand at one place of each element, as one; null is an empty one."""
    count = sum(len(value[place] or ()) for value in values)
    if count > MAX_ELEMENTS:
        raise ValueError(f"a list of {count} elements")
    return [each for value in values for each in value[place] or ()]


def _first(wanted: list[Any], known: list[Any]) -> Any:
    """The first element of a list that stands in another, null when none does."""
    return next((each for each in wanted if each in known), None)


def _permits(listed: str | None, name: str) -> bool:
    """Whether a list of names, separated by commas, permits one: it holds it, or holds others with `!` before each. An
    empty list, or none, permits all. A list of both kinds says nothing that can be meant, and is refused."""
    names = [each.strip() for each in (listed or "").split(",") if each.strip()]
    excluded = [each[1:].strip() for each in names if each.startswith("!")]
    if excluded and len(excluded) < len(names):
        sentence = "a list of names both names and excludes: write ! before each, or before none"
        raise WireError("usage", sentence, outcome="not_run")
    return not names or (name not in excluded if excluded else name in names)


FUNCTIONS: dict[str, Function] = {
    "len": Function(len, ("any",), "int"),
    "int": Function(_int, ("any", "int"), "int", 1),
    "str": Function(str, ("int",), "text"),
    "text": Function(lambda value: value.decode("utf-8", "replace"), ("bytes",), "text"),
    "bytes": Function(lambda value: value.encode(), ("text",), "bytes"),
    "lower": Function(str.lower, ("text",), "text"),
    "upper": Function(str.upper, ("text",), "text"),
    "word": Function(_word, ("text", "int"), "text"),
    "split": Function(str.split, ("text", "text"), "list"),
    "pairs": Function(_pairs, ("text", "text", "text"), "map"),
    "map": Function(dict, ("list",), "map"),
    "get": Function(_get, ("map", "text", "any"), "any"),
    "starts_with": Function(str.startswith, ("text", "text"), "bool"),
    "contains": Function(lambda text, part: part in text, ("text", "text"), "bool"),
    "until": Function(_until, ("bytes", "bytes"), "bytes"),
    "permits": Function(_permits, ("any", "text"), "bool"),
    "min": Function(min, ("int", "int"), "int"),
    "max": Function(max, ("int", "int"), "int"),
    "merge": Function(_merge, ("map", "map"), "map"),
    "flatten": Function(_flatten, ("list", "int"), "list"),
    "first": Function(_first, ("list", "list"), "any"),
    "repeat": Function(_repeat, ("any", "int"), "list"),
    "present": Function(lambda values: [value for value in values if value is not None], ("list",), "list"),
    "null_bitmap": Function(_null_bitmap, ("list", "int"), "bytes"),
} | crypto.FUNCTIONS

# The same functions, given the variables first, so that they burn fuel.
METERED = {
    name: (deriving if name == "pbkdf2" else hashing if name in crypto.FUNCTIONS else reading)(function.call)
    for name, function in FUNCTIONS.items()
}
