"""Operations as packs write them: what is read, what is refused, and in which words."""

from datetime import UTC

import pytest

from sqlx.wire.errors import PackError
from sqlx.wire.values import Context, binary_decoder, encoder, fixed_format, text_decoder

CONTEXT = Context()


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("", "expected a name at character 1"),
        ("integer", "there is no text decoder named 'integer'; there are array, "),
        ("int(", "expected a name at character 5"),
        ("int)", "expected the end at character 4"),
        ("int int", "expected the end at character 5"),
        ("array(int", r"expected '\)' at character 10"),
        ("array()", "expected a name at character 7"),
        ("array(int,)", "expected a name at character 11"),
        ("array", "array takes 1 to 2 arguments, not 0"),
        ("array(int,';',';')", "array takes 1 to 2 arguments, not 3"),
        ("array(5)", "array takes an operation, not 5"),
        ("array(int, int)", "array takes a quoted text, not Operation"),
        ("array(nothing)", "there is no text decoder named 'nothing'"),
        ("int(5)", "int takes no argument, not 1"),
        ("array(2024-02-30)", "2024-02-30 is no date"),
        ("INT", "expected a name or an argument at character 1"),
        ("array(" * 9 + "int" + ")" * 9, "nests more than 8 operations"),
        ("x" * 20_000, "at most 16384 characters, not 20000"),
        ("composite('a')", "composite takes arguments in groups of 2, not 1"),
        ("composite(int, 'a')", "composite takes a quoted text, not Operation"),
        ("composite('a', 'b')", "composite takes an operation, not 'b'"),
        ("range()", "expected a name"),
        ("range(int, int)", r"range takes 1 argument\(s\), not 2"),
    ],
)
def test_operations_that_are_refused(op: str, reason: str) -> None:
    """Each mistake has its own words, and the place."""
    with pytest.raises(PackError, match=reason):
        text_decoder(op, CONTEXT)


def test_spaces_and_quoted_arguments() -> None:
    """Spaces may stand between tokens, and a doubled quote is one."""
    assert text_decoder(" array ( text , ';' ) ", CONTEXT)(b"{a,b;c}") == ["a,b", "c"]
    assert text_decoder("array(text,'''')", CONTEXT)(b"{a'b}") == ["a", "b"]


def test_each_direction_has_its_own_operations() -> None:
    """A name of one direction is unknown in the others, and the message says which direction was meant."""
    for find, op, what in (
        (text_decoder, "i32", "text decoder"),
        (binary_decoder, "int", "binary decoder"),
        (encoder, "f32", "encoder"),
    ):
        with pytest.raises(PackError, match=f"there is no {what} named '{op}'"):
            find(op, CONTEXT)


def test_a_date_argument() -> None:
    """Counts start where the pack says."""
    assert str(binary_decoder("days_since(2000-01-01)", CONTEXT)(bytes(4))) == "2000-01-01"
    assert str(binary_decoder("days_since(1970-01-01)", CONTEXT)(bytes(4))) == "1970-01-01"
    with pytest.raises(PackError, match="days_since takes a date, not 5"):
        binary_decoder("days_since(5)", CONTEXT)


def test_fixed_formats() -> None:
    """Only what one struct letter reads exactly has a fixed format; a 4-byte float needs more."""
    assert {op: fixed_format(op) for op in ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f64", "bool")} == {
        "i8": "b",
        "u8": "B",
        "i16": "h",
        "u16": "H",
        "i32": "i",
        "u32": "I",
        "i64": "q",
        "u64": "Q",
        "f64": "d",
        "bool": "?",
    }
    assert fixed_format("f32") is None
    assert fixed_format("text") is None


def test_the_same_operation_is_made_once() -> None:
    """Equal contexts share a decoder, so compiled rows may compare decoders by identity."""
    assert text_decoder("array(int)", Context()) is text_decoder("array(int)", Context())
    assert text_decoder("array(int)", Context()) is not text_decoder("array(int)", Context(UTC))
