# Generated from tests/aio/test_copy.py by scripts/async_to_sync.py; do not edit.
"""Data that streams into tables and out of them: as it is, and as rows."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count as count_from
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sqlx.dbapi as face
from sqlx import dbapi
from tests.servers.server import Server
from tests.wire.peers import DEADLINE

TABLE = "CREATE TEMPORARY TABLE copied (id int PRIMARY KEY, word text, raw bytea, day date, number numeric)"
ROWS: list[tuple[Any, ...]] = [
    (1, "plain", b"", date(2024, 2, 29), Decimal("1.50")),
    (2, "tab\tline\nreturn\rback\\slash\vform\fbell\b", b"\0\\\xff", None, None),
    (3, "\\N", None, None, Decimal("NaN")),
    (4, "", b"\\x", None, None),
    (5, "\\.", None, None, None),
    (6, "quote \" comma , apostrophe '", None, None, None),
    (7, None, None, None, None),
    (8, "ümlaut 🙂", None, None, None),
]
TYPES = ["int4", "text", "bytea", "date", "numeric"]
FORMATS = ["", " (FORMAT csv)", " (FORMAT text)", " WITH CSV"]


@pytest.fixture
def connection(postgres: Server) -> Iterator[face.Connection]:
    """A connection with a table to copy into."""
    opened = face.connect(postgres.url())
    opened.cursor().execute(TABLE)
    opened.commit()
    yield opened
    opened.close()


def copied(connection: face.Connection) -> list[tuple[Any, ...]]:
    return (connection.cursor().execute("SELECT * FROM copied ORDER BY id")).fetchall()


@pytest.mark.parametrize("form", FORMATS)
def test_rows_go_in_and_come_out_as_they_were(connection: face.Connection, form: str) -> None:
    cursor = connection.cursor()
    with cursor.copy(f"COPY copied FROM STDIN{form}") as copy:
        copy.write_rows(ROWS[:4])
        for row in ROWS[4:]:
            copy.write_row(row)
    assert cursor.rowcount == len(ROWS)
    assert repr(copied(connection)) == repr(ROWS)  # NaN is not equal to itself
    with cursor.copy(f"COPY copied TO STDOUT{form}", types=TYPES) as copy:
        assert repr(list(copy.rows())) == repr(ROWS)
    assert cursor.rowcount == len(ROWS)


@pytest.mark.parametrize(
    "row", [{"id": 1, "word": "a"}, "ab", b"ab", {1, 2}, None, 5, (each for each in "ab")], ids=lambda row: type(row)
)
@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_what_is_no_row(connection: face.Connection, form: str, row: Any) -> None:
    """Neither its keys nor its characters are taken for values."""
    refused = pytest.raises(dbapi.ProgrammingError, match=f"a row is a sequence of values, not {type(row).__name__}")
    sql = f"COPY copied (id, word) FROM STDIN (FORMAT {form})"
    with refused, connection.cursor().copy(sql, types=["int4", "text"]) as copy:
        copy.write_rows([row])
    connection.rollback()
    assert copied(connection) == []


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize("form", ["", " (FORMAT csv)"])
def test_any_text_stays_what_it_is(postgres: Server, form: str) -> None:
    """Whatever looks like a delimiter, a quote, an escape, a null or an end."""
    hostile = st.sampled_from(["\\N", "\\.", "\\", "\t", "\n", "\r\n", '"', ",", '""', "NULL", "\\\\", "a\\tb"])
    with dbapi.connect(postgres.url()) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE words (n int, one text, other text)")

        @given(st.lists(st.tuples(hostile | TEXT, st.none() | hostile | TEXT), max_size=20))
        def check(pairs: list[tuple[str, str | None]]) -> None:
            rows = [(number, *pair) for number, pair in enumerate(pairs)]
            cursor.execute("TRUNCATE words")
            with cursor.copy(f"COPY words FROM STDIN{form}") as copy:
                copy.write_rows(rows)
            assert cursor.execute("SELECT * FROM words ORDER BY n").fetchall() == rows
            ordered = f"COPY (SELECT * FROM words ORDER BY n) TO STDOUT{form}"
            with cursor.copy(ordered, types=["int4", "text", "text"]) as copy:
                assert list(copy.rows()) == rows

        check()


def test_data_goes_in_as_it_is_cut_anywhere(connection: face.Connection) -> None:
    cursor = connection.cursor()
    with cursor.copy("COPY copied (id, word) FROM STDIN") as copy:
        for piece in ("1\ton", b"e\n2", "\ttwo\n3\t", b"\\N\n"):
            copy.write(piece)
    assert [row[:2] for row in copied(connection)] == [(1, "one"), (2, "two"), (3, None)]


def test_files(connection: face.Connection, tmp_path: Path) -> None:
    """Written from some, read into another, in CSV that others read."""
    cursor = connection.cursor()
    with cursor.copy("COPY copied (id, word) FROM STDIN (FORMAT csv, HEADER)") as copy:
        copy.write_from(io.BytesIO(b'id,word\n1,"a, b"\n2,c\n'))
    (tmp_path / "more.csv").write_bytes(b"3,d\n")
    with cursor.copy("COPY copied (id, word) FROM STDIN (FORMAT csv)") as copy:
        copy.write_from(tmp_path / "more.csv")
        copy.write_from([b"4", b",", b"e\n"])
        copy.write_from(io.StringIO("5,f\n"))  # type: ignore[arg-type]
    out = io.BytesIO()
    with cursor.copy("COPY (SELECT id, word FROM copied ORDER BY id) TO STDOUT (FORMAT csv)") as copy:
        copy.read_into(out)
    with cursor.copy("COPY (SELECT id, word FROM copied ORDER BY id) TO STDOUT (FORMAT csv)") as copy:
        copy.read_into(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == out.getvalue()
    assert list(csv.reader(io.StringIO(out.getvalue().decode()))) == [
        ["1", "a, b"],
        *([str(number), word] for number, word in enumerate("cdef", 2)),
    ]


@pytest.mark.parametrize("target", [7, None, "no such folder/file", "."], ids=repr)
def test_what_data_cannot_be_read_into(connection: face.Connection, target: Any) -> None:
    refused = pytest.raises(
        dbapi.InterfaceError, match=r"data goes into a path|cannot be written: (No such file|Is a dir)"
    )
    with connection.cursor().copy("COPY (SELECT 1) TO STDOUT") as copy:
        with refused:
            copy.read_into(target)
        assert copy.read() == b"1\n"


@pytest.mark.parametrize("source", [b"1\n", 7, "no such file", None, ["1\n"], [5]], ids=repr)
def test_what_is_no_source(connection: face.Connection, source: Any) -> None:
    refused = pytest.raises(dbapi.InterfaceError, match=r"data comes (from|in)|cannot be read: No such file")
    with refused, connection.cursor().copy("COPY copied (id) FROM STDIN") as copy:
        copy.write_from(source)
    connection.rollback()
    assert copied(connection) == []


class Giving(io.RawIOBase):
    """A file that gives two rows, and then something else."""

    def __init__(self, last: Any) -> None:
        self._left = [b"1\n2\n", last]

    def read(self, size: int = -1) -> Any:
        return self._left.pop(0) if self._left else b""


@pytest.mark.parametrize("last", [None, 0, [], [65]], ids=repr)
def test_a_file_that_has_nothing_yet_is_not_at_its_end(connection: face.Connection, last: Any) -> None:
    """Such as one that does not block."""
    refused = pytest.raises(dbapi.InterfaceError, match=r"(?s)gives bytes, none at its end, and not .*blocks")
    with refused, connection.cursor().copy("COPY copied (id) FROM STDIN") as copy:
        copy.write_from(Giving(last))
    connection.rollback()
    assert copied(connection) == []


def test_binary_data_comes_and_goes_back(connection: face.Connection) -> None:
    cursor = connection.cursor()
    with cursor.copy("COPY copied FROM STDIN") as copy:
        copy.write_rows(ROWS)
    out = io.BytesIO()
    with cursor.copy("COPY copied TO STDOUT (FORMAT binary)") as copy:
        copy.read_into(out)
    cursor.execute("TRUNCATE copied")
    with cursor.copy("COPY copied FROM STDIN (FORMAT binary)") as copy:
        copy.write_from(io.BytesIO(out.getvalue()))
    assert repr(copied(connection)) == repr(ROWS)


def test_what_is_left_at_the_end_of_the_block_is_dropped(connection: face.Connection) -> None:
    """Little of it is read on, much is cancelled; the connection is in step afterwards."""
    cursor = connection.cursor()
    for rows in (10, 3_000_000):
        with cursor.copy(f"COPY (SELECT generate_series(1, {rows})) TO STDOUT") as copy:
            assert copy.read() == b"1\n"
        connection.rollback()
        assert (cursor.execute("SELECT ?", (7,))).fetchall() == [(7,)]


def test_an_exception_in_the_block_keeps_nothing(connection: face.Connection) -> None:
    cursor = connection.cursor()
    refused = pytest.raises(ZeroDivisionError)
    with refused, cursor.copy("COPY copied (id) FROM STDIN") as copy:
        copy.write_row((1,))
        1 / 0  # noqa: B018
    assert connection.in_failed_transaction
    connection.rollback()
    assert copied(connection) == []


def test_the_server_s_error_says_where_the_data_is_wrong(connection: face.Connection) -> None:
    cursor = connection.cursor()
    with pytest.raises(dbapi.DataError) as caught, cursor.copy("COPY copied (id, word) FROM STDIN") as copy:
        copy.write("1\tone\nx\ttwo\n")
    assert "COPY copied, line 2" in caught.value.fields["where"]
    connection.rollback()
    refused = pytest.raises(dbapi.IntegrityError)
    with refused, cursor.copy("COPY copied (id) FROM STDIN") as copy:
        copy.write_rows([(1,), (1,)])
    connection.rollback()
    assert copied(connection) == []


def numbers(count: int) -> Iterator[tuple[int, str]]:
    return ((number, "x" * 490) for number in range(count))


def test_an_early_error_does_not_wait_for_the_end(connection: face.Connection) -> None:
    """The server gives up at the first line, and says so while data is still being sent, which never ends by itself."""
    refused = pytest.raises(dbapi.DataError)
    with refused, connection.cursor().copy("COPY copied (id, word) FROM STDIN") as copy:
        copy.write("wrong\tline\n")
        copy.write_rows((number, "x" * 90) for number in count_from(0))
    connection.rollback()
    assert copied(connection) == []


def test_much_data_in_little_memory(connection: face.Connection) -> None:
    """Four megabytes go in and come out a part at a time."""
    cursor = connection.cursor()
    tracemalloc.start()
    try:
        with cursor.copy("COPY copied (id, word) FROM STDIN") as copy:
            copy.write_rows(numbers(16_000))
        count = 0
        with cursor.copy("COPY copied TO STDOUT") as copy:
            for _ in copy:
                count += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == cursor.rowcount == 16_000
    assert peak < 2 << 20


def test_nothing_else_runs_meanwhile(connection: face.Connection) -> None:
    cursor = connection.cursor()
    with cursor.copy("COPY copied (id) FROM STDIN") as copy:
        with pytest.raises(dbapi.InterfaceError, match=r"the copy \(COPY copied .* is still being run"):
            connection.cursor().execute("SELECT 1")
        copy.write_row((1,))
    assert len(copied(connection)) == 1


def test_no_pipeline_begins_meanwhile(connection: face.Connection) -> None:
    """Neither could come to its end."""
    with connection.cursor().copy("COPY copied (id) FROM STDIN") as copy:
        copy.write_row((1,))
        refused = pytest.raises(dbapi.InterfaceError, match=r"the copy \(COPY copied .* is still being run")
        with refused, connection.pipeline():
            raise AssertionError
        copy.write_row((2,))
    with connection.pipeline():
        connection.cursor().execute("SELECT 1")
    assert len(copied(connection)) == 2


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_transaction_does_not_end_in_the_middle(connection: face.Connection, autocommit: bool) -> None:
    """With autocommit nothing would have told that nothing was kept."""
    connection.autocommit = autocommit
    with connection.cursor().copy("COPY copied (id) FROM STDIN") as copy:
        copy.write_row((1,))
        for end in (connection.commit, connection.rollback):
            with pytest.raises(dbapi.InterfaceError, match=r"the copy \(COPY copied .* is still being run"):
                end()
        copy.write_row((2,))
    assert len(copied(connection)) == 2


@pytest.mark.parametrize("sql", ["COPY copied (id) FROM STDIN", "COPY (SELECT generate_series(1, 90000)) TO STDOUT"])
def test_a_stream_waits_for_the_end_of_a_copy(connection: face.Connection, sql: str) -> None:
    """What would be said for it, or read, belongs to the copy."""
    streams = [connection.cursor(stream=True) for _ in range(3)]
    for stream in streams:
        stream.execute("SELECT generate_series(1, 20000)")
        stream.fetchone()
    with connection.cursor().copy(sql) as copy:
        with pytest.raises(dbapi.InterfaceError, match=r"the copy .* is still being run"):
            streams[0].fetchall()
        streams[1].close()
        with pytest.raises(dbapi.InterfaceError, match=r"the copy .* is still being run"):
            streams[2].execute("SELECT 1")
        if "FROM" in sql:
            copy.write_row((1,))
        else:
            assert copy.read() == b"1\n"
    assert len(streams[0].fetchall()) > 10_000
    connection.commit()
    assert not connection.closed


def test_a_copy_that_is_too_slow_is_stopped(connection: face.Connection) -> None:
    connection.statement_timeout = 0.3
    refused = pytest.raises(dbapi.OperationalError, match="took longer")
    with refused, connection.cursor().copy("COPY (SELECT pg_sleep(60)) TO STDOUT") as copy:
        copy.read()
    connection.rollback()
    connection.statement_timeout = DEADLINE
    assert copied(connection) == []


def test_a_backend_killed_in_the_middle(connection: face.Connection, postgres: Server) -> None:
    (pid,) = ((connection.cursor().execute("SELECT pg_backend_pid()")).fetchone()) or ()
    refused = pytest.raises(dbapi.OperationalError)
    with refused, connection.cursor().copy("COPY copied (id, word) FROM STDIN") as copy:
        copy.write_row((1, "one"))
        with face.connect(postgres.url("admin"), autocommit=True) as other:
            other.cursor().execute(f"SELECT pg_terminate_backend({pid}, 20000)")
        copy.write_rows(numbers(100_000))
    assert connection.closed


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1", "copy\\(\\) runs COPY and nothing else"),
        ("COPY copied FROM STDIN; SELECT 1", "the text holds several"),
        ("", "copy\\(\\) runs COPY and nothing else"),
    ],
)
def test_what_is_no_copy_is_not_run(connection: face.Connection, sql: str, said: str) -> None:
    refused = pytest.raises(dbapi.ProgrammingError, match=said)
    with refused, connection.cursor().copy(sql):
        pass


def test_the_wrong_direction(connection: face.Connection) -> None:
    cursor = connection.cursor()
    refused = pytest.raises(dbapi.InterfaceError, match="takes no data")
    with refused, cursor.copy("COPY copied TO STDOUT") as copy:
        copy.write("1\n")
    refused = pytest.raises(dbapi.InterfaceError, match="brings none")
    with refused, cursor.copy("COPY copied (id) FROM STDIN") as copy:
        copy.read()
    connection.rollback()
    with pytest.raises(dbapi.InterfaceError, match="in a block"):
        cursor.copy("COPY copied FROM STDIN").write("1\n")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ("(DELIMITER ';')", "DELIMITER"),
        ("(FORMAT csv, NULL 'nil')", "NULL"),
        ("WITH CSV QUOTE '!'", "QUOTE"),
        ("(FORMAT csv, HEADER)", "HEADER"),
        ("CSV HEADER", "HEADER"),
        ("(HEADER true)", "HEADER"),
    ],
)
def test_rows_in_a_format_of_ones_own_are_refused(connection: face.Connection, options: str, word: str) -> None:
    """Data can be written that way; rows would be written another."""
    refused = pytest.raises(dbapi.InterfaceError, match=f"{word} asks for another")
    with refused, connection.cursor().copy(f"COPY copied FROM STDIN {options}") as copy:
        copy.write_row(ROWS[0])
    connection.rollback()
    refused = pytest.raises(dbapi.InterfaceError, match=f"{word} asks for another")
    with refused, connection.cursor().copy(f"COPY copied TO STDOUT {options}") as copy:
        _ = list(copy.rows())
    connection.rollback()


def test_a_column_called_csv_is_no_format(connection: face.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute('CREATE TEMPORARY TABLE named (csv text, "format" text, stdin text)')
    with cursor.copy("COPY named (csv, format, stdin) FROM STDIN -- CSV\n") as copy:
        copy.write_row(("a\tb", "c", "d"))
    assert (cursor.execute("SELECT * FROM named")).fetchall() == [("a\tb", "c", "d")]


def test_every_value_that_can_be_bound_can_be_written(connection: face.Connection) -> None:
    cursor = connection.cursor()
    cursor.execute("CREATE TEMPORARY TABLE all_ (a int[], b jsonb, c uuid, d interval, e boolean, f text[])")
    row = (
        [1, None, 3],
        {"k": ["\t", "\\"]},
        UUID(int=7),
        timedelta(days=1, seconds=2),
        True,
        ["a\tb", '"', "\\", None],
    )
    with cursor.copy("COPY all_ FROM STDIN") as copy:
        copy.write_row(row)
    (found,) = (cursor.execute("SELECT a, b, c, e, f FROM all_")).fetchall()
    assert found == (row[0], row[1], row[2], row[4], row[5])
    refused = pytest.raises(dbapi.DataError, match=r"parameter 2 \(object\) cannot be sent")
    with refused, cursor.copy("COPY all_ (a, b) FROM STDIN") as copy:
        copy.write_row(([1], object()))


MOMENT = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
MOMENTS = (MOMENT, MOMENT, [MOMENT, None], datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
def test_a_moment_is_what_a_parameter_would_be(connection: face.Connection, form: str) -> None:
    """Also where the column has no zone: the server passes over the offset in the data."""
    cursor = connection.cursor()
    cursor.execute("SET timezone = 'Asia/Tokyo'")
    cursor.execute(
        "CREATE TEMPORARY TABLE moments (n serial, a timestamp, b timestamptz, c timestamp[], d timestamptz)"
    )
    insert = "INSERT INTO moments (a, b, c, d) VALUES (?, ?, ?, ?)"
    types = ["timestamp", "timestamptz", "timestamp[]", "timestamptz"]
    cursor.execute(insert, MOMENTS)
    with cursor.copy(f"COPY moments (a, b, c, d) FROM STDIN (FORMAT {form})", types=types) as copy:
        copy.write_row(MOMENTS)
    cursor.execute("SELECT a, b, c, d FROM moments ORDER BY n")
    bound, copied = cursor.fetchall()
    assert bound == copied
    assert copied[:2] == (datetime(2024, 7, 1, 21, 0), MOMENT)


def test_autocommit(postgres: Server) -> None:
    with face.connect(postgres.url(), autocommit=True) as connection:
        connection.cursor().execute(TABLE)
        with connection.cursor().copy("COPY copied (id) FROM STDIN") as copy:
            copy.write_rows([(1,), (2,)])
        assert not connection.in_transaction
        assert len(copied(connection)) == 2


@pytest.mark.parametrize("form", ["", " (FORMAT csv)"])
def test_a_value_that_is_none_of_its_type(connection: face.Connection, form: str) -> None:
    refused = pytest.raises(dbapi.DataError, match="column 2 holds no int4: 'x'\nhint: types=")
    with refused, connection.cursor().copy(f"COPY (SELECT 1, 'x') TO STDOUT{form}", types=["int4", "int4"]) as copy:
        _ = list(copy.rows())
    connection.rollback()
    assert copied(connection) == []


def test_engines_without_it(mariadb: Server) -> None:
    with face.connect(mariadb.url()) as connection:
        refused = pytest.raises(dbapi.NotSupportedError, match="no statement that streams data")
        with refused, connection.cursor().copy("COPY t FROM STDIN"):
            pass


def test_what_is_no_data_is_told_and_the_rest_is_kept(connection: face.Connection) -> None:
    with connection.cursor().copy("COPY copied (id) FROM STDIN") as copy:
        for data in (None, 5, "\ud800"):
            with pytest.raises(dbapi.ProgrammingError, match="data is bytes or a text, not"):
                copy.write(data)  # type: ignore[arg-type]
        with pytest.raises(dbapi.ProgrammingError, match="rows are an iterable, not NoneType"):
            copy.write_rows(None)  # type: ignore[arg-type]
        copy.write("1\n")
    assert len(copied(connection)) == 1
