"""A real MySQL 9 and a 5.6 from the cache, and what their family has in common."""

from __future__ import annotations

import getpass
import signal
import socket
from functools import cache
from pathlib import Path

from tests.servers.cache import fetched, loader
from tests.servers.server import DATABASE, HOST, Server, program_version, run_program

OS_USER = getpass.getuser()
COMMON = f"""\
CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '{OS_USER}'@'localhost';
GRANT ALL ON *.* TO '{OS_USER}'@'localhost' WITH GRANT OPTION;
"""
EVERYWHERE = {
    "empty": ("empty", ""),
    "tls_only": ("tls_only", "pw-tls_only"),
    "certificate": ("certificate", "pw-certificate"),
    "socket": (OS_USER, ""),
    "admin": ("admin", "pw-admin"),
}
USERS = {"caching_sha2": ("caching", "pw-caching"), "sha256": ("sha256", "pw-sha256"), **EVERYWHERE}
SQL = f"""\
INSTALL PLUGIN auth_socket SONAME 'auth_socket.so';
CREATE USER caching IDENTIFIED WITH caching_sha2_password BY 'pw-caching';
CREATE USER sha256 IDENTIFIED WITH sha256_password BY 'pw-sha256';
CREATE USER 'empty' IDENTIFIED WITH caching_sha2_password BY '';
CREATE USER tls_only IDENTIFIED BY 'pw-tls_only' REQUIRE SSL;
CREATE USER certificate IDENTIFIED BY 'pw-certificate' REQUIRE X509;
CREATE USER admin IDENTIFIED BY 'pw-admin';
ALTER USER '{OS_USER}'@'localhost' IDENTIFIED WITH auth_socket;
"""
OLD_USERS = {
    "native": ("native", "pw-native"),
    "old_password": ("old_password", "pw-old"),
    "empty": ("empty", ""),
    "admin": ("admin", "pw-admin"),
}
OLD_SQL = f"""\
DELETE FROM mysql.user WHERE user = '';
FLUSH PRIVILEGES;
CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4;
CREATE USER native IDENTIFIED BY 'pw-native';
CREATE USER empty;
CREATE USER admin IDENTIFIED BY 'pw-admin';
CREATE USER old_password IDENTIFIED WITH mysql_old_password;
SET old_passwords = 1;
SET PASSWORD FOR old_password = PASSWORD('pw-old');
"""
FLAGS = [
    "--bind-address=127.0.0.1",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--local-infile=ON",
    "--max-allowed-packet=1G",
    "--character-set-server=utf8mb4",
    "--performance-schema=OFF",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-buffer-pool-size=32M",
]
GREETING = 10


def grants(users: dict[str, tuple[str, str]]) -> str:
    """What each may do: everything in the database of the tests, and the admin everything."""
    names = [user for method, (user, _) in users.items() if method not in ("socket", "admin")]
    lines = [f"GRANT ALL ON {DATABASE}.* TO '{name}';" for name in names]
    return "\n".join([*lines, "GRANT ALL ON *.* TO admin WITH GRANT OPTION;"]) + "\n"


class MySQL:
    """MySQL 9, unpacked in the cache and run under the C library it came with."""

    name = "mysql9"
    kind = "mysql"
    method = "caching_sha2"
    users = USERS
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL

    _package = ("mysql-9", "fetch-debian.sh", "sid", "mysql-server-core")

    def missing(self) -> str:
        return fetched(*self._package)[1]

    def _program(self) -> list[str]:
        root = fetched(*self._package)[0]
        shared = f"{root}/usr/share/mysql"
        flags = [f"--basedir={root}/usr", f"--plugin-dir={root}/usr/lib/mysql/plugin", f"--lc-messages-dir={shared}"]
        own = [f"--character-sets-dir={shared}/charsets", "--secure-file-priv=NULL", "--mysqlx=OFF"]
        return [*loader(root, "mysql/private"), f"{root}/usr/sbin/mysqld", "--no-defaults", *flags, *own]

    @cache  # noqa: B019 - there is one, and it lives as long as the process
    def version(self) -> str:
        return program_version([*self._program()[:4], "--version"])

    def recipe(self) -> str:
        return COMMON + SQL + grants(self.users)

    def create(self, data: Path) -> None:
        script = data.parent / "users.sql"
        script.write_text(self.recipe())
        said = run_program([*self._program(), "--initialize-insecure", f"--datadir={data}", f"--init-file={script}"])
        assert "ERROR" not in said, said

    def socket(self, server: Server) -> Path:
        return server.folder / "server.sock"

    def command(self, server: Server, certificate: str) -> list[str]:
        keys = [
            f"--{plugin}-{half}-key-path={server.tls}/rsa.{file}"
            for plugin in ("caching-sha2-password", "sha256-password")
            for half, file in (("private", "key"), ("public", "pub"))
        ]
        return [*self._program(), *common_flags(server, certificate), *keys, "--innodb-redo-log-capacity=8M"]

    def ready(self, server: Server) -> bool:
        return greets(server)


class MySQL56:
    """MySQL 5.6, the oldest whose protocol is spoken, without TLS."""

    name = "mysql56"
    kind = "mysql"
    method = "native"
    users = OLD_USERS
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL
    _package = ("mysql-5.6", "fetch-mysql56.sh", "5.6.24002")

    def missing(self) -> str:
        return fetched(*self._package)[1]

    def _program(self) -> list[str]:
        root = fetched(*self._package)[0]
        program = ["env", f"LD_LIBRARY_PATH={root}", f"{root}/mysqld", "--no-defaults"]  # its libaio lies beside it
        own = [f"--basedir={root}", f"--lc-messages-dir={root}/share", f"--character-sets-dir={root}/share/charsets"]
        return [*program, *own, "--skip-secure-auth", "--innodb-log-file-size=8M"]

    @cache  # noqa: B019 - there is one, and it lives as long as the process
    def version(self) -> str:
        return program_version([*self._program()[:3], "--version"])

    def recipe(self) -> str:
        return OLD_SQL + grants(self.users)

    def create(self, data: Path) -> None:
        run_program(["cp", "-r", f"{fetched(*self._package)[0]}/data/mysql", f"{data}"])
        said = run_program([*self._program(), "--bootstrap", f"--datadir={data}"], self.recipe())
        assert "ERROR" not in said, said

    def socket(self, server: Server) -> Path:
        return server.folder / "server.sock"

    def command(self, server: Server, certificate: str) -> list[str]:
        unknown = ("--ssl", "--innodb-flush-method")
        return [*self._program(), *(flag for flag in common_flags(server, certificate) if not flag.startswith(unknown))]

    def ready(self, server: Server) -> bool:
        return greets(server)


def common_flags(server: Server, certificate: str) -> list[str]:
    """What every server of this family is told."""
    return [
        *FLAGS,
        f"--datadir={server.data}",
        f"--port={server.port}",
        f"--socket={server.socket}",
        f"--pid-file={server.folder}/pid",
        f"--ssl-ca={server.ca_path}",
        f"--ssl-cert={server.tls}/{certificate}.crt",
        f"--ssl-key={server.tls}/{certificate}.key",
    ]


def greets(server: Server) -> bool:
    """Whether the server sends its greeting: a packet header of four bytes, then the protocol version."""
    try:
        with socket.create_connection((HOST, server.port), timeout=5) as probe:
            return probe.recv(5, socket.MSG_WAITALL)[4:] == bytes([GREETING])
    except OSError:
        return False
