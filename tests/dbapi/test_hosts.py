"""Several hosts for one connection: which is taken, what leads on to the next, and what is said when none will do."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sqlx import aio, dbapi
from sqlx.wire import registry
from sqlx.wire.channel import Channel, Endpoint
from sqlx.wire.link import WRITE, Resolve, Wait
from tests.conftest import FLEET
from tests.servers.postgresql import PostgreSQL
from tests.servers.proxy import Proxy
from tests.servers.server import Server, launch
from tests.wire.peers import serving

Front = Callable[[Server], Proxy]


class Following(PostgreSQL):
    """A standby whose primary is gone: it answers whatever only reads."""

    def recipe(self) -> str:
        return super().recipe() + "standby.signal"

    def create(self, data: Path) -> None:
        super().create(data)
        (data / "standby.signal").touch()


@pytest.fixture(scope="module")
def standby() -> Iterator[Server]:
    server = launch(Following("standby"), FLEET.folder)
    yield server
    server.discard()


@pytest.fixture
def dead() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def url(server: Server, *ports: int, method: str | None = None, **options: Any) -> str:
    """The server's URL with these ports of its host."""
    places = ",".join(f"{server.host}:{port}" for port in ports)
    return server.url(method, **options).replace(f"{server.host}:{server.port}", places)


def safe(server: Server) -> dict[str, Any]:
    """The options of a line that any password may go over."""
    return {"sslmode": "verify-full", "sslrootcert": server.ca_path}


def refusal(peer: socket.socket, state: str) -> None:
    """What a server says that takes nobody."""
    peer.recv(4096)
    body = f"SFATAL\0VFATAL\0C{state}\0Mnot now\0\0".encode()
    peer.sendall(b"E" + struct.pack(">i", len(body) + 4) + body)


def recovers(connection: dbapi.Connection) -> bool:
    return bool(connection.cursor().execute("SELECT pg_is_in_recovery()").fetchone() == (True,))


def test_a_dead_port_leads_on(server: Server, dead: int) -> None:
    with dbapi.connect(url(server, dead, server.port, **safe(server))) as connection:
        connection.ping()


def test_a_dead_port_leads_on_under_asyncio(postgres: Server, dead: int) -> None:
    async def main() -> None:
        async with await aio.connect(url(postgres, dead, postgres.port)) as connection:
            await connection.ping()

    asyncio.run(main())


def test_hosts_come_by_keyword_as_well(postgres: Server, dead: int) -> None:
    ports = f"{dead},{postgres.port}"
    with dbapi.connect(postgres.url(), host="127.0.0.1,127.0.0.1", port=ports) as connection:
        connection.ping()
    with dbapi.connect(postgres.url(), host="127.0.0.2,127.0.0.1", port=postgres.port) as connection:
        connection.ping()


def test_a_socket_may_be_one_of_them(postgres: Server, dead: int) -> None:
    with dbapi.connect(postgres.url(), host=f"127.0.0.1,{postgres.folder}", port=f"{dead},{postgres.port}") as found:
        assert found.cursor().execute("SELECT inet_client_addr() IS NULL").fetchone() == (True,)


def test_each_host_has_its_own_time(postgres: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        places = url(postgres, silent.getsockname()[1], postgres.port)
        with dbapi.connect(places, connect_timeout=1) as connection:
            connection.ping()


def test_when_none_will_do_each_is_told_of(dead: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(dbapi.OperationalError) as caught:
            dbapi.connect(
                f"postgresql://a:s3cr3t@127.0.0.1:{dead},[::1]:{dead},127.0.0.1:{port}/x", connect_timeout=0.2
            )
    first, *told = caught.value.message.splitlines()
    assert first == "none of the 3 hosts will do:"
    assert told[0] == f"  127.0.0.1:{dead}: cannot connect to 127.0.0.1:{dead}: connection refused"
    assert told[1].startswith(f"  [::1]:{dead}: cannot connect to [::1]:{dead}: ")
    assert told[2] == f"  127.0.0.1:{port}: connecting took longer than 0.2 s"
    assert caught.value.outcome == "not_run" and "s3cr3t" not in str(caught.value)


def test_a_wrong_password_ends_the_search(postgres: Server, proxy: Front) -> None:
    """The next server is not asked: one may have told it what the other refused."""
    second = proxy(postgres)
    with pytest.raises(dbapi.OperationalError) as caught:
        dbapi.connect(url(postgres, postgres.port, second.port, password="not-the-one"))
    assert caught.value.sqlstate == "28P01" and second.sent == b""


def test_a_certificate_that_is_not_accepted_ends_the_search(postgres: Server, proxy: Front) -> None:
    second = proxy(postgres)
    with pytest.raises(dbapi.OperationalError, match="certificate"):
        dbapi.connect(url(postgres, postgres.port, second.port, sslmode="verify-full"))
    assert second.sent == b""


@pytest.mark.parametrize("state", ["57P03", "53300"])
def test_a_server_that_takes_nobody_now_leads_on(postgres: Server, state: str) -> None:
    """It starts up, or has too many connections."""

    with serving(lambda peer: refusal(peer, state)) as busy:
        with dbapi.connect(url(postgres, busy.port, postgres.port, sslmode="disable")) as connection:
            connection.ping()
        with pytest.raises(dbapi.OperationalError, match="not now") as caught:
            dbapi.connect(url(postgres, busy.port, sslmode="disable"))
        assert caught.value.sqlstate == state


def test_a_missing_database_ends_the_search(postgres: Server, proxy: Front) -> None:
    second = proxy(postgres)
    with pytest.raises(dbapi.OperationalError, match="no_such"):
        dbapi.connect(url(postgres, postgres.port, second.port, database="no_such"))
    assert second.sent == b""


def test_cancelling_goes_to_the_host_that_was_taken(server: Server, dead: int, proxy: Front) -> None:
    """After it the connection is in step again."""
    between = proxy(server)
    endless = "SELECT pg_sleep(60)" if server.kind == "postgresql" else "SELECT sleep(60)"
    with closing(dbapi.connect(url(server, dead, between.port, **safe(server)), autocommit=True)) as connection:
        begun = len(between.sent)
        try:
            connection.cursor().execute(endless, timeout=0.2)
        except dbapi.OperationalError as error:
            assert "took longer" in error.message
        assert len(between.sent) > begun
        assert connection.cursor().execute("SELECT 7").fetchone() == (7,)


def test_when_its_server_dies_the_next_is_found(server: Server, proxy: Front) -> None:
    """The connection says that it is lost, and by whom; connecting anew is the application's, with the same URL."""
    first, second = proxy(server), proxy(server)
    places = url(server, first.port, second.port, **safe(server))
    with closing(dbapi.connect(places)) as connection:
        connection.ping()
        assert second.sent == b""
        first.close()
        with pytest.raises(dbapi.OperationalError, match=f"connection to {first.host}.* is lost") as caught:
            connection.cursor().execute("SELECT 1")
        assert (caught.value.retry, connection.closed) == ("connection", True)
        with pytest.raises(dbapi.InterfaceError, match="closed"):
            connection.cursor().execute("SELECT 1")
    with dbapi.connect(places) as connection:
        assert connection.cursor().execute("SELECT 1").fetchone() == (1,)
    assert second.sent


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_what_was_not_committed_dies_with_its_server(name: str, request: pytest.FixtureRequest, proxy: Front) -> None:
    """Nothing is run again where somebody might think that it had been; what was committed is there."""
    server: Server = request.getfixturevalue(name)
    first, second = proxy(server), proxy(server)
    places = url(server, first.port, second.port)
    with closing(dbapi.connect(places)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE kept (a integer)")
        cursor.execute("INSERT INTO kept VALUES (?)", (1,))
        connection.commit()
        cursor.execute("INSERT INTO kept VALUES (?)", (2,))
        first.close()
        with pytest.raises(dbapi.OperationalError, match="is lost") as caught:
            connection.commit()
        assert caught.value.outcome == "unknown"
    with dbapi.connect(places) as connection:
        assert connection.cursor().execute("SELECT a FROM kept").fetchall() == [(1,)]
        connection.cursor().execute("DROP TABLE kept")


def test_the_next_server_is_found_under_asyncio(postgres: Server, proxy: Front) -> None:
    first, second = proxy(postgres), proxy(postgres)
    places = url(postgres, first.port, second.port)

    async def main() -> None:
        lost = await aio.connect(places)
        first.close()
        with pytest.raises(dbapi.OperationalError, match="is lost"):
            await lost.ping()
        await lost.close()
        async with await aio.connect(places) as connection:
            await connection.ping()

    asyncio.run(main())
    assert second.sent


# -- which server


@pytest.mark.parametrize(
    ("wanted", "follows"),
    [("any", False), ("read-write", False), ("read-only", True), ("primary", False), ("standby", True),
     ("prefer-standby", True)],
)  # fmt: skip
@pytest.mark.parametrize("told", [True, False], ids=["told", "asked"])
def test_the_server_that_is_wanted_is_found(
    postgres: Server, standby: Server, wanted: str, follows: bool, told: bool
) -> None:
    """By what it told when it was connected to, and by asking one that is too old to tell."""
    pack = registry.load("postgresql")
    if not told:
        traits = {name: {"sql": rule["sql"]} for name, rule in pack.session["traits"].items()}
        pack = dataclasses.replace(pack, session={**pack.session, "traits": traits})
    places = url(postgres, postgres.port, standby.port, target_session_attrs=wanted)
    with dbapi.connect(places, pack=pack) as connection:
        assert recovers(connection) is follows
        assert connection.in_transaction


def test_without_a_standby_the_primary_is_preferred_to_none(postgres: Server, dead: int) -> None:
    with dbapi.connect(url(postgres, dead, postgres.port, target_session_attrs="prefer-standby")) as connection:
        assert not recovers(connection)


def test_a_server_that_is_not_wanted_is_told_of(postgres: Server, dead: int) -> None:
    with pytest.raises(dbapi.OperationalError, match=f"^127.0.0.1:{postgres.port}: it is not standby"):
        dbapi.connect(url(postgres, postgres.port, target_session_attrs="standby"))
    with pytest.raises(dbapi.OperationalError) as caught:
        dbapi.connect(url(postgres, dead, postgres.port, target_session_attrs="read-only"))
    assert f"  127.0.0.1:{postgres.port}: it is not read-only" in caught.value.message


def test_a_session_that_shall_only_read_is_read_only(postgres: Server) -> None:
    only = {"options": "-c default_transaction_read_only=on"}
    with dbapi.connect(postgres.url(target_session_attrs="read-only"), **only) as connection:
        connection.ping()
    with pytest.raises(dbapi.OperationalError, match="it is not read-write"):
        dbapi.connect(postgres.url(target_session_attrs="read-write"), **only)


@pytest.mark.parametrize("name", ["mariadb", "mysql9"])
def test_a_family_that_tells_only_whether_it_can_be_written(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    with closing(dbapi.connect(server.url("admin", **safe(server)), autocommit=True)) as admin:
        dbapi.connect(server.url(**safe(server), target_session_attrs="read-write")).close()
        try:
            admin.cursor().execute("SET GLOBAL read_only = 1")
            dbapi.connect(server.url(**safe(server), target_session_attrs="read-only")).close()
            with pytest.raises(dbapi.OperationalError, match="it is not read-write"):
                dbapi.connect(server.url(**safe(server), target_session_attrs="read-write"))
        finally:
            admin.cursor().execute("SET GLOBAL read_only = 0")
    with pytest.raises(dbapi.InterfaceError, match=r"target_session_attrs is any, read-write, read-only$"):
        dbapi.connect(server.url(**safe(server), target_session_attrs="standby"))


def test_hosts_are_tried_at_random_when_asked_for(dead: int) -> None:
    def tried(order: str) -> str:
        with pytest.raises(dbapi.OperationalError) as caught:
            dbapi.connect(f"postgresql://a@127.0.0.1,127.0.0.2,127.0.0.3/x?port={dead}&load_balance_hosts={order}")
        return "".join(re.findall(r"^  127\.0\.0\.(.)", caught.value.message, re.MULTILINE))

    assert {tried("disable") for _ in range(3)} == {"123"}
    orders = {tried("random") for _ in range(60)}
    assert len(orders) > 1 and {"".join(sorted(order)) for order in orders} == {"123"}


# -- addresses


def test_a_certificate_is_held_against_the_host_not_its_address(postgres: Server) -> None:
    """As in libpq: `hostaddr` spares the look-up of the name, and nothing else."""
    checked = {"sslmode": "verify-full", "sslrootcert": postgres.ca_path, "hostaddr": "127.0.0.1"}
    with dbapi.connect(postgres.url(host="localhost", **checked)) as connection:
        connection.ping()
    with pytest.raises(dbapi.OperationalError, match="certificate"):
        dbapi.connect(postgres.url(host="db.example.org", **checked))


def test_an_address_alone_is_the_host(postgres: Server) -> None:
    with dbapi.connect(f"postgresql://?hostaddr=127.0.0.1&port={postgres.port}", database=postgres.database,
                       user=postgres.users["scram"][0], password=postgres.users["scram"][1]) as connection:  # fmt: skip
        connection.ping()


def test_the_addresses_of_a_name_are_tried_in_turn(dead: int) -> None:
    """Until one takes the connection; whoever cancels goes to that one, whatever the name leads to by then."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        channel = Channel(Endpoint("name.example", 1))
        steps = channel.connect()
        assert next(steps) == Resolve("name.example", 1)
        addresses = [("127.0.0.1", dead), listener.getsockname()]
        need = steps.send([(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses])
        with contextlib.suppress(StopIteration):
            while isinstance(need, Wait):
                select.select([], [need.fd], [], 5)
                need = steps.send(WRITE)
        assert channel.peer == (socket.AF_INET, listener.getsockname())
        channel.abort()


def test_cancelling_looks_up_no_name(postgres: Server) -> None:
    with dbapi.connect(postgres.url(host="localhost")) as connection:
        steps = connection._session.link.cancel()
        assert isinstance(next(steps), Wait)
        steps.close()


@pytest.mark.parametrize("order", ["disable", "random"])
@pytest.mark.parametrize("trouble", ["silence", "refusal"])
def test_each_address_of_a_name_has_its_own_attempt(
    postgres: Server, trouble: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that never answers, or that takes nobody now, does not stand before the others."""

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        assert host == "name.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with socket.create_server(("127.0.0.2", postgres.port)) as listener:
        if trouble == "refusal":
            threading.Thread(target=_refuse, args=(listener,), daemon=True).start()
        options = {"host": "name.example", "sslmode": "disable", "load_balance_hosts": order, "connect_timeout": 1}
        with dbapi.connect(postgres.url(**options)) as connection:
            assert connection.cursor().execute("SELECT 7").fetchone() == (7,)
        listener.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits in accept


def _refuse(listener: socket.socket) -> None:
    with contextlib.suppress(OSError), listener.accept()[0] as peer:
        refusal(peer, "53300")


# -- keepalives


def options_of(connection: dbapi.Connection) -> list[int]:
    sock = connection._session.link.line.channel._socket  # type: ignore[attr-defined]
    names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
    on = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return [on, *(sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names)]


@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_keepalives_are_the_socket_s(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    given = {"keepalives_idle": 61, "keepalives_interval": 7, "keepalives_count": 3, "tcp_user_timeout": 12345}
    with dbapi.connect(server.url(**given)) as connection:
        assert options_of(connection) == [1, 61, 7, 3, 12345]
    with dbapi.connect(server.url()) as plain, dbapi.connect(server.url(keepalives=0, keepalives_idle=61)) as off:
        assert options_of(plain)[0] == 1 and options_of(off)[0] == 0
        assert options_of(plain)[1:] == options_of(off)[1:]  # the system's own
