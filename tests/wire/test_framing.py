"""Frames: where one ends, how much is missing until it does, and what is refused before it is read."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from sqlx.wire.compile.framing import compile_reader, compile_writer, loop_header
from sqlx.wire.compile.layout import Layouts
from sqlx.wire.compile.reading import Readers
from sqlx.wire.compile.writing import Writers
from sqlx.wire.errors import PackError, WireError
from tests.wire.codecs import INTEGERS

LIMIT = 1000


class Case(NamedTuple):
    rule: dict[str, Any]
    frame: bytes
    tag: Any
    body: bytes
    sequence: int = -1
    order: str = "big"


LINE = {"header": [], "ends": "\r\n"}
CASES = {
    "length with itself": Case(
        {"header": ["tag:char", "length:i32"], "size": "length - 4"}, b"Q\0\0\0\7abc", "Q", b"abc"
    ),
    "an empty body": Case({"header": ["tag:char", "length:i32"], "size": "length - 4"}, b"S\0\0\0\4", "S", b""),
    "told by the first byte": Case(
        {"header": ["length:u24", "sequence:u8"], "size": "length"}, b"\3\0\0\5\xffab", 255, b"\xffab", 5, "little"
    ),
    "no first byte": Case(
        {"header": ["length:u24", "sequence:u8"], "size": "length"}, b"\0\0\0\0", -1, b"", 0, "little"
    ),
    "a tag of one's own": Case(
        {"header": ["kind:u8", "n:u16"], "size": "n", "tag": "kind & 15"}, b"\xf3\0\1x", 3, b"x"
    ),
    "one bare byte": Case({"header": ["tag:char"]}, b"S", "S", b""),
    "a header of changing length": Case({"header": ["tag:u8", "n:lenenc"], "size": "n"}, b"\7\xfc\0\2ab", 7, b"ab"),
    "a length in digits": Case({"header": ["n:line"], "size": "int(n)"}, b"3\r\nabc", 97, b"abc"),
    "a line": Case(LINE, b"+OK\r\n", 43, b"+OK\r\n"),
    "an empty line": Case(LINE, b"\r\n", 13, b"\r\n"),
    "a line behind a tag": Case({"header": ["tag:char"], "ends": "\n"}, b":5\n", ":", b"5\n"),
}


def reader_of(case: Case) -> Any:
    layouts = Layouts(case.order, INTEGERS, {})
    return compile_reader(case.rule, "$.framing.x", layouts, Readers(layouts, {})).read


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("before", [b"", b"before"])
@pytest.mark.parametrize("behind", [b"", b"\0behind\r\n"])
def test_read(case: Case, before: bytes, behind: bytes) -> None:
    buffer = before + case.frame + behind
    tag, start, stop, sequence = reader_of(case)(buffer, len(before), len(buffer), LIMIT, [])
    assert (tag, buffer[start:stop], sequence) == (case.tag, case.body, case.sequence)
    assert stop == len(before) + len(case.frame)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("before", [b"", b"before"])
def test_missing(case: Case, before: bytes) -> None:
    """What is missing is something, and never more than will come: whoever waits for that does not wait for ever."""
    for end in range(len(case.frame)):
        buffer = before + case.frame[:end]
        missing = reader_of(case)(buffer, len(before), len(buffer), LIMIT, [])
        assert isinstance(missing, int)
        assert 1 <= missing <= len(case.frame) - end


@pytest.mark.parametrize(
    ("rule", "data", "reason"),
    [
        ({"header": ["tag:char", "length:i32"], "size": "length - 4"}, b"Q\0\0\0\3", "announced a message of -1 bytes"),
        (
            {"header": ["tag:char", "length:i32"], "size": "length - 4"},
            b"Q\x80\0\0\0",
            "announced a message of -2147483652",
        ),
        ({"header": ["tag:char", "length:i32"], "size": "length - 4"}, b"Q\0\0\x03\xed", "1001 bytes; at most 1000"),
        ({"header": ["n:varint"], "size": "n"}, b"\xff\xff\xff\x7f", "at most 1000"),
        ({"header": ["n:line"], "size": "int(n)"}, b"x" * 1001, "1001 bytes; at most 1000"),
        (LINE, b"x" * 1001, "1001 bytes; at most 1000"),
        (LINE, b"x" * 1001 + b"\r\n", "1003 bytes; at most 1000"),
    ],
)
def test_refused(rule: dict[str, Any], data: bytes, reason: str) -> None:
    layouts = Layouts("big", INTEGERS, {})
    with pytest.raises(WireError, match=reason) as caught:
        compile_reader(rule, "$", layouts, Readers(layouts, {})).read(data, 0, len(data), LIMIT, [])
    assert caught.value.kind == "protocol"


@pytest.mark.parametrize(
    ("header", "sealed"),
    [
        (["tag:char = tag", "length:i32 = size + 4"], b"Q\0\0\0\x07"),
        (["length:i32 = size + 4"], b"\0\0\0\x07"),
        (["length:u24le = size", "sequence:u8 = sequence"], b"\3\0\0\x09"),
        ([], b""),
    ],
)
def test_written(header: list[str], sealed: bytes) -> None:
    layouts = Layouts("big", INTEGERS, {})
    writer = compile_writer({"header": header}, "$", layouts, Writers(layouts))
    assert writer.header("Q", 3, 9) == sealed


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"header": ["length:i32"], "size": "length +"}, "expected a value"),
        ({"header": ["length:i32"], "size": "size"}, "nothing here is called 'size'"),
        ({"header": ["name:cstring"], "size": "name"}, "this is a text where an int is expected"),
        ({"header": [], "ends": ""}, "at least one character"),
    ],
)
def test_a_framing_that_cannot_be(rule: dict[str, Any], reason: str) -> None:
    layouts = Layouts("big", INTEGERS, {})
    with pytest.raises(PackError, match=reason):
        compile_reader(rule, "$", layouts, Readers(layouts, {}))


def test_row_programs_stay_out_of_frames_they_cannot_measure() -> None:
    layouts = Layouts("big", INTEGERS, {})
    assert loop_header({"header": ["n:lenenc"], "size": "n"}, layouts) is None
    assert loop_header({"header": ["tag:char"], "ends": "\n"}, layouts) is None
    assert loop_header({"header": ["tag:char", "length:i32"], "size": "length - 4"}, layouts) is not None
