"""Which values each type has: those at its edges, which are always tried, and a strategy for all others."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, NamedTuple
from uuid import UUID
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from sqlx import (
    Box,
    Circle,
    Geometry,
    Interval,
    Json,
    Line,
    Multirange,
    Path,
    Point,
    Polygon,
    Range,
    Segment,
    ServerText,
    Vector,
)

D, S = Decimal, ServerText
Values = st.SearchStrategy[Any]


def same(value: Any) -> Any:
    return value


class Case(NamedTuple):
    """A type as a table declares it, and its values as they arrive; `bound` makes of one what is bound for it."""

    type: str
    values: Values
    edges: tuple[Any, ...] = ()
    bound: Callable[[Any], Any] = same
    since: int = 0  # the server's major version

    def binds(self, value: Any) -> Any:
        return None if value is None else self.bound(value)


def whole(bits: int, type_: str, signed: bool = True) -> Case:
    """An integer type, its least and most."""
    least = -(2 ** (bits - 1)) if signed else 0
    most = least + 2**bits - 1
    return Case(type_, st.integers(least, most), (least, 0, most))


def digits(count: int, places: int) -> Values:
    return st.integers(1 - 10**count, 10**count - 1).map(lambda number: D(f"{number}E-{places}"))


def short_floats(least: float, most: float) -> Values:
    """Floats of as many digits as 4 bytes can tell apart.

    Not those in the very middle of two such: servers write the one that was stored with a digit more.
    """
    sizes = st.floats(least, most, allow_nan=False).map(lambda value: float(f"{value:.6g}")).filter(_is_no_middle)
    return st.builds(lambda size, sign: size * sign, sizes, st.sampled_from((1.0, -1.0)))


def _is_no_middle(value: float) -> bool:
    stored = _in_4_bytes(value)
    return value == stored or _in_4_bytes(2 * value - stored) != 2 * value - stored


def _in_4_bytes(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS, max_size=20)
ODD_TEXTS = ("", " ", "NULL", "\\", '"', "'", "{,}", "é😀\n\t", "\\x00")
BYTES = st.binary(max_size=20)
ODD_BYTES = (b"", b"\0", b"\\x", b"\xff'\"\\")
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32).map(float)
CLOCKS = st.times().map(lambda value: value.replace(fold=0))
MOMENTS = st.datetimes().map(lambda value: value.replace(fold=0))
OFFSETS = st.integers(-57599, 57599).map(lambda seconds: timezone(timedelta(seconds=seconds)))
UTC_ZONE = ZoneInfo("UTC")
ZONED = MOMENTS.map(lambda value: value.replace(tzinfo=UTC_ZONE))
DAYS = st.dates(date(1, 1, 2), date(9999, 12, 30))
NUMBERS = st.decimals(-(10**12), 10**12, places=3).map(lambda value: value + D(0))
POINTS = st.builds(Point, FLOATS, FLOATS)
MANY_POINTS = st.lists(POINTS, min_size=1, max_size=4).map(tuple)
BITS = st.text("01", max_size=70)


def hexes(count: int, mark: str) -> Values:
    return st.binary(min_size=count, max_size=count).map(lambda raw: raw.hex(mark))


def ranges(ends: Values, bounds: str = "[)") -> Values:
    pairs = st.tuples(ends, ends).map(sorted).map(lambda pair: Range(*pair, bounds))
    return pairs | st.builds(Range, ends, st.none()) | st.builds(Range, st.none(), ends) | st.just(Range())


def boxes() -> Values:
    corner = st.tuples(FLOATS, FLOATS).map(sorted)
    return st.builds(lambda x, y: Box(Point(x[1], y[1]), Point(x[0], y[0])), corner, corner)


def interfaces() -> Values:
    """Addresses with a prefix shorter than they are."""
    four = st.tuples(st.ip_addresses(v=4), st.integers(0, 31))
    six = st.tuples(st.ip_addresses(v=6), st.integers(0, 127))
    return (four | six).map(ip_interface)


def documents(floats: Values) -> Values:
    """What JSON holds, its keys in the order in which servers that sort them do: by length, then by bytes."""
    leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | floats | TEXT
    order: Callable[[Any], Any] = lambda item: (len(item[0].encode()), item[0].encode())  # noqa: E731

    def inner(values: Values) -> Values:
        keyed = st.dictionaries(TEXT, values, max_size=3).map(lambda found: dict(sorted(found.items(), key=order)))
        return st.lists(values, max_size=3) | keyed

    return st.recursive(leaves, inner, max_leaves=8)


def money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${D(abs(cents)).scaleb(-2):,.2f}"


DOCUMENT = {"a": [1, None, True, {}, '\\"é😀\u0001'], "bb": 2**63 - 1}
SHORT_FRACTIONS = st.floats(-1e15, 1e15).filter(lambda value: not value.is_integer())
XML = st.text(st.characters(categories=["L", "N", "P", "Sm"]), max_size=20).map(lambda text: f"<a>{escape(text)}</a>")
LONG = D("-" + "9" * 500 + "." + "1" * 500)

POSTGRESQL = [
    Case("bool", st.booleans(), (True, False)),
    whole(16, "smallint"),
    whole(32, "int"),
    whole(64, "bigint"),
    whole(32, "oid", signed=False),
    Case("xid8", st.integers(0, 2**64 - 1), (0, 2**64 - 1), str, since=13),
    Case("numeric", st.decimals(allow_nan=False, allow_infinity=False),
         (D("NaN"), D("1e-1000"), LONG, D("0.00"), D("-1.10"))),
    Case("numeric(1000,500)", digits(1000, 500)),
    Case("numeric", st.sampled_from((D("Infinity"), D("-Infinity"))), since=14),
    # Before version 12 its text is not the shortest.
    Case("real", short_floats(1e-37, 3e38), (0.0, -0.0, 1e-45, 3.4028235e38, float("inf"), float("nan")), since=12),
    Case("float8", st.floats(), (5e-324, 1.7976931348623157e308, float("-inf"), float("nan"), -0.0)),
    Case("money", st.integers(-(2**63) + 1, 2**63 - 1).map(money), ("$0.00", money(2**63 - 1))),
    Case("text", TEXT, ODD_TEXTS),
    Case("varchar(20)", TEXT, ODD_TEXTS),
    Case('"char"', st.characters(max_codepoint=127, exclude_characters="\0"), (" ", '"', "\\", ",", "{")),
    Case("name", TEXT.filter(lambda text: len(text.encode()) < 64), ("", "x" * 63)),
    Case("bytea", BYTES, ODD_BYTES),
    Case("bit(11)", st.text("01", min_size=11, max_size=11), ("0" * 11, "1" * 11)),
    Case("varbit", BITS, ("", "1", "0" * 8)),
    Case("date", st.dates(),
         (date.min, date.max, S("infinity"), S("-infinity"), S("0044-03-15 BC"), S("5874897-12-31"))),
    Case("time", CLOCKS, (time.min, time.max, S("24:00:00"))),
    Case("timetz", st.builds(lambda clock, zone: clock.replace(tzinfo=zone), CLOCKS, OFFSETS),
         (time.max.replace(tzinfo=UTC), S("24:00:00+00"), S("24:00:00-15:59:59"))),
    Case("timestamp", MOMENTS, (datetime.min, datetime.max, S("infinity"), S("294276-12-31 23:59:59.999999"))),
    Case("timestamptz", ZONED, (datetime.min.replace(tzinfo=UTC_ZONE), datetime.max.replace(tzinfo=UTC_ZONE),
                                S("-infinity"), S("4714-11-24 00:00:00+00 BC"))),
    Case("interval", st.builds(Interval, st.integers(-(2**31), 2**31 - 2), st.integers(-(2**31), 2**31 - 2),
                               st.integers(-(2**62), 2**62)), (Interval(), Interval(-1, 1, -1))),
    Case("uuid", st.uuids(), (UUID(int=0), UUID(int=2**128 - 1))),
    Case("json", documents(st.floats(allow_nan=False, allow_infinity=False)), (DOCUMENT, [], "", 10**400, -0.0), Json),
    Case("jsonb", documents(SHORT_FRACTIONS), (DOCUMENT, [], "", 10**400), Json),
    Case("inet", st.ip_addresses() | interfaces(),
         (ip_address("0.0.0.0"), ip_address("::"), ip_interface("::ffff:1.2.3.4/0"))),
    Case("cidr", interfaces().map(lambda each: each.network), (ip_network("1.2.3.4/32"), ip_network("::/0"))),
    Case("macaddr", hexes(6, ":")),
    Case("macaddr8", hexes(8, ":")),
    Case("pg_lsn", st.builds(lambda high, low: f"{high:X}/{low:X}", *[st.integers(0, 2**32 - 1)] * 2), ("0/0",)),
    Case("tsvector", st.sets(st.text("abcé", min_size=1, max_size=5), max_size=4).map(
        lambda words: " ".join(f"'{word}'" for word in sorted(words, key=str.encode))), ("", "'it''s':1A,2")),
    Case("xml", XML, ("text", "<a b='1'>é<!-- c --></a>")),
    Case("point", POINTS, (Point(float("nan"), float("-inf")),)),
    Case("line", st.builds(Line, FLOATS.filter(lambda value: abs(value) > 0.001), FLOATS, FLOATS)),
    Case("lseg", st.builds(Segment, POINTS, POINTS)),
    Case("box", boxes()),
    Case("path", st.builds(Path, MANY_POINTS, st.booleans())),
    Case("polygon", st.builds(Polygon, MANY_POINTS)),
    Case("circle", st.builds(Circle, POINTS, FLOATS.map(abs))),
    Case("int4range", ranges(st.integers(-(2**31), 2**31 - 2)), (Range(empty=True),)),
    Case("int8range", ranges(st.integers(-(2**63), 2**63 - 2))),
    Case("numrange", ranges(NUMBERS, "(]")),
    Case("daterange", ranges(DAYS), (Range(S("0044-03-15 BC"), S("infinity")),)),
    Case("tsrange", ranges(MOMENTS, "()")),
    Case("tstzrange", ranges(ZONED, "(]")),
    Case("int4multirange", st.integers(0, 99).map(lambda n: Multirange([Range(n, n + 1), Range(n + 5, None)])),
         (Multirange(),), since=14),
    Case("datemultirange", ranges(DAYS).map(lambda each: Multirange([each] if each else [])), since=14),
    Case("tstzmultirange", ranges(ZONED, "()").map(lambda each: Multirange([each] if each else [])), since=14),
]  # fmt: skip


def coordinates(points: list[tuple[float, float]]) -> bytes:
    return b"".join(struct.pack("<dd", *point) for point in points)


PLACES = st.tuples(FLOATS, FLOATS)
WKB_POINTS = PLACES.map(lambda place: struct.pack("<BI", 1, 1) + coordinates([place]))
WKB_LINES = st.lists(PLACES, min_size=2, max_size=4).map(
    lambda places: struct.pack("<BII", 1, 2, len(places)) + coordinates(places)
)
HOURS = timedelta(hours=838, minutes=59, seconds=59)
BELOW = timedelta(hours=838, microseconds=-1)  # MySQL 9 takes no fraction of a second of the last hour as a parameter
FINITE = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False).filter(bool)

MYSQL = [
    *[
        whole(bits, f"{name}{'' if signed else ' UNSIGNED'}", signed)
        for name, bits in (("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32), ("BIGINT", 64))
        for signed in (True, False)
    ],
    Case("DECIMAL(65,30)", digits(65, 30), (D("9" * 35 + "." + "9" * 30), D("-1E-30"), D("0E-30"))),
    Case("DECIMAL(65,0)", digits(65, 0)),
    Case("FLOAT", short_floats(1e-37, 3e38), (0.0,)),
    Case("DOUBLE", FINITE, (1.7976931348623157e308, 2.2250738585072014e-308, 0.30000000000000004)),
    Case("BIT(1)", st.integers(0, 1)),
    Case("BIT(13)", st.integers(0, 2**13 - 1)),
    Case("BIT(64)", st.integers(0, 2**64 - 1), (0, 2**64 - 1)),
    Case("YEAR", st.integers(1901, 2155), (0, 1901, 2155)),
    Case("DATE", st.dates(), (date.min, date.max)),
    Case("TIME(6)", st.timedeltas(-BELOW, BELOW), (HOURS, -HOURS, timedelta(0), timedelta(microseconds=-1))),
    Case("DATETIME(6)", MOMENTS, (datetime.min, datetime.max, datetime(2024, 2, 29))),
    Case("DATETIME", MOMENTS.map(lambda value: value.replace(microsecond=0))),
    Case("VARCHAR(50)", TEXT, (*ODD_TEXTS, "a\0b")),
    Case("CHAR(30)", TEXT.map(lambda text: text.rstrip(" ")), ("",)),
    *[Case(f"{size}TEXT", TEXT, ODD_TEXTS) for size in ("TINY", "", "MEDIUM", "LONG")],
    Case("LONGTEXT", st.just(""), ("é" * 70_000,)),
    Case("VARBINARY(50)", BYTES, ODD_BYTES),
    Case("BINARY(20)", BYTES.map(lambda raw: raw.ljust(20, b"\0"))),
    *[Case(f"{size}BLOB", BYTES, ODD_BYTES) for size in ("TINY", "", "MEDIUM", "LONG")],
    Case("LONGBLOB", st.just(b""), (bytes(range(256)) * 300,)),
    Case("ENUM('a','b c','it''s','é')", st.sampled_from(("a", "b c", "it's", "é"))),
    Case("SET('a','b','é')", st.sets(st.sampled_from("abé")), (set(),)),
    Case("POINT", WKB_POINTS.map(lambda wkb: Geometry(0, wkb))),
    Case("GEOMETRY", (WKB_POINTS | WKB_LINES).map(lambda wkb: Geometry(0, wkb))),
]  # fmt: skip
JSON = documents(st.floats(-1e15, 1e15))
TYPES = {
    "postgresql": POSTGRESQL,
    "mysql": [
        *MYSQL,
        Case("JSON", JSON.filter(lambda value: value is not None), (DOCUMENT, [], "", 2**64 - 1), Json),
        Case("VECTOR(3)", st.lists(FLOATS, min_size=3, max_size=3).map(Vector), since=9),
    ],
    # Its JSON is a text.
    "mariadb": [*MYSQL, Case("JSON", JSON.map(lambda value: json.dumps(value, ensure_ascii=False)))],
}
