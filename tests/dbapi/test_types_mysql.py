"""Every type of MySQL and MariaDB both ways: hard values as literals and as parameters, read as text and as binary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import pytest

from sqlx import Geometry, Interval, ServerText, Vector, dbapi
from tests.dbapi.values import column, read, told
from tests.servers.server import Server

D, S = Decimal, ServerText


@pytest.fixture(scope="module", params=["mariadb", "mysql9"])
def connection(request: pytest.FixtureRequest) -> Iterator[dbapi.Connection]:
    server: Server = request.getfixturevalue(request.param)
    url = server.url("admin", sslmode="verify-full", sslrootcert=server.ca_path)
    with dbapi.connect(url, autocommit=True) as opened:
        opened.cursor().execute("SET sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")
        yield opened


LITERALS: dict[str, dict[str, Any]] = {
    "TINYINT": {"-128": -128, "127": 127},
    "TINYINT(1)": {"1": 1, "0": 0, "TRUE": 1},
    "TINYINT UNSIGNED": {"255": 255},
    "SMALLINT": {"-32768": -32768},
    "SMALLINT UNSIGNED": {"65535": 65535},
    "MEDIUMINT": {"-8388608": -8388608, "8388607": 8388607},
    "MEDIUMINT UNSIGNED": {"16777215": 16777215},
    "INT": {"-2147483648": -(2**31)},
    "INT UNSIGNED": {"4294967295": 2**32 - 1},
    "INT(5) ZEROFILL": {"42": 42},
    "BIGINT": {"-9223372036854775808": -(2**63), "9223372036854775807": 2**63 - 1},
    "BIGINT UNSIGNED": {"18446744073709551615": 2**64 - 1},
    "FLOAT": {"0.1": 0.1, "-0.5": -0.5, "16777217": 16777200.0, "3.402e38": 3.402e38, "1.17549435e-38": 1.17549e-38,
              "123456.789": 123457.0, "0": 0.0},
    "FLOAT(10,2)": {"123456.789": 123456.79, "0.005": 0.0, "-1.5": -1.5, "99999999.99": 1e8},
    "DOUBLE": {"0.1": 0.1, "1.7976931348623157e308": 1.7976931348623157e308,
               "0.30000000000000004": 0.30000000000000004,
               "2.2250738585072014e-308": 2.2250738585072014e-308},
    "DOUBLE(10,2)": {"123456.789": 123456.79},
    "DECIMAL(65,30)": {"-12345678901234567890123456789012345.1":
                       D("-12345678901234567890123456789012345.1" + "0" * 29)},
    "DECIMAL(5,2)": {"0": D("0.00"), "999.99": D("999.99"), "-1.1": D("-1.10")},
    "BIT(1)": {"b'1'": 1},
    "BIT(64)": {"b'" + "1" * 64 + "'": 2**64 - 1, "b'0'": 0},
    "YEAR": {"1901": 1901, "2155": 2155, "'0000'": 0},
    "DATE": {"'2024-02-29'": date(2024, 2, 29), "'0001-01-01'": date.min, "'9999-12-31'": date.max,
             "'0000-00-00'": S("0000-00-00"), "'2024-00-15'": S("2024-00-15"), "'2024-01-00'": S("2024-01-00")},
    "TIME": {"'838:59:59'": timedelta(hours=838, minutes=59, seconds=59), "'-838:59:59'":
             -timedelta(hours=838, minutes=59, seconds=59), "'00:00:00'": timedelta(), "'-00:00:01'": timedelta(0, -1)},
    "TIME(3)": {"'-12:34:56.789'": -timedelta(hours=12, minutes=34, seconds=56, milliseconds=789)},
    "DATETIME": {"'2024-02-29 12:30:00'": datetime(2024, 2, 29, 12, 30), "'0000-00-00'": S("0000-00-00 00:00:00"),
                 "'2024-00-15 10:00:00'": S("2024-00-15 10:00:00"),
                 "'9999-12-31 23:59:59'": datetime.max.replace(microsecond=0)},
    "DATETIME(6)": {"'0001-01-01 00:00:00.000001'": datetime(1, 1, 1, 0, 0, 0, 1),
                    "'2024-02-29'": datetime(2024, 2, 29), "'0000-00-00'": S("0000-00-00 00:00:00.000000"),
                    "'2024-00-15 10:00:00.5'": S("2024-00-15 10:00:00.500000")},
    **{f"DATETIME({n})": {"'2024-02-29 12:30:00.123412'": datetime.fromisoformat(f"2024-02-29 12:30:00.{'123456'[:n]}")}
       for n in (1, 2, 3, 4)},
    "TIMESTAMP": {"'2038-01-19 03:14:07'": datetime(2038, 1, 19, 3, 14, 7), "'0000-00-00'": S("0000-00-00 00:00:00")},
    "TIMESTAMP(6)": {"'1970-01-01 00:00:01.5'": datetime(1970, 1, 1, 0, 0, 1, 500000)},
    "CHAR(5)": {"'ab '": "ab", "''": ""},
    "VARCHAR(20)": {"'é😀\\0x'": "é😀\0x", "''": "", "'ab '": "ab "},
    "VARCHAR(20) CHARACTER SET latin1": {"'éß'": "éß"},
    "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin": {"'é'": "é"},
    "TINYTEXT": {"'é'": "é"},
    "TEXT": {"'é'": "é"},
    "MEDIUMTEXT": {"''": ""},
    "LONGTEXT": {"'x'": "x"},
    "BINARY(3)": {"X'ff'": b"\xff\0\0"},
    "VARBINARY(20)": {"X'00ff5c27'": b"\0\xff\\'", "''": b""},
    "TINYBLOB": {"X'00'": b"\0"},
    "BLOB": {"X'ff'": b"\xff"},
    "MEDIUMBLOB": {"''": b""},
    "LONGBLOB": {"'text'": b"text"},
    "ENUM('sad','ok','it''s')": {"'it''s'": "it's", "''": ""},
    "SET('a','b','c')": {"'c,a'": {"a", "c"}, "''": set()},
    "POINT": {"ST_GeomFromText('POINT(1 2)')":
              Geometry(0, bytes.fromhex("0101000000000000000000f03f0000000000000040"))},
    "GEOMETRY": {"ST_GeomFromText('POINT(3 3)', 4326)":
                 Geometry(4326, bytes.fromhex("010100000000000000000008400000000000000840"))},
}  # fmt: skip
CASES = [(type_, literal, value) for type_, cases in LITERALS.items() for literal, value in cases.items()]


@pytest.mark.parametrize(("type_", "literal", "value"), CASES)
def test_a_value_of_the_server(connection: dbapi.Connection, type_: str, literal: str, value: Any) -> None:
    cursor = column(connection, type_)
    cursor.execute(f"INSERT INTO t VALUES ({literal})")
    assert told(read(cursor)) == told(value)


@pytest.mark.parametrize("type_", LITERALS)
def test_a_column_of_nulls(connection: dbapi.Connection, type_: str) -> None:
    cursor = column(connection, type_)
    cursor.execute("INSERT INTO t VALUES (?)", (None,))
    assert read(cursor) is None


@pytest.mark.parametrize(("type_", "literal", "value"), CASES)
def test_a_value_goes_back_as_it_came(connection: dbapi.Connection, type_: str, literal: str, value: Any) -> None:
    """Whatever a column gave binds to it again."""
    cursor = column(connection, type_)
    cursor.execute("INSERT INTO t VALUES (?)", (value,))
    assert told(read(cursor)) == told(value)


def test_json_is_an_object_where_the_server_has_the_type(mysql9: Server, mariadb: Server) -> None:
    """MariaDB's JSON is a text that it checks, and arrives as one."""
    document = {"b": [1, 2.5, None, True, "é😀"], "a": {}}
    for server, wanted in ((mysql9, {"a": {}, "b": document["b"]}), (mariadb, '{"b":[1,2.5,null,true,"é😀"],"a":{}}')):
        with dbapi.connect(server.url("admin", sslmode="verify-full", sslrootcert=server.ca_path)) as connection:
            cursor = column(connection, "JSON")
            cursor.execute("INSERT INTO t VALUES (?)", (document,))
            assert told(read(cursor)) == told(wanted)


SHAPES = {
    "POINT(1 2)": {"type": "Point", "coordinates": (1.0, 2.0)},
    "LINESTRING(1 2,3 4)": {"type": "LineString", "coordinates": ((1.0, 2.0), (3.0, 4.0))},
    "POLYGON((0 0,1 0,0 1,0 0))":
        {"type": "Polygon", "coordinates": (((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),)},
    "MULTIPOINT(1 2,3 4)": {"type": "MultiPoint", "coordinates": ((1.0, 2.0), (3.0, 4.0))},
    "MULTILINESTRING((1 2,3 4))": {"type": "MultiLineString", "coordinates": (((1.0, 2.0), (3.0, 4.0)),)},
    "MULTIPOLYGON(((0 0,1 0,0 1,0 0)))":
        {"type": "MultiPolygon", "coordinates": ((((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),),)},
    "GEOMETRYCOLLECTION(POINT(1 2))":
        {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": (1.0, 2.0)}]},
}  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
def test_a_geometry_as_others_read_it(connection: dbapi.Connection, text: str) -> None:
    cursor = connection.cursor().execute(f"SELECT ST_GeomFromText('{text}')")
    assert cursor.fetchone()[0].__geo_interface__ == SHAPES[text]


def test_a_vector(mysql9: Server) -> None:
    with dbapi.connect(mysql9.url("admin", sslmode="verify-full", sslrootcert=mysql9.ca_path)) as connection:
        cursor = column(connection, "VECTOR(3)")
        cursor.execute("INSERT INTO t VALUES (string_to_vector('[1,-2.5,0.1]'))")
        value = read(cursor)
        assert (type(value), value[:2], round(value[2], 6)) == (Vector, [1.0, -2.5], 0.1)
        cursor.execute("UPDATE t SET c = ?", (Vector([0.5, 1e30, -0.0]),))
        assert cursor.execute("SELECT vector_to_string(c) FROM t").fetchone() == (
            "[5.00000e-01,1.00000e+30,-0.00000e+00]",
        )
        assert read(cursor)[0] == 0.5


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        ("BOOLEAN", True, 1),
        ("TIME(6)", time(12, 30, 0, 5), timedelta(hours=12, minutes=30, microseconds=5)),
        ("TIME", Interval(0, 1, -1_000_000), timedelta(hours=23, minutes=59, seconds=59)),
        ("CHAR(36)", UUID(int=5), str(UUID(int=5))),
        ("VARCHAR(40)", ip_address("::1"), "::1"),
        ("DECIMAL(30,0)", 2**64 + 5, D(2**64 + 5)),
        ("BLOB", bytearray(b"\xff"), b"\xff"),
        ("BLOB", memoryview(b"\xff"), b"\xff"),
    ],
)
def test_a_value_of_python(connection: dbapi.Connection, type_: str, value: Any, wanted: Any) -> None:
    cursor = column(connection, type_)
    cursor.execute("INSERT INTO t VALUES (?)", (value,))
    assert told(read(cursor)) == told(wanted)


@pytest.mark.parametrize(
    ("type_", "value"),
    [("TINYINT", 128), ("TINYINT UNSIGNED", -1), ("VARCHAR(3)", "long"), ("DATE", "no date"), ("DECIMAL(3,1)", D(100)),
     ("ENUM('a')", "b"), ("INT", 2**40)],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_a_data_error(connection: dbapi.Connection, type_: str, value: Any) -> None:
    cursor = column(connection, type_)
    cursor.execute("SET sql_mode = 'STRICT_ALL_TABLES'")
    try:
        with pytest.raises(dbapi.DataError, match=r"\bc\b"):
            cursor.execute("INSERT INTO t VALUES (?)", (value,))
    finally:
        cursor.execute("SET sql_mode = 'NO_ENGINE_SUBSTITUTION'")


@pytest.mark.parametrize("value", [timedelta(hours=839), -timedelta(days=40), Interval(0, 35)])
def test_a_span_that_no_time_holds_is_refused(connection: dbapi.Connection, value: Any) -> None:
    """One server cuts it to what there is, and says nothing."""
    cursor = column(connection, "TIME(6)")
    with pytest.raises(dbapi.DataError, match=r"parameter 1 .*less than 839 hours: send a number of seconds"):
        cursor.execute("INSERT INTO t VALUES (?)", (value,))
    longest = timedelta(hours=838, minutes=59, seconds=59)
    cursor.execute("INSERT INTO t VALUES (?)", (-longest,))
    assert read(cursor) == -longest


@pytest.mark.parametrize("value", [D("NaN"), D("Infinity"), D("-Infinity")])
def test_a_decimal_that_is_no_number_is_refused(connection: dbapi.Connection, value: Decimal) -> None:
    """The server would take it for 0."""
    with pytest.raises(dbapi.DataError, match=rf"parameter 1 \(Decimal\).*no number for {value}"):
        connection.cursor().execute("SELECT ?", (value,))


def test_a_moment_with_a_zone_is_refused_with_what_to_do(connection: dbapi.Connection) -> None:
    """The server has no type for it, and would keep the numbers without their zone."""
    from datetime import UTC

    with pytest.raises(dbapi.DataError, match=r"parameter 1 \(datetime\).*take the zone off"):
        connection.cursor().execute("SELECT ?", (datetime(2024, 1, 1, tzinfo=UTC),))


def test_text_in_another_encoding_arrives_as_server_text(connection: dbapi.Connection) -> None:
    """Where the server does not tell of it, what it was told to send in another encoding is not taken for UTF-8."""
    cursor = column(connection, "VARCHAR(20)")
    cursor.execute("INSERT INTO t VALUES ('café')")
    cursor.execute("SET session_track_system_variables = ''")
    cursor.execute("SET character_set_results = latin1")
    try:
        assert told(read(cursor)) == told(ServerText("caf\\xe9"))
    finally:
        cursor.execute("SET character_set_results = utf8mb4")
        cursor.execute("SET session_track_system_variables = DEFAULT")
    assert told(read(cursor)) == told("café")
