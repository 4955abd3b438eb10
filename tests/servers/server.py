"""One private server: its data folder, its process, and how to reach it.

What differs between servers is an Engine (`postgresql.py`, `mysql.py`); this file knows processes, folders and URLs.
A server is the child of a thread that lives as long as the run, and asks the kernel to be killed when that thread is
gone: however the run ends, no server outlives it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from tests.servers import certificates
from tests.servers.cache import cache_folder

HOST = "127.0.0.1"
DATABASE = "test"
START_SECONDS = 60
# Linux sends the death signal when the thread that started a process ends, not when the process does.
LAUNCHER = ThreadPoolExecutor(max_workers=8, thread_name_prefix="server-launcher")

Login = tuple[str, str]


class ServerError(Exception):
    """A server is not installed, or did not start; the message ends with what its log says."""


class Engine(Protocol):
    """What differs between servers: where the programs are, how data is made, the command that serves it."""

    name: str  # of the fixture
    kind: str  # the scheme of its URLs
    method: str  # the login of `url()` when none is named
    users: dict[str, Login]  # method -> user and password
    stop_signal: signal.Signals  # ends it in order
    death_signal: signal.Signals  # ends it now

    def missing(self) -> str:
        """Why it can't be started here and what to do; empty if it can."""

    def version(self) -> str:
        """As the programs say it: "15.18"."""

    def recipe(self) -> str:
        """Everything that a fresh data folder depends on."""

    def create(self, data: Path) -> None:
        """Make a data folder with the users and the database. Raises ServerError."""

    def socket(self, server: Server) -> Path:
        """The Unix socket it will listen on."""

    def command(self, server: Server, certificate: str) -> list[str]:
        """What to run; it stays in the foreground."""

    def ready(self, server: Server) -> bool:
        """Whether it answers clients."""


@dataclass(eq=False)
class Server:
    """A running private server. `users` maps an authentication method to a user and a password."""

    engine: Engine
    folder: Path
    tls: Path
    port: int
    host: str = HOST
    database: str = DATABASE
    process: subprocess.Popen[bytes] = field(init=False, repr=False)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def kind(self) -> str:
        return self.engine.kind

    @cached_property
    def version(self) -> str:
        return self.engine.version()

    @property
    def users(self) -> dict[str, Login]:
        return self.engine.users

    @property
    def socket(self) -> Path:
        return self.engine.socket(self)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def ca_path(self) -> Path:
        return self.tls / "ca.crt"

    @property
    def public_key_path(self) -> Path:
        """The server's RSA key, for passwords that go encrypted over plain TCP."""
        return self.tls / "rsa.pub"

    def url(self, method: str | None = None, **options: Any) -> str:
        """A URL for the login `method`; `host`, `port`, `database`, `user` and `password` replace parts of it.

        Every other option becomes a query parameter; `socket=server.socket` reaches it over the Unix socket.
        """
        user, password = self.users[method or self.engine.method]
        user, password = options.pop("user", user), options.pop("password", password)
        login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
        place = f"{options.pop('host', self.host)}:{options.pop('port', self.port)}"
        path = quote(options.pop("database", self.database), safe="")
        return f"{self.kind}://{login}@{place}/{path}" + ("?" + urlencode(options) if options else "")

    def start(self, certificate: str = "good") -> None:
        """Start and wait until it answers; `certificate` is good, expired or wrong-name. Raises ServerError."""
        LAUNCHER.submit(self._start, certificate).result()

    def restart(self, certificate: str = "good") -> None:
        """Stop in order and start again with the same data and port."""
        self.stop()
        self.start(certificate)

    def stop(self) -> None:
        """Stop in order: clients are disconnected, data is written. Nothing happens if it has stopped already."""
        self._end(self.engine.stop_signal)

    def discard(self) -> None:
        """Stop without care for the data."""
        self._end(self.engine.death_signal)

    def kill9(self) -> None:
        """Kill it with all its processes, as a machine does that loses power."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        family = [self.process.pid, *map(int, children.read_text().split())] if children.exists() else []
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _end(self, how: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill9()

    def _start(self, certificate: str) -> None:
        command = unprivileged(self.engine.command(self, certificate), self.engine.death_signal)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.engine.ready(self):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.discard()
                raise ServerError(f"{self.name} did not start:\n{tail(self.log)}")
            time.sleep(0.02)


def launch(engine: Engine, run: Path) -> Server:
    """A new server of this engine below the folder of this run. Raises ServerError."""
    if reason := engine.missing():
        raise ServerError(reason)
    folder = run / engine.name
    folder.mkdir()
    give_away(folder)
    template = _template(engine)
    subprocess.run(["cp", "-a", "--reflink=auto", template, folder / "data"], check=True)
    server = Server(engine, folder, run / "tls", free_port())
    server.start()
    return server


def _template(engine: Engine) -> Path:
    """A data folder nobody has written to, kept from run to run: making one takes longer than anything else here."""
    text = f"{engine.version()}\n{engine.recipe()}"
    home = cache_folder() / "data"
    template = home / f"{engine.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if not template.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=f"{engine.name}-", ignore_cleanup_errors=True) as scratch:
            Path(scratch).chmod(0o755)
            give_away(Path(scratch))
            fresh = Path(scratch) / "data"
            engine.create(fresh)
            if not template.is_dir():
                fresh.rename(template)
    return template


def run_folder() -> Path:
    """The folder of this run, with its certificates; what dead runs have left behind is removed."""
    home = Path(tempfile.gettempdir()) / f"sqlx-servers-{os.getuid()}"
    home.mkdir(exist_ok=True, mode=0o755)
    for left in home.iterdir():
        if not Path("/proc", left.name).exists():
            shutil.rmtree(left, ignore_errors=True)
    run = home / str(os.getpid())
    run.mkdir(mode=0o755)
    certificates.mint(run / "tls", client="certificate")
    give_away(run / "tls")
    return run


def unprivileged(command: list[str], death: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command as a user the servers accept (they refuse root), dying with the thread that starts it."""
    nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    home = ["env", "HOME=/", "TZ=UTC", "LC_ALL=C"]
    return ["setpriv", f"--pdeathsig={death.name.removeprefix('SIG')}", *nobody, *home, *command]


def give_away(folder: Path) -> None:
    """Make the user that runs the servers the owner."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", folder], check=True)


def run_program(command: list[str], text: str = "") -> str:
    """Run one step of making a data folder. Raises ServerError with what the program said."""
    done = subprocess.run(unprivileged(command), input=text.encode(), capture_output=True, cwd="/", check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode:
        raise ServerError(f"{command[0]} failed with {done.returncode}:\n{said[-2000:]}")
    return said


def program_version(command: list[str]) -> str:
    """The first word with a dot that starts with a digit."""
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return next(word for word in words if word[:1].isdigit() and "." in word).partition("-")[0]


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def tail(path: Path) -> str:
    """The end of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-20:]) if path.exists() else "it wrote no log"
