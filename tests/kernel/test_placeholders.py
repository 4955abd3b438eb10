"""The caller's markers become the server's, and nothing else in the text changes."""

from __future__ import annotations

import subprocess
from collections import OrderedDict, UserDict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlx.kernel.errors import Mistake
from sqlx.kernel.placeholders import Native, is_by_name, prepare_text
from sqlx.kernel.scanner import Scanner
from tests.kernel.dialects import MYSQL_LIKE, POSTGRES_LIKE, SQLITE_LIKE
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import Server

POSTGRES, MYSQL, SQLITE = Scanner(POSTGRES_LIKE), Scanner(MYSQL_LIKE), Scanner(SQLITE_LIKE)
SCANNERS = {"postgres-like": POSTGRES, "mysql-like": MYSQL, "sqlite-like": SQLITE}


def native(scanner: Scanner, text: str, parameters: Any, paramstyle: str = "qmark") -> tuple[str, list[Any]]:
    """What is sent: the text and the values."""
    prepared = prepare_text(scanner, text, paramstyle, is_by_name(parameters))
    return prepared.text, prepared.arrange(parameters)


@pytest.mark.parametrize(
    ("text", "parameters", "sent", "values"),
    [
        ("select ?, ?", (1, 2), "select $1, $2", [1, 2]),
        ("select 1", (), "select 1", []),
        ("select 1", {}, "select 1", []),
        ("select 1", {"extra": 1}, "select 1", []),
        ("select ?;", [1], "select $1;", [1]),
        ("select ?::int, ? ::text", (1, 2), "select $1::int, $2 ::text", [1, 2]),
        ("select :a, :b, :a", {"a": 1, "b": 2, "c": 3}, "select $1, $2, $1", [1, 2]),
        ("select :a::int, x::b, f(c := :a)", {"a": 1}, "select $1::int, x::b, f(c := $1)", [1]),
        ("select :é_1", {"é_1": 1}, "select $1", [1]),
        ("select a ?? 'b', a ??| ?, a @?? ?", (1, 2), "select a ? 'b', a ?| $1, a @? $2", [1, 2]),
        ("select a ???", (1,), "select a ?$1", [1]),
        ("select '?', \"?\", ? -- ?\n/* ? */", (1,), "select '?', \"?\", $1 -- ?\n/* ? */", [1]),
        ("limit?offset?", (1, 2), "limit $1 offset $2", [1, 2]),
        ("select ?1", (1,), "select $1 1", [1]),
        ("select :a:b", {"a": 1, "b": 2}, "select $1 $2", [1, 2]),
        ("select '%s', 5 % 2, ?", (1,), "select '%s', 5 % 2, $1", [1]),
    ],
)
def test_markers_follow_the_shape_of_the_parameters(text: str, parameters: Any, sent: str, values: list[Any]) -> None:
    assert native(POSTGRES, text, parameters) == (sent, values)
    assert native(POSTGRES, text, parameters, "named") == (sent, values)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("a[1:n], a[:n], a[m:n], :n", "a[1:n], a[:n], a[m:n], $1"),
        ("a[(:n)], a[(1):(:n)], a[(:n):(:n)]", "a[($1)], a[(1):($1)], a[($1):($1)]"),
        ("a[1 : :n], a[lo:hi][:hi]", "a[1 : $1], a[lo:hi][:hi]"),
        ("a[x::int:y]", "a[x::int:y]"),
        ("a /* b */ [:n]", "a /* b */ [:n]"),
        ('"a"[:n], (a)[:n], a[1][:n]', '"a"[:n], (a)[:n], a[1][:n]'),
        ("array[:n, :n], ARRAY[[:n], [:n]]", "array[$1, $1], ARRAY[[$1], [$1]]"),
        ("array[a[:n], :n][1:n]", "array[a[:n], $1][1:n]"),
        ("f(a[f(:n)], :n)", "f(a[f($1)], $1)"),
        ("] ) :n", "] ) $1"),
    ],
)
def test_a_slice_is_no_name(text: str, sent: str) -> None:
    assert prepare_text(POSTGRES, text, by_name=True).text == sent


def test_a_slice_is_no_number_either() -> None:
    assert native(POSTGRES, "a[1:2], a[:2], :1", (7,), "numeric") == ("a[1:2], a[:2], $1", [7])


@pytest.mark.parametrize(
    ("text", "parameters", "sent", "values"),
    [
        ("select :a, :b, :a", {"a": 1, "b": 2}, "select ?, ?, ?", [1, 2, 1]),
        ("select @a := :b, '\\':c' # :d", {"b": 1}, "select @a := ?, '\\':c' # :d", [1]),
        ("/*!50110 :a */ /* :b */", {"a": 1}, "/*!50110 ? */ /* :b */", [1]),
        ("limit?", [1], "limit?", [1]),
    ],
)
def test_where_placeholders_have_no_number_a_value_repeats(
    text: str, parameters: Any, sent: str, values: list[Any]
) -> None:
    assert native(MYSQL, text, parameters) == (sent, values)


@pytest.mark.parametrize(
    ("paramstyle", "text", "parameters", "sent", "values"),
    [
        ("format", "select %s, '%s', 7 %% %s, 7 % 2", (1, 2), "select $1, '%s', 7 % $2, 7 % 2", [1, 2]),
        ("format", "select a ? 'b', a ?? %s", (1,), "select a ? 'b', a ?? $1", [1]),
        ("format", "select %s%s, 7 %sum", (1, 2), "select $1 $2, 7 %sum", [1, 2]),
        ("pyformat", "select %(a)s, %(b)s, %(a)s, :c, '%%'", {"a": 1, "b": 2}, "select $1, $2, $1, :c, '%'", [1, 2]),
        ("format", "f(%s, '%%Y-%%m')", (1,), "f($1, '%Y-%m')", [1]),
        (
            "format",
            """like 'a%' "%%", $$%%s%$$, '%%%', %s -- %%""",
            (1,),
            """like 'a%' "%", $$%s%$$, '%%', $1 -- %""",
            [1],
        ),
        ("numeric", "f(:1, '%%Y')", (1,), "f($1, '%%Y')", [1]),
        ("pyformat", "select %s", (1,), "select $1", [1]),
        ("numeric", "select :2, :1, :2, ':3', a ? 'b'", (1, 2), "select $1, $2, $1, ':3', a ? 'b'", [2, 1]),
        ("native", "select $2, $1, $2, '$3', ?", (1, 2), "select $2, $1, $2, '$3', ?", [1, 2]),
    ],
)
def test_each_style_has_its_marker(paramstyle: str, text: str, parameters: Any, sent: str, values: list[Any]) -> None:
    assert native(POSTGRES, text, parameters, paramstyle) == (sent, values)


def test_the_native_style_counts_what_the_server_will() -> None:
    assert prepare_text(POSTGRES, "select $3, $1, '$9'", "native").count == 3
    assert prepare_text(MYSQL, "select ?, '?', ??", "native").count == 3
    assert prepare_text(MYSQL, "select $3", "native").count == 0


@pytest.mark.parametrize(
    ("scanner", "paramstyle", "text", "parameters", "said"),
    [
        (POSTGRES, "qmark", "select ?, :a", (1,), r"a sequence binds \?, and the text has :a"),
        (POSTGRES, "qmark", "select ?, :a", {"a": 1}, "a mapping binds :name, and the text has a ?"),
        (POSTGRES, "qmark", "select ?, $2", (1,), r"the server's own placeholder \$2"),
        (POSTGRES, "named", "select :a, $2", {"a": 1}, r"the server's own placeholder \$2"),
        (POSTGRES, "format", "select $1, %s", (1,), r"paramstyle='native'"),
        (POSTGRES, "format", "select %(a)s", (1,), r"a sequence binds %s, and the text has %\(a\)s"),
        (POSTGRES, "pyformat", "select %s", {"a": 1}, r"a mapping binds %\(name\)s, and the text has %s"),
        (POSTGRES, "numeric", "select :1", {"1": 1}, "from a sequence"),
        (POSTGRES, "numeric", "select :0", (1,), "from :1 to :65535, not :0"),
        (POSTGRES, "numeric", "select :" + "9" * 5000, (1,), "from :1"),
        (POSTGRES, "native", "select $1", {"a": 1}, "not a mapping"),
        (MYSQL, "format", "select ?, %s", (1,), r"the server's own placeholder \?"),
        (MYSQL, "qmark", "select a ?? b", (1,), "an operator with a question mark"),
        (POSTGRES, "qmarks", "select ?", (1,), "no paramstyle 'qmarks'; there are qmark, named"),
        (POSTGRES, "qmark", "select ?; select 1", (1,), "the text holds several"),
        (SQLITE, "qmark", "select ?; -- a\n;select 1", (1,), "the text holds several"),
        (POSTGRES, "qmark", "select ?\0", (1,), "a NUL character; there is one at position 9"),
        (POSTGRES, "qmark", "select ?", (), "has 1 parameter marker, 0 values given"),
        (POSTGRES, "qmark", "select ?, ?", (1,), "has 2 parameter markers, 1 value given"),
        (POSTGRES, "qmark", "select 1", (1, 2), "has 0 parameter markers, 2 values given"),
        (POSTGRES, "qmark", "select '?'", (1,), "has 0 parameter markers, 1 value given"),
        (POSTGRES, "numeric", "select :3", (1, 2), "has 3 parameter markers, 2 values given"),
        (POSTGRES, "named", "select :a, :b, :c, :b", {"a": 1}, "no value for b, c in the mapping of 1 value"),
        (POSTGRES, "qmark", "select ?", "a", r"not str; for a single value write \(value,\)"),
        (POSTGRES, "qmark", "select ?", b"a", r"not bytes; for a single value write \(value,\)"),
        (POSTGRES, "qmark", "select ?", 1, r"not int; for a single value write \(value,\)"),
        (POSTGRES, "qmark", "select ?", {1}, "not set"),
        (POSTGRES, "qmark", "select ?", iter([1]), "not list_iterator"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    scanner: Scanner, paramstyle: str, text: str, parameters: Any, said: str
) -> None:
    with pytest.raises(Mistake, match=said) as refusal:
        native(scanner, text, parameters, paramstyle)
    assert refusal.value.kind == "usage" and refusal.value.outcome == "not_run"


@pytest.mark.parametrize("mapping", [OrderedDict(a=1), UserDict(a=1), MappingProxyType({"a": 1})])
def test_every_mapping_binds_by_name(mapping: Any) -> None:
    assert native(POSTGRES, "select :a", mapping) == ("select $1", [1])


def test_every_sequence_binds_by_position() -> None:
    assert native(POSTGRES, "select ?, ?", range(2)) == ("select $1, $2", [0, 1])


def test_all_rows_have_one_shape() -> None:
    with pytest.raises(Mistake, match="all rows have to be of one shape"):
        prepare_text(POSTGRES, "select ?").arrange({"a": 1})
    with pytest.raises(Mistake, match="all rows have to be of one shape"):
        prepare_text(POSTGRES, "select :a", by_name=True).arrange([1])


def test_a_body_with_semicolons_is_one_statement() -> None:
    text = "create trigger t insert on a begin select 1; select 2; end"
    assert prepare_text(SQLITE, text).text == text


def test_the_backslash_of_the_moment_decides() -> None:
    text = r"select '\', ?, '"
    assert prepare_text(MYSQL, text).count == 0
    assert prepare_text(MYSQL, text, variables={"no_backslash_escapes": True}).count == 1


def test_a_position_leads_back_to_the_callers_text() -> None:
    text = "select ?, a ??| b, oops from t where x=?and wrong"
    prepared = prepare_text(POSTGRES, text)
    for word in ("select", "oops", "where", "and", "wrong"):
        assert prepared.source_position(prepared.text.index(word) + 1) == text.index(word) + 1
    assert prepared.source_position(prepared.text.index("$2") + 1) == text.rindex("?") + 1
    assert prepare_text(POSTGRES, "oops").source_position(3) == 3


def test_a_position_leads_back_over_doubled_signs() -> None:
    text = "select '%%a%%', %s, 'b%%' \"c%%d\" oops where x = %s and wrong"
    prepared = prepare_text(POSTGRES, text, "format")
    for word in ("select", "a", "'b", "d", "oops", "where", "and", "wrong"):
        assert prepared.source_position(prepared.text.index(word) + 1) == text.index(word) + 1


@given(st.lists(st.sampled_from(["%s", "'%%'", "'a%%%%b'", '"%%s"', "x", "-- %%\n", "7 %% 2", "'é%%(a)s'"])))
def test_what_has_no_single_percent_is_read_as_python_formats_it(pieces: list[str]) -> None:
    """As the drivers do that have the style `format`."""
    prepared = prepare_text(MYSQL, " , ".join(pieces), "format")
    assert prepared.text == " , ".join(pieces) % (("?",) * pieces.count("%s"))
    for position, character in enumerate(prepared.text, 1):
        if character != "?":
            assert " , ".join(pieces)[prepared.source_position(position) - 1] == character


# -- random texts of pieces whose answer is known

OPAQUE = [
    *(
        "'?'",
        "':a'",
        "'%s'",
        "'it''s ?'",
        '"?"',
        '":a""?"',
        "-- ? :a %s '\n",
        "/* ? :a %s ' */",
        "x::y",
        "'$1'",
        "'--' ",
        "'a%%b%'",
        '"%%"',
        "/* %%% */",
    ),
    *("( x )", "'/*'", "x.y", "1.5", "<=", "'é?'"),
]
POSTGRES_OPAQUE = [
    *(r"E'\'?'", r"E'a'" + "\n" + r"'\'? '", "$$?$$", "$a$ ? $b$ :a $a$", "$é$?$é$", "/* /* ? */ :a */", "U&'?\\'"),
    *("f(a := b)", "a[1:n]", "a[:n]", "x$a$y", "a[m:n][lo:hi]", "N'?'", r"'\'"),
]
MYSQL_OPAQUE = [r"'\'?'", r'"\"?"', "`?`", "# ? '\n", "@a:=b", "/*!50110 x */", "/*! /* ? */ */", "x--1", "`\\`"]
SQLITE_OPAQUE = ["[?]", "`:a`", "x'00'", r"'\'", "[it's]"]
PIECES = {
    "postgres-like": OPAQUE + POSTGRES_OPAQUE,
    "mysql-like": OPAQUE + MYSQL_OPAQUE,
    "sqlite-like": OPAQUE + SQLITE_OPAQUE,
}
MARKS = {
    ("qmark", False): (["?"], ["??"]),
    ("qmark", True): ([":a", ":b", ":a1"], ["??"]),
    ("pyformat", False): (["%s"], ["%%"]),
    ("pyformat", True): (["%(a)s", "%(b)s"], ["%%"]),
    ("numeric", False): ([":1", ":2", ":3"], []),
}


@pytest.mark.parametrize(("style", "by_name"), MARKS)
@pytest.mark.parametrize("dialect", SCANNERS)
@given(data=st.data())
def test_only_markers_in_code_are_replaced(dialect: str, style: str, by_name: bool, data: st.DataObject) -> None:
    scanner, opaque = SCANNERS[dialect], PIECES[dialect]
    marks, signs = MARKS[style, by_name]
    if scanner.placeholder == "?" and "??" in signs:
        signs = []
    drawn = data.draw(st.lists(st.sampled_from(opaque + (marks + signs) * 3), max_size=12))
    prepared = prepare_text(scanner, " , ".join(drawn), style, by_name)

    expected: list[str] = []
    keys: list[str] = []
    for index, piece in enumerate(drawn):
        if piece in signs:
            expected.append(piece[0])
        elif piece in marks:
            key = str(index) if piece in ("?", "%s") else piece.strip("%()s:")
            numbered = "{n}" in scanner.placeholder
            if not numbered or key not in keys:
                keys.append(key)
            expected.append(f"${keys.index(key) + 1}" if numbered else "?")
        else:
            expected.append(piece.replace("%%", "%") if style == "pyformat" else piece)
    assert prepared.text == " , ".join(expected)
    assert prepared.count == len(keys)
    if by_name:
        assert list(prepared.order) == keys
    elif style == "numeric":
        assert [f"{int(key) + 1}" for key in prepared.order] == keys
    else:
        assert list(prepared.order) == list(range(len(keys)))


@given(
    st.lists(
        st.sampled_from(["?", "'?'", '"?"', "[?]", "`?`", "/* ? */ ?", "? -- ?\n", "x'3f'", "'it''s ?'"]), min_size=1
    )
)
def test_the_embedded_engine_reads_the_same_markers(pieces: list[str]) -> None:
    text = f'select {", ".join(pieces)} from (select 0 as "?")'
    prepared = prepare_text(SQLITE, text)
    values = list(range(100, 100 + prepared.count))
    (row,) = apsw.Connection(":memory:").execute(prepared.text, prepared.arrange(values))
    assert [value for value in row if isinstance(value, int) and value >= 100] == values


def test_a_native_statement_is_a_value() -> None:
    assert prepare_text(SQLITE, "select ?") == Native("select ?", 1, (0,), False, 1, ((7, 7), (8, 8)))


# -- what real servers read

POSTGRES_TRICKS = [
    *(r"E'\'?'", "E'a'\n'\\'?'", "E'a' -- ?\n '\\'? '", r"e'\\'", r"'\'", "$$?$$", "$a$ ? $b$ $$ $a$", "$é$?$é$"),
    *(
        "/* /* ? */ ' */ 1",
        "U&'?'",
        "N'?'",
        "(array[1,2])[1:2]",
        "1 as x$a$y",
        "1 /* ? */",
        "1 -- '\n",
        "1 -- '\r",
        "B'1'",
    ),
    *(
        'U&"\\003F" from (select 1 as "?") as t',
        "1 as €$a$y",
        "'a' 'b?'".replace(" ", "\n"),
        "'a'::text",
        "5 */* ? */ 2",
    ),
]
MYSQL_TRICKS = [
    *(
        r"'\'?'",
        r'"\"?"',
        "/*!50110 1, ? */",
        "/*! 1 /* ? */ */",
        "/*!999999 1 + */ 1",
        "1--1",
        "1 # ? '\n",
        "1 -- ? '\n",
    ),
    *(
        "1 --\t?\n",
        "1 -- \r ? \n",
        "1 as `a?`",
        "1 as `\\`",
        "@a:=1",
        "/*M!100100 ?*/",
        "_utf8mb4'?'",
        "x'3f'",
        "N'\\'?'",
        "'a' 'b?'",
    ),
]


def test_the_server_reads_the_same_markers(postgres: Server, tmp_path: Path) -> None:
    """Each trick stands between two markers; the server must find both, and no more than the scanner did."""
    commands, expected = ["set client_encoding = 'utf8'"], []
    for trick in POSTGRES_TRICKS:
        text = f"select ?::text, {trick}" if " from " in trick else f"select ?::text, {trick}\n, ?::text"
        prepared = prepare_text(POSTGRES, text)
        commands += [
            f"prepare p as {prepared.text}",
            "select cardinality(parameter_types) from pg_prepared_statements where name = 'p'",
            "deallocate p",
        ]
        expected.append(str(prepared.count))
    assert isinstance(postgres.engine, PostgreSQL)
    psql = [str(postgres.engine.programs() / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", postgres.url()]
    found = run([*psql, *(part for command in commands for part in ("-c", command))], tmp_path)
    assert found.split() == expected


def test_the_server_with_executable_comments_reads_the_same_markers(mariadb: Server, tmp_path: Path) -> None:
    lines = []
    for trick in MYSQL_TRICKS:
        prepared = prepare_text(MYSQL, f"select ?, {trick}\n, ?")
        values = ", ".join(["@v"] * prepared.count)
        lines.append(f"set @s = convert(0x{prepared.text.encode().hex()} using utf8mb4); prepare p from @s;")
        lines.append(f"execute p using {values}; select 'fits';")
    user, password = mariadb.users[mariadb.engine.method]
    client = [
        "mariadb",
        "--no-defaults",
        "-BN",
        "-h",
        mariadb.host,
        "-P",
        str(mariadb.port),
        "-u",
        user,
        f"-p{password}",
    ]
    assert run([*client, "-e", "\n".join(lines)], tmp_path).split().count("fits") == len(MYSQL_TRICKS)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("style", "text", "hint"),
    [
        ("qmark", "SELECT %s", "the text has %s, which binds with paramstyle='format' at connect"),
        ("qmark", "SELECT :1", "the text has :1, which binds with paramstyle='numeric' at connect"),
        ("pyformat", "SELECT ?", "the text has ?, which binds with paramstyle='qmark' at connect"),
        ("qmark", "SELECT 1::int", None),
    ],
)
def test_markers_of_another_style_are_told(style: str, text: str, hint: str | None) -> None:
    with pytest.raises(Mistake, match="0 parameter markers, 1 value given") as caught:
        native(POSTGRES, text, (1,), style)
    assert caught.value.fields.get("hint") == hint


def test_names_of_another_style_are_told() -> None:
    with pytest.raises(Mistake, match="a mapping binds :name, and the text has none") as caught:
        native(POSTGRES, "SELECT %(a)s", {"a": 1})
    assert caught.value.fields["hint"] == "the text has %(a)s, which binds with paramstyle='pyformat' at connect"
    for text in ("SELECT '%(a)s', :a", "SELECT '%(a)s'", "SELECT 5 %% 3"):
        native(POSTGRES, text, {"a": 1})
