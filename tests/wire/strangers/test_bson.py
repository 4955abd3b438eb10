"""A document format nobody planned for: BSON (https://bsonspec.org/spec.html) as a recursive tagged struct.

A document is its size and elements up to a zero byte; an element is a tag, a name and what the tag says, which may be
a document again.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.codecs import Codec

STRUCTS: dict[str, list[Any]] = {
    "document": ["size:i32", "elements:element* until 0"],
    "element": [
        "tag:u8",
        "name:cstring",
        {
            "switch": "tag",
            "1": ["number:f64"],
            "2": ["size:i32", "text:text[size - 1]", "end:u8 = 0"],
            "3": ["document:document"],
            "4": ["document:document"],
            "5": ["length:i32", "subtype:u8", "data:bytes[length]"],
            "7": ["id:bytes[12]"],
            "8": ["truth:u8"],
            "9": ["milliseconds:i64"],
            "10": [],
            "16": ["int:i32"],
            "18": ["long:i64"],
            "19": ["decimal:bytes[16]"],
        },
    ],
}
SLOTS = (
    *("number", "size", "text", "end", "document", "length", "subtype", "data", "id", "truth", "milliseconds", "int"),
    *("long", "decimal"),
)
CODEC = Codec(["document:document"], order="little", structs=STRUCTS)


def element(name: str, value: Any) -> tuple[Any, ...]:
    """An element as its reader gives it: one slot for each field that any tag has."""
    if isinstance(value, bool):
        return _tagged(8, name, truth=int(value))
    if isinstance(value, dict):
        return _tagged(3, name, document=document(value))
    if isinstance(value, list):
        return _tagged(4, name, document=document({str(index): item for index, item in enumerate(value)}))
    if isinstance(value, str):
        return _tagged(2, name, size=len(value.encode()) + 1, text=value, end=0)
    if isinstance(value, bytes):
        return _tagged(5, name, length=len(value), subtype=0, data=value)
    if isinstance(value, float):
        return _tagged(1, name, number=value)
    return _tagged(10, name) if value is None else _tagged(18, name, long=value)


def _tagged(tag: int, name: str, **slots: Any) -> tuple[Any, ...]:
    return (tag, name, *(slots.get(slot) for slot in SLOTS))


def document(value: dict[str, Any]) -> tuple[Any, ...]:
    """The struct of a document; its size is counted by hand, as a pack's expression would."""
    elements = [element(name, item) for name, item in value.items()]
    size = len(Codec(["e:element* until 0"], order="little", structs=STRUCTS).write((elements,))) + 4
    return size, elements


def test_the_specification_s_example() -> None:
    data = b"\x16\x00\x00\x00\x02hello\x00\x06\x00\x00\x00world\x00\x00"
    assert CODEC.write((document({"hello": "world"}),)) == data
    assert CODEC.read(data) == ((document({"hello": "world"}),), len(data))


VECTORS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "double": ("10000000 01 6400 000000000000f83f 00", _tagged(1, "d", number=1.5)),
    "string": ("0f000000 02 7300 03000000 c3a900 00", _tagged(2, "s", size=3, text="\u00e9", end=0)),
    "nested document": ("11000000 03 6e00 09000000 08 6200 00 00 00", _tagged(3, "n", document=document({"b": False}))),
    "array": (
        "14000000 04 6100 0c000000 10 3000 01000000 00 00",
        _tagged(4, "a", document=(12, [_tagged(16, "0", int=1)])),
    ),
    "binary": ("0f000000 05 6200 02000000 80 ff00 00", _tagged(5, "b", length=2, subtype=0x80, data=b"\xff\0")),
    "bool": ("09000000 08 7400 01 00", _tagged(8, "t", truth=1)),
    "datetime": ("10000000 09 7700 ffffffffffffffff 00", _tagged(9, "w", milliseconds=-1)),
    "null": ("08000000 0a 7a00 00", _tagged(10, "z")),
    "int32": ("0c000000 10 6900 feffffff 00", _tagged(16, "i", int=-2)),
    "int64": ("10000000 12 6c00 0000000001000000 00", _tagged(18, "l", long=2**32)),
    "decimal128": (
        "18000000 13 6400 01000000000000000000000000004030 00",
        _tagged(19, "d", decimal=bytes.fromhex("01000000000000000000000000004030")),
    ),
}


@pytest.mark.parametrize(("text", "told"), VECTORS.values(), ids=VECTORS)
def test_each_type_as_the_specification_lays_it_out(text: str, told: tuple[Any, ...]) -> None:
    """Written by hand, byte by byte: size, tag, name, value, end. A decimal stays the 16 bytes that it is."""
    data = bytes.fromhex(text)
    assert CODEC.read(data) == (((len(data), [told]),), len(data))
    assert CODEC.write(((len(data), [told]),)) == data


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.binary(max_size=5)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=3))
def test_documents_are_written_and_read(value: dict[str, Any]) -> None:
    data = CODEC.write((document(value),))
    assert CODEC.read(data) == ((document(value),), len(data))
    assert int.from_bytes(data[:4], "little") == len(data)


def test_cut_anywhere() -> None:
    data = CODEC.write((document({"a": [1, {"b": None}], "c": "text", "d": b"\x01"}),))
    for end in range(len(data)):
        with pytest.raises(ValueError):
            CODEC.read(data[:end])


def test_a_document_in_a_document_in_a_document_ends() -> None:
    deep = b"\xff\xff\xff\x7f\x03\x00" * 10_000
    with pytest.raises(ValueError, match="nests too deep"):
        CODEC.read(deep)
