"""Every way to log in, on every server: what is proven, what is refused, and what a refusal says."""

from __future__ import annotations

import getpass
import subprocess
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest

from sqlx import dbapi
from tests.servers.server import Server

WHO = {"postgresql": "SELECT current_user", "mysql": "SELECT user()", "mariadb": "SELECT user()"}
WITHOUT_NACL = """\
import sys
sys.modules["nacl"] = sys.modules["nacl.bindings"] = None
from sqlx import dbapi
try:
    dbapi.connect(sys.argv[1]).close()
except dbapi.Error as error:
    print(type(error).__name__, error)
"""


def verified(server: Server, method: str | None = None, **options: Any) -> str:
    """A URL over TLS whose certificate is checked: private, in the packs' word."""
    return server.url(method, sslmode="verify-full", sslrootcert=server.ca_path, **options)


def who(url: str, **options: Any) -> str:
    """Whom the server takes us for, without the host."""
    with dbapi.connect(url, **options) as connection:
        scheme = url.partition("://")[0]
        told = str(connection.cursor().execute(WHO[scheme]).fetchone()[0])
    return told if scheme == "postgresql" else told.rpartition("@")[0]


def refusal(url: str, **options: Any) -> dbapi.Error:
    """The error of a connection that is not to be had; nothing of the password stands in it."""
    with pytest.raises(dbapi.Error) as caught:
        dbapi.connect(url, **options).close()
    assert caught.value.outcome == "not_run"
    for secret in secrets(url, options):
        shown = "\n".join(everything_shown(caught.value))
        assert secret not in shown, f"{secret} is shown in {shown}"
    return caught.value


def secrets(url: str, options: dict[str, Any]) -> Iterator[str]:
    """The passwords of a URL and of keywords."""
    password = url.partition("://")[2].rpartition("@")[0].partition(":")[2]
    yield from filter(None, (password, options.get("password")))


def everything_shown(error: BaseException) -> Iterator[str]:
    """What a log may hold of an error: itself, its notes, and the locals of our frames, those of its causes too."""
    yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("sqlx"):
            yield from map(repr, trace.tb_frame.f_locals.values())
        trace = trace.tb_next
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from everything_shown(cause)


# ---- who gets in


@pytest.mark.parametrize("mode", ["disable", "require"])
@pytest.mark.parametrize("method", ["scram", "md5", "trust", "admin"])
def test_postgresql_lets_its_users_in_with_tls_and_without(postgres: Server, method: str, mode: str) -> None:
    assert who(postgres.url(method, sslmode=mode)) == postgres.users[method][0]


@pytest.mark.parametrize("method", ["scram", "md5", "trust"])
def test_a_new_postgresql_lets_the_same_users_in(postgres18: Server, method: str) -> None:
    assert who(postgres18.url(method)) == postgres18.users[method][0]


@pytest.mark.parametrize("mode", ["disable", "require"])
@pytest.mark.parametrize("method", ["native", "ed25519", "empty", "admin"])
def test_mariadb_lets_its_users_in_with_tls_and_without(mariadb: Server, method: str, mode: str) -> None:
    """`ed25519` is not the server's default plugin: it switches to it."""
    assert who(mariadb.url(method, sslmode=mode)) == mariadb.users[method][0]


@pytest.mark.parametrize("mode", ["disable", "require"])
@pytest.mark.parametrize("method", ["parsec", "parsec_empty", "ed25519", "empty"])
def test_a_new_mariadb_lets_its_users_in_with_tls_and_without(mariadb11: Server, method: str, mode: str) -> None:
    """`parsec_empty` has no password, which has to be proven like any other."""
    assert who(mariadb11.url(method, sslmode=mode)) == mariadb11.users[method][0]


@pytest.mark.parametrize("method", ["caching_sha2", "sha256", "empty", "admin"])
def test_mysql_lets_its_users_in_over_verified_tls(mysql9: Server, method: str) -> None:
    """`sha256` is not the server's default plugin: it switches to it."""
    assert who(verified(mysql9, method)) == mysql9.users[method][0]


def test_mysql_knows_an_empty_password_without_tls(mysql9: Server) -> None:
    assert who(mysql9.url("empty", sslmode="disable")) == "empty"


@pytest.mark.parametrize("name", ["postgres", "mariadb", "mysql9", "postgres18"])
def test_a_unix_socket_knows_its_user_without_a_password(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    method = "peer" if server.kind == "postgresql" else "socket"
    assert who(server.url(method, socket=server.socket)) == getpass.getuser()


@pytest.mark.parametrize("name", ["postgres", "mariadb", "mysql9", "postgres18"])
def test_a_unix_socket_takes_a_password_of_any_method(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    user, _ = server.users[server.engine.method]
    assert who(server.url(socket=server.socket)) == user


def test_the_folder_of_a_socket_stands_for_the_socket(postgres: Server) -> None:
    url = postgres.url("scram")
    user, password = postgres.users["scram"]
    folder = str(postgres.folder).replace("/", "%2F")
    assert who(f"postgresql://{user}:{password}@{folder}:{postgres.port}/test") == user
    assert who(url) == user


def test_a_user_name_and_a_password_may_hold_any_character(server: Server) -> None:
    user, password = "o'neil @:/%é", "p@ss:/?#%'\"\\ wörd€"
    word = "ROLE" if server.kind == "postgresql" else "USER"
    quoted = '"' + user + '"' if server.kind == "postgresql" else "'" + user + "'"
    quoted = quoted if server.kind == "postgresql" else '"' + user + '"'
    with dbapi.connect(verified(server, "admin"), autocommit=True) as admin:
        cursor = admin.cursor()
        cursor.execute(f"DROP {word} IF EXISTS {quoted}")
        if server.kind == "postgresql":
            written = password.replace("'", "''")
            cursor.execute(f"CREATE ROLE {quoted} LOGIN PASSWORD '{written}'")
        else:
            written = password.replace("\\", "\\\\").replace("'", "''")
            cursor.execute(f"CREATE USER {quoted} IDENTIFIED BY '{written}'")
            cursor.execute(f"GRANT ALL ON test.* TO {quoted}")
        try:
            assert who(verified(server, user=user, password=password)) == user
        finally:
            cursor.execute(f"DROP {word} {quoted}")


# ---- a password in clear


def test_a_password_goes_in_clear_over_verified_tls(postgres: Server) -> None:
    assert who(verified(postgres, "password")) == "cleartext"
    assert who(verified(postgres, "password", host="localhost")) == "cleartext"


def test_a_password_goes_in_clear_over_unverified_tls_where_the_user_says_so(postgres: Server) -> None:
    assert who(postgres.url("password", sslmode="require", allow_cleartext="unverified-tls")) == "cleartext"


@pytest.mark.parametrize("options", [{"sslmode": "disable"}, {"sslmode": "prefer"}, {"sslmode": "require"},
                                     {"sslmode": "disable", "allow_cleartext": "unverified-tls"}])  # fmt: skip
def test_a_password_never_goes_in_clear_over_an_open_line(postgres: Server, options: dict[str, str]) -> None:
    error = refusal(postgres.url("password", **options))
    assert isinstance(error, dbapi.OperationalError)
    for way in ("in clear", "Unix socket", "sslmode=verify-full", "allow_cleartext=unverified-tls"):
        assert way in str(error)


# ---- caching_sha2_password: fast, TLS and RSA paths


@pytest.fixture
def unknown(mysql9: Server) -> Server:
    """A server that remembers no password: the next login must show it the whole."""
    with dbapi.connect(verified(mysql9, "admin"), autocommit=True) as admin:
        admin.cursor().execute("FLUSH PRIVILEGES")
    return mysql9


def test_a_password_that_the_server_remembers_needs_no_private_line(unknown: Server) -> None:
    """The full path over verified TLS first, the fast one without any TLS then."""
    assert who(verified(unknown, "caching_sha2")) == "caching"
    assert who(unknown.url("caching_sha2", sslmode="disable")) == "caching"


def test_the_full_path_goes_over_a_unix_socket(unknown: Server) -> None:
    assert who(unknown.url("caching_sha2", socket=unknown.socket)) == "caching"


@pytest.mark.parametrize("method", ["caching_sha2", "sha256"])
def test_the_rsa_path_takes_the_key_from_a_file(unknown: Server, method: str) -> None:
    url = unknown.url(method, sslmode="disable", server_public_key=unknown.public_key_path)
    assert who(url) == unknown.users[method][0]


@pytest.mark.parametrize("method", ["caching_sha2", "sha256"])
def test_the_rsa_path_takes_the_key_from_the_server_where_the_user_says_so(unknown: Server, method: str) -> None:
    url = unknown.url(method, sslmode="disable", get_server_public_key=1)
    assert who(url) == unknown.users[method][0]


@pytest.mark.parametrize("method", ["caching_sha2", "sha256"])
def test_without_a_key_and_without_tls_the_ways_are_named(unknown: Server, method: str) -> None:
    error = refusal(unknown.url(method, sslmode="disable"))
    assert isinstance(error, dbapi.OperationalError)
    for way in ("RSA key", "sslrootcert=PATH", "server_public_key=PATH", "get_server_public_key=1"):
        assert way in str(error)


@pytest.mark.parametrize("method", ["caching_sha2", "sha256"])
@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_over_unverified_tls_the_ways_are_named(unknown: Server, method: str, mode: str) -> None:
    error = refusal(unknown.url(method, sslmode=mode, get_server_public_key=1))
    assert isinstance(error, dbapi.OperationalError)
    for way in ("sslmode=verify-full", "sslrootcert=PATH", "Unix socket", "allow_cleartext=unverified-tls"):
        assert way in str(error)
    assert who(unknown.url(method, sslmode=mode, allow_cleartext="unverified-tls")) == unknown.users[method][0]


def test_a_key_of_another_server_reveals_nothing(unknown: Server, tmp_path: Any) -> None:
    """What is encrypted with it is of no use to this one."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = rsa.generate_private_key(65537, 2048).public_key()
    path = tmp_path / "other.pem"
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    error = refusal(unknown.url("caching_sha2", sslmode="disable", server_public_key=path))
    assert error.code == 1045


@pytest.mark.parametrize("content", [None, b"", b"not a key"])
def test_a_file_that_holds_no_key_is_named(unknown: Server, tmp_path: Any, content: bytes | None) -> None:
    path = tmp_path / "server.pem"
    if content is not None:
        path.write_bytes(content)
    error = refusal(unknown.url("caching_sha2", sslmode="disable", server_public_key=path))
    assert "key" in str(error)
    assert isinstance(error, dbapi.OperationalError | dbapi.InterfaceError)


# ---- client_ed25519


def test_without_its_library_ed25519_names_the_extra(mariadb: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NACL, mariadb.url("ed25519")], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("NotSupportedError")
    assert "[ed25519]" in done.stdout
    assert "pw-ed" not in done.stdout + done.stderr


def test_without_that_library_parsec_lets_in(mariadb11: Server) -> None:
    """It signs by a private key as others do."""
    command = [sys.executable, "-c", WITHOUT_NACL, mariadb11.url("parsec")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


# ---- TLS or not, as the account asks


@pytest.mark.parametrize("name", ["postgres", "mariadb", "postgres18"])
@pytest.mark.parametrize(("mode", "enters"), [("disable", False), ("allow", True), ("prefer", True), ("require", True)])
def test_an_account_that_wants_tls(name: str, mode: str, enters: bool, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    url = server.url("tls_only", sslmode=mode)
    if enters:
        assert who(url) == "tls_only"
    else:
        assert refusal(url).sqlstate == "28000"


def test_an_account_of_mysql_that_wants_tls(mysql9: Server) -> None:
    assert who(verified(mysql9, "tls_only")) == "tls_only"
    error = refusal(mysql9.url("tls_only", sslmode="disable", server_public_key=mysql9.public_key_path))
    assert (error.code, error.sqlstate) == (1045, "28000")


@pytest.mark.parametrize(("mode", "enters"), [("disable", True), ("allow", True), ("prefer", True), ("require", False)])
def test_an_account_that_wants_no_tls(postgres: Server, mode: str, enters: bool) -> None:
    url = postgres.url("plain_only", sslmode=mode)
    if enters:
        assert who(url) == "plain_only"
    else:
        assert refusal(url).sqlstate == "28000"


@pytest.mark.parametrize("name", ["postgres", "mariadb", "mysql9", "postgres18"])
def test_an_account_that_wants_a_clients_certificate(name: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(name)
    own = {"sslcert": server.tls / "client.crt", "sslkey": server.tls / "client.key"}
    assert who(verified(server, "certificate", **own)) == "certificate"
    refusal(verified(server, "certificate"))


# ---- who does not get in


@pytest.mark.parametrize("method", ["scram", "md5", "password"])
def test_a_wrong_password_for_postgresql(postgres: Server, method: str) -> None:
    error = refusal(verified(postgres, method), password="not-the-one")
    assert isinstance(error, dbapi.OperationalError)
    assert error.sqlstate == "28P01"
    assert postgres.users[method][0] in str(error)


@pytest.mark.parametrize("method", ["native", "ed25519"])
def test_a_wrong_password_for_mariadb(mariadb: Server, method: str) -> None:
    error = refusal(mariadb.url(method), password="not-the-one")
    assert isinstance(error, dbapi.OperationalError)
    assert (error.code, error.sqlstate) == (1045, "28000")
    assert mariadb.users[method][0] in str(error)


@pytest.mark.parametrize(
    ("method", "password"), [("parsec", "not-the-one"), ("parsec", ""), ("parsec_empty", "not-it")]
)
def test_a_wrong_password_for_parsec(mariadb11: Server, method: str, password: str) -> None:
    error = refusal(mariadb11.url(method), password=password)
    assert isinstance(error, dbapi.OperationalError)
    assert (error.code, error.sqlstate) == (1045, "28000")
    assert mariadb11.users[method][0] in str(error)


@pytest.mark.parametrize("method", ["caching_sha2", "sha256"])
def test_a_wrong_password_for_mysql(mysql9: Server, method: str) -> None:
    error = refusal(verified(mysql9, method), password="not-the-one")
    assert isinstance(error, dbapi.OperationalError)
    assert (error.code, error.sqlstate) == (1045, "28000")
    assert mysql9.users[method][0] in str(error)


def test_a_user_that_the_server_does_not_know(server: Server) -> None:
    error = refusal(verified(server, user="nobody_at_all"))
    assert isinstance(error, dbapi.OperationalError)
    assert error.sqlstate in ("28P01", "28000")
    assert "nobody_at_all" in str(error)


def test_a_password_that_was_not_given(server: Server) -> None:
    """A server asks for one, or refuses none."""
    error = refusal(verified(server, password=""))
    assert isinstance(error, dbapi.OperationalError)
    assert "password" in str(error)
    assert server.users[server.engine.method][0] in str(error)
    assert error.hint


def test_a_line_that_pg_hba_forbids(postgres: Server) -> None:
    error = refusal(postgres.url("tls_only"), sslmode="disable")
    assert "sslmode=disable" in (error.hint or "") and "sslmode=require" in (error.hint or "")
    error = refusal(postgres.url("plain_only"), sslmode="require")
    assert "pg_hba.conf" in (error.hint or "")


def test_a_database_that_does_not_exist(server: Server) -> None:
    error = refusal(verified(server, "admin", database="no_such_database"))
    assert isinstance(error, dbapi.OperationalError)
    assert "no_such_database" in str(error)
    assert error.sqlstate in ("3D000", "42000")
    assert "lists" in (error.hint or "")


def test_no_mistake_in_a_url_shows_its_password(server: Server) -> None:
    """Where the mistake is found makes no difference to what the traceback holds."""
    user, password = server.users[server.engine.method]
    for url in (
        f"{server.kind}://{user}:{password}@{server.host}:{server.port}/test?no_such_option=1",
        f"{server.kind}://{user}:{password}@{server.host}:1/test",
        f"{server.kind}://{user}:{password}@nowhere.invalid/test",
        f"{server.kind}://{user}:{password}@{server.host}:notaport/test",
        f"{server.kind}://{user}:{password}@{server.host}:{server.port}/test?isolation_level=chaos",
    ):
        refusal(url)
