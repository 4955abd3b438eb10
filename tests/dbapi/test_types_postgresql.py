"""Every type of PostgreSQL both ways: hard values as literals and as parameters, read as text and as binary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from math import inf, nan
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from sqlx import (
    Array,
    Box,
    Circle,
    Interval,
    Json,
    Line,
    Multirange,
    Path,
    Point,
    Polygon,
    Range,
    Record,
    Segment,
    ServerText,
    dbapi,
)
from tests.dbapi.values import column, read, told
from tests.servers.server import Server

D, I, S = Decimal, Interval, ServerText  # noqa: E741
SECOND = 1_000_000


@pytest.fixture(scope="module")
def connection(postgres: Server) -> Iterator[dbapi.Connection]:
    with dbapi.connect(postgres.url(), autocommit=True, timezone="UTC") as opened:
        cursor = opened.cursor()
        for statement in (
            "CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok', 'it''s \"so\"')",
            "CREATE DOMAIN pg_temp.positive AS int CHECK (value > 0)",
            "CREATE TYPE pg_temp.pair AS (a int, b text)",
        ):
            cursor.execute(statement)
        yield opened


LITERALS: dict[str, dict[str, Any]] = {
    "bool": {"true": True, "false": False},
    "smallint": {"-32768": -32768, "32767": 32767, "0": 0},
    "int": {"-2147483648": -(2**31), "2147483647": 2**31 - 1},
    "bigint": {"-9223372036854775808": -(2**63), "9223372036854775807": 2**63 - 1},
    "numeric": {
        "0": D("0"), "0.00": D("0.00"), "-1.10": D("-1.10"), "1e-20": D("0.00000000000000000001"),
        "12345678901234567890123456789012345.678901234567890123456789":
            D("12345678901234567890123456789012345.678901234567890123456789"),
        "1e1000": D(10**1000), "'NaN'": D("NaN"), "'Infinity'": D("Infinity"), "'-Infinity'": D("-Infinity"),
    },
    "numeric(65,30)": {"-0.1": D("-0.100000000000000000000000000000"), "9": D("9.000000000000000000000000000000")},
    "real": {"0.1": 0.1, "3.4028235e38": 3.4028235e38, "1e-45": 1e-45, "'NaN'": nan, "'-Infinity'": -inf, "'-0'": -0.0,
             "16777216": 16777216.0, "123456.79": 123456.79},
    "double precision": {"0.1": 0.1, "1.7976931348623157e308": 1.7976931348623157e308, "5e-324": 5e-324, "'NaN'": nan,
                         "'Infinity'": inf, "'-0'": -0.0, "0.30000000000000004": 0.30000000000000004},
    "text": {"''": "", "'é 😀 ''quoted'' \"too\"'": "é 😀 'quoted' \"too\"", "E'line\\nbreak\\\\'": "line\nbreak\\",
             "'NULL'": "NULL"},
    "char(5)": {"'ab'": "ab   "},
    "varchar(5)": {"'ab '": "ab "},
    '"char"': {"'x'": "x", "''": ""},
    "name": {"'pg_class'": "pg_class"},
    "bytea": {"'\\x'": b"", "'\\x00ff5c27'": b"\x00\xff\\'"},
    "date": {
        "'2024-02-29'": date(2024, 2, 29), "'0001-01-01'": date.min, "'9999-12-31'": date.max,
        "'10000-01-01'": S("10000-01-01"), "'0044-03-15 BC'": S("0044-03-15 BC"), "'0001-12-31 BC'": S("0001-12-31 BC"),
        "'5874897-12-31'": S("5874897-12-31"), "'infinity'": S("infinity"), "'-infinity'": S("-infinity"),
    },
    "time": {"'00:00'": time(0), "'23:59:59.999999'": time.max, "'12:30:00.5'": time(12, 30, 0, 500000),
             "'24:00'": S("24:00:00")},
    "time(0)": {"'12:30:00.6'": time(12, 30, 1)},
    "timetz": {
        "'12:30:00.5+02'": time(12, 30, 0, 500000, timezone(timedelta(hours=2))),
        "'12:30-03:30'": time(12, 30, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        "'00:00+00'": time(0, tzinfo=UTC), "'24:00+00'": S("24:00:00+00"),
        "'12:00+15:59:59'": time(12, tzinfo=timezone(timedelta(hours=15, minutes=59, seconds=59))),
    },
    "timestamp": {
        "'2024-02-29 12:30:00.123456'": datetime(2024, 2, 29, 12, 30, 0, 123456), "'0001-01-01'": datetime.min,
        "'9999-12-31 23:59:59.999999'": datetime.max, "'10000-01-01'": S("10000-01-01 00:00:00"),
        "'0044-03-15 12:00:00.5 BC'": S("0044-03-15 12:00:00.5 BC"), "'294276-12-31'": S("294276-12-31 00:00:00"),
        "'infinity'": S("infinity"), "'-infinity'": S("-infinity"),
    },
    "timestamp(3)": {"'2024-02-29 12:30:00.1239'": datetime(2024, 2, 29, 12, 30, 0, 124000)},
    "timestamptz": {
        "'2024-02-29 12:30:00+02'": datetime(2024, 2, 29, 10, 30, tzinfo=ZoneInfo("UTC")),
        "'10000-01-01 00:00+00'": S("10000-01-01 00:00:00+00"),
        "'0044-03-15 00:00+00 BC'": S("0044-03-15 00:00:00+00 BC"),
        "'infinity'": S("infinity"),
    },
    "interval": {
        "'1 year 2 mons -3 days -04:05:06.789'": I(14, -3, -(4 * 3600 + 5 * 60 + 6) * SECOND - 789_000),
        "'0'": I(), "'178000000 years'": I(178000000 * 12), "'-00:00:00.000001'": I(0, 0, -1), "'1 day'": I(0, 1),
        "'2562047788:00:54.775807'": I(0, 0, 2**63 - 1), "'-1 year +1 day'": I(-12, 1),
    },
    "uuid": {"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'": UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")},
    "json": {"'{\"b\": [1, 2.5, null, true, \"é\"], \"a\": {}}'": {"b": [1, 2.5, None, True, "é"], "a": {}},
             "'null'": None, "'\"text\"'": "text", "'12345678901234567890'": 12345678901234567890},
    "jsonb": {"'{\"a\": 1e3}'": {"a": 1000}, "'[]'": []},
    "inet": {"'127.0.0.1'": ip_address("127.0.0.1"), "'10.0.0.1/8'": ip_interface("10.0.0.1/8"),
             "'::1'": ip_address("::1"), "'::ffff:1.2.3.4'": ip_address("::ffff:1.2.3.4")},
    "cidr": {"'10.0.0.0/8'": ip_network("10.0.0.0/8"), "'2001:db8::/32'": ip_network("2001:db8::/32"),
             "'1.2.3.4/32'": ip_network("1.2.3.4/32")},
    "macaddr": {"'08:00:2b:01:02:03'": "08:00:2b:01:02:03"},
    "bit(10)": {"B'1000000001'": "1000000001"},
    "bit varying": {"B''": "", "B'001'": "001"},
    "money": {"'12.34'": "$12.34"},
    "xml": {"'<a>é</a>'": "<a>é</a>"},
    "point": {"'(1,2)'": Point(1.0, 2.0), "'(NaN,-Infinity)'": Point(nan, -inf), "'(1e300,-0)'": Point(1e300, -0.0)},
    "line": {"'{1,-2.5,3}'": Line(1.0, -2.5, 3.0)},
    "lseg": {"'[(1,2),(3,4)]'": Segment(Point(1.0, 2.0), Point(3.0, 4.0))},
    "box": {"'(0,0),(2,1)'": Box(Point(2.0, 1.0), Point(0.0, 0.0))},
    "path": {"'[(1,2),(3,4)]'": Path((Point(1.0, 2.0), Point(3.0, 4.0)), False),
             "'((1,2))'": Path((Point(1.0, 2.0),), True)},
    "polygon": {"'((0,0),(1,0),(0,1))'": Polygon((Point(0.0, 0.0), Point(1.0, 0.0), Point(0.0, 1.0)))},
    "circle": {"'<(1,2),3>'": Circle(Point(1.0, 2.0), 3.0)},
    "int4range": {"'[1,5)'": Range(1, 5), "'[1,5]'": Range(1, 6), "'(,)'": Range(), "'empty'": Range(empty=True)},
    "int8range": {"'[1,9000000000)'": Range(1, 9000000000), "'[1,2)'": Range(1, 2), "'[5,)'": Range(5, None)},
    "numrange": {"'(1.10,2]'": Range(D("1.10"), D(2), "(]"), "'[1,NaN]'": Range(D(1), D("NaN"), "[]")},
    "daterange": {"'[2024-02-29,infinity)'": Range(date(2024, 2, 29), S("infinity")),
                  "'[0044-03-15 BC,)'": Range(S("0044-03-15 BC"), None)},
    "tsrange": {"'[2024-02-29 12:30,)'": Range(datetime(2024, 2, 29, 12, 30), None)},
    "tstzrange": {"'(2024-02-29 12:30+02,2024-03-01 00:00+00]'": Range(
        datetime(2024, 2, 29, 10, 30, tzinfo=ZoneInfo("UTC")), datetime(2024, 3, 1, tzinfo=ZoneInfo("UTC")), "(]")},
    "int4multirange": {"'{}'": Multirange(), "'{[1,3),[5,7)}'": Multirange([Range(1, 3), Range(5, 7)])},
    "nummultirange": {"'{(,1.5),[2,2]}'": Multirange([Range(None, D("1.5")), Range(D(2), D(2), "[]")])},
    "tsmultirange": {"'{[2024-02-29 12:30,)}'": Multirange([Range(datetime(2024, 2, 29, 12, 30), None)])},
    "int4range[]": {"'{\"[1,3)\",NULL,empty}'": [Range(1, 3), None, Range(empty=True)]},
    "daterange[]": {"'{\"[2024-02-29,2024-03-01)\"}'": [Range(date(2024, 2, 29), date(2024, 3, 1))]},
    "datemultirange[]": {"'{\"{[2024-02-29,2024-03-01)}\"}'": [
        Multirange([Range(date(2024, 2, 29), date(2024, 3, 1))])]},
    "point[]": {"'{\"(1,2)\",NULL}'": [Point(1.0, 2.0), None]},
    "path[]": {"'{\"[(1,2)]\"}'": [Path((Point(1.0, 2.0),), False)]},
    "inet[]": {"'{10.0.0.1,10.0.0.1/8,::1}'": [ip_address("10.0.0.1"), ip_interface("10.0.0.1/8"), ip_address("::1")]},
    "time[]": {"'{12:30,24:00}'": [time(12, 30), S("24:00:00")]},
    "timetz[]": {"'{12:30+02}'": [time(12, 30, tzinfo=timezone(timedelta(hours=2)))]},
    "macaddr8": {"'08:00:2b:01:02:03:04:05'": "08:00:2b:01:02:03:04:05"},
    "tsquery": {"'fat & (rat | cat)'": "'fat' & ( 'rat' | 'cat' )"},
    "jsonpath": {"'$.a[*] ? (@ > 1)'": '$."a"[*]?(@ > 1)'},
    "xid8": {"'18446744073709551615'": 2**64 - 1},
    "regtype": {"'int4'": "integer"},
    "regproc": {"'now'": "now"},
    "pg_snapshot": {"'10:20:10,14'": "10:20:10,14"},
    "tsvector": {"'a fat cat'": "'a' 'cat' 'fat'"},
    "oid": {"4294967295": 4294967295},
    "regclass": {"'pg_catalog.pg_class'": "pg_class"},
    "pg_lsn": {"'16/B374D848'": "16/B374D848"},
    "int[]": {"'{}'": [], "'{1,NULL,-3}'": [1, None, -3], "'{{1,2},{3,NULL}}'": [[1, 2], [3, None]],
              "'[0:1]={5,6}'": Array([5, 6], (0,)),
              "'[2:2][-1:0]={{5,6}}'": Array([[5, 6]], (2, -1))},
    "text[]": {
        "ARRAY['', 'NULL', NULL, 'a\"b\\c', '{x,y}', ' s ', 'é']": ["", "NULL", None, 'a"b\\c', "{x,y}", " s ", "é"],
        "ARRAY[[['a'],[NULL]]]": [[["a"], [None]]],
    },
    "bool[]": {"'{t,f,NULL}'": [True, False, None]},
    "numeric[]": {"'{1.10,NaN}'": [D("1.10"), D("NaN")]},
    "date[]": {"'{2024-02-29,infinity,0044-03-15 BC}'": [date(2024, 2, 29), S("infinity"), S("0044-03-15 BC")]},
    "timestamptz[]": {"'{2024-02-29 12:30+02}'": [datetime(2024, 2, 29, 10, 30, tzinfo=ZoneInfo("UTC"))]},
    "bytea[]": {"ARRAY['\\x00ff'::bytea, NULL]": [b"\x00\xff", None]},
    "uuid[]": {"'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'": [UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]},
    "jsonb[]": {"ARRAY['{\"a\":\"\\\"\"}'::jsonb, 'null', NULL]": [{"a": '"'}, None, None]},
    "interval[]": {"'{1 mon,-1 day}'": [I(1), I(0, -1)]},
    "pg_temp.mood": {"'ok'": "ok", "'it''s \"so\"'": "it's \"so\""},
    "pg_temp.mood[]": {"'{sad,ok}'": ["sad", "ok"]},
    "box[]": {"'{(2,2),(1,1);(4,4),(3,3)}'": [
        Box(Point(2.0, 2.0), Point(1.0, 1.0)), Box(Point(4.0, 4.0), Point(3.0, 3.0))]},
    "pg_temp.positive": {"7": 7},
    "pg_temp.pair": {"ROW(1, 'a \"b\"')": Record((1, 'a "b"'), ("a", "b"))},
}  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "literal", "value"),
    [(type_, literal, value) for type_, cases in LITERALS.items() for literal, value in cases.items()],
)
def test_a_value_of_the_server(connection: dbapi.Connection, type_: str, literal: str, value: Any) -> None:
    cursor = column(connection, type_)
    cursor.execute(f"INSERT INTO t VALUES ({literal})")
    assert told(read(cursor)) == told(value)


@pytest.mark.parametrize("type_", LITERALS)
def test_a_column_of_nulls(connection: dbapi.Connection, type_: str) -> None:
    cursor = column(connection, type_)
    cursor.execute("INSERT INTO t VALUES (?)", (None,))
    assert read(cursor) is None


@pytest.mark.parametrize(
    ("type_", "value"),
    [(type_, value) for type_, cases in LITERALS.items() for value in cases.values() if value is not None],
)
def test_a_value_goes_back_as_it_came(connection: dbapi.Connection, type_: str, value: Any) -> None:
    """Whatever a column gave binds to it again: Python's own types, and the server's text for what they cannot hold."""
    cursor = column(connection, type_)
    bound = Json(value) if type_ in ("json", "jsonb") else str(value) if type_ == "xid8" else value
    if type_ == "jsonb[]":
        bound = [None if item is None else Json(item) for item in value]
    cursor.execute("INSERT INTO t VALUES (?)", (bound,))
    assert told(read(cursor)) == told(value)


def test_a_statement_seen_before_a_change_of_the_schema_cuts_nothing(connection: dbapi.Connection) -> None:
    """The type that the server once inferred for a parameter must not come between a value and its new column."""
    for type_, value in (('"char"', "x"), ("text", "long enough")):
        cursor = column(connection, type_)
        cursor.execute("INSERT INTO t VALUES (?)", (value,))
        assert read(cursor) == value


@pytest.mark.parametrize("text", ["infinity", "-infinity"])
def test_an_interval_without_end(postgres18: Server, text: str) -> None:
    """PostgreSQL 17 and later have such."""
    with dbapi.connect(postgres18.url()) as later:
        cursor = column(later, "interval")
        cursor.execute("INSERT INTO t VALUES (?)", (ServerText(text),))
        assert told(read(cursor)) == told(ServerText(text))


@pytest.mark.parametrize(
    ("type_", "literal", "value"),
    [
        ("numeric", "repeat('9', 131072)::numeric", D("9" * 131_072)),
        ("numeric", "('-0.' || repeat('1', 16383))::numeric", D("-0." + "1" * 16_383)),
        ("json", "('[' || repeat('9', 1000000) || ']')::json", [D("9" * 1_000_000)]),
    ],
    ids=["before the point", "behind it", "in json"],
)
def test_as_many_digits_as_there_can_be(connection: dbapi.Connection, type_: str, literal: str, value: Any) -> None:
    cursor = column(connection, type_)
    cursor.execute(f"INSERT INTO t VALUES ({literal})")
    assert told(read(cursor)) == told(value)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("ROW(1, NULL, '', 'a \"b\", \\ ()', ARRAY[1, NULL])", Record(("1", None, "", 'a "b", \\ ()', "{1,NULL}"))),
        ("ROW(ROW(1, 'x y'), TRUE)", Record(('(1,"x y")', "t"))),
        ("ROW(NULL)", Record((None,))),
        ("ARRAY[ROW(1, 'a'), NULL, ROW(2, 'é,')]", [Record(("1", "a")), None, Record(("2", "é,"))]),
    ],
)
def test_a_record_of_no_type_is_of_texts(connection: dbapi.Connection, sql: str, value: Any) -> None:
    for text, parameters in ((f"SELECT {sql}", None), (f"SELECT {sql} WHERE 1 = ?", (1,))):
        assert told(connection.cursor().execute(text, parameters).fetchone()) == told((value,))


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("'1 -2 3'::int2vector", [1, -2, 3]),
        ("''::int2vector", []),
        ("'4294967295 0'::oidvector", [4294967295, 0]),
        ("ARRAY['1 2', NULL, '']::oidvector[]", [[1, 2], None, []]),
        ("(SELECT indkey FROM pg_index WHERE indexrelid = 'pg_class_relname_nsp_index'::regclass)", [2, 3]),
    ],
)
def test_vectors_of_the_catalog_are_lists(connection: dbapi.Connection, sql: str, value: Any) -> None:
    for text, parameters in ((f"SELECT {sql}", None), (f"SELECT {sql} WHERE 1 = ?", (1,))):
        assert told(connection.cursor().execute(text, parameters).fetchone()) == told((value,))


# ---- time zones

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
MOMENTS = (
    "2024-03-31 01:00:00+00", "2024-10-27 00:30:00+00", "2024-10-27 01:30:00+00", "1900-01-01 00:00:00+00",
    "2011-12-30 12:00:00+00", "2024-04-06 15:15:00+00", "2262-04-11 23:47:16.854775+00",
)  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("zone", ZONES)
def test_a_moment_is_aware_in_the_sessions_zone(connection: dbapi.Connection, zone: str, moment: str) -> None:
    cursor = column(connection, "timestamptz")
    cursor.execute("INSERT INTO t VALUES (?)", (moment,))
    cursor.execute(f"SET TimeZone = '{zone}'")
    try:
        value = read(cursor)
        wanted = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
        assert told(value) == told(wanted)
        cursor.execute("UPDATE t SET c = ?", (value,))
        assert told(read(cursor)) == told(wanted)
    finally:
        cursor.execute("SET TimeZone = 'UTC'")


def test_a_zone_that_python_does_not_know_is_an_offset(connection: dbapi.Connection) -> None:
    cursor = column(connection, "timestamptz")
    cursor.execute("INSERT INTO t VALUES ('2024-02-29 12:00+00')")
    cursor.execute("SET TIME ZONE INTERVAL '-03:30' HOUR TO MINUTE")
    try:
        assert told(read(cursor)) == told(datetime.fromisoformat("2024-02-29 08:30-03:30"))
    finally:
        cursor.execute("SET TimeZone = 'UTC'")


def test_the_beginning_and_end_of_time_in_another_zone(connection: dbapi.Connection) -> None:
    """A moment that Python holds in UTC and not in the session's zone arrives as the server's text."""
    cursor = column(connection, "timestamptz")
    cursor.execute("INSERT INTO t VALUES ('9999-12-31 23:59:59+00')")
    cursor.execute("SET TimeZone = 'Asia/Tokyo'")
    try:
        assert told(read(cursor)) == told(ServerText("10000-01-01 08:59:59+09"))
    finally:
        cursor.execute("SET TimeZone = 'UTC'")


# ---- settings of the session that change how the server writes


@pytest.mark.parametrize(
    ("setting", "type_", "literal", "value"),
    [
        ("DateStyle = 'German, DMY'", "date", "'2024-02-29'", ServerText("29.02.2024")),
        ("IntervalStyle = 'iso_8601'", "interval", "'1 mon 2 days'", ServerText("P1M2D")),
        ("bytea_output = 'escape'", "bytea", "'\\x00ff5c41'", b"\x00\xff\\A"),
        ("extra_float_digits = 0", "double precision", "0.5", 0.5),
    ],
)
def test_a_setting_makes_no_result_unreadable(
    connection: dbapi.Connection, setting: str, type_: str, literal: str, value: Any
) -> None:
    cursor = column(connection, type_)
    cursor.execute(f"INSERT INTO t VALUES ({literal})")
    cursor.execute(f"SET {setting}")
    try:
        assert told(read(cursor)) == told(value)
    finally:
        cursor.execute(f"RESET {setting.partition(' ')[0]}")
    assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_another_encoding_is_refused(postgres: Server) -> None:
    """Text would be read as what it is not."""
    connection = dbapi.connect(postgres.url())
    with pytest.raises(dbapi.OperationalError, match=r"client_encoding.*LATIN1.*UTF8"):
        connection.cursor().execute("SET client_encoding = 'LATIN1'")
    with pytest.raises(dbapi.InterfaceError, match="closed"):
        connection.cursor().execute("SELECT 1")
    connection.close()


@pytest.fixture
def bytes_only(postgres: Server) -> Iterator[str]:
    """The URL of a database without an encoding: what is in it need not be text."""
    admin = dbapi.connect(postgres.url("admin"), autocommit=True)
    with admin:
        cursor = admin.cursor()
        cursor.execute("DROP DATABASE IF EXISTS bytes_only")
        cursor.execute("CREATE DATABASE bytes_only ENCODING 'SQL_ASCII' TEMPLATE template0")
        yield postgres.url("admin", database="bytes_only")
        cursor.execute("DROP DATABASE bytes_only")


def test_text_that_is_none_arrives_as_server_text(bytes_only: str) -> None:
    with dbapi.connect(bytes_only) as connection:
        cursor = column(connection, "text")
        cursor.execute("SET client_encoding = 'SQL_ASCII'")
        cursor.execute("INSERT INTO t VALUES ('plain'), (E'caf\\xe9'), ('é')")
        for parameters in (None, (1,)):
            sql = "SELECT c, 1, ARRAY[c] FROM t" + (" WHERE 1 = ?" if parameters else "")
            assert [told(row) for row in cursor.execute(sql, parameters)] == [
                told(("plain", 1, ["plain"])),
                told((ServerText("caf\\xe9"), 1, ServerText("{caf\\xe9}"))),
                told(("é", 1, ["é"])),
            ]


def test_a_server_that_cannot_convert_says_so(bytes_only: str) -> None:
    with dbapi.connect(bytes_only) as connection:
        with pytest.raises(dbapi.DataError, match="UTF8"):
            connection.cursor().execute("SELECT E'caf\\xe9'")
        connection.rollback()
        assert connection.cursor().execute("SELECT 'café'").fetchone() == ("café",)


def test_json_that_is_nested_too_deeply_arrives_as_server_text(connection: dbapi.Connection) -> None:
    deep = "[" * 5000 + "]" * 5000
    cursor = column(connection, "json")
    cursor.execute("INSERT INTO t VALUES (?)", (deep,))
    assert told(read(cursor)) == told(ServerText(deep))
