"""Arrays: nested lists out of literals and out of counted bytes, and nothing out of arrays that lie."""

import pickle
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx import Array
from sqlx.wire.values import Context, binary_decoder, encoder, text_decoder

CONTEXT = Context()


def text(raw: bytes, op: str = "array(text)") -> Any:
    return text_decoder(op, CONTEXT)(raw)


def binary(raw: bytes, op: str = "array(text)") -> Any:
    return binary_decoder(op, CONTEXT)(raw)


def counted(sizes: list[int], elements: list[bytes | None]) -> bytes:
    """The binary format: dimensions, flags, element type, (size, lower bound) of each dimension, elements."""
    head = struct.pack(">iiI", len(sizes), None in elements, 25) + b"".join(
        struct.pack(">ii", size, 1) for size in sizes
    )
    return head + b"".join(b"\xff" * 4 if e is None else struct.pack(">i", len(e)) + e for e in elements)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", []),
        (b"{a}", ["a"]),
        (b'{a,NULL,null,"NULL"}', ["a", None, None, "NULL"]),
        (rb'{"a,b","q\"x","b\\s","{}"," ",""}', ["a,b", 'q"x', "b\\s", "{}", " ", ""]),
        (b"{{a,b},{c,d}}", [["a", "b"], ["c", "d"]]),
        (b"{{{a}},{{NULL}}}", [[["a"]], [[None]]]),
        (b"[1:2]={a,b}", ["a", "b"]),
        (rb"{a\,b,\NULL}", ["a,b", "NULL"]),
        (b'{"\xc3\xa9\n"}', ["é\n"]),
        (b"{{},{}}", [[], []]),
    ],
)
def test_literals(raw: bytes, value: Any) -> None:
    """Quotes, escapes, NULL, nesting, bounds."""
    assert text(raw) == value


@pytest.mark.parametrize(
    ("raw", "value", "bounds"),
    [(b"[2:4]={a,b,c}", ["a", "b", "c"], (2,)), (b"[-1:0][3:3]={{a},{b}}", [["a"], ["b"]], (-1, 3))],
)
def test_other_lower_bounds(raw: bytes, value: Any, bounds: tuple[int, ...]) -> None:
    """They are kept, and written again."""
    found = text(raw)
    assert (found, type(found), found.lower_bounds) == (value, Array, bounds)
    assert repr(found) == f"Array({value}, lower_bounds={bounds})"
    assert text(encoder("array", CONTEXT)(found)).lower_bounds == bounds
    assert repr(pickle.loads(pickle.dumps(found))) == repr(found)
    one = binary(struct.pack(">iiI", 1, 0, 25) + struct.pack(">iii", 1, 7, 1) + b"a")
    assert (one, one.lower_bounds) == (["a"], (7,))


def test_bounds_that_no_array_has() -> None:
    with pytest.raises(ValueError, match="2 dimensions"):
        encoder("array", CONTEXT)(Array([1], (0, 0)))
    with pytest.raises(ValueError, match="not an array"):
        text(b"[1:1]" * 7 + b"={a}")


def test_another_separator() -> None:
    """Some element types have a comma inside."""
    assert text(b"{(1,1);(0,0)}", "array(text,';')") == ["(1,1)", "(0,0)"]


def test_elements_are_decoded() -> None:
    """Each element by its own operation, also arrays of arrays' elements."""
    assert text(b"{1,NULL,-3}", "array(int)") == [1, None, -3]
    assert text(b"{{t},{f}}", "array(bool)") == [[True], [False]]
    assert binary(counted([2], [b"\0\0\0\7", None]), "array(i32)") == [7, None]


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"a", b"{", b"}", b"{a", b"a}", b"{a}}", b"{{a}", b"{a}b", b'{"a}', b'{"a"b}', b'{a"b"}', b"{{a}b}"),
        *(b"{a{b}}", b'{"a",}', b'{,"a"}', b'{"a",,"b"}', b"[1:2]{a,b}", b"[1:2]=a", b"[x]={a}", b"{{a},{b}}{c}"),
        *(b"{a\\}", b"{" * 7 + b"a" + b"}" * 7),
    ],
)
def test_literals_that_are_none(raw: bytes) -> None:
    """Unbalanced, misplaced, unfinished, too deep."""
    with pytest.raises(ValueError, match="array"):
        text(raw)


def test_deep_literals_cost_nothing() -> None:
    """A million brackets are refused at the seventh."""
    with pytest.raises(ValueError, match="more than 6 dimensions"):
        text(b"{" * 1_000_000 + b"}" * 1_000_000)


@given(st.lists(st.none() | st.text()), st.integers(1, 3))
def test_text_and_binary_agree(flat: list[str | None], rows: int) -> None:
    """What is written as a literal and as counted bytes comes back as the same list."""
    value: Any = [flat] * rows if flat and rows > 1 else flat
    sizes = ([rows] if rows > 1 else []) + [len(flat)] if flat else []
    elements = [None if word is None else word.encode() for word in flat] * (rows if flat else 1)
    assert binary(counted(sizes, elements)) == value
    assert text(encoder("array", CONTEXT)(value)) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes(11),
        struct.pack(">iiI", -1, 0, 25),
        struct.pack(">iiI", 7, 0, 25) + bytes(56),
        struct.pack(">iiI", 2**31 - 1, 0, 25),
        counted([2**31 - 1], []),
        counted([2**31 - 1, 0], []),
        counted([0, 2**31 - 1], []),
        counted([-1], []),
        counted([2**31 - 1] * 6, [b"a"]),
        counted([2], [b"a"]),
        counted([1], [b"a", b"b"]),
        counted([1], []) + struct.pack(">i", -2),
        counted([1], []) + struct.pack(">i", 5) + b"a",
        counted([1], [])[:-1],
    ],
)
def test_counts_that_lie(raw: bytes) -> None:
    """Dimensions, sizes and lengths beyond the bytes at hand raise before anything is built."""
    with pytest.raises(ValueError, match=r"array|bytes"):
        binary(raw)
