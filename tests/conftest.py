"""The servers of a run as fixtures, and what the header and the summary say about them."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sqlx.cli.sample import make_sample
from tests.servers.fleet import COVERED, ENGINES, FURTHER, NAMED, REQUIRED, Fleet
from tests.servers.proxy import Proxy
from tests.servers.server import Server, ServerError
from tests.thoroughness import examples

FLEET = Fleet()

# What this machine has set up for its own servers is nothing to a test; those of the variables themselves undo this.
os.environ["SQLX_ENVIRONMENT"] = "false"
for variable in list(os.environ):
    if variable.startswith(("PG", "MYSQL_", "SQLX_PACKS", "SQLX_PASSWORD")):
        del os.environ[variable]

# How long an example takes to make says something about the machine, not about the code.
settings.register_profile(
    "project", max_examples=examples(25, 250), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")

# A run in the background of a shell is started with Ctrl+C ignored, and so is all that it starts; some tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

NO_SERVER = "no server: "


def _server(name: str) -> Server:
    """Start it, or wait until it has started. What Debian has must start; what must be fetched may be absent."""
    reason = ENGINES[name].missing()
    if reason and name not in REQUIRED:
        pytest.skip(NO_SERVER + reason)
    try:
        return FLEET.server(name)
    except ServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Server:
    """Debian's PostgreSQL."""
    return _server("postgres")


@pytest.fixture(scope="session")
def mariadb() -> Server:
    """Debian's MariaDB."""
    return _server("mariadb")


@pytest.fixture(scope="session")
def mysql9() -> Server:
    """A real MySQL 9; its tests are skipped where it has not been fetched."""
    return _server("mysql9")


@pytest.fixture(scope="session")
def postgres18() -> Server:
    """PostgreSQL 18; its tests are skipped where it has not been fetched."""
    return _server("postgres18")


@pytest.fixture(scope="session", params=COVERED)
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn; the further versions only where SQLX_TEST_FETCH=1."""
    return _server(request.param)


def _further(name: str) -> Callable[[], Server]:
    @pytest.fixture(scope="session", name=name)
    def further() -> Server:
        return _server(name)

    return further


# postgres10 … postgres17, mariadb11, and those that a test has to name: it is skipped where they were not fetched.
globals().update({f"_{engine.name}": _further(engine.name) for engine in (*FURTHER, *NAMED)})


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample database, made once, to be read and copied."""
    path = tmp_path_factory.mktemp("sample") / "new folder" / "sample.db"
    assert make_sample(path) is True
    return path


@pytest.fixture
def proxy() -> Iterator[Callable[[Server], Proxy]]:
    """Makes proxies in front of servers: `proxy(postgres).port`; they end with the test."""
    with ExitStack() as proxies:
        yield lambda server: proxies.enter_context(Proxy(server.host, server.port))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the collected tests need, all at once, while the first tests run."""
    if not session.config.option.collectonly:
        needed = {name for item in session.items for name in _needed(item)}
        FLEET.begin(name for name in ENGINES if name in needed and not ENGINES[name].missing())


def _needed(item: pytest.Item) -> set[str]:
    parameters = getattr(item, "callspec", None)
    named = {parameters.params.get("server")} if parameters else set()
    return {*getattr(item, "fixturenames", ()), *named} & ENGINES.keys()


def pytest_unconfigure() -> None:
    FLEET.end()


def pytest_report_header() -> list[str]:
    covered = [ENGINES[name] for name in COVERED]
    return [f"server {engine.name}: {engine.missing() or f'{engine.kind} {engine.version()}'}" for engine in covered]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested."""
    reasons = Counter(
        report.longrepr[2].partition(NO_SERVER)[2]
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple) and NO_SERVER in report.longrepr[2]
    )
    if reasons:
        terminalreporter.section("tests skipped for want of a server", red=True, bold=True)
    for reason, count in reasons.items():
        terminalreporter.line(f"{count} skipped: {reason}", red=True)
