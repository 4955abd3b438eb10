"""The link to the engine in this process, against real database files."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest

from sqlx.wire.embedded import EmbeddedLink
from sqlx.wire.errors import WireError
from sqlx.wire.io import Blocking
from sqlx.wire.link import Link, Steps
from sqlx.wire.parameters import Parameters
from sqlx.wire.registry import load
from sqlx.wire.result import Reply, Result
from sqlx.wire.values import Context, ServerText

T = TypeVar("T")
Connect = Callable[..., EmbeddedLink]
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"


def run(steps: Steps[T]) -> T:
    """The steps of this link never wait."""
    try:
        need = next(steps)
    except StopIteration as end:
        value: T = end.value
        return value
    raise AssertionError(f"an embedded link waits for {need}")


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Open links to one database file, or to another that is named."""
    links: list[EmbeddedLink] = []

    def open_link(database: Any = None, **options: Any) -> EmbeddedLink:
        link = EmbeddedLink(load("sqlite"), database or tmp_path / "data.db", options)
        run(link.open())
        links.append(link)
        return link

    yield open_link
    for link in links:
        run(link.close())


@pytest.fixture
def link(connect: Connect) -> EmbeddedLink:
    return connect()


def query(link: Link, sql: str) -> Result:
    """The only result of a text."""
    [result] = run(link.query(sql)).results
    return result


def rows(link: Link, sql: str) -> list[tuple[Any, ...]]:
    return query(link, sql).rows


def execute(link: EmbeddedLink, sql: str, *values: Any) -> Result:
    """The only result of a statement with parameters that Python gives."""
    types, encoded = Parameters(link.pack.parameters, Context()).bind(values)
    prepared = run(link.prepare(sql, types))
    [result] = run(link.execute(prepared, types, encoded)).results
    return result


def read_on(link: Link, reply: Reply) -> list[int]:
    """Read a stream to its end: how many rows had arrived after each batch."""
    counts = [len(reply.results[-1].rows)]
    while not reply.done:
        run(link.resume(reply))
        counts.append(len(reply.results[-1].rows))
    return counts


def names(result: Result) -> list[tuple[str, str, str]]:
    return [(column.name, column.type, column.group) for column in result.columns or ()]


# ---- texts


def test_a_script_gives_a_result_for_each_statement(link: EmbeddedLink) -> None:
    """The engine takes the script apart; comments, empty statements and `;` in a trigger give nothing."""
    script = """
        -- a table; with a trigger
        CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
        CREATE TABLE log(x);
        CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); SELECT 1; END;
        INSERT INTO t(b) VALUES ('x;'), ('y'); ;
        SELECT a, b FROM t ORDER BY a; /* ; */ SELECT 3 WHERE 0;
        SELECT count(*) FROM log; -- end;"""
    results = run(link.query(script)).results
    assert [result.tag for result in results] == ["CREATE"] * 3 + ["INSERT"] + ["SELECT"] * 3
    assert [result.rows for result in results[4:]] == [[(1, "x;"), (2, "y")], [], [(2,)]]
    assert [result.columns is None for result in results] == [True] * 4 + [False] * 3
    assert all(result.complete for result in results)


@pytest.mark.parametrize("text", ["", "  \n", "-- nothing", "/* nothing", ";;"])
def test_a_text_without_a_statement_gives_no_result(link: EmbeddedLink, text: str) -> None:
    assert run(link.query(text)).results == []


def test_a_long_run_of_blanks_takes_no_time(link: EmbeddedLink) -> None:
    """Skipping what is not SQL is linear in the text."""
    assert rows(link, "/**/" * 20_000 + " ;" * 20_000 + " " * 100_000 + "select 1") == [(1,)]


def test_counts_and_ids(link: EmbeddedLink) -> None:
    """Changed rows are counted for what changes rows; an inserted row has an id; RETURNING counts as well."""
    run(link.query("CREATE TABLE t(a INTEGER PRIMARY KEY, b)"))
    told = [
        (result.rowcount, result.lastrowid, len(result.rows))
        for sql in (
            "INSERT INTO t(b) VALUES (1), (2), (3)",
            "UPDATE t SET b = 0 WHERE a > 1",
            "WITH two(x) AS (SELECT 2) DELETE FROM t WHERE a IN (SELECT x FROM two)",
            "INSERT INTO t(b) VALUES (7), (8) RETURNING a",
            "INSERT OR IGNORE INTO t(a) VALUES (1)",
            "DELETE FROM t WHERE 0",
            "SELECT * FROM t",
            "EXPLAIN DELETE FROM t",
            "CREATE TABLE u(x)",
        )
        for result in [query(link, sql)]
    ]
    assert told[:6] == [(3, 3, 0), (2, None, 0), (1, None, 0), (2, 5, 2), (0, None, 0), (0, None, 0)]
    assert [count for count, _, _ in told[6:]] == [-1, -1, -1]


def test_columns_have_declared_types_or_those_of_the_first_row(link: EmbeddedLink) -> None:
    """Names, types and groups; arguments of a type become its sizes."""
    run(link.query("CREATE TABLE t(a INT, b VARCHAR(20), c DECIMAL(10, 2), d DATE, e BLOB, f POINT, g)"))
    wanted = [("a", "INT", "NUMBER"), ("b", "VARCHAR", "STRING"), ("c", "DECIMAL", "NUMBER"), ("d", "DATE", "DATETIME")]
    wanted += [("e", "BLOB", "BINARY"), ("f", "POINT", "NUMBER"), ("g", "", "")]
    result = query(link, "SELECT * FROM t")
    assert names(result) == wanted
    columns = result.columns or ()
    assert (columns[1].internal_size, columns[2].precision, columns[2].scale) == (20, 10, 2)
    assert names(query(link, "SELECT 1 AS i, 1.5, 'x', x'ff', NULL")) == [
        ("i", "INTEGER", "NUMBER"), ("1.5", "REAL", "NUMBER"), ("'x'", "TEXT", "STRING"), ("x'ff'", "BLOB", "BINARY"),
        ("NULL", "", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", "INSERT INTO t DEFAULT VALUES"])
def test_columns_follow_a_schema_changed_by_another(connect: Connect, content: str) -> None:
    """A statement known before ALTER TABLE tells the columns of now, whether rows come or not."""
    one, other = connect(), connect()
    run(one.query(f"CREATE TABLE t(a); {content}"))
    prepared = run(one.prepare("SELECT * FROM t", ()))
    run(one.execute(prepared, (), ()))
    rows(one, "SELECT * FROM t")
    run(other.query("ALTER TABLE t ADD COLUMN b"))
    [executed] = run(one.execute(prepared, (), ())).results
    assert [column.name for column in executed.columns or ()] == ["a", "b"]
    assert [column.name for column in query(one, "SELECT * FROM t").columns or ()] == ["a", "b"]


def test_prepare_tells_what_it_will_take_and_give(link: EmbeddedLink) -> None:
    run(link.query("CREATE TABLE t(a INTEGER)"))
    prepared = run(link.prepare("SELECT a, ? FROM t WHERE a = ?", ()))
    assert len(prepared.parameters) == 2
    assert [column.name for column in prepared.columns or ()] == ["a", "?"]
    assert run(link.prepare("INSERT INTO t VALUES (?)", ())).columns is None
    link.release(prepared)


def test_prepare_does_not_run(link: EmbeddedLink) -> None:
    run(link.query("CREATE TABLE t(a)"))
    run(link.prepare("INSERT INTO t VALUES (1) RETURNING a", ()))
    assert rows(link, "SELECT count(*) FROM t") == [(0,)]


def test_several_statements_take_no_parameters(link: EmbeddedLink) -> None:
    """A script cannot be prepared; what follows a statement may be a comment."""
    with pytest.raises(WireError, match="one statement at a time") as caught:
        run(link.prepare("SELECT ?; SELECT ?", ()))
    assert (caught.value.kind, caught.value.outcome) == ("usage", "not_run")
    assert run(link.prepare("SELECT ? ; -- that is all\n;", ())).word == "SELECT"


def test_one_statement_runs_once_a_row(link: EmbeddedLink) -> None:
    """One result a row, in order, in the transaction that was asked for."""
    run(link.query("CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE)"))
    prepared = run(link.prepare("INSERT INTO t(b) VALUES (?)", ()))
    reply = run(link.execute_many(prepared, (), [("x",), ("y",), (None,)], begin="BEGIN"))
    assert [(result.rowcount, result.lastrowid) for result in reply.results] == [(1, 1), (1, 2), (1, 3)]
    assert (reply.done, link.state) == (True, "open")
    with pytest.raises(WireError, match="UNIQUE"):
        run(link.execute_many(prepared, (), [("z",), ("x",), ("w",)]))
    run(link.query("COMMIT"))
    assert rows(link, "SELECT b FROM t ORDER BY a") == [("x",), ("y",), (None,), ("z",)]


# ---- transactions


def test_begin_comes_before_the_statement(connect: Connect) -> None:
    """What was begun is seen by others when it is committed, and gone when it is rolled back."""
    one, other = connect(), connect()
    run(one.query("CREATE TABLE t(a)"))
    assert one.state == "idle"
    run(one.query("INSERT INTO t VALUES (1)", begin="BEGIN"))
    assert (one.state, rows(other, "SELECT * FROM t")) == ("open", [])
    run(one.query("COMMIT"))
    assert (one.state, rows(other, "SELECT * FROM t")) == ("idle", [(1,)])
    run(one.query("DELETE FROM t", begin="BEGIN"))
    run(one.query("ROLLBACK"))
    assert rows(one, "SELECT * FROM t") == [(1,)]


def test_a_failed_begin_runs_nothing(link: EmbeddedLink) -> None:
    run(link.query("CREATE TABLE t(a); BEGIN"))
    with pytest.raises(WireError, match="within a transaction") as caught:
        run(link.query("INSERT INTO t VALUES (1)", begin="BEGIN"))
    assert (caught.value.sqlstate, caught.value.outcome) == ("25001", "not_run")
    assert rows(link, "SELECT * FROM t") == []


def test_session_words_are_the_engines(link: EmbeddedLink) -> None:
    """Each template of the pack's session section runs."""
    words = link.pack.session
    run(link.query(words["begin"]))
    for verb in ("savepoint", "rollback_to", "release"):
        run(link.query(words[verb].format(name='"s 1"')))
    run(link.query(words["rollback"]))
    for level in words["isolation"].values():
        run(link.query(words["set_isolation"].format(level=level)))
    assert link.state == "idle"


def test_statements_that_take_no_transaction(link: EmbeddedLink) -> None:
    """What the pack lists fails in one, or is without effect there, and runs outside."""
    run(link.query("BEGIN"))
    with pytest.raises(WireError):
        run(link.query("VACUUM"))
    with pytest.raises(WireError):
        run(link.query("PRAGMA synchronous = 1"))
    run(link.query("PRAGMA foreign_keys = 1; ROLLBACK"))
    assert rows(link, "PRAGMA foreign_keys") == [(0,)]
    run(link.query("VACUUM; PRAGMA synchronous = 1; PRAGMA foreign_keys = 1; PRAGMA journal_mode = wal"))


# ---- streams


def test_a_stream_begins_with_one_row_and_has_bounded_batches(link: EmbeddedLink) -> None:
    reply = run(link.query(COUNT.format(5000), stream=True))
    counts = read_on(link, reply)
    assert counts[0] == 1
    assert max(after - before for before, after in pairwise(counts)) == 1000
    assert [row[0] for row in reply.results[0].rows] == list(range(1, 5001))
    assert reply.results[0].complete


def test_rows_that_were_taken_do_not_come_back(link: EmbeddedLink) -> None:
    """A reader may replace the list of rows between two batches."""
    reply = run(link.query(COUNT.format(3000), stream=True))
    result, taken = reply.results[0], []
    while True:
        taken += result.rows
        result.rows = []
        if reply.done:
            break
        run(link.resume(reply))
    assert [row[0] for row in taken] == list(range(1, 3001))


def test_several_streams_and_statements_run_side_by_side(link: EmbeddedLink) -> None:
    """Portals: two half-read statements, a third between, and a commit under them."""
    prepared = run(link.prepare(COUNT.format("?"), ()))
    one = run(link.execute(prepared, (), (3000,), begin="BEGIN", stream=True, portal=True))
    other = run(link.execute(prepared, (), (2000,), stream=True, portal=True))
    run(link.query("CREATE TABLE t(a); INSERT INTO t VALUES (1); COMMIT"))
    assert read_on(link, one)[-1] == 3000
    assert read_on(link, other)[-1] == 2000


def test_a_streamed_script(link: EmbeddedLink) -> None:
    """Results follow one another; all are there in the end."""
    reply = run(link.query(f"SELECT 'a'; {COUNT.format(1500)}; SELECT 'z'", stream=True))
    read_on(link, reply)
    assert [len(result.rows) for result in reply.results] == [1, 1500, 1]


def test_a_stream_can_be_given_up(link: EmbeddedLink) -> None:
    """Afterwards nothing of it holds the table; what a script had not begun has not run."""
    run(link.query("CREATE TABLE t(a)"))
    reply = run(link.query(f"{COUNT.format(3000)}; INSERT INTO t VALUES (1)", stream=True))
    assert run(link.end(reply)) is True
    assert run(link.end(reply)) is True
    run(link.resume(reply))
    assert len(reply.results[0].rows) == 1
    assert rows(link, "SELECT * FROM t") == []
    run(link.query("DROP TABLE t"))


def test_a_stream_that_fails_keeps_what_came(link: EmbeddedLink) -> None:
    """The rows before the error are there, the error is kept, and the link goes on."""
    reply = run(link.query(f"SELECT abs(-9223372036854775806 - i) FROM ({COUNT.format(9)})", stream=True))
    with pytest.raises(WireError, match="integer overflow") as caught:
        read_on(link, reply)
    assert (reply.done, reply.error, len(reply.results[0].rows)) == (True, caught.value, 1)
    assert rows(link, "SELECT 1") == [(1,)]


# ---- values


@pytest.mark.parametrize(
    "value",
    [None, 0, -(2**63), 2**63 - 1, 1.5, float("inf"), -0.0, "", "é\U0001f600", "a\0b", b"", b"\xff\0", "x" * 2**20],
)
def test_storage_classes_come_back_as_they_went(link: EmbeddedLink, value: Any) -> None:
    [(back,)] = execute(link, "SELECT ?", value).rows
    assert (type(back), repr(back)) == (type(value), repr(value))


@pytest.mark.parametrize("value", [2**63, float("nan"), "\ud800", object()])
def test_what_the_engine_cannot_store_is_refused(link: EmbeddedLink, value: Any) -> None:
    """No integer is rounded, no NaN becomes NULL."""
    with pytest.raises(WireError) as caught:
        execute(link, "SELECT ?", value)
    assert (caught.value.kind, caught.value.outcome) == ("data", "not_run")


def test_values_that_nobody_encoded_are_refused_too(link: EmbeddedLink) -> None:
    """The link's own boundary: too long, half a surrogate, of no type, too many."""
    prepared = run(link.prepare("SELECT ?", ()))
    for values, kind in [((2**64,), "data"), (("\udc80",), "data"), ((object(),), "data"), ((1, 2), "usage")]:
        with pytest.raises(WireError) as caught:
            run(link.execute(prepared, (), values))
        assert (caught.value.kind, caught.value.outcome) == (kind, "not_run")


TYPED = """
    CREATE TABLE typed(a DATE, b TIMESTAMP, c DATETIME, d TIME, e BOOLEAN, f DECIMAL(10, 2), g JSON, h UUID, i INTEGER);
    INSERT INTO typed VALUES ('2024-02-29', '2024-02-29 12:30:00.5', '2024-02-29T12:30:00+02:00', '12:30', 1, 12.5,
        '{"a": [1, null]}', '00112233-4455-6677-8899-aabbccddeeff', 7);
    INSERT INTO typed VALUES ('soon', 1709164800, '-0044-03-15', 0.5, 7, 'many', '{', x'00', 'seven');
    INSERT INTO typed DEFAULT VALUES"""


def test_declared_types_convert_when_asked(connect: Connect) -> None:
    """What can be converted is; text that cannot arrives as ServerText, anything else as stored."""
    link = connect(decltypes=True)
    run(link.query(TYPED))
    first, second, third = rows(link, "SELECT * FROM typed")
    assert [repr(value) for value in first] == [
        "datetime.date(2024, 2, 29)",
        "datetime.datetime(2024, 2, 29, 12, 30, 0, 500000)",
        "datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))",
        "datetime.time(12, 30)", "True", "Decimal('12.5')", "{'a': [1, None]}",
        "UUID('00112233-4455-6677-8899-aabbccddeeff')", "7",
    ]  # fmt: skip
    assert second == ("soon", 1709164800, "-0044-03-15", 0.5, 7, "many", "{", b"\0", "seven")
    assert [type(value) for value in second] == [
        ServerText,
        int,
        ServerText,
        float,
        int,
        ServerText,
        ServerText,
        bytes,
        str,
    ]
    assert set(third) == {None}
    assert read_on(link, run(link.query("SELECT a FROM typed; SELECT b FROM typed", stream=True)))[-1] == 3


def test_declared_types_are_left_alone_by_default(link: EmbeddedLink) -> None:
    run(link.query(TYPED))
    assert rows(link, "SELECT a, e, f FROM typed LIMIT 1") == [("2024-02-29", 1, 12.5)]


BROKEN = """INSERT INTO t VALUES
    (1, 'ok', 1.5), (2, CAST(x'41ff42' AS TEXT), x'ff'), (3, 'é', NULL), (4, CAST(x'ff' AS TEXT), 2)"""
MENDED = [(1, "ok", 1.5), (2, r"A\xffB", b"\xff"), (3, "é", None), (4, r"\xff", 2)]


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM t ORDER BY a", "SELECT * FROM t ORDER BY a ; -- all", "SELECT 0; SELECT * FROM t"]
)
@pytest.mark.parametrize("stream", [False, True])
def test_text_that_is_not_utf8_spoils_nothing(link: EmbeddedLink, sql: str, stream: bool) -> None:
    """Such text arrives as ServerText with backslashes; everything around it as ever."""
    run(link.query(f"CREATE TABLE t(a, b, c); {BROKEN}"))
    reply = run(link.query(sql, stream=stream))
    while not reply.done:
        run(link.resume(reply))
    assert reply.results[-1].rows == MENDED
    assert [type(row[1]) for row in reply.results[-1].rows] == [str, ServerText, str, ServerText]
    assert execute(link, "SELECT b FROM t WHERE a = ?", 2).rows == [(r"A\xffB",)]


def test_broken_text_that_cannot_be_read_again_is_an_error(link: EmbeddedLink) -> None:
    """What changes data never runs twice: the error says how to read the column."""
    run(link.query("CREATE TABLE t(a, b, c)"))
    with pytest.raises(WireError, match="row 2 holds text that is not UTF-8") as caught:
        run(link.query(f"{BROKEN} RETURNING b"))
    assert "CAST" in caught.value.fields["hint"]
    assert rows(link, "SELECT count(*) FROM t") == [(4,)]


def test_broken_text_in_another_encoding(link: EmbeddedLink) -> None:
    """Half a surrogate pair in a database of UTF-16."""
    run(
        link.query(
            "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(a); INSERT INTO t VALUES (CAST(x'41003dd84200' AS TEXT))"
        )
    )
    [(text,)] = rows(link, "SELECT a FROM t")
    assert text.startswith("A")


def test_a_broken_name_is_an_error_with_a_way_out(link: EmbeddedLink) -> None:
    """The column can still be read under another name; the link goes on."""
    run(link.query("CREATE TABLE t(a); INSERT INTO t VALUES (7); PRAGMA writable_schema = 1"))
    broken = b"CREATE TABLE t(a\xff)".hex()
    run(link.query(f"UPDATE sqlite_schema SET sql = CAST(x'{broken}' AS TEXT); PRAGMA writable_schema = RESET"))
    for steps in (link.query("SELECT * FROM t"), link.prepare("SELECT * FROM t", ())):
        with pytest.raises(WireError, match="name is not valid text") as caught:
            run(steps)
        assert caught.value.kind == "data"
    assert rows(link, "WITH u(b) AS (SELECT * FROM t) SELECT b FROM u") == [(7,)]


# ---- errors

SCHEMA = """
    PRAGMA foreign_keys = 1;
    CREATE TABLE p(a INTEGER PRIMARY KEY, b TEXT NOT NULL, c INT CONSTRAINT positive CHECK (c > 0), UNIQUE (b, c));
    CREATE TABLE q(a REFERENCES p); CREATE TABLE s(i INT) STRICT; CREATE UNIQUE INDEX ux ON q(lower(a));
    CREATE TRIGGER no BEFORE DELETE ON p BEGIN SELECT raise(ABORT, 'never delete'); END;
    INSERT INTO p VALUES (1, 'x', 1)"""


@pytest.mark.parametrize(
    ("sql", "sqlstate", "fields"),
    [
        ("INSERT INTO p VALUES (1, 'y', 1)", "23505", {"table": "p", "column": "a"}),
        ("INSERT INTO p VALUES (2, 'x', 1)", "23505", {"table": "p", "column": "b, c"}),
        ("INSERT INTO q VALUES (NULL), ('a'), ('A')", "23505", {"constraint": "ux"}),
        ("INSERT INTO p(a) VALUES (3)", "23502", {"table": "p", "column": "b"}),
        ("INSERT INTO p VALUES (4, 'z', 0)", "23514", {"constraint": "positive"}),
        ("INSERT INTO q VALUES (9)", "23503", {}),
        ("DELETE FROM p", "P0001", {}),
        ("INSERT INTO s VALUES ('many')", "22000", {}),
        ("INSERT INTO p(a, b) VALUES ('one', 'o')", "22000", {}),
        ("SELECT\n 'é', FROM p", "42601", {"position": "14"}),
        ("SELECT 1;\nSELECT 'é' é nope FROM p", "42601", {"position": "24"}),
        ("SELECT (", "42601", {}),
        ("SELECT 'é', nope FROM p", "42703", {"position": "13"}),
        ("SELECT * FROM nope", "42P01", {}),
        ("SELECT nope(1)", "42883", {"position": "8"}),
        ("CREATE TABLE p(a)", "42P07", {"position": "14"}),
        ("COMMIT", "25P01", {}),
        ("RELEASE nope", "3B001", {}),
    ],
)
def test_errors_have_a_sqlstate_and_name_what_they_mean(
    link: EmbeddedLink, sql: str, sqlstate: str, fields: dict[str, str]
) -> None:
    run(link.query(SCHEMA))
    with pytest.raises(WireError) as caught:
        run(link.query(sql))
    assert (caught.value.kind, caught.value.sqlstate, caught.value.fields) == ("server", sqlstate, fields)
    assert rows(link, "SELECT 1") == [(1,)]


def test_every_sqlstate_of_the_pack_has_a_class() -> None:
    """No code falls through to the default, save the engine's own faults."""
    errors = load("sqlite").errors
    states = {*errors["sqlstates"].values(), *(state for _, state in errors["messages"]), "57014"}
    classed = {state for state in states if state[:2] in errors["classes"]}
    numbered = {errors["sqlstates"][code] for code in errors["codes"]}
    assert states == classed | numbered


@pytest.mark.parametrize(
    ("sql", "outcome", "left"),
    [
        ("SELEC", "not_run", []),
        ("INSERT INTO t VALUES (1), (1)", "rolled_back", []),
        ("INSERT OR FAIL INTO t VALUES (1), (1)", "unknown", [(1,)]),
        ("INSERT INTO t VALUES (1); SELEC", "unknown", [(1,)]),
        ("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2, 3)", "unknown", [(1,)]),
        ("INSERT INTO t VALUES (1), (1); SELECT 1", "rolled_back", []),
        ("SELEC; SELECT 1", "not_run", []),
        ("COMMIT", "not_run", [(7,)]),
    ],
)
def test_an_error_tells_what_became_of_the_statement(
    link: EmbeddedLink, sql: str, outcome: str, left: list[tuple[int]]
) -> None:
    """Not run, undone, or perhaps half done; a COMMIT that a foreign key forbids leaves the transaction open."""
    run(link.query("PRAGMA foreign_keys = 1; CREATE TABLE t(a PRIMARY KEY)"))
    run(link.query("CREATE TABLE u(a REFERENCES t DEFERRABLE INITIALLY DEFERRED)"))
    if sql == "COMMIT":
        run(link.query("INSERT INTO t VALUES (7); INSERT INTO u VALUES (8)", begin="BEGIN"))
    with pytest.raises(WireError) as caught:
        run(link.query(sql))
    assert (caught.value.outcome, link.state) == (outcome, "open" if sql == "COMMIT" else "idle")
    assert rows(link, "SELECT * FROM t") == left


@pytest.mark.parametrize("sql", ["SELECT 1\0", "SELECT 'a\0b'", "\0"])
def test_a_nul_is_refused(link: EmbeddedLink, sql: str) -> None:
    """The engine would not see what stands behind it."""
    for steps in (link.query(sql), link.prepare(sql, ())):
        with pytest.raises(WireError, match="NUL") as caught:
            run(steps)
        assert (caught.value.kind, caught.value.outcome) == ("data", "not_run")


# ---- locks and interruption


def test_a_lock_is_waited_for(connect: Connect) -> None:
    """The writer waits until the other has committed."""
    one, other = connect(), connect()
    run(one.query("CREATE TABLE t(a)"))
    run(one.query("BEGIN IMMEDIATE"))
    timer = threading.Timer(0.1, lambda: run(one.query("COMMIT")))
    timer.start()
    run(other.query("INSERT INTO t VALUES (1)"))
    timer.join()
    assert rows(one, "SELECT * FROM t") == [(1,)]


def test_a_lock_is_waited_for_no_longer_than_allowed(connect: Connect) -> None:
    one, other = connect(), connect(busy_timeout=0.05)
    run(one.query("CREATE TABLE t(a)"))
    run(one.query("BEGIN IMMEDIATE"))
    began = time.monotonic()
    with pytest.raises(WireError, match="locked") as caught:
        run(other.query("INSERT INTO t VALUES (1)"))
    assert 0.05 <= time.monotonic() - began < 2
    assert other.pack.errors["retry"][caught.value.sqlstate] == "locked"
    assert "busy_timeout" in caught.value.fields["hint"]


def test_a_stale_snapshot_is_told_from_a_lock(connect: Connect) -> None:
    """Waiting would not help; the transaction must run again."""
    one, other = connect(), connect()
    run(one.query("PRAGMA journal_mode = wal; CREATE TABLE t(a)"))
    run(one.query("SELECT * FROM t", begin="BEGIN"))
    run(other.query("INSERT INTO t VALUES (1)"))
    with pytest.raises(WireError) as caught:
        run(one.query("INSERT INTO t VALUES (2)"))
    assert one.pack.errors["retry"][caught.value.sqlstate] == "serialization"


def interrupt_when_running(link: EmbeddedLink, begun: threading.Event) -> threading.Thread:
    """Interrupts again and again, as a caller does who cannot see whether the statement has begun."""

    def interrupt() -> None:
        while not begun.wait(0.01):
            assert link.interrupt()

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("lock", [False, True])
def test_interrupt_stops_what_runs_and_nothing_else(connect: Connect, lock: bool) -> None:
    """A long statement, or one that waits for a lock; a half-read stream beside it goes on."""
    one, link = connect(), connect(busy_timeout=60)
    run(one.query("CREATE TABLE t(a)"))
    stream = run(link.query(COUNT.format(3000), stream=True))
    if lock:
        run(one.query("BEGIN IMMEDIATE"))
    ended = threading.Event()
    thread = interrupt_when_running(link, ended)
    try:
        with pytest.raises(WireError) as caught:
            run(link.query("INSERT INTO t VALUES (1)" if lock else ENDLESS))
    finally:
        ended.set()
        thread.join()
    assert (caught.value.kind, caught.value.sqlstate, caught.value.message) == ("server", "57014", "interrupted")
    assert read_on(link, stream)[-1] == 3000
    assert rows(link, "SELECT 1") == [(1,)]


def test_interrupt_stops_a_run_of_short_statements(link: EmbeddedLink) -> None:
    """No single one is long enough to be stopped by the engine."""
    run(link.query("CREATE TABLE t(a)"))
    prepared = run(link.prepare("INSERT INTO t VALUES (?)", ()))
    ended = threading.Event()
    thread = interrupt_when_running(link, ended)
    try:
        with pytest.raises(WireError, match="interrupted"):
            run(link.execute_many(prepared, (), [(1,)] * 1_000_000, begin="BEGIN"))
    finally:
        ended.set()
        thread.join()
    run(link.query("ROLLBACK"))


def test_interrupt_of_nothing_is_harmless(link: EmbeddedLink) -> None:
    assert link.interrupt()
    run(link.cancel())
    assert rows(link, COUNT.format(3))[-1] == (3,)


@pytest.mark.parametrize("lock", [False, True])
def test_ctrl_c_ends_a_long_statement(connect: Connect, lock: bool) -> None:
    """KeyboardInterrupt comes while the engine works, or waits for a lock, and the link goes on."""
    one, link = connect(), connect(busy_timeout=60)
    run(one.query("CREATE TABLE t(a)"))
    if lock:
        run(one.query("BEGIN IMMEDIATE"))
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run(link.query("INSERT INTO t VALUES (1)" if lock else ENDLESS))
    timer.join()
    assert rows(link, "SELECT 1") == [(1,)]


def test_a_deadline_that_passes_before_the_engine_begins_still_holds(link: EmbeddedLink) -> None:
    """The interrupt that comes too early is repeated."""
    runner = Blocking(link)

    def slow_to_begin() -> Steps[Reply]:
        while not runner.stopping:
            threading.Event().wait(0.001)
        return (yield from link.query(ENDLESS))

    with pytest.raises(WireError, match="took longer than") as caught:
        runner.run(slow_to_begin(), 0.01)
    assert caught.value.kind == "timeout"
    assert runner.run(link.query("SELECT 1"), 5).results[0].rows == [(1,)]


# ---- opening and closing


def test_what_is_not_there_is_made(connect: Connect, tmp_path: Path) -> None:
    link = connect(tmp_path / "new ü?#%.db")
    run(link.query("CREATE TABLE t(a)"))
    assert (tmp_path / "new ü?#%.db").stat().st_size > 0
    assert link.variables["server_version"] == apsw.sqlite_lib_version()


@pytest.mark.parametrize("database", [":memory:", "", "file::memory:"])
def test_databases_in_memory(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    link = EmbeddedLink(load("sqlite"), database)
    run(link.open())
    run(link.query("CREATE TABLE t(a)"))
    run(link.close())
    assert list(tmp_path.iterdir()) == []


def test_modes(connect: Connect, tmp_path: Path) -> None:
    """`ro` writes nothing, `rw` makes nothing, `memory` touches no file, a URI says it all itself."""
    path = tmp_path / "data.db"
    run(connect(path).query("CREATE TABLE t(a)"))
    for link in (connect(path, mode="ro"), connect(path, immutable=True), connect(f"file:{path}?mode=ro")):
        assert rows(link, "SELECT * FROM t") == []
        with pytest.raises(WireError, match="readonly") as caught:
            run(link.query("INSERT INTO t VALUES (1)"))
        assert (caught.value.sqlstate, "mode" in caught.value.fields["hint"]) == ("25006", True)
    run(connect(path, mode="rw").query("INSERT INTO t VALUES (1)"))
    assert rows(connect(path, mode="memory"), "SELECT count(*) FROM pragma_table_list WHERE name = 't'") == [(0,)]


def test_foreign_keys_are_the_engines_default_unless_asked_for(connect: Connect) -> None:
    assert rows(connect(), "PRAGMA foreign_keys") == [(0,)]
    assert rows(connect(foreign_keys=True), "PRAGMA foreign_keys") == [(1,)]


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("missing/x.db", {}, "there is no folder .*missing.*create it"),
        ("x.db", {"mode": "rw"}, "does not exist: correct the path, or create it with mode=rwc"),
        ("x.db", {"mode": "ro"}, "does not exist"),
        ("x.db", {"immutable": True, "mode": "ro"}, "does not exist"),
        ("x.db", {"immutable": True}, "does not exist, and immutable=1 makes no file"),
        ("", {}, "is a folder"),
        ("text.txt", {}, "is not a database"),
        ("text.txt", {"mode": "ro"}, "is not a database"),
        ("a\0b", {}, "null bytes"),
    ],
)
def test_what_cannot_be_opened_is_said_at_once(
    tmp_path: Path, name: str, options: dict[str, Any], sentence: str
) -> None:
    """At open, with what to do; and nothing is left behind."""
    (tmp_path / "text.txt").write_text("no database, but long enough to be looked at " * 30)
    link = EmbeddedLink(load("sqlite"), f"{tmp_path}/{name}", options)
    with pytest.raises(WireError, match=sentence) as caught:
        run(link.open())
    assert (caught.value.kind, caught.value.outcome, link.state) == ("connection", "not_run", "closed")
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_a_database_in_memory_is_not_immutable() -> None:
    with pytest.raises(WireError, match="in memory has nothing to be immutable"):
        run(EmbeddedLink(load("sqlite"), ":memory:", {"immutable": True}).open())


def test_a_locked_database_can_be_opened(connect: Connect, tmp_path: Path) -> None:
    """Whoever locks it knows it for a database; statements wait for the lock."""
    one = connect()
    run(one.query("CREATE TABLE t(a); BEGIN EXCLUSIVE"))
    other = connect(busy_timeout=0)
    with pytest.raises(WireError, match="locked"):
        run(other.query("SELECT * FROM t"))
    run(one.query("ROLLBACK"))
    assert rows(other, "SELECT * FROM t") == []


def test_a_full_database_says_so(link: EmbeddedLink) -> None:
    run(link.query("CREATE TABLE t(a); PRAGMA max_page_count = 5"))
    with pytest.raises(WireError, match="full") as caught:
        run(link.query("INSERT INTO t VALUES (zeroblob(1000000))"))
    assert (caught.value.sqlstate, "make room" in caught.value.fields["hint"]) == ("53100", True)


def test_a_damaged_database_says_so(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    run(connect(path).query(f"CREATE TABLE t(a); INSERT INTO t {COUNT.format(5000)}"))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(WireError, match="malformed") as caught:
        run(connect(path).query("SELECT * FROM t"))
    assert caught.value.sqlstate == "XX001"


def test_closing_rolls_back_and_ends_streams(connect: Connect) -> None:
    """It may be repeated; everything afterwards says that the connection is closed."""
    link = connect()
    run(link.query("CREATE TABLE t(a)"))
    prepared = run(link.prepare("INSERT INTO t VALUES (?)", ()))
    stream = run(link.query(COUNT.format(3000), begin="BEGIN", stream=True))
    run(link.query("INSERT INTO t VALUES (1)"))
    run(link.close())
    run(link.close())
    link.abort()
    assert link.state == "closed"
    used = [link.query("SELECT 1"), link.query("SELECT 1", begin="BEGIN"), link.prepare("SELECT 1", ()), link.ping()]
    used += [link.execute(prepared, (), (1,)), link.execute_many(prepared, (), [(1,)]), link.resume(stream)]
    for steps in used:
        with pytest.raises(WireError, match="the connection is closed") as caught:
            run(steps)
        assert caught.value.kind == "usage"
    assert run(link.end(stream)) is True
    assert rows(connect(), "SELECT * FROM t") == []


def test_abort_stops_what_another_thread_runs(connect: Connect) -> None:
    """The other thread hears that it was interrupted; the link is closed."""
    link = connect()
    seen: list[WireError] = []
    begun = threading.Event()

    def work() -> None:
        begun.set()
        try:
            run(link.query(ENDLESS))
        except WireError as error:
            seen.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    begun.wait()
    while thread.is_alive():
        link.abort()
        thread.join(0.05)
    assert [error.message for error in seen] in (["interrupted"], ["the connection is closed; open another"])
    assert link.state == "closed"


def test_a_dropped_stream_lets_go_of_its_table(link: EmbeddedLink) -> None:
    run(link.query(f"CREATE TABLE t(a); INSERT INTO t {COUNT.format(50)}"))
    reply = run(link.query("SELECT * FROM t", stream=True))
    del reply
    run(link.query("DROP TABLE t"))


def test_threads_take_turns(link: EmbeddedLink) -> None:
    """A connection made in one thread is used in another."""
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(rows(link, "SELECT 1")), daemon=True)
    thread.start()
    thread.join()
    assert seen == [[(1,)]]


def test_ping(link: EmbeddedLink) -> None:
    run(link.ping())
    assert link.state == "idle"
