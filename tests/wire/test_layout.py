"""The field language of packs: what is refused when a pack is loaded, and that recursion is expressible and bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.compile.layout import Layouts
from sqlx.wire.errors import PackError
from tests.wire.codecs import INTEGERS, Codec


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("a:u8", "fields are a list"),
        (["a:u8"] * 201, "at most 200"),
        ([5], "a field is a text"),
        (["u8"], "written `name:type`"),
        (["A:u8"], "written `name:type`"),
        ([{"if": "1"}], "a field is a text"),
        ([{"if": "1", "fields": [], "else": []}], "a field is a text"),
        ([{"if": "1 +", "fields": []}], "expected a value"),
        ([{"switch": 3}], "an expression is a text"),
        (["a:nothing"], "no type or struct is called 'nothing'"),
        (["a:u8 u8"], "cannot read 'u8'"),
        (["a:bytes[i32"], "a bracket is not closed"),
        (["a:bytes[1 +]"], "expected a value"),
        (["a:(b u8)"], "expected ':' after 'b'"),
        (["a:(b:u8"], "expected a name"),
        (["a:u8* until 256"], "expected a byte"),
        (["a:u8* until x"], "expected a byte"),
        (["a:u8 in cstring"], "'cstring' is no integer type"),
        (["a:u8 in f64"], "'f64' is no integer type"),
        (["a:u8 = 1 +"], "expected a value"),
        (["a:" + "(a:" * 5000 + "u8" + ")" * 5000], "nest more than"),
        (["a:u8" + "*" * 5000], "suffixes follow one another"),
        (["a:u8" + " in u8" * 5000], "suffixes follow one another"),
    ],
)
def test_refused(fields: Any, reason: str) -> None:
    with pytest.raises(PackError, match=reason) as caught:
        Layouts("big", INTEGERS, {}).fields(fields, "$.here")
    assert caught.value.path.startswith("$.here")


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(PackError) as caught:
        Layouts("big", INTEGERS, {}).fields(["a:u8", {"switch": "a", "1": ["b:u8", "c:nothing"]}], "$.m")
    assert caught.value.path == "$.m[1].1[1]"


def test_conditions_nest_only_so_deep() -> None:
    fields: list[Any] = ["a:u8"]
    for _ in range(40):
        fields = [{"if": "true", "fields": fields}]
    with pytest.raises(PackError, match="nested at most"):
        Layouts("big", INTEGERS, {}).fields(fields, "$")


def test_structs_that_contain_one_another_without_end_are_refused_or_bounded() -> None:
    """A struct that contains itself in every case has no value; reading one ends all the same."""
    codec = Codec(["a:left"], structs={"left": ["r:right"], "right": ["l:left"]})
    with pytest.raises(ValueError, match="nests too deep"):
        codec.read(b"\0" * 100)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (["a:u8", "b:bytes[c]"], "nothing here is called 'c'"),
        ([{"if": "c", "fields": []}], "nothing here is called 'c'"),
        (["a:cstring", "b:bytes[a]"], "this is a text where an int is expected"),
        (["a:u8 = 'x' + 1"], "this is an int where a text is expected"),
        (["m:u8", {"switch": "m", "1": ["a:u8"], "2": ["a:cstring"]}], "the field 'a' has two types"),
    ],
)
def test_refused_when_compiled(fields: list[Any], reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        Codec(fields)


@given(st.text("abu816[]()*: =in_until0,", max_size=40))
def test_any_text_is_a_type_or_refused(text: str) -> None:
    with_error: PackError | None = None
    try:
        Layouts("big", INTEGERS, {}).fields([f"a:{text}"], "$.here")
    except PackError as error:
        with_error = error
    assert with_error is None or with_error.path.startswith("$.here")
