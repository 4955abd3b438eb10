"""The output formats: byte for byte on values that are hard to write, and losing nothing of any."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.cli.endings import Failure
from sqlx.cli.formats import FORMATS, Format
from sqlx.cli.values import text
from tests.cli.command import SQLX, on_terminal, sqlx
from tests.servers.server import Server

GOLDEN = Path(__file__).parent / "golden"
HARD = r"""
SELECT 1 AS "n", NULL::text AS "null", '' AS "empty", 12.50::numeric AS "exact", 0.1::float8 AS "float",
    E'quote " comma, pipe | star *\nline\ttab \\ <b>&amp;' AS "a ""name"", | 名", true AS "truth",
    '\x00ff'::bytea AS "bytes", DATE '2024-02-29' AS "day", TIMESTAMP '2024-02-29 12:30:00.5' AS "moment",
    TIMESTAMPTZ '2024-02-29 12:30:00+02' AS "zoned", TIME '12:30' AS "clock", INTERVAL '14 mons -3 days' AS "span",
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid AS "uuid", '{"a": [1, null, "x\"y"]}'::jsonb AS "json",
    ARRAY[1.10, NULL] AS "list", 7 AS "n"
UNION ALL
SELECT 9007199254740993, '∅', ' spaces ', 0.00000001, 'NaN', E'漢字 \x1b[31mred\x07 é', false,
    '', DATE '4713-01-01 BC', 'infinity', '-infinity', '00:00:00.000001', '-04:05:06.789',
    '00000000-0000-0000-0000-000000000000', 'null', '{}', NULL;
SELECT 1 AS "none" WHERE false;
CREATE TEMPORARY TABLE t (a int);
INSERT INTO t VALUES (1), (2);
SELECT a FROM t
"""


@pytest.mark.parametrize("name", FORMATS)
def test_hard_values_byte_for_byte(postgres: Server, name: str) -> None:
    """Two rows with everything, a result without rows, and statements without results."""
    done = sqlx("query", postgres.url(timezone="UTC"), "--format", name, HARD)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (GOLDEN / f"hard.{name}").read_text("utf-8")
    talk = "" if name == "table" else "done\n2 rows affected\n"
    assert done.stderr == f"{talk}committed (autocommit)\n"


def written(name: str, columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    writer: Format = FORMATS[name](out)
    writer.begin(columns)
    writer.write(rows)
    writer.end(f"{len(rows)} rows")
    return out.getvalue()


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2)))
def test_csv_gives_every_text_back(rows: list[list[str]]) -> None:
    """As another reader of CSV sees it."""
    out = written("csv", ["a", "b,"], [tuple(row) for row in rows])
    assert list(csv.reader(io.StringIO(out, newline=""))) == [["a", "b,"], *rows]


def test_csv_tells_null_from_the_empty_text() -> None:
    assert written("csv", ["a", "b"], [(None, "")]) == 'a,b\n,""\n'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=9) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(st.lists(st.tuples(JSON, JSON)))
def test_json_gives_every_value_back(rows: list[tuple[Any, Any]]) -> None:
    """With all digits of every number, however the text is split into lines."""
    expected = [{"a": a, "b": b} for a, b in rows]
    whole = json.loads(written("json", ["a", "b"], rows), parse_float=Decimal)
    lines = [json.loads(line, parse_float=Decimal) for line in written("jsonl", ["a", "b"], rows).split("\n")[:-1]]
    assert whole == lines == expected


@given(st.floats())
def test_floats_keep_their_bits(value: float) -> None:
    assert repr(float(text(value))) == repr(value)


@pytest.mark.parametrize(
    ("names", "keys"),
    [(["a", "a", "a"], ["a", "a_2", "a_3"]), (["a", "a", "a_2"], ["a", "a_3", "a_2"]), (["", ""], ["", "_2"])],
)
def test_columns_of_one_name_all_reach_json(names: list[str], keys: list[str]) -> None:
    row = tuple(range(len(names)))
    assert json.loads(written("jsonl", names, [row])) == dict(zip(keys, row, strict=True))


def test_json_says_what_it_cannot_write() -> None:
    """A value nested deeper than Python goes."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Failure, match="nested too deeply"):
        written("json", ["a"], [(deep,)])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-0.00"), "-0.00"),
        (Decimal("1E+999999999"), "1E+999999999"),
        (Decimal("1E-999999999"), "1E-999999999"),
        (10**5000, "1" + "0" * 5000),
        (timedelta(hours=-838, minutes=-59, seconds=-59), "-838:59:59"),
        (timedelta(microseconds=500_000), "00:00:00.5"),
        pytest.param({"b", "a"}, "a,b", id="set"),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) else "long",
)
def test_values_as_text(value: Any, expected: str) -> None:
    """What servers would write, at a bounded length."""
    assert text(value) == expected or Decimal(text(value)) == Decimal(expected)


WIDE = "SELECT 1 AS n, '漢字漢字漢字漢字漢字漢字漢字漢字' AS wide, repeat('x', 50) AS long, NULL AS nothing"


def test_a_table_fits_the_terminal(postgres: Server) -> None:
    """The widest columns give way, wide characters count twice, NULL is dim, headings are bold."""
    code, shown = on_terminal([*SQLX, "query", postgres.url(), WIDE], COLUMNS="50")
    assert code == 0
    assert shown == (
        " \x1b[1mn\x1b[0m │ \x1b[1mwide           \x1b[0m │ \x1b[1mlong           \x1b[0m │ \x1b[1mnothing\x1b[0m\n"
        "───┼─────────────────┼─────────────────┼─────────\n"
        " 1 │ 漢字漢字漢字漢… │ xxxxxxxxxxxxxx… │ \x1b[2m∅      \x1b[0m\n"
        "\x1b[2m1 row\x1b[0m\n"
    )


def test_a_table_in_a_pipe_is_whole_and_plain(postgres: Server) -> None:
    done = sqlx("query", postgres.url(), WIDE, "--format", "table", env={"COLUMNS": "50"})
    assert "x" * 50 in done.stdout
    assert "\x1b" not in done.stdout


def test_csv_on_a_terminal_is_obeyed_by_none(postgres: Server) -> None:
    """In a pipe it is exact."""
    sql = "SELECT E'\\x1b]0;pwn\\x07\\r' AS \"\x1b[2J\", E'a\\tb\\nc', 'ü'"
    command = ["query", postgres.url(), sql, "--format", "csv"]
    shown = on_terminal([*SQLX, *command])[1]
    assert shown == '\\x1b[2J,?column?,?column?\n"\\x1b]0;pwn\\x07\\r","a\tb\nc",ü\n'
    assert sqlx(*command).stdout.splitlines(keepends=True)[0] == "\x1b[2J,?column?,?column?\n"


def test_what_is_made_of_several_values_is_json(postgres: Server, mariadb: Server) -> None:
    shapes = """SELECT '(1,2)'::point AS p, ROW(1, 'a') AS r, '((1,2),(3,4))'::box AS b,
        '{[1,2),[4,5)}'::int4multirange AS m, '[1,2)'::int4range AS g, json_build_object('a', 1) AS j"""
    line = """SELECT ST_GeomFromText('LINESTRING(1 2,3 4)', 4326) AS g, ST_GeomFromText('POINT(1 2)') AS p"""
    found = [
        json.loads(sqlx("query", server.url(), "--format", "jsonl", sql).stdout)
        for server, sql in ((postgres, shapes), (mariadb, line))
    ]
    assert found == [
        {
            "p": [1, 2], "r": ["1", "a"], "b": [[3, 4], [1, 2]], "m": ["[1,2)", "[4,5)"], "g": "[1,2)", "j": {"a": 1},
        },
        {
            "g": {"type": "LineString", "coordinates": [[1, 2], [3, 4]], "srid": 4326},
            "p": {"type": "Point", "coordinates": [1, 2]},
        },
    ]  # fmt: skip
    done = sqlx("query", postgres.url(), "--format", "csv", "SELECT '(1,2)'::point, ROW('x', NULL)")
    assert done.stdout.splitlines()[1] == '"[1.0, 2.0]","[""x"", null]"'


def test_json_is_obeyed_by_no_terminal(postgres: Server) -> None:
    """Nor in a pipe, where it means the same."""
    done = sqlx("query", postgres.url(), "SELECT U&'\\009b2J\\007f' AS \"\x9d\"", "--format", "jsonl")
    assert done.stdout == '{"\\u009d": "\\u009b2J\\u007f"}\n'
    assert json.loads(done.stdout) == {"\x9d": "\x9b2J\x7f"}


def test_no_color_is_heeded(postgres: Server) -> None:
    assert "\x1b" not in on_terminal([*SQLX, "query", postgres.url(), WIDE], NO_COLOR="1")[1]
    assert "\x1b" not in on_terminal([*SQLX, "query", postgres.url(), "selec"], NO_COLOR="1")[1]


def test_a_table_goes_on_after_the_rows_that_sized_it(postgres: Server) -> None:
    """What is wider than those is cut on a terminal and whole in a pipe."""
    sql = "SELECT CASE WHEN n < 1500 THEN 'x' ELSE 'yyyyyyyyyy' END AS t FROM generate_series(1, 1500) AS n"
    piped = sqlx("query", postgres.url(), sql, "--format", "table").stdout
    assert piped.splitlines()[-3:] == [" x", " yyyyyyyyyy", "1500 rows"]
    shown = on_terminal([*SQLX, "query", postgres.url(), sql], NO_COLOR="1")[1]
    assert shown.splitlines()[-3:] == [" x", " …", "1500 rows"]
