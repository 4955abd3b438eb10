"""Logins that are bound to their connection, and lists of the logins that are allowed: with servers, and with impostors
that would rather have another one."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from sqlx import dbapi
from tests.servers.server import Server
from tests.wire import peers
from tests.wire.peers import WELCOME, authentication, serving

BOTH = b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"
UNBOUND = b"SCRAM-SHA-256\0\0"


def certify(folder: Path, key: Any) -> ssl.SSLContext:
    """A server's context with a certificate that `key` has signed."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(day).not_valid_after(day + datetime.timedelta(days=36500))
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    pem = builder.sign(key, digest).public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def encrypted(context: ssl.SSLContext, *answers: bytes) -> Callable[[socket.socket], None]:
    """A server that takes TLS, and answers the startup with the first of these, each message with the next."""

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(b"S")
        with context.wrap_socket(peer, server_side=True) as line:
            peers.startup(line)
            for number, answer in enumerate(answers):
                if number:
                    peers.heard(line)
                line.sendall(answer)
            line.recv(1)

    return script


def plain(*answers: bytes) -> Callable[[socket.socket], None]:
    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        for number, answer in enumerate(answers):
            if number:
                peers.heard(peer)
            peer.sendall(answer)

    return script


def refusal(script: Callable[[socket.socket], None], **options: Any) -> dbapi.Error:
    with serving(script) as peer, pytest.raises(dbapi.Error) as caught:
        dbapi.connect(f"postgresql://ada:secret@127.0.0.1:{peer.port}/test", **options)
    assert "secret" not in str(caught.value)
    return caught.value


# -- with servers


def mechanism(server: Server, trace: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> str:
    """Log in, and tell by which mechanism."""
    monkeypatch.setenv("SQLX_TRACE", str(trace))
    with dbapi.connect(server.url("scram", **options)) as connection:
        assert connection.cursor().execute("SELECT 1").fetchone() == (1,)
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    return next(str(line["fields"]["mechanism"]) for line in lines if line["message"] == "sasl_initial")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"sslmode": "require"}, "SCRAM-SHA-256-PLUS"),
        ({"sslmode": "require", "channel_binding": "require"}, "SCRAM-SHA-256-PLUS"),
        ({"sslmode": "require", "channel_binding": "disable"}, "SCRAM-SHA-256"),
        ({"sslmode": "disable"}, "SCRAM-SHA-256"),
    ],
)
@pytest.mark.parametrize("name", ["postgres", "postgres18"])
def test_a_login_is_bound_where_it_can_be(
    name: str,
    options: dict[str, str],
    wanted: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server: Server = request.getfixturevalue(name)
    assert mechanism(server, tmp_path / "trace", monkeypatch, **options) == wanted


def test_a_binding_that_is_required_needs_tls(postgres: Server) -> None:
    with pytest.raises(dbapi.OperationalError, match="channel_binding=require cannot be met: the connection is not"):
        dbapi.connect(postgres.url("scram", sslmode="disable", channel_binding="require"))


@pytest.mark.parametrize("method", ["md5", "password", "trust"])
def test_a_binding_that_is_required_goes_with_no_other_login(postgres: Server, method: str) -> None:
    """CVE-2025-49146: a server that asks for less gets nothing."""
    with pytest.raises(dbapi.OperationalError, match="channel_binding=require"):
        dbapi.connect(postgres.url(method, sslmode="require", channel_binding="require"))


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        ("scram", "scram-sha-256"),
        ("scram", "md5,scram-sha-256"),
        ("scram", "!password,!md5"),
        ("md5", "md5"),
        ("trust", "none"),
        ("trust", "!password"),
    ],
)
def test_a_login_that_is_allowed(postgres: Server, method: str, allowed: str) -> None:
    with dbapi.connect(postgres.url(method, require_auth=allowed)) as connection:
        connection.ping()


@pytest.mark.parametrize(
    ("method", "allowed", "said"),
    [
        ("md5", "scram-sha-256", "login method md5, and require_auth=scram-sha-256 does not allow it"),
        ("md5", "!md5", "login method md5"),
        ("scram", "none", "login method scram-sha-256"),
        ("trust", "scram-sha-256", "without asking for anything, and require_auth=scram-sha-256"),
        ("trust", "!none", "without asking for anything"),
        ("scram", "scram-sha-256,!md5", "either names or excludes"),
        ("scram", "!scram_sha_256", "require_auth is some of none, password, md5, scram-sha-256"),
    ],
)
def test_a_login_that_is_not_allowed(postgres: Server, method: str, allowed: str, said: str) -> None:
    with pytest.raises(dbapi.Error, match=said):
        dbapi.connect(postgres.url(method, require_auth=allowed))


@pytest.mark.parametrize(
    ("option", "said"),
    [({"scram_min_iterations": 5000}, "for 4096 iterations"), ({"scram_max_iterations": 4000}, "more than the 4000")],
)
def test_the_iterations_of_a_real_server_are_within_bounds(postgres: Server, option: dict[str, int], said: str) -> None:
    with pytest.raises(dbapi.OperationalError, match=said) as caught:
        dbapi.connect(postgres.url("scram", **option))
    assert next(iter(option)) in str(caught.value)


def test_tls_at_once(postgres18: Server) -> None:
    """Without asking first, and with the agreement that this is what is spoken."""
    url = postgres18.url("scram", sslmode="require", sslnegotiation="direct")
    with dbapi.connect(url) as connection:
        sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert connection.cursor().execute(sql).fetchone() == (True,)
        with pytest.raises(dbapi.OperationalError, match="took longer than"):  # its cancellation goes the same way
            connection.cursor().execute("SELECT pg_sleep(60)", timeout=0.1)
        connection.rollback()


def test_tls_at_once_from_a_server_that_is_too_old(postgres: Server) -> None:
    with pytest.raises(dbapi.OperationalError) as caught:
        dbapi.connect(postgres.url("scram", sslmode="require", sslnegotiation="direct"))
    assert "PostgreSQL 17" in str(caught.value)


def test_tls_at_once_does_not_go_with_doing_without(postgres18: Server) -> None:
    with pytest.raises(dbapi.InterfaceError, match="sslmode allows a connection without it"):
        dbapi.connect(postgres18.url("scram", sslmode="prefer", sslnegotiation="direct"))


# -- with impostors


def test_the_offer_that_was_taken_away_is_noticed(tmp_path: Path) -> None:
    """Somebody in between who strikes the bound login from the list: with `require` we go; with `prefer` we say that we
    could have, which a real server that had offered it takes for what it is."""
    context = certify(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    said = refusal(encrypted(context, authentication(10, UNBOUND)), sslmode="require", channel_binding="require")
    assert "channel_binding=require cannot be met: the server does not offer it" in str(said)
    heard: list[bytes] = []

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(b"S")
        with context.wrap_socket(peer, server_side=True) as line:
            peers.startup(line)
            line.sendall(authentication(10, UNBOUND))
            heard.append(peers.heard(line)[1])

    refusal(script, sslmode="require")
    assert b"y,,n=,r=" in heard[0]


@pytest.mark.parametrize("offer", [UNBOUND, BOTH], ids=["unbound", "both"])
def test_a_certificate_without_a_hash_binds_nothing(tmp_path: Path, offer: bytes) -> None:
    """CVE-2026-54291: `require` must not become a login without binding."""
    context = certify(tmp_path, ed25519.Ed25519PrivateKey.generate())
    said = refusal(encrypted(context, authentication(10, offer)), sslmode="require", channel_binding="require")
    assert "its certificate has no hash to bind to" in str(said)


@pytest.mark.parametrize(
    "answers",
    [(WELCOME,), (authentication(5, b"salt"),), (authentication(3),), (authentication(10, UNBOUND),)],
    ids=["welcome", "md5", "password", "unbound"],
)
def test_less_than_a_bound_login_is_refused(tmp_path: Path, answers: tuple[bytes, ...]) -> None:
    """CVE-2025-49146, over TLS with a certificate that nobody checked."""
    context = certify(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    said = refusal(encrypted(context, *answers), sslmode="require", channel_binding="require")
    assert "channel_binding=require" in str(said)


def test_a_welcome_without_a_question_where_a_login_is_required() -> None:
    said = refusal(plain(WELCOME), sslmode="disable", require_auth="scram-sha-256,md5")
    assert "without asking for anything" in str(said)


def test_a_welcome_in_the_middle_of_a_login_is_refused() -> None:
    """The server has not shown that it knows the password."""
    said = refusal(plain(authentication(10, UNBOUND), WELCOME), sslmode="disable", require_auth="scram-sha-256")
    assert "message 'R' while authentication or error was due" in str(said)


def test_a_server_that_agrees_on_nothing(tmp_path: Path) -> None:
    """TLS at once with something else that speaks TLS, such as a web server: nothing is said to it."""
    context = certify(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    heard: list[bytes] = []

    def script(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as line:
            heard.append(line.recv(1000))

    said = refusal(script, sslmode="require", sslnegotiation="direct")
    assert "did not agree that postgresql is spoken" in str(said)
    assert heard in ([], [b""])


# -- plugins


@pytest.mark.parametrize(
    ("name", "method", "allowed"),
    [
        ("mariadb", "native", "mysql_native_password"),
        ("mariadb", "ed25519", "client_ed25519"),
        ("mariadb", "ed25519", "!mysql_native_password"),
        ("mariadb11", "parsec", "parsec"),
        ("mysql9", "caching_sha2", "caching_sha2_password"),
        ("mysql9", "sha256", "caching_sha2_password,sha256_password"),
    ],
)
def test_a_plugin_that_is_allowed(name: str, method: str, allowed: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(name)
    with dbapi.connect(server.url(method, require_auth=allowed, allow_cleartext="unverified-tls")) as connection:
        connection.ping()


@pytest.mark.parametrize(
    ("name", "method", "allowed", "said"),
    [
        ("mariadb", "native", "client_ed25519", "plugin mysql_native_password, and require_auth=client_ed25519"),
        ("mariadb", "ed25519", "mysql_native_password", "plugin client_ed25519"),
        ("mariadb", "native", "!mysql_native_pasword", "require_auth is some of mysql_native_password"),
        ("mariadb11", "parsec", "mysql_native_password,client_ed25519", "plugin parsec"),
        ("mariadb11", "parsec_empty", "!parsec", "plugin parsec"),
        ("mysql9", "sha256", "caching_sha2_password", "plugin sha256_password"),
        ("mysql9", "caching_sha2", "!caching_sha2_password", "caching"),
    ],
)
def test_a_plugin_that_is_not_allowed(
    name: str, method: str, allowed: str, said: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(name)
    with pytest.raises(dbapi.Error, match=said):
        dbapi.connect(server.url(method, require_auth=allowed, allow_cleartext="unverified-tls"))
