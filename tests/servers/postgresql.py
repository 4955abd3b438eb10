"""PostgreSQL: Debian's, and every other version that is still met, from the cache."""

from __future__ import annotations

import getpass
import signal
from functools import cache
from pathlib import Path

from tests.servers.cache import fetched
from tests.servers.server import DATABASE, Server, program_version, run_program

OS_USER = getpass.getuser()
USERS = {
    "scram": ("scram", "pw-scram"),
    "md5": ("md5", "pw-md5"),
    "password": ("cleartext", "pw-cleartext"),
    "trust": ("trusted", ""),
    "tls_only": ("tls_only", "pw-tls_only"),
    "plain_only": ("plain_only", "pw-plain_only"),
    "certificate": ("certificate", ""),
    "peer": (OS_USER, ""),
    "admin": ("admin", "pw-admin"),
}
HBA = f"""\
local     all {OS_USER}   peer
local     all all         scram-sha-256
hostssl   all tls_only    127.0.0.1/32 scram-sha-256
hostnossl all tls_only    127.0.0.1/32 reject
hostnossl all plain_only  127.0.0.1/32 scram-sha-256
hostssl   all plain_only  127.0.0.1/32 reject
hostssl   all certificate 127.0.0.1/32 cert
host      all md5         127.0.0.1/32 md5
host      all cleartext   127.0.0.1/32 password
host      all trusted     127.0.0.1/32 trust
host      all all         127.0.0.1/32 scram-sha-256
"""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",  # before 14 it is md5, which the rules above refuse
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_prepared_transactions": "10",
    "wal_level": "logical",
    "ssl": "on",
}


def _roles() -> str:
    lines = []
    for method, (user, password) in USERS.items():
        encryption = "md5" if method == "md5" else "scram-sha-256"
        lines.append(f"SET password_encryption = '{encryption}';")
        rights = "SUPERUSER LOGIN" if method == "admin" else "LOGIN"
        lines.append(f'CREATE ROLE "{user}" {rights}' + (f" PASSWORD '{password}';" if password else ";"))
    return "\n".join(lines) + f"\nCREATE DATABASE {DATABASE};\nGRANT ALL ON DATABASE {DATABASE} TO PUBLIC;\n"


# What the newest of each major version is called in the registry.
PACKAGES = {
    10: "10.23.0-beta.6",
    11: "11.22.1-beta.11",
    12: "12.22.0-beta.15",
    13: "13.23.0-beta.16",
    14: "14.23.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}
TIMESCALEDB = "2.19.3"
GRANTS = "GRANT ALL ON SCHEMA public TO PUBLIC;\n"


class PostgreSQL:
    """The programs in one folder; `users` are the same in every version."""

    kind = "postgresql"
    method = "scram"
    users = USERS
    stop_signal = signal.SIGINT
    death_signal = signal.SIGQUIT  # the postmaster takes its children and its shared memory along

    def __init__(self, name: str) -> None:
        self.name = name

    def programs(self) -> Path:
        """The folder of initdb and postgres."""
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
        return installed[-1].parent if installed else Path()

    def missing(self) -> str:
        return "" if self.programs() != Path() else "PostgreSQL is not installed; run apt-get install postgresql"

    @cache  # noqa: B019 - there are few engines, and they live as long as the process
    def version(self) -> str:
        return program_version([str(self.programs() / "postgres"), "--version"])

    def recipe(self) -> str:
        return _roles() + GRANTS + HBA

    def create(self, data: Path) -> None:
        programs = self.programs()
        initdb = [
            f"{programs}/initdb",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-D",
            f"{data}",
        ]
        run_program(initdb)
        for database, script in (("postgres", _roles()), (DATABASE, GRANTS)):
            # Without a client and before there is a server: one statement a line.
            said = run_program(
                [f"{programs}/postgres", "--single", "-F", "-j", "-D", f"{data}", database], _spaced(script)
            )
            assert "ERROR" not in said, said
        (data / "pg_hba.conf").write_text(HBA)

    def socket(self, server: Server) -> Path:
        return server.folder / f".s.PGSQL.{server.port}"

    def command(self, server: Server, certificate: str) -> list[str]:
        settings = {
            **SETTINGS,
            "port": str(server.port),
            "unix_socket_directories": str(server.folder),
            "ssl_ca_file": str(server.ca_path),
            "ssl_cert_file": str(server.tls / f"{certificate}.crt"),
            "ssl_key_file": str(server.tls / f"{certificate}.key"),
        }
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [f"{self.programs()}/postgres", "-D", str(server.data), *flags]

    def ready(self, server: Server) -> bool:
        try:
            lines = (server.data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(server.process.pid) and lines[7].strip() == "ready"


class FetchedPostgreSQL(PostgreSQL):
    """A version Debian 12 does not have; `postgres16` is the name of 16."""

    def __init__(self, major: int) -> None:
        super().__init__(f"postgres{major}")
        self._package = (f"postgresql-{major}", "fetch-postgresql.sh", PACKAGES[major])

    def programs(self) -> Path:
        return fetched(*self._package)[0] / "bin"

    def missing(self) -> str:
        return fetched(*self._package)[1]


class TimescaleDB(PostgreSQL):
    """PostgreSQL 17 of a newer Debian with the extension loaded; a database has it after CREATE EXTENSION."""

    kind = "timescaledb"
    _package = ("timescaledb-2", "fetch-timescaledb.sh", f"{TIMESCALEDB}+dfsg-1+deb13u1")

    def programs(self) -> Path:
        return fetched(*self._package)[0] / "usr/lib/postgresql/17/bin"

    def missing(self) -> str:
        return fetched(*self._package)[1]

    @cache  # noqa: B019 - as the others are
    def version(self) -> str:
        return TIMESCALEDB

    def command(self, server: Server, certificate: str) -> list[str]:
        settings = ["shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off", "jit=off"]
        return [*super().command(server, certificate), *(word for each in settings for word in ("-c", each))]


def _spaced(script: str) -> str:
    """In single-user mode with -j a statement ends at a semicolon followed by an empty line."""
    return script.replace(";\n", ";\n\n")
