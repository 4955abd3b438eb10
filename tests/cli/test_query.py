"""`sqlx query`: what it prints where, how it ends, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sqlx import dbapi
from tests.cli.command import ROOT, SQLX, environment, on_terminal, sqlx
from tests.engines import ENGINES, Engine
from tests.servers.server import Server, free_port
from tests.wire import peers


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


@pytest.fixture
def url(engine: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return engine.url(request) if engine.fixture else f"sqlite:///{tmp_path}/test.db"


@pytest.fixture
def table(url: str) -> Iterator[str]:
    """A table with nothing in it."""
    name = "cli_things"
    with dbapi.connect(url, autocommit=True) as connection:
        connection.cursor().execute(f"DROP TABLE IF EXISTS {name}")
        connection.cursor().execute(f"CREATE TABLE {name} (a INTEGER PRIMARY KEY, b VARCHAR(20))")
        yield name
        connection.cursor().execute(f"DROP TABLE {name}")


def count(url: str, table: str) -> int:
    with dbapi.connect(url) as connection:
        [(rows,)] = connection.cursor().execute(f"SELECT count(*) FROM {table}")
        return int(rows)


# -- what to run


def test_sql_comes_as_an_argument_from_a_file_or_from_a_pipe(url: str, tmp_path: Path) -> None:
    """The same text in each way; a byte order mark is no part of it."""
    sql = "SELECT 'é' AS a"
    (tmp_path / "q.sql").write_bytes(b"\xef\xbb\xbf" + sql.encode())
    expected = (0, "a\né\n", "")
    for done in (
        sqlx("query", url, sql),
        sqlx("query", "--format", "csv", url, "--limit", "9", sql),
        sqlx("query", url, "-f", str(tmp_path / "q.sql")),
        sqlx("query", url, "-", stdin=sql.encode()),
        sqlx("query", url, stdin=sql.encode()),
    ):
        assert (done.returncode, done.stdout, done.stderr) == expected


def test_values_are_bound_by_place_and_by_name(url: str, table: str) -> None:
    """Text that looks like SQL is text; numbers arrive as the column's type."""
    sqlx("query", url, f"INSERT INTO {table} VALUES (?, ?)", "-p", "7", "-p", "it's; DROP")
    done = sqlx("query", url, f"SELECT a, b FROM {table} WHERE b = :b AND a = :a", "-n", "a=7", "-n", "b=it's; DROP")
    assert (done.stdout, done.stderr) == ("a,b\n7,it's; DROP\n", "")


def test_limit_stops_and_says_so(engine: Engine, url: str) -> None:
    """Of a result too large to be read to its end; of each result where the SQL has several."""
    long = engine.rows(200_000_000)
    done = sqlx("query", url, f"{long};", "--limit", "2", "--format", "table", "--timeout", "10")
    assert done.stderr == ""
    assert [line.strip() for line in done.stdout.splitlines()[2:]] == ["1", "2", "2 rows, and there are more"]
    several = f"{engine.rows(1600)}; SELECT 7 AS b"
    assert sqlx("query", url, several, "--limit", "1500").stdout.splitlines()[1500:] == ["1500", "", "b", "7"]
    assert len(sqlx("query", url, engine.rows(2), "--limit", "0").stdout.splitlines()) == 1
    assert sqlx("query", url, engine.rows(2), "--limit", "2", "--format", "table").stdout.endswith("\n2 rows\n")


def test_every_row_is_printed_within_bounded_memory(engine: Engine, url: str) -> None:
    """Half a million rows, and no more memory than a few of them need."""
    rows = 500_000
    expected = b"".join(b"%d\n" % n for n in range(1, rows + 1))
    command = [*SQLX, "query", url, engine.rows(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        process.stdout.readline()
        most = process.stdout.read(len(expected) - 1_000_000)
        status = Path(f"/proc/{process.pid}/status").read_text()  # it waits, for the pipe is full
        assert most + process.stdout.read() == expected
    assert process.returncode == 0
    assert int(status.partition("VmHWM:")[2].split()[0]) < 60_000, "KiB"


# -- what becomes of changes


def test_each_statement_is_committed_at_once(url: str, table: str) -> None:
    """By default, and it says so."""
    done = sqlx("query", url, f"INSERT INTO {table} VALUES (1, 'x')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "1 row affected\ncommitted (autocommit)\n")
    assert count(url, table) == 1


def test_one_transaction_is_committed_at_the_end_or_not_at_all(url: str, table: str) -> None:
    insert = f"INSERT INTO {table} VALUES (1, 'x')"
    done = sqlx("query", "--no-autocommit", url, insert)
    assert (done.returncode, done.stderr) == (0, "1 row affected\ncommitted as one transaction\n")
    assert count(url, table) == 1
    done = sqlx("query", "--no-autocommit", url, f"DELETE FROM {table}; {insert}; {insert}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "rolled back"
    assert count(url, table) == 1


KEPT = "what stood before the failing statement is committed (autocommit)"


def test_what_a_failed_script_leaves_is_told(engine: Engine, url: str, table: str) -> None:
    """Where each statement stands for itself what came before stays; a failure with nothing before it says no word."""
    insert = f"INSERT INTO {table} VALUES (1, 'x')"
    done = sqlx("query", url, f"{insert}; {insert}")
    left = count(url, table)
    assert done.returncode == 1
    assert left == (0 if engine.name == "postgres" else 1)
    assert (done.stderr.splitlines()[-1] == KEPT) is bool(left)
    done = sqlx("query", url, f"INSERT INTO {table} VALUES (2, 'x'); INSERT INTO {table} VALUES (3, 4, 5)")
    left = count(url, table)
    assert left == (0 if engine.name == "postgres" else 2)
    assert (done.stderr.splitlines()[-1] == KEPT) is bool(left)
    done = sqlx("query", url, f"BEGIN; DELETE FROM {table}; {insert}; {insert}")
    assert done.stderr.splitlines()[-1] == "rolled back"
    assert count(url, table) == left
    done = sqlx("query", url, "SELECT nope")
    assert KEPT not in done.stderr and "rolled back" not in done.stderr


def test_a_text_without_a_statement_commits_nothing(postgres: Server) -> None:
    for url in (postgres.url(), "sqlite://"):
        for sql in ("-- a remark", ";"):
            done = sqlx("query", url, sql)
            assert (done.returncode, done.stderr) == (0, "done\n")


def test_a_transaction_left_open_is_rolled_back_and_told(url: str, table: str) -> None:
    """Who writes BEGIN has to write COMMIT."""
    done = sqlx("query", url, f"BEGIN; INSERT INTO {table} VALUES (1, 'x')")
    assert done.returncode == 0
    assert done.stderr.endswith("rolled back: the SQL began a transaction and did not commit it\n")
    assert count(url, table) == 0


def test_notices_are_talk(postgres: Server) -> None:
    done = sqlx("query", postgres.url(), "DO $$ BEGIN RAISE NOTICE 'about %', 1; END $$; SELECT 1 AS a")
    assert done.stdout == "a\n1\n"
    assert done.stderr == "notice: about 1\ndone\ncommitted (autocommit)\n"


# -- how it is stopped


MARKED = "SELECT /* marked */"


@pytest.mark.parametrize("streaming", [False, True], ids=["silent", "printing"])
def test_ctrl_c_cancels_at_the_server(engine: Engine, url: str, streaming: bool) -> None:
    """Exit code 130 and a sentence; the server does not run on."""
    sql = engine.rows(50_000_000) if streaming else engine.endless
    sql = sql.replace("SELECT", MARKED, 1)
    process = subprocess.Popen(
        [*SQLX, "query", url, sql, "--format", "jsonl"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    if streaming:
        process.stdout.read(1000)
    else:
        _until_it_runs(engine, url, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.decode() == "error: interrupted; what was running has been cancelled\n"
    assert _running(engine, url) == 0


def _until_it_runs(engine: Engine, url: str, process: subprocess.Popen[bytes]) -> None:
    if engine.fixture:
        while not _running(engine, url):
            assert process.poll() is None
    else:  # the engine is in that process; its file is open once it runs
        file = url.partition(":///")[2]
        while file not in _open_files(process.pid):
            assert process.poll() is None


def _open_files(pid: int) -> set[str]:
    """Files may be closed while they are looked at."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(os.readlink(entry))
    return found


def _running(engine: Engine, url: str) -> int:
    if not engine.fixture:
        return 0
    source = {
        "postgres": "pg_stat_activity WHERE state = 'active' AND query",
        "mariadb": "information_schema.processlist WHERE info",
    }[engine.name]
    with dbapi.connect(url) as connection:
        [(running,)] = connection.cursor().execute(f"SELECT count(*) FROM {source} LIKE '{MARKED}%'")
        return int(running)


def test_a_timeout_cancels(engine: Engine, url: str) -> None:
    done = sqlx("query", url, engine.endless, "--timeout", "0.2")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the statement took longer than 0.2 s"), done.stderr


def test_whoever_reads_the_output_may_go(engine: Engine, url: str) -> None:
    """As `head` does: no word, no failure."""
    command = (
        f"{' '.join(SQLX)} query '{url}' '{engine.rows(1_000_000)}' | head -n 2 | tail -n 1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n0\n", "")


# -- what is wrong


@pytest.mark.parametrize(
    ("target", "sql", "said"),
    [
        ("nonsense", "x", "a URL begins with its scheme"),
        ("postgrse://h/d", "x", "no engine has the scheme 'postgrse'; did you mean 'postgres'?"),
        ("sqlite:///x?moed=ro", "x", "SQLite has no option 'moed'; did you mean 'mode'?"),
        ("postgres://u:geh/eim@h/d", "x", "there is an @ behind the URL's host"),
        ("sqlite://", None, "there is no SQL to run"),
        ("sqlite://", " \n", "there is no SQL to run"),
    ],
)
def test_a_command_line_that_cannot_be_meant(target: str, sql: str | None, said: str) -> None:
    """Exit code 2; the sentence comes first, then where help is. No secret is repeated."""
    done = sqlx("query", target, *([sql] if sql else []))
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first.startswith(f"error: {said}")
    assert second == "`sqlx query --help` tells more"
    assert "geh" not in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["query"], "the following arguments are required: URL"),
        (["query", "sqlite://", "x", "-f", "y"], "SQL is given twice"),
        (["query", "sqlite://", "x", "-p", "1", "-n", "a=1"], "-p binds ? and -n binds :name"),
        (["query", "sqlite://", "x", "-n", "a"], "-n takes NAME=VALUE, not 'a'"),
        (["query", "sqlite://", "x", "-n", "a=1", "-n", "a=2"], "-n gives a twice"),
        (["query", "sqlite://", "x", "--limit", "-1"], "argument --limit: a number of rows is meant, not '-1'"),
        (["query", "sqlite://", "x", "--limit", "many"], "argument --limit: a number of rows is meant, not 'many'"),
        (["query", "sqlite://", "x", "--timeout", "0"], "argument --timeout: a number of seconds above 0 is meant"),
        (["query", "sqlite://", "x", "--format", "xml"], "argument --format: invalid choice: 'xml'"),
        (["nonsense"], "argument COMMAND: invalid choice: 'nonsense'"),
        (["ping"], "the following arguments are required: URL"),
        (["ping", "x://"], "no engine has the scheme 'x'"),
    ],
)
def test_wrong_arguments(words: list[str], said: str) -> None:
    done = sqlx(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {said}"), done.stderr


MISTAKES = {
    "sqlite": 'error: near "t": syntax error (42601)\nline 2:   FORM t\n               ^\n',
    "postgres": 'error: syntax error at or near "t" (42601)\nline 2:   FORM t\n               ^\n',
    "mariadb": "error: You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server "
    "version for the right syntax to use near 't' at line 2 (42000)\n",
}


def test_a_mistake_in_the_sql(engine: Engine, url: str) -> None:
    """The server's sentence with its code, and where it stands as far as the server tells."""
    done = sqlx("query", url, "SELECT 1\n  FORM t")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == MISTAKES[engine.name]


def test_a_violated_constraint_comes_with_its_detail(postgres: Server) -> None:
    sql = "CREATE TEMP TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1), (1)"
    assert sqlx("query", postgres.url(), sql).stderr.endswith(
        'error: duplicate key value violates unique constraint "t_pkey" (23505)\ndetail: Key (a)=(1) already exists.\n'
    )


def test_a_long_line_is_shown_around_the_mistake(postgres: Server) -> None:
    """Wide characters count twice, and the caret stands below the right one."""
    sql = f"SELECT '{'漢字' * 200}', nope, '{'x' * 500}'"
    lines = sqlx("query", postgres.url(), sql, env={"COLUMNS": "60"}).stderr.splitlines()
    shown, caret = lines[1], lines[2]
    assert shown.startswith("line 1: …") and shown.endswith("…")
    before = shown[: shown.index("nope")]
    assert caret == " " * sum(2 if char in "漢字" else 1 for char in before) + "^"
    assert len(caret) < 60


def test_a_server_cannot_command_the_terminal(postgres: Server) -> None:
    """Control characters of its messages are written out."""
    done = sqlx("query", postgres.url(), "DO $$ BEGIN RAISE EXCEPTION E'\\x1b[31mred\\nnext'; END $$")
    assert done.stderr.startswith("error: \\x1b[31mred\nnext (P0001)\n")


def test_nor_turn_the_direction_of_what_it_shows(tmp_path: Path) -> None:
    """In tables and messages, and in JSON, where it means the same; CSV in a file is exact."""
    turning = "".join(map(chr, (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))
    written = turning.encode("unicode_escape").decode()
    for form, shown in (("table", written), ("markdown", written), ("csv", turning), ("json", written)):
        done = sqlx("query", "sqlite://", f"SELECT 'a{turning}b' AS a", "--format", form)
        assert f"a{shown}b" in done.stdout, form
    assert f"no such column: a{written}" in sqlx("query", "sqlite://", f"SELECT a{turning}").stderr


def test_nor_by_the_words_beside_its_messages() -> None:
    """A code and a severity are its texts too."""
    escape = b"\x1b]0;pwn\x07"

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(peers.WELCOME)
        peers.heard(peer)
        fields = b"SWARN" + escape + b"X" * 100 + b"\0C42" + escape + b"\0Mno\0\0"
        peer.sendall(peers.message("N", fields) + peers.message("E", fields) + peers.READY)

    with peers.serving(script) as peer:
        done = sqlx("query", f"postgresql://ada@127.0.0.1:{peer.port}/test?sslmode=disable", "SELECT 1")
    assert done.stderr.splitlines()[-1] == "error: no (42\\x1b]0;pwn\\x07)"
    assert "\x1b" not in done.stderr and "XXXX" not in done.stderr


def test_errors_in_the_middle_leave_what_came_before(postgres: Server) -> None:
    """What was printed stays; the exit code says that it is not all."""
    done = sqlx("query", postgres.url(), "SELECT 1 / (90000 - n) AS a FROM generate_series(1, 100000) AS n")
    assert done.returncode == 1
    assert done.stdout.startswith("a\n0\n")
    assert done.stderr == "error: division by zero (22012)\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "error: "),
        ({"database": "missing"}, "error: "),
        ({"port": 0}, "error: cannot connect to 127.0.0.1:{port}: connection refused"),
        ({"host": "nowhere.invalid"}, "error: no address is known for the host 'nowhere.invalid'"),
        ({"sslmode": "verify-full", "sslrootcert": "/nonexistent"}, "error: "),
    ],
    ids=["password", "database", "port", "host", "certificate"],
)
@pytest.mark.parametrize("command", ["query", "ping"])
def test_no_connection(server: Server, command: str, change: dict[str, Any], said: str) -> None:
    """Exit code 1 and a sentence, without the password."""
    if "port" in change:
        change = {"port": free_port()}
    done = sqlx(command, server.url(**change), *(["SELECT 1"] if command == "query" else []))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said.format(**change)), done.stderr
    assert server.users[server.engine.method][1] not in done.stderr.replace(str(server.port), "")
    assert "wrong" not in done.stderr


def test_an_embedded_database_that_cannot_be_opened(tmp_path: Path) -> None:
    """No database, no folder, no file that may be made."""
    (tmp_path / "letter").write_text("dear somebody " * 100)
    for file, sql, said in (
        ("letter", "SELECT * FROM t", f"'{tmp_path}/letter' is not a database, or it is encrypted: check the path"),
        ("no/x", "SELECT 1", f"'{tmp_path}/no/x' cannot be opened: there is no folder '{tmp_path}/no'"),
        ("missing?mode=ro", "SELECT 1", f"'{tmp_path}/missing' does not exist: correct the path"),
    ):
        done = sqlx("query", f"sqlite:///{tmp_path}/{file}", sql)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"error: {said}"), done.stderr


@pytest.mark.parametrize("name", ["table", "csv", "json", "jsonl", "markdown"])
@pytest.mark.parametrize("rows", [1, 200_000], ids=["at the end", "in the middle"])
def test_a_full_disk_is_told(name: str, rows: int) -> None:
    """Both where the output is written at the end and where it is on the way."""
    sql = ENGINES["sqlite"].rows(rows)
    with open("/dev/full", "wb") as full:
        done = sqlx("query", "sqlite://", "--format", name, sql, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "error: the output cannot be written: no space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(closed: str, postgres: Server) -> None:
    """Data and talk that nobody wants go nowhere, not into the server's socket."""
    command = f"{' '.join(SQLX)} query '{postgres.url()}' 'SELECT 1 AS a' {closed}"
    done = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert (done.stdout, done.stderr) == ("" if ">&-" in closed.split() else "a\n1\n", "")


def test_files_and_input_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"SELECT 1;\nSELECT '\xe9'")
    for words, stdin, said in (
        (["-f", str(tmp_path / "none.sql")], b"", f"{tmp_path}/none.sql: no such file or directory"),
        (["-f", str(tmp_path)], b"", f"{tmp_path}: is a directory"),
        (["-f", str(tmp_path / "latin")], b"", f"{tmp_path}/latin is not UTF-8: byte 0xe9 in line 2"),
        (["-"], b"SELECT '\xff'", "what came from stdin is not UTF-8: byte 0xff in line 1"),
        ([b"SELECT '\xff'"], b"", "the SQL argument is not UTF-8: byte 0xff in line 1"),
    ):
        done = sqlx("query", "sqlite://", *words, stdin=stdin)
        assert done.returncode == 1
        assert done.stderr == f"error: {said}\n"


def test_a_database_on_a_full_disk(tmp_path: Path) -> None:
    """The engine's own sentence; the limit on file sizes stands in for a full disk."""
    done = sqlx(
        "query", f"sqlite:///{tmp_path}/x.db", "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(1000000))",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"error: disk I/O error (58030)\n{KEPT}\n"


# -- passwords


@pytest.fixture
def open_url(server: Server) -> tuple[str, str]:
    """A URL without the password, and the password."""
    password = server.users[server.engine.method][1]
    return server.url(password="", sslmode="verify-ca", sslrootcert=server.ca_path), password


def test_a_password_from_the_environment(open_url: tuple[str, str]) -> None:
    url, password = open_url
    for words in (["query", url, "SELECT 1 AS a"], ["ping", url]):
        done = sqlx(*words, env={"SQLX_PASSWORD": password})
        assert done.returncode == 0, done.stderr
        assert password not in done.stdout + done.stderr


def test_a_password_is_asked_for_at_a_terminal(open_url: tuple[str, str]) -> None:
    """Only there, and it is not shown."""
    url, password = open_url
    code, shown = on_terminal([*SQLX, "query", url, "SELECT 1 AS a", "--format", "csv"], f"{password}\n", NO_COLOR="1")
    assert code == 0, shown
    assert shown.split("\n")[0].startswith("password of ")
    assert shown.replace("\r", "").endswith("a\n1\n")
    assert password not in shown.replace(url, "")
    code, shown = on_terminal([*SQLX, "query", url, "SELECT 1"], "\x04", NO_COLOR="1")
    assert code == 1
    assert shown.replace("\r", "").endswith("error: no password was given\n")
    for command in (["query", url, "SELECT 1"], ["ping", url]):
        done = sqlx(*command)
        assert done.returncode == 1
        assert done.stderr.endswith(" or set SQLX_PASSWORD\n")


# -- ping


def test_ping_tells_who_answers(server: Server) -> None:
    """Version, place, user, the line's security, and a round trip."""
    done = sqlx("ping", server.url(sslmode="verify-ca", sslrootcert=server.ca_path))
    facts = {line[:11].strip(): line[11:] for line in done.stdout.splitlines()}
    assert (done.returncode, done.stderr) == (0, "")
    assert server.version in facts["server"]
    assert facts["address"] == f"{server.host}:{server.port}"
    assert (facts["user"], facts["database"]) == (server.users[server.engine.method][0], server.database)
    assert facts["tls"] == "yes, and the server's certificate was verified"
    assert 0 < float(facts["round trip"].split()[0]) < 1000


def test_ping_tells_how_safe_the_line_is(postgres: Server) -> None:
    def tls(**options: object) -> str:
        method = "peer" if "socket" in options else "trust"
        lines = sqlx("ping", postgres.url(method, **options)).stdout.splitlines()
        return next(line[11:] for line in lines if line.startswith("tls"))

    assert tls(sslmode="disable").startswith("no: anyone")
    assert tls(sslmode="require").endswith("was not verified")
    assert tls(sslmode="verify-full", host="localhost", sslrootcert=postgres.ca_path).endswith("was verified")
    assert tls(socket=postgres.socket).startswith("no: a socket")


def test_ping_an_embedded_engine(tmp_path: Path) -> None:
    """It makes no file of a name with a slip in it."""
    file = tmp_path / "test.db"
    done = sqlx("ping", f"sqlite:///{file}")
    assert (done.returncode, done.stdout, file.exists()) == (1, "", False)
    assert done.stderr.startswith(f"error: '{file}' does not exist: correct the path")
    file.touch()
    for url in ("sqlite://", f"sqlite:///{file}", f"sqlite:///{file}?mode=ro"):
        assert sqlx("ping", url).stdout.startswith("server     SQLite 3.")


# -- what starting costs


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["--help"], {"rich", "asyncio", "sqlx.dbapi", "sqlx.wire"}),
        (["query", "sqlite://", "SELECT 1"], {"rich", "pydantic", "textual", "cryptography", "sqlx.catalog"}),
    ],
)
def test_a_command_loads_no_more_than_it_uses(words: list[str], spared: set[str]) -> None:
    program = (
        "import json, sys\nfrom sqlx.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "sys.stdout.flush(); print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [SQLX[0], "-c", program, *words], env=environment(), capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert spared.isdisjoint(json.loads(done.stderr.splitlines()[-1]))
