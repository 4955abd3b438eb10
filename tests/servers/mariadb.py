"""MariaDB: Debian's, and a newer one from the cache."""

from __future__ import annotations

import shutil
import signal
from functools import cache
from pathlib import Path

from tests.servers.cache import fetched, loader
from tests.servers.mysql import COMMON, EVERYWHERE, OS_USER, common_flags, grants, greets
from tests.servers.server import Server, give_away, program_version, run_program

USERS = {"native": ("native", "pw-native"), "ed25519": ("ed", "pw-ed"), **EVERYWHERE}
SQL = f"""\
CREATE USER native IDENTIFIED VIA mysql_native_password USING PASSWORD('pw-native');
CREATE USER ed IDENTIFIED VIA ed25519 USING PASSWORD('pw-ed');
CREATE USER empty;
CREATE USER tls_only IDENTIFIED BY 'pw-tls_only' REQUIRE SSL;
CREATE USER certificate IDENTIFIED BY 'pw-certificate' REQUIRE X509;
CREATE USER admin IDENTIFIED BY 'pw-admin';
ALTER USER '{OS_USER}'@'localhost' IDENTIFIED VIA unix_socket;
"""
PARSEC_USERS = {**USERS, "parsec": ("parsec", "pw-parsec"), "parsec_empty": ("parsec_empty", "")}
PARSEC = """\
CREATE USER parsec IDENTIFIED VIA parsec USING PASSWORD('pw-parsec');
CREATE USER parsec_empty IDENTIFIED VIA parsec USING PASSWORD('');
"""
# The log file is made with the size of the first start.
LOG_SIZE = "--innodb-log-file-size=16M"


class MariaDB:
    """Debian's MariaDB server."""

    name = "mariadb"
    kind = "mariadb"
    method = "native"
    users = USERS
    sql = SQL
    plugins: tuple[str, ...] = ("auth_ed25519",)
    stop_signal = signal.SIGTERM
    death_signal = signal.SIGKILL

    def missing(self) -> str:
        return "" if self._installed() else "MariaDB is not installed; run apt-get install mariadb-server"

    def _installed(self) -> str | None:
        return shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/bin")

    def program(self) -> list[str]:
        """The command that runs it, before all flags but --no-defaults."""
        return [str(self._installed()), "--no-defaults"]

    @cache  # noqa: B019 - there are few engines, and they live as long as the process
    def version(self) -> str:
        return program_version([*self.program(), "--version"])

    def recipe(self) -> str:
        return COMMON + self.sql + grants(self.users)

    def create(self, data: Path) -> None:
        self.install(data)
        plugins = [f"--plugin-load-add={plugin}" for plugin in self.plugins]
        said = run_program([*self.bootstrap(data), *plugins], "FLUSH PRIVILEGES;\n" + self.recipe())
        assert "ERROR" not in said, said

    def install(self, data: Path) -> None:
        """Make the tables of the system."""
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-name-resolve"]
        run_program([*install, LOG_SIZE, "--auth-root-authentication-method=socket"])

    def bootstrap(self, data: Path) -> list[str]:
        """What runs the statements that it reads, with nobody connected."""
        return [*self.program(), "--bootstrap", f"--datadir={data}", LOG_SIZE]

    def socket(self, server: Server) -> Path:
        return server.folder / "server.sock"

    def command(self, server: Server, certificate: str) -> list[str]:
        plugins = [f"--plugin-load-add={plugin}" for plugin in self.plugins]
        return [*self.program(), *common_flags(server, certificate), LOG_SIZE, *plugins]

    def ready(self, server: Server) -> bool:
        return greets(server)


class FetchedMariaDB(MariaDB):
    """MariaDB 11 of a newer Debian, unpacked in the cache and run under the C library it came with."""

    name = "mariadb11"
    users = PARSEC_USERS
    sql = SQL + PARSEC
    plugins = ("auth_ed25519", "auth_parsec")
    _package = ("mariadb-11", "fetch-debian.sh", "trixie", "mariadb-server=1:11.8.9+ds-0+deb13u1")

    def missing(self) -> str:
        return fetched(*self._package)[1]

    def program(self) -> list[str]:
        root = fetched(*self._package)[0]
        folders = [f"--basedir={root}/usr", f"--plugin-dir={root}/usr/lib/mysql/plugin"]
        return [*loader(root), f"{root}/usr/sbin/mariadbd", "--no-defaults", *folders]

    def install(self, data: Path) -> None:
        """As mariadb-install-db does, which would run its server under another C library."""
        data.mkdir()
        give_away(data)
        folder = fetched(*self._package)[0] / "usr/share/mariadb"
        scripts = ["system_tables", "performance_tables", "system_tables_data"]
        tables = "".join((folder / f"mariadb_{script}.sql").read_text() for script in scripts)
        first = "CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket='root';\nSET @skip_auth_anonymous=1;\n"
        run_program(self.bootstrap(data), first + tables)
