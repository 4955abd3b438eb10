"""The IDE on real servers: rows that come slowly, statements that are cancelled, lines that break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import sqlx.dbapi
from sqlx_tui.connect.screen import ConnectScreen
from sqlx_tui.session import run as runs
from tests.engines import ENGINES, Engine
from tests.servers.proxy import Proxy
from tests.servers.server import Server
from tests.tui.conftest import Opened
from tests.tui.studio import Studio

REMOTE = [engine for engine in ENGINES.values() if engine.fixture]


@pytest.fixture(params=ENGINES.values(), ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


@pytest.fixture
def url(engine: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return engine.url(request) if engine.fixture else f"sqlite:///{tmp_path}/some.db"


async def test_a_table_is_made_filled_and_seen(studio: Opened, url: str) -> None:
    """The tree shows a new table with its columns while the connection is the same."""
    async with studio(url) as ide:
        await ide.run(
            "DROP TABLE IF EXISTS ide_seen;"
            "CREATE TABLE ide_seen (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20));"
            "INSERT INTO ide_seen VALUES (1, 'one'), (2, NULL);"
            "SELECT * FROM ide_seen ORDER BY id",
            "f6",
        )
        assert [outcome.state for outcome in ide.screen.results.outcomes[1:]] == ["done"] * 3
        assert ide.screen.results.outcomes[2].summary == "2 rows affected"
        assert ide.outcome.rows == [(1, "one"), (2, None)]
        await ide.choose("ide_seen")
        await ide.press("enter")
        await ide.until(
            lambda: any(label.startswith("name varchar(20)") or "name character" in label for label in ide.labels())
        )
        await ide.run("DROP TABLE ide_seen")


async def test_the_first_rows_do_not_wait_for_the_last(studio: Opened, postgres: Server) -> None:
    """Rows are on the screen while the server has not finished the statement: it waits for a lock that we hold."""
    with sqlx.dbapi.connect(postgres.url(), autocommit=True) as holder:
        gate = holder.cursor()
        gate.execute("SELECT pg_advisory_lock(4711)")
        async with studio(postgres.url()) as ide:
            # The server sends what it has once 8 KiB are full.
            await ide.start(
                "SELECT n, repeat('x', 100), CASE WHEN n > 500 THEN pg_advisory_lock(4711) END "
                "FROM generate_series(1, 600) AS n"
            )
            await ide.until(lambda: len(ide.outcome.rows) > 50)
            assert ide.screen.is_at_work
            assert "so far" in ide.said("#result-summary")
            assert "xxxxxxxx" in ide.shown()
            assert len(ide.outcome.rows) <= 500
            gate.execute("SELECT pg_advisory_unlock(4711)")
            await ide.finished()
            assert ide.outcome.summary == "600 rows"


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_what_runs_is_cancelled(studio: Opened, engine: Engine, url: str, key: str) -> None:
    """The server stops it, the IDE says so, and the connection is as good as before."""
    async with studio(url) as ide:
        await ide.start(engine.endless)
        await ide.until(lambda: "running" in ide.said("#status-message"))
        await ide.press(key)
        await ide.finished()
        assert ide.outcome.state == "cancelled"
        assert "the server has stopped it" in ide.said("#status-message")
        assert (await ide.run("SELECT 42")).rows == [(42,)]


async def test_the_tree_opens_while_a_statement_runs(studio: Opened, postgres: Server) -> None:
    """Looking around does not wait for what was asked before."""
    async with studio(postgres.url()) as ide:
        await ide.until(lambda: "public" in ide.labels())
        await ide.start("SELECT pg_sleep(60)")
        await ide.press("f2", "r")
        await ide.until(lambda: "public" in ide.labels())
        assert ide.screen.is_at_work
        await ide.press("escape")
        await ide.finished()


async def test_a_pause_after_many_rows(
    studio: Opened, engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many rows are read and no more; M reads on, and the next statement does not wait for the rest."""
    monkeypatch.setattr(runs, "KEPT", 1000)
    async with studio(url) as ide:
        await ide.start(engine.rows(5000))
        await ide.until(lambda: ide.outcome.state == "paused")
        assert ide.outcome.summary == "1 000 rows, and more"
        assert "m reads on" in ide.said("#result-summary")
        await ide.press("f4", "m")
        await ide.until(lambda: len(ide.outcome.rows) == 2000 and ide.outcome.state == "paused")
        abandoned = ide.outcome
        assert (await ide.run("SELECT 42")).rows == [(42,)]
        assert len(ide.screen.results.outcomes) == 1
        assert len(abandoned.rows) == 2000


async def test_a_pause_does_not_hold_a_server_for_ever(
    studio: Opened, engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not ask for more lets the rest go."""
    monkeypatch.setattr(runs, "KEPT", 1000)
    monkeypatch.setattr(runs, "PATIENCE", 0.01)
    async with studio(url) as ide:
        outcome = await ide.run(engine.rows(200_000))
        assert outcome.summary == "1 000 rows, the rest was not read"
        await ide.press("f4", "m")
        await ide.until(lambda: "nothing more to read" in ide.shown())


async def test_an_error_is_shown_where_it_is(studio: Opened, postgres: Server) -> None:
    """SQLSTATE, message and hint below the editor, a caret below the place, the cursor at it."""
    async with studio(postgres.url()) as ide:
        await ide.run("SELECT 1;\n\nSELECT relname,\n       relnam\nFROM pg_class")
        said = ide.said("#problem")
        assert 'column "relnam" does not exist  42703' in said
        assert "line 4:        relnam\n               ^" in said
        assert "hint: Perhaps you meant" in said
        assert ide.screen.editor.cursor_location == (3, 7)
        underlined = [str(span.style) for span in ide.screen.editor.get_line(3).spans]
        assert any("underline" in style for style in underlined)
        await ide.press("x")
        assert not any("underline" in str(span.style) for span in ide.screen.editor.get_line(3).spans)


async def test_detail_and_notice_are_shown(studio: Opened, postgres: Server) -> None:
    async with studio(postgres.url()) as ide:
        await ide.run("DROP TABLE IF EXISTS ide_absent")
        assert 'table "ide_absent" does not exist, skipping' in ide.said("#result-summary")
        await ide.run(
            "CREATE TEMP TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)", "f6"
        )
        assert "detail: Key (id)=(1) already exists." in ide.said("#problem")
        assert "23505" in ide.said("#problem")


async def test_a_failed_transaction_is_undone(studio: Opened, postgres: Server) -> None:
    """The IDE says what to do, and F8 does it."""
    async with studio(postgres.url()) as ide:
        await ide.run("BEGIN")
        assert "TRANSACTION OPEN" in ide.shown()
        await ide.run("SELECT 1 / 0")
        assert "TRANSACTION FAILED: F8" in ide.shown()
        await ide.run("SELECT 1")
        assert "hint" in ide.said("#problem")
        await ide.press("f8")
        await ide.until(lambda: "rolled back" in ide.shown())
        assert (await ide.run("SELECT 1")).rows == [(1,)]


async def test_a_broken_line_is_said_and_mended(
    studio: Opened, postgres: Server, proxy: Callable[[Server], Proxy]
) -> None:
    """The statement fails, the IDE says that the connection is lost, Ctrl+R makes another. Nothing is run twice."""
    relay = proxy(postgres)
    url = postgres.url().replace(f":{postgres.port}/", f":{relay.port}/")
    async with studio(url) as ide:
        await ide.start("SELECT pg_sleep(60)")
        relay.cut()
        await ide.finished()
        assert ide.outcome.state == "failed"
        await ide.until(lambda: "the connection is lost: Ctrl+R connects again" in ide.shown())
        lost = ide.screen.session
        await ide.press("ctrl+r")
        await ide.until(lambda: ide.screen.session not in (lost, None))
        assert (await ide.run("SELECT 42")).rows == [(42,)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense://host/db", "nonsense"),
        ("not a url", "scheme://"),
        ("postgresql://user:secret@127.0.0.1:1/db?connect_timeout=5", "127.0.0.1"),
        ("sqlite:////no/such/folder/file.db", "there is no folder"),
    ],
    ids=["scheme", "no url", "refused", "no file"],
)
async def test_a_wrong_url_can_be_mended(url: str, said: str, sample: str) -> None:
    """The reason is shown beside the URL, without its password, and another URL connects."""
    async with Studio.started(url) as ide:
        await ide.until(lambda: isinstance(ide.app.screen, ConnectScreen))
        await ide.until(lambda: said in ide.said("#connect-problem"))
        assert "secret" not in ide.shown()
        field = ide.app.screen.query_one("#url")
        field.value = sample  # type: ignore[attr-defined]
        field.focus()
        await ide.press("enter")
        await ide.until(lambda: ide.screen.session is not None)
        assert (await ide.run("SELECT 42")).rows == [(42,)]


@pytest.mark.parametrize("engine", REMOTE, ids=lambda engine: engine.name)
async def test_a_password_is_asked_for(engine: Engine, url: str) -> None:
    """A wrong password leads to the field for it, and the right one connects."""
    head, _, tail = url.partition("@")
    bare, _, password = head.rpartition(":")
    async with Studio.started(f"{bare}:wrong@{tail}") as ide:
        await ide.until(lambda: isinstance(ide.app.screen, ConnectScreen))
        field = ide.app.screen.query_one("#password")
        assert ide.app.focused is field
        assert "wrong" not in ide.shown().replace("wrong password", "")
        field.value = password  # type: ignore[attr-defined]
        await ide.press("enter")
        await ide.until(lambda: ide.screen.session is not None)
        assert (await ide.run("SELECT 42")).rows == [(42,)]


@pytest.mark.parametrize("engine", ENGINES.values(), ids=lambda engine: engine.name)
async def test_a_password_from_elsewhere_is_for_whoever_wants_one(engine: Engine, url: str) -> None:
    """It opens a URL without a password, and disturbs neither one that has its own nor an engine that knows of none."""
    head, _, tail = url.partition("@")
    bare, _, password = head.rpartition(":")
    cases = [(f"{bare}@{tail}", password), (url, "another")] if engine.fixture else [(url, "another")]
    for given, elsewhere in cases:
        async with Studio.started(given, password=elsewhere) as ide:
            await ide.until(lambda ide=ide: ide.screen.session is not None)  # type: ignore[misc]


async def test_nothing_to_connect_to_is_no_end(sample: str) -> None:
    """Without a URL the IDE asks; who gives up has an IDE that says how to connect."""
    async with Studio.started(None) as ide:
        await ide.until(lambda: isinstance(ide.app.screen, ConnectScreen))
        await ide.press("escape", "f5")
        await ide.until(lambda: "not connected: Ctrl+O connects" in ide.shown())
        await ide.press("ctrl+o")
        await ide.until(lambda: isinstance(ide.app.screen, ConnectScreen))


async def test_a_connection_that_does_not_come_is_given_up(postgres: Server, proxy: Callable[[Server], Proxy]) -> None:
    """A server that says nothing holds nobody up: Esc gives up, and Ctrl+O asks for another."""
    relay = proxy(postgres)
    relay.stall()
    async with Studio.started(postgres.url(port=relay.port)) as ide:
        await ide.until(lambda: "connecting to" in ide.shown())
        await ide.press("escape")
        await ide.until(lambda: "given up: Ctrl+O connects" in ide.shown())


async def test_a_server_that_does_not_answer_is_left(
    studio: Opened, postgres: Server, proxy: Callable[[Server], Proxy]
) -> None:
    """The first Esc asks the server to stop; when nothing comes of it the second closes the line."""
    relay = proxy(postgres)
    async with studio(postgres.url(port=relay.port)) as ide:
        await ide.start("SELECT pg_sleep(60)")
        relay.stall()
        await ide.press("escape")
        await ide.until(lambda: "cancelling" in ide.shown())
        await ide.press("escape")
        await ide.finished()
        await ide.until(lambda: "the connection is lost: Ctrl+R connects again" in ide.shown())


async def test_going_elsewhere_asks_about_an_open_transaction(studio: Opened, postgres: Server) -> None:
    """Ctrl+O with changes that wait does not drop them silently."""
    async with studio(postgres.url()) as ide:
        await ide.run("BEGIN")
        await ide.press("ctrl+o")
        await ide.until(lambda: "a transaction is open" in ide.shown())
        await ide.press("r")
        await ide.until(lambda: isinstance(ide.app.screen, ConnectScreen))
        assert ide.screen.session is not None
        assert not ide.screen.session.connection.in_transaction


async def test_leaving_while_a_statement_runs(studio: Opened, postgres: Server) -> None:
    """The statement is cancelled at the server, and the connection closed."""
    async with studio(postgres.url(application_name="leaving")) as ide:
        await ide.start("SELECT pg_sleep(3600)")
        await ide.press("ctrl+q")
    with sqlx.dbapi.connect(postgres.url(), autocommit=True) as connection:
        cursor = connection.cursor()
        for _ in range(1000):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leaving'")
            if cursor.fetchone() == (0,):
                return
    pytest.fail("the server still runs it")
