"""Binding: which wire type each Python value gets, and what is said of one that gets none."""

import collections
import enum
import http
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx import Interval, Json, ServerText
from sqlx.wire.errors import PackError, WireError
from sqlx.wire.parameters import Parameters, ParameterType
from sqlx.wire.values import Context

INTS = [
    {"from": -(2**15), "to": 2**15 - 1, "type": 21, "encode": "int"},
    {"from": -(2**31), "to": 2**31 - 1, "type": 23, "encode": "int"},
    {"from": -(2**63), "to": 2**63 - 1, "type": 20, "encode": "int"},
    {"type": 1700, "encode": "int"},
]
RICH: dict[str, Any] = {
    "kinds": {
        "bool": {"type": 16, "encode": "bool"},
        "int": INTS,
        "float": {"type": 701, "encode": "float"},
        "decimal": {"type": 1700, "encode": "decimal"},
        "text": {"encode": "text"},
        "bytes": {"type": 17, "encode": "bytes", "format": 1},
        "date": {"type": 1082, "encode": "date"},
        "time": {"type": 1083, "encode": "time"},
        "timetz": {"type": 1266, "encode": "timetz"},
        "timestamp": {"type": 1114, "encode": "timestamp"},
        "timestamptz": {"type": 1184, "encode": "timestamptz"},
        "interval": {"type": 1186, "encode": "interval"},
        "uuid": {"type": 2950, "encode": "uuid"},
        "inet": {"type": 869, "encode": "inet"},
        "json": {"type": 3802, "encode": "json"},
        "array": {
            "encode": "array",
            "of": {
                "16": 1000,
                "21": 1005,
                "23": 1007,
                "20": 1016,
                "1700": 1231,
                "701": 1022,
                "1114": 1115,
                "1184": 1185,
            },
        },
    }
}
POOR: dict[str, Any] = {
    "kinds": {
        "null": {"type": 6},
        "int": [
            {"from": -(2**63), "to": 2**63 - 1, "type": 8, "encode": "i64"},
            {"from": 2**63, "to": 2**64 - 1, "type": 8, "flags": 128, "encode": "u64"},
        ],
        "text": {"type": 253, "prefixed": True, "encode": "text"},
        "json": {"type": 245, "prefixed": True, "encode": "json"},
    }
}
rich = Parameters(RICH, Context())
poor = Parameters(POOR, Context(byte_order="little"))


class Level(enum.Enum):
    LOW = 1
    NAME = "low"


class Ratio(float):
    """A subclass of float."""


Point = collections.namedtuple("Point", "x y")


def bound(value: Any, parameters: Parameters = rich) -> tuple[str, int, Any]:
    (entry,), (encoded,) = parameters.bind((value,))
    return entry.kind, entry.type, encoded


@pytest.mark.parametrize(
    ("value", "kind", "number", "encoded"),
    [
        (None, "null", 0, None),
        (True, "bool", 16, b"t"),
        (1, "int", 21, b"1"),
        (-32769, "int", 23, b"-32769"),
        (2**31, "int", 20, b"2147483648"),
        (2**63, "int", 1700, b"9223372036854775808"),
        (1.5, "float", 701, b"1.5"),
        (math.nan, "float", 701, b"NaN"),
        (Decimal("1.10"), "decimal", 1700, b"1.10"),
        ("ä", "text", 0, "ä".encode()),
        (ServerText("infinity"), "text", 0, b"infinity"),
        (b"a", "bytes", 17, b"a"),
        (bytearray(b"a"), "bytes", 17, b"a"),
        (memoryview(b"abc")[::2], "bytes", 17, b"ac"),
        (date(2024, 2, 29), "date", 1082, b"2024-02-29"),
        (datetime(2024, 2, 29), "timestamp", 1114, b"2024-02-29 00:00:00"),
        (datetime(2024, 2, 29, tzinfo=UTC), "timestamptz", 1184, b"2024-02-29 00:00:00+00:00"),
        (time(12), "time", 1083, b"12:00:00"),
        (time(12, tzinfo=timezone(timedelta(hours=2))), "timetz", 1266, b"12:00:00+02:00"),
        (timedelta(1), "interval", 1186, b"+0 mons +1 days +00:00:00"),
        (Interval(1), "interval", 1186, b"+1 mons +0 days +00:00:00"),
        (UUID(int=1), "uuid", 2950, b"00000000-0000-0000-0000-000000000001"),
        (ip_address("::1"), "inet", 869, b"::1"),
        (ip_network("10.0.0.0/8"), "inet", 869, b"10.0.0.0/8"),
        ({"a": 1}, "json", 3802, b'{"a":1}'),
        (collections.OrderedDict(a=1), "json", 3802, b'{"a":1}'),
        (Json([1]), "json", 3802, b"[1]"),
        (Level.LOW, "int", 21, b"1"),
        (Level.NAME, "text", 0, b"low"),
        (http.HTTPStatus.OK, "int", 21, b"200"),
        (Ratio(0.5), "float", 701, b"0.5"),
        (np.int64(70_000), "int", 23, b"70000"),
        (np.bool_(True), "bool", 16, b"t"),
        (np.float32(0.5), "float", 701, b"0.5"),
        (np.str_("a"), "text", 0, b"a"),
        (np.datetime64("2024-02-29"), "date", 1082, b"2024-02-29"),
        (np.datetime64("NaT"), "null", 0, None),
        ([1, 2], "array", 1005, b"{1,2}"),
        ((1, None, 2**31), "array", 1016, b"{1,NULL,2147483648}"),
        ([[1], [-(2**15) - 1]], "array", 1007, b"{{1},{-32769}}"),
        ([1, 2**63], "array", 1231, b"{1,9223372036854775808}"),
        ([1, Decimal("1.5")], "array", 1231, b"{1,1.5}"),
        ([1, 0.5], "array", 1022, b"{1,0.5}"),
        ([True, None], "array", 1000, b"{t,NULL}"),
        (["a"], "array", 0, b'{"a"}'),
        ([], "array", 0, b"{}"),
        ([None], "array", 0, b"{NULL}"),
        ([np.int16(1), Level.LOW], "array", 1005, b"{1,1}"),
        ([datetime(2024, 2, 29)], "array", 1115, b'{"2024-02-29 00:00:00"}'),
        (Point(1, 2), "array", 1005, b"{1,2}"),
    ],
)
def test_what_each_value_gets(value: Any, kind: str, number: int, encoded: Any) -> None:
    """Kind, type and bytes, the first time and every time after."""
    assert bound(value) == (kind, number, encoded)
    assert bound(value) == (kind, number, encoded)


def test_entries_carry_what_messages_need() -> None:
    """Type, flags, format and prefix come from the pack."""
    (small, large, text, null), _ = poor.bind((1, 2**63, "a", None))
    assert [(e.type, e.flags, e.format, e.prefixed) for e in (small, large, text, null)] == [
        (8, 0, 0, False),
        (8, 128, 0, False),
        (253, 0, 0, True),
        (6, 0, 0, False),
    ]


def test_entries_are_compared_by_identity() -> None:
    """The same kind of values gives the very same entries, so a statement can be known by them."""
    first, _ = rich.bind((1, "a", [1], None, Level.LOW))
    second, _ = rich.bind((2, "b", [2], None, Level.LOW))
    assert all(left is right for left, right in zip(first, second, strict=True))
    assert all(isinstance(entry, ParameterType) for entry in first)


def test_no_values() -> None:
    """An empty row binds to nothing."""
    assert rich.bind(()) == ((), [])


def test_lists_are_json_where_there_are_no_arrays() -> None:
    """The pack decides by having no `array`."""
    assert bound([1, [2]], poor) == ("json", 245, b"[1,[2]]")


@given(st.integers())
def test_every_integer_gets_the_smallest_type(value: int) -> None:
    """The first entry that holds it."""
    widths = {15: 21, 31: 23, 63: 20}
    expected = next((number for bits, number in widths.items() if -(2**bits) <= value < 2**bits), 1700)
    assert bound(value) == ("int", expected, str(value).encode())


looped: list[Any] = []
looped.append(looped)
deep: Any = {}
for _ in range(100_000):
    deep = {"a": deep}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, "parameter 2 (complex) cannot be sent: there is no type for it: convert it to str"),
        (object(), "parameter 2 (object) cannot be sent: there is no type for it: convert it to str"),
        (np.array([1]), "parameter 2 (ndarray) cannot be sent: there is no type for it: convert it with .tolist()"),
        ({1}, "parameter 2 (set) cannot be sent: there is no type for it: convert it to list"),
        ("\ud800", "parameter 2 (str) cannot be sent: it has a character that utf-8 cannot write, U+D800: take it out"),
        ([1, "a"], "parameter 2 (list) cannot be sent: its elements are of different kinds (int, text): make them one"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], "of different kinds (timestamp, timestamptz)"),
        (
            [{1}],
            "parameter 2 (list) cannot be sent: its element of type set has no type on the server: convert it to list",
        ),
        ([1j], "parameter 2 (list) cannot be sent: its element of type complex has no type on the server"),
        (looped, "parameter 2 (list) cannot be sent: its lists are nested more than 6 deep"),
        (deep, "parameter 2 (dict) cannot be sent: it is nested too deeply"),
        (
            {"a": 1j},
            "cannot be sent: json has nothing for what stands in it, of type complex: convert it to str",
        ),
        (
            {"a": math.inf},
            "parameter 2 (dict) cannot be sent: json has neither NaN nor infinities: put null there, or a text",
        ),
        (np.datetime64(1, "ns"), "parameter 2 (datetime64) cannot be sent: it is finer than Python can hold"),
        (
            np.longdouble(1),
            "parameter 2 (longdouble) cannot be sent: it is wider than Python can hold: convert it to float",
        ),
        (Decimal("sNaN"), "parameter 2 (Decimal) cannot be sent: it is a signalling NaN"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_be_bound(value: Any, message: str) -> None:
    """The position from 1, the Python type, the reason, and what to do; the statement was not run."""
    with pytest.raises(WireError) as caught:
        rich.bind((1, value))
    assert message in caught.value.message
    assert (caught.value.kind, caught.value.outcome) == ("data", "not_run")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            2**64,
            f"parameter 1 (int) cannot be sent: it does not lie between {-(2**63)} and {2**64 - 1}: send it as text",
        ),
        (UUID(int=1), "parameter 1 (UUID) cannot be sent: there is no type for it: convert it to str or bytes"),
        (True, "parameter 1 (bool) cannot be sent: there is no type for it: convert it to int"),
        (datetime(2024, 1, 1, tzinfo=UTC), "convert it to the session's zone and take the zone off"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_a_pack_has_no_type_for(value: Any, message: str) -> None:
    """A kind left out of a pack is refused with what to convert to; an integer with the range that there is."""
    with pytest.raises(WireError) as caught:
        poor.bind((value,))
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("kinds", "path", "reason"),
    [
        ({"int": {"type": 23}}, "$.parameters.kinds.int", "an entry says how to `encode`"),
        (
            {"int": {"type": 23, "encode": "integer"}},
            "$.parameters.kinds.int.encode",
            "there is no encoder named 'integer'",
        ),
        ({"array": {"of": {}}}, "$.parameters.kinds.array", "an entry says how to `encode`"),
    ],
)
def test_sections_that_cannot_be(kinds: dict[str, Any], path: str, reason: str) -> None:
    """A pack's mistake is told with its place when the pack is used."""
    with pytest.raises(PackError) as caught:
        Parameters({"kinds": kinds}, Context())
    assert caught.value.path == path
    assert reason in caught.value.reason
