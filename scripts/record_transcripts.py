"""Record the conversations of tests/wire/transcripts: `python -m scripts.record_transcripts [NAME ...]`.

A scenario says with which test server and login, and what is done; everything else is written down. The replay
(tests/wire/test_transcripts.py) needs no server. Record anew what a change of a pack makes different, and read the
difference.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from sqlx.wire.channel import Endpoint
from sqlx.wire.io import Blocking
from sqlx.wire.link import Steps
from tests.servers.fleet import ENGINES, Fleet
from tests.servers.server import Server
from tests.wire.tape import Actor, Header, Recorder

FOLDER = Path(__file__).parents[1] / "tests" / "wire" / "transcripts"
STARTING = 0.5  # seconds until a statement that shall be cancelled runs

NO_OPTIONS: dict[str, Any] = {}
OPEN, CLOSE = ["open"], ["close"]
SELECT = ["query", "SELECT 1 AS one"]


class Scenario(NamedTuple):
    """What is done with a server, by the name of its fixture; `login` is one of its users."""

    server: str
    login: str
    does: list[list[Any]]
    sslmode: str = "disable"
    over_socket: bool = False
    options: dict[str, Any] = NO_OPTIONS
    password: str | None = None
    opaque: bool = False
    before: str = ""  # a statement that another user runs first


LOGIN = [OPEN, SELECT, CLOSE]
PORTAL = [
    OPEN,
    ["query", "SELECT 0", {"begin": "BEGIN"}],
    ["prepare", "SELECT $1::int2 FROM generate_series(1, 1001)", [1]],
    ["execute", [1], {"portal": True}],
    ["query", "SELECT 'between'"],
    ["resume"],
    ["query", "COMMIT"],
    CLOSE,
]
UNPREPARED = [
    OPEN,
    ["run_text", "SELECT $1::int4, 'x', $2::text", [1, None], {"begin": "BEGIN"}],
    ["run_text", "SELECT $1::int4, now() IS NULL", [1], {"keep": True}],
    ["execute", [2]],
    ["run_text", "SELECT 1 / $1::int4", [0], {"keep": True}],
    ["query", "ROLLBACK"],
    ["run_text", "CREATE TEMPORARY TABLE t (i int2)", []],
    ["run_many", "INSERT INTO t VALUES ($1) RETURNING i, $1::text", [[1], [2], [3]]],
    ["run_many", "INSERT INTO t VALUES (1 / $1)", [[1], [0], [1]]],
    ["run_text", "SELECT count(*) FROM t WHERE i > $1", [0]],
    CLOSE,
]
POSTGRESQL = {
    "unprepared": Scenario("postgres", "admin", UNPREPARED),
    "trust": Scenario("postgres", "trust", LOGIN),
    "password": Scenario(
        "postgres", "password", LOGIN, sslmode="require", options={"allow_cleartext": "unverified-tls"}
    ),
    "peer": Scenario("postgres", "peer", LOGIN, over_socket=True),
    "password_refused": Scenario("postgres", "password", [OPEN]),
    "md5": Scenario("postgres", "md5", LOGIN),
    "scram": Scenario("postgres", "scram", LOGIN),
    "scram_wrong_password": Scenario("postgres", "scram", [OPEN], password="wrong"),
    "scram_18": Scenario("postgres18", "scram", LOGIN),
    "tls": Scenario("postgres", "tls_only", LOGIN, sslmode="require"),
    "tls_second_attempt": Scenario("postgres", "plain_only", LOGIN, sslmode="prefer"),
    "no_database": Scenario("postgres", "admin", [OPEN], options={"database": "nowhere"}),
    "script": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["query", "SELECT 1 AS a, 'x' AS b, NULL AS c; CREATE TEMP TABLE t(i int); INSERT INTO t VALUES (1), (2)"],
            ["query", "SELECT i FROM t; SELECT i FROM t WHERE false; "],
            ["query", ""],
            CLOSE,
        ],
    ),
    "errors": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["query", "SELEC 1"],
            ["query", "SELECT 1; SELECT 1/0; SELECT 2"],
            ["query", "SELECT 1", {"begin": "BEGIN NONSENSE"}],
            ["query", "SELECT 1", {"begin": "BEGIN"}],
            ["query", "SELECT nothing"],
            ["query", "SELECT 2"],
            ["query", "ROLLBACK"],
            ["prepare", "SELECT $1::nonsense", [1]],
            ["prepare", "SELECT 1/$1::int", [0]],
            ["execute", [0], {"begin": "BEGIN"}],
            ["query", "ROLLBACK"],
            SELECT,
            CLOSE,
        ],
    ),
    "prepared": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["prepare", "SELECT $1::int4, $2::text, $3::float8, $4::bool, now() IS NULL", [1000, "x", 2.5, True]],
            ["execute", [1000, "x", 2.5, True]],
            ["execute", [None, None, None, None], {"begin": "BEGIN"}],
            ["query", "COMMIT"],
            ["release"],
            ["prepare", "CREATE TEMP TABLE t(i int, s text)", []],
            ["execute", []],
            ["prepare", "INSERT INTO t VALUES ($1, $2)", [1, "a"]],
            ["execute_many", [[1, "a"], [2, None], [3, "c"]]],
            ["prepare", "INSERT INTO t VALUES (1 / $1::int2, '')", [1]],
            ["execute_many", [[1], [0], [1]]],
            ["query", "SELECT count(*) FROM t"],
            CLOSE,
        ],
    ),
    "portal": Scenario("postgres", "admin", PORTAL),
    "stream": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["streamed", "SELECT g FROM generate_series(1, 100) g; SELECT 1"],
            ["given_up", "SELECT g FROM generate_series(1, 100) g"],
            SELECT,
            CLOSE,
        ],
    ),
    "notices": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["query", "DO $$ BEGIN RAISE NOTICE 'hello'; RAISE WARNING 'w' USING HINT = 'h'; END $$"],
            ["query", "SET TimeZone = 'Asia/Tokyo'; SELECT timestamptz '2000-01-01 00:00Z'"],
            ["query", "LISTEN channel; NOTIFY channel, 'payload'"],
            CLOSE,
        ],
    ),
    "copy": Scenario(
        "postgres",
        "admin",
        [OPEN, ["query", "COPY (SELECT 1) TO STDOUT"], ["query", "COPY pg_am FROM STDIN"], SELECT, CLOSE],
    ),
    "copy_in": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["query", "CREATE TEMPORARY TABLE copied (a int, b text)"],
            ["given", "COPY copied FROM STDIN", ["1\tone\n2\t", "two\n"]],
            ["given", "COPY copied FROM STDIN", []],
            ["given", "COPY copied FROM STDIN", ["3\tthree\n"], "ZeroDivisionError"],
            ["given", "COPY copied FROM STDIN", ["x\n"]],
            ["given", "COPY nowhere FROM STDIN", ["1\n"]],
            ["query", "SELECT * FROM copied"],
            CLOSE,
        ],
    ),
    "copy_out": Scenario(
        "postgres",
        "admin",
        [
            OPEN,
            ["taken", "COPY (SELECT g, 'x' FROM generate_series(1, 3) AS g) TO STDOUT"],
            ["taken", "COPY (SELECT 1 WHERE false) TO STDOUT (FORMAT csv)"],
            ["taken", "COPY (SELECT 1) TO STDOUT (FORMAT binary)"],
            SELECT,
            CLOSE,
        ],
    ),
    "cancel": Scenario("postgres", "admin", [OPEN, ["cancelled", "SELECT pg_sleep(60)"], SELECT, CLOSE]),
    "cancel_over_tls": Scenario(
        "postgres", "admin", [OPEN, ["cancelled", "SELECT pg_sleep(60)"], SELECT, CLOSE], sslmode="require"
    ),
    "ping": Scenario("postgres", "admin", [OPEN, ["ping"], ["query", "BEGIN"], ["ping"], CLOSE]),
}


EMPTY_CACHE = "FLUSH PRIVILEGES"  # the server forgets which passwords it has seen
BOTH_FAMILIES = [
    OPEN,
    ["query", "SELECT 1 AS a, 'x' AS b, NULL AS c; DO 0; SELECT 2 WHERE 1 = 0"],
    ["query", "CREATE TEMPORARY TABLE t(i int AUTO_INCREMENT PRIMARY KEY, s varchar(20))"],
    ["query", "INSERT INTO t(s) VALUES ('a'), (NULL)"],
    ["query", "SELECT * FROM t"],
    ["query", "UPDATE t SET s = 'b'"],
    CLOSE,
]
FAMILY = {
    "local_infile": Scenario(
        "",
        "admin",
        [
            OPEN,
            ["query", "CREATE TEMPORARY TABLE loaded (a int PRIMARY KEY, b varchar(20))"],
            ["given", "LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded", ["1\tone\n2\t", "two\n"]],
            ["given", "LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded", []],
            ["given", "LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded", ["3\tthree\n"], "ZeroDivisionError"],
            ["given", "LOAD DATA LOCAL INFILE 'x' INTO TABLE nowhere", ["4\n"]],
            ["query", "SELECT * FROM loaded"],
            CLOSE,
        ],
        over_socket=True,
        options={"local_infile": True},
    ),
    "tls": Scenario("", "tls_only", LOGIN, sslmode="require", options={"allow_cleartext": "unverified-tls"}),
    "empty_password": Scenario("", "empty", LOGIN),
    "no_database": Scenario("", "admin", [OPEN], options={"database": "nowhere"}, over_socket=True),
    "wrong_password": Scenario("", "admin", [OPEN], password="wrong", over_socket=True),
    "socket": Scenario("", "socket", LOGIN, over_socket=True),
    "script": Scenario("", "admin", BOTH_FAMILIES, over_socket=True),
    "errors": Scenario(
        "",
        "admin",
        [
            OPEN,
            ["query", "SELEC 1"],
            ["query", "SELECT 1; SELECT nothing; SELECT 2"],
            ["query", "BEGIN"],
            ["query", "SELECT nothing"],
            ["query", "ROLLBACK"],
            ["prepare", "SELECT nothing", []],
            ["query", ""],
            SELECT,
            CLOSE,
        ],
        over_socket=True,
    ),
    "prepared": Scenario(
        "",
        "admin",
        [
            OPEN,
            ["prepare", "SELECT ?, ?, ?, ?", [1000, "x", 2.5, None]],
            ["execute", [1000, "x", 2.5, None]],
            ["execute", [None, None, None, 5]],
            ["release"],
            ["prepare", "CREATE TEMPORARY TABLE t(i int AUTO_INCREMENT PRIMARY KEY, s varchar(20))", []],
            ["execute", []],
            ["prepare", "INSERT INTO t(s) VALUES (?)", ["a"]],
            ["execute_many", [["a"], [None], ["c"]]],
            ["query", "SELECT * FROM t"],
            CLOSE,
        ],
        over_socket=True,
    ),
    "stream": Scenario(
        "",
        "admin",
        [
            OPEN,
            ["streamed", "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3; SELECT 4"],
            ["given_up", "SELECT 1 UNION ALL SELECT 2"],
            SELECT,
            CLOSE,
        ],
        over_socket=True,
    ),
    "session": Scenario(
        "",
        "admin",
        [
            OPEN,
            ["query", "USE information_schema"],
            ["query", "SELECT 1; SET time_zone = '+01:00', autocommit = 0; SELECT 2"],
            ["prepare", "SET sql_mode = ?", ["NO_BACKSLASH_ESCAPES"]],
            ["execute", ["NO_BACKSLASH_ESCAPES"]],
            ["query", "SET NAMES latin1"],
            CLOSE,
        ],
        over_socket=True,
    ),
    "compression": Scenario(  # texts too short to be compressed: what is sent shall not depend on the library's version
        "",
        "admin",
        [
            OPEN,
            ["query", "SELECT repeat('x', 1000), 'y'; SELECT 1"],
            ["prepare", "SELECT ?, repeat('z', 3000)", [1000]],
            ["execute", [1000]],
            ["streamed", "SELECT 1 UNION ALL SELECT 2; SELECT nothing"],
            CLOSE,
        ],
        over_socket=True,
        options={"compression": ["zlib"]},
    ),
    "cancel": Scenario("", "admin", [OPEN, ["cancelled", "SELECT sleep(60)"], SELECT, CLOSE], over_socket=True),
    "cancel_over_tls": Scenario(
        "",
        "admin",
        [OPEN, ["cancelled", "SELECT sleep(60)"], SELECT, CLOSE],
        sslmode="require",
        options={"allow_cleartext": "unverified-tls"},
    ),
    "ping": Scenario("", "admin", [OPEN, ["ping"], ["query", "BEGIN"], ["ping"], CLOSE], over_socket=True),
}
MARIADB = {name: scenario._replace(server="mariadb") for name, scenario in FAMILY.items()} | {
    "native": Scenario("mariadb", "native", LOGIN),
    "native_wrong_password": Scenario("mariadb", "native", [OPEN], password="wrong"),
    "ed25519": Scenario("mariadb", "ed25519", LOGIN),
    "parsec": Scenario("mariadb11", "parsec", LOGIN),
}
MYSQL = {name: scenario._replace(server="mysql9") for name, scenario in FAMILY.items()} | {
    "caching_refused": Scenario("mysql9", "caching_sha2", [OPEN], before=EMPTY_CACHE),
    "caching_rsa": Scenario(
        "mysql9", "caching_sha2", LOGIN, options={"get_server_public_key": True}, opaque=True, before=EMPTY_CACHE
    ),
    "caching_fast": Scenario("mysql9", "caching_sha2", LOGIN),
    "caching_wrong_password": Scenario("mysql9", "caching_sha2", [OPEN], password="wrong", over_socket=True),
    "caching_private": Scenario("mysql9", "caching_sha2", LOGIN, over_socket=True, before=EMPTY_CACHE),
    "sha256_rsa": Scenario("mysql9", "sha256", LOGIN, options={"get_server_public_key": True}, opaque=True),
    "sha256_socket": Scenario("mysql9", "sha256", LOGIN, over_socket=True, opaque=True),
}
SCENARIOS = {
    f"{folder}/{name}": scenario
    for folder, some in (("postgresql", POSTGRESQL), ("mariadb", MARIADB), ("mysql", MYSQL))
    for name, scenario in some.items()
}


def record(scenario: Scenario, server: Server) -> list[dict[str, Any]]:
    """The lines of a transcript."""
    if scenario.before:
        record(Scenario(scenario.server, "admin", [OPEN, ["query", scenario.before], CLOSE], over_socket=True), server)
    user, password = server.users[scenario.login]
    header = Header(
        pack=server.kind,
        server=f"{server.name} {server.version}",
        user=user,
        password=password if scenario.password is None else scenario.password,
        database=scenario.options.get("database", server.database),
        options={name: value for name, value in scenario.options.items() if name != "database"},
        sslmode=scenario.sslmode,
        over_socket=scenario.over_socket,
        opaque=scenario.opaque,
    )
    recorder = Recorder()
    socket = str(server.socket) if scenario.over_socket else None
    endpoint = Endpoint(server.host, server.port, socket, scenario.sslmode)  # type: ignore[arg-type]
    link = header.link(recorder.conversation(), endpoint)
    runner = Blocking(link)

    def run(steps: Steps[Any]) -> Any:
        return runner.run(steps, 20)

    def cancelling(steps: Steps[Any], cancel: Steps[Any]) -> Any:
        need = next(steps)
        recorder.note(0, pause=True)
        time.sleep(STARTING)
        Blocking(link).run(cancel, 20)
        return run(_resumed(steps, need))

    actor = Actor(link, run, cancelling)
    for what in scenario.does:
        recorder.entries.append({"do": what})
        recorder.entries.append({"gives": actor.do(what)})
    link.abort()
    return [header._asdict(), *recorder.entries]


def _resumed(steps: Steps[Any], need: Any) -> Steps[Any]:
    """Steps that were begun elsewhere and wait for `need`."""
    try:
        while True:
            need = steps.send((yield need))
    except StopIteration as end:
        return end.value


def main() -> None:
    wanted = sys.argv[1:]
    fleet = Fleet()
    try:
        for name, scenario in SCENARIOS.items():
            if wanted and not any(name.startswith(prefix) for prefix in wanted):
                continue
            if reason := ENGINES[scenario.server].missing():
                print(f"{name}: left as it is; {reason}")
                continue
            lines = record(scenario, fleet.server(scenario.server))
            path = FOLDER / f"{name}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(line, ensure_ascii=True) + "\n" for line in lines), "utf-8")
            print(f"{name}: {len(lines)} lines")
    finally:
        fleet.end()


if __name__ == "__main__":
    main()
