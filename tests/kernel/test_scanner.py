"""What is code in a SQL text, where statements end, and with which words they begin."""

from __future__ import annotations

import time
from typing import Any

import apsw
import apsw.ext
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlx.kernel.scanner import Scanner
from sqlx.wire.errors import PackError
from tests.kernel.dialects import MYSQL_LIKE, POSTGRES_LIKE, SQLITE_LIKE

POSTGRES, MYSQL, SQLITE = Scanner(POSTGRES_LIKE), Scanner(MYSQL_LIKE), Scanner(SQLITE_LIKE)
SCANNERS = {"postgres-like": POSTGRES, "mysql-like": MYSQL, "sqlite-like": SQLITE}


def code(scanner: Scanner, text: str, **variables: Any) -> str:
    """All that is neither string, quoted name nor comment, without spaces."""
    hidden = ("string", "identifier", "comment", "executable")
    return "".join(text[a:b] for kind, a, b in scanner.tokens(text, variables) if kind not in hidden)


def split(scanner: Scanner, text: str) -> list[str]:
    return [text[start:end] for start, end in scanner.statements(text)]


# `x` in each text is hidden, `y` is code.
POSTGRES_TEXTS = [
    "'x' y",
    "'x''x' y",
    r"'x\' y '' y",
    r"E'x\'x' y",
    r"e'x\\' y",
    "E'x''x' y",
    "E'x'\n'x\\'x' y",
    "E'x' --x\n \n--x\n 'x\\'x' y",
    "E'x' 'x\\' y",
    "yE'x\\' y '' y",
    "1E'x\\'x' y",
    "U&'x\\' y",
    "U&'x\\'\n'x\\' y",
    "N'x\\' y",
    'U&"x\\" y',
    '"x""x" y',
    "$$x$$ y",
    "$a$x$$x$b$x$a$ y",
    "$a$x$A$x$a$ y",
    "$a$x$b$a$ y",
    "$é€$x$é€$ y",
    "y$a$y$a$ y",
    "€$a$y$a$ y",
    "$1$a$x$a$ y",
    "$1y",
    "--x\ny",
    "--x\ry",
    "y--x--x",
    "/*x*/y",
    "/*x/*x*/x*/y",
    "/*x*/ y/*x/*x*/x",
    "'x /* x' y",
    "/* ' */ y /* ' */",
    "-- '\ny --'\ny",
    "y'x",
    "E'x\\",
    "E'x'\n'x",
    '"x',
    "$a$x",
    "/*x/*x*/",
    "y*/y",
]
MYSQL_TEXTS = [
    r"'x\'x' y",
    r'"x\"x" y',
    r"`x\` y",
    "`x``x` y",
    "--y\ny",
    "y--1",
    "-- x\ny",
    "--\tx\ny",
    "--\ny",
    "-- x\rx\ny",
    "#x\ny",
    "/*x/*x*/y",
    "/*!y*/y",
    "/*!50110 y*/y",
    "/*M!100100 y*/y",
    "/*!y 'x*/x' y*/ y",
    "/*! y /*x*/ y */ y",
    "y*/ y",
    "$$y$$",
    "'x\\",
]
SQLITE_TEXTS = [
    r"'x\' y",
    "[x] y",
    "[x]]y",
    "`x``x`y",
    '"x""x" y',
    "X'x' y",
    "/*x/*x*/y",
    "--x\rx\ny",
    "[x",
    "/*x",
    "$$y",
]
TEXTS = [
    *((POSTGRES, text) for text in POSTGRES_TEXTS),
    *((MYSQL, text) for text in MYSQL_TEXTS),
    *((SQLITE, text) for text in SQLITE_TEXTS),
]


@pytest.mark.parametrize(("scanner", "text"), TEXTS, ids=[repr(text) for _, text in TEXTS])
def test_what_is_quoted_or_remarked_is_no_code(scanner: Scanner, text: str) -> None:
    found = code(scanner, text)
    assert "x" not in found
    assert found.count("y") == text.count("y")


@pytest.mark.parametrize(
    ("scanner", "variables", "found"),
    [
        (POSTGRES, {}, "y"),
        (POSTGRES, {"standard_conforming_strings": "on"}, "y"),
        (POSTGRES, {"standard_conforming_strings": "off"}, ""),
        (MYSQL, {}, ""),
        (MYSQL, {"no_backslash_escapes": False}, ""),
        (MYSQL, {"no_backslash_escapes": True}, "y"),
    ],
)
def test_the_server_says_whether_a_backslash_escapes(scanner: Scanner, variables: dict[str, Any], found: str) -> None:
    assert code(scanner, r"'x\' y", **variables) == found


def test_what_switches_the_reading_is_the_mode() -> None:
    assert POSTGRES.mode({}) == POSTGRES.mode({"standard_conforming_strings": "on", "other": 1})
    assert POSTGRES.mode({}) != POSTGRES.mode({"standard_conforming_strings": "off"})
    assert SQLITE.mode({"anything": True}) == ()


def test_a_plain_truth_switches_too() -> None:
    quote = {"open": "'", "close": "'", "backslash": "escapes"}
    scanner = Scanner({"quotes": [quote]})
    assert code(scanner, r"'x\' y") == "y"
    assert code(scanner, r"'x\' y", escapes=True) == ""


FRAGMENTS = st.sampled_from(
    [
        *("'", "''", '"', "`", "[", "]", "E'", "U&'", "\\", "\\'", "$a$", "$$", "$", "--", "#", "/*", "*/", "/*!"),
        *(";", "(", ")", ":a", "::", ":=", ":1", "?", "??", "%", "%s", "%%", "%(a)s", "$1"),
        *("a", "1", "\n", "\r", "é", "\0", "begin", "end", " "),
    ]
)


@pytest.mark.parametrize("scanner", SCANNERS.values(), ids=SCANNERS)
@given(pieces=st.lists(FRAGMENTS, max_size=30))
@example(pieces=["/*!", "*/", "*/"])
def test_tokens_cover_all_but_white_space_once_and_in_order(scanner: Scanner, pieces: list[str]) -> None:
    text, reached = "".join(pieces), 0
    for _, start, end in scanner.tokens(text):
        assert start >= reached and end > start
        assert not text[reached:start].strip()
        reached = end
    assert not text[reached:].strip()
    for first, last in scanner.statements(text):
        assert text[first:last].strip() and not text[first].isspace()


HOSTILE = [
    *("''", "'", "E'a'\n", "E'a'\n--x\n", "E'a' -- x -- y\r", "\\", "'\\", "/*", "*/", "/*!", "/*!*/"),
    *(
        "$a$",
        "$a",
        "$a$b$",
        "$",
        ";",
        "(",
        "[",
        "a[:",
        "--",
        "-- \n",
        "%(a",
        ":a",
        "a",
        "1",
        "?",
        "\n",
        " ",
        "U&'",
        "`",
        "é",
    ),
    *("create function begin;", "case ", "end ", "end if ", "create rule (", "create definer "),
]


@pytest.mark.parametrize("scanner", SCANNERS.values(), ids=SCANNERS)
def test_scanning_takes_time_linear_in_the_text(scanner: Scanner) -> None:
    """A quadratic answer to any of these would take a minute and more at this length."""
    started = time.monotonic()
    for fragment in HOSTILE:
        text = fragment * (20_000 // len(fragment))
        assert sum(end - start for _, start, end in scanner.tokens(text)) <= len(text)
        scanner.statements(text)
    assert time.monotonic() - started < 30


# -- statements


@pytest.mark.parametrize(
    ("scanner", "statements"),
    [
        (POSTGRES, ["select ';'", "select $$;$$ -- ;\n, 1", 'select ";" /* ; */ + 1']),
        (POSTGRES, ["create function f() begin atomic select case when a then 1 end; select 2; end", "select 3"]),
        (POSTGRES, ["create or replace procedure p(a int) as $$ begin; $$ language sql", "select 1"]),
        (POSTGRES, ["create rule r as on insert to t do (delete from a; insert into b values (2))", "select 1"]),
        (POSTGRES, ["begin", "select (1", "2)", "commit"]),
        (SQLITE, ["create table trigger_begin (a, begin_ int)", "begin", "select 1", "end"]),
        (
            SQLITE,
            ["create trigger t insert on a when case x when 1 then 1 end begin select 1; select 2; end", "commit"],
        ),
        (SQLITE, ["create temp trigger t begin select new.end; select 2; end", "select 1"]),
        (
            MYSQL,
            [
                "create definer=`a`@`%` procedure p() begin if a then select 1; elseif b then select 2; end if;"
                " case x when 1 then select 3; end case; l: while x do set x = case y when 1 then 0 end;"
                " end while l; end",
                "select 1",
            ],
        ),
        (MYSQL, ["create or replace trigger t before insert on a for each row begin set @a = 1; end", "select 1"]),
        (MYSQL, ["create event e on schedule every 1 day do begin delete from a; delete from b; end", "select 1"]),
        (MYSQL, ["create trigger t before insert on a for each row set @a = 1", "select 1"]),
        (MYSQL, ["begin not atomic select 1; select 2; end", "select 3"]),
        (MYSQL, ["begin", "select case 1 when 1 then 2 end", "commit"]),
        (
            MYSQL,
            [
                "/*!40101 set names x */",
                "/*!50003 create trigger t after insert on a for each row begin set @a=1; end */",
            ],
        ),
    ],
)
def test_a_semicolon_ends_a_statement_only_at_its_top(scanner: Scanner, statements: list[str]) -> None:
    assert split(scanner, ";\n".join(statements)) == statements
    assert split(scanner, ";; -- none\n" + " ; /* none */ ;".join(statements) + "; -- none ;") == statements


def test_an_unfinished_body_runs_to_the_end() -> None:
    text = "create function f() begin atomic select 1; select 2"
    assert split(POSTGRES, text) == [text]


def test_a_text_without_code_has_no_statement() -> None:
    assert split(POSTGRES, " ; -- a\n ;; /* b */ ") == []
    assert POSTGRES.statement_at("-- a", 2) is None


SCRIPTS = st.lists(
    st.sampled_from(
        [
            'select \';\', ";", `;`, [;] from (select 1 as ";")',
            "select 1 /* ; */ -- ;\n",
            "create trigger if not exists t after insert on t begin select case when 1 then 2 end; delete from t; end",
            "create temporary trigger t delete on t begin select 1; end",
            "begin",
            "end",
            "create table if not exists u(a)",
            "",
            "-- none",
            "select ?, :a",
        ]
    ).map(lambda statement: statement + "\n"),
    max_size=6,
)


@given(SCRIPTS)
def test_statements_end_where_the_embedded_engine_ends_them(statements: list[str]) -> None:
    text = ";".join(statements)
    connection = apsw.Connection(":memory:")
    connection.execute('create table t(a, ";" default 0, [x] default 0)')
    theirs: list[str] = []
    rest: str | None = text
    while rest and split(SQLITE, rest):
        ours = split(SQLITE, rest)[0]
        info = apsw.ext.query_info(connection, rest)
        theirs.append(ours)
        assert split(SQLITE, info.first_query) == [ours]
        rest = info.query_remaining
    assert theirs == split(SQLITE, text)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("|select 1; select 2", "select 1"),
        ("select| 1; select 2", "select 1"),
        ("select 1|; select 2", "select 1"),
        ("select 1;| select 2", "select 1"),
        ("select 1; |select 2", "select 2"),
        ("select 1;\n|\nselect 2", "select 2"),
        ("select 1; -- not|e\nselect 2", "select 1"),
        ("select 1;\n-- abo|ut two\nselect 2", "select 2"),
        ("select 1; select 2;\n\n|", "select 2"),
        ("select 1; select '|;' ;", "select ';'"),
    ],
)
def test_a_cursor_chooses_a_statement(text: str, chosen: str) -> None:
    offset = text.index("|")
    text = text.replace("|", "")
    span = POSTGRES.statement_at(text, offset)
    assert span is not None and text[slice(*span)] == chosen


# -- words


def test_the_first_words_pass_over_comments_and_parentheses() -> None:
    assert POSTGRES.words("/* a */ ( (select\n-- b\n x'y'", 3) == ["SELECT", "X"]
    assert POSTGRES.words(";; vacuum; select 1", 5) == ["VACUUM"]
    assert MYSQL.words("/*!40000 alter table `t` disable keys */", 2) == ["ALTER", "TABLE"]
    assert POSTGRES.words("", 2) == []


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("-- a\nVacuum (full) t", "VACUUM"),
        ("create/**/database x", "CREATE DATABASE|TABLESPACE|SUBSCRIPTION"),
        ("create tablespace x location 'y'", "CREATE DATABASE|TABLESPACE|SUBSCRIPTION"),
        ("create table database(a int)", None),
        ("create databases", None),
        ("vacuumed", None),
        ("'vacuum'", None),
        ("create unique index concurrently i on t (a)", "CREATE UNIQUE INDEX CONCURRENTLY"),
        ("create index i on t (a)", None),
        ("reindex (verbose) table concurrently t", "REINDEX ... CONCURRENTLY"),
        ("reindex concurrently", "REINDEX ... CONCURRENTLY"),
        ("reindex table t", None),
        ("select 1; vacuum", None),
    ],
)
def test_phrases_name_how_a_statement_begins(text: str, phrase: str | None) -> None:
    assert POSTGRES.matches(text, POSTGRES_LIKE["no_transaction"]) == phrase


# -- sections that cannot be used


@pytest.mark.parametrize(
    "section",
    [
        {"quotes": [{"open": "", "close": "'"}]},
        {"quotes": [{"open": "'", "close": ""}]},
        {"quotes": [{"open": "'", "close": "''"}]},
        {"line_comments": [""]},
        {"block_comments": [{"open": "", "close": "*/"}]},
        {"block_comments": [{"open": "/*", "close": ""}]},
        {"executable_comments": [""]},
    ],
)
def test_a_section_with_empty_texts_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(PackError, match=r"^\$\.sql\."):
        Scanner(section)


def test_texts_of_a_pack_are_no_patterns() -> None:
    """`.*` opens a comment where a pack says so, and nothing else does."""
    scanner = Scanner({"line_comments": [".*"], "quotes": [{"open": "^", "close": "^"}]})
    assert code(scanner, "y ^x^ y .*x") == "yy"
    assert code(Scanner({}), "y 'y' --y") == "y'y'--y"
