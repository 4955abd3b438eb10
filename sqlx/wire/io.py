"""The blocking runner: it waits for a socket, and does nothing else. `sqlx.wire.io_asyncio` is its twin.

Steps (`sqlx.wire.link`) yield what they wait for and are resumed with what was found. Timeouts and cancellation live
in the runners, once. A statement that must stop leaves its steps suspended: the server is asked to cancel, and the
same steps are driven on until the server's answer ends them, so that the conversation stays in step. Only when that
does not come in time is the link given up.
"""

from __future__ import annotations

import select
import socket
import threading
import warnings

# What `signal.signal` calls; around it that wraps handlers in enums, at a cost that a short statement feels.
from _signal import getsignal as get_handler  # type: ignore[import-not-found]
from _signal import signal as set_handler
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from math import ceil
from signal import SIGINT, default_int_handler
from time import monotonic
from typing import Any, TypeVar, cast

from sqlx.wire.errors import Outcome, WireError
from sqlx.wire.link import READ, WRITE, Ask, Link, Need, Resolve, Steps, Wait

S = TypeVar("S")
T = TypeVar("T")

GRACE = 5.0  # seconds that a cancelled statement has to end before its connection is given up
REPEAT = 0.5  # seconds between two requests to cancel: the first may come before the server has begun
MOMENT = 0.001  # seconds: a deadline that has passed still leaves time to look once
LONGEST = 2**31 - 1  # milliseconds that one wait may last, by poll(2): an int
CANCEL = 3.0  # seconds that a request to cancel, or a goodbye, may take

_MAIN = threading.main_thread().ident
_UNWELL = select.POLLERR | select.POLLHUP | select.POLLNVAL


class DeadlinePassed(Exception):
    """A wait outlived its deadline; the steps are suspended where they waited."""


def late(during: str, timeout: float | None, outcome: Outcome, error: WireError | None = None) -> WireError:
    """The error of a deadline that passed; `error` is what the server said when it was asked to cancel."""
    message = f"{during} took longer than {timeout:g} s"
    if error is None:
        return WireError("timeout", message, outcome=outcome)
    fields = {"detail": error.message}
    return WireError("timeout", message, sqlstate=error.sqlstate, code=error.code, fields=fields, outcome=outcome)


def never_opened(link: Link, timeout: float | None) -> WireError:
    """The error of a connection that was not made in time."""
    error = late("connecting", timeout, "not_run")
    error.fields["hint"] = f"is it a {link.pack.title or link.pack.name} server that listens there?"
    return error


def given_up() -> WireError:
    """The error of a statement that could not be stopped."""
    return WireError(
        "timeout", f"the statement did not end within {GRACE:g} s of being cancelled; the connection is closed"
    )


class Blocking:
    """Runs steps on the calling thread. One runner a link; only `cancel` is for other threads."""

    __slots__ = ("_fd", "_flags", "_held", "_need", "_poll", "_waiting", "cancelled", "link", "stopping")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.stopping = False  # what runs shall end: steps that see this start nothing new
        self.cancelled = False  # the server was asked to cancel, and may yet do so; for whoever sees to it to reset
        self._poll = select.poll()
        self._fd = -1
        self._flags = 0
        self._need: Need | None = None
        self._held = False
        self._waiting = False

    def open(self, timeout: float | None = None) -> None:
        """Open the link; the deadline bounds all of it, name resolution included. Raises WireError."""
        try:
            self._drive(self.link.open(), _deadline(timeout))
        except DeadlinePassed:
            self.link.abort()
            raise never_opened(self.link, timeout) from None
        except BaseException:
            self.link.abort()
            raise

    def run(self, steps: Steps[T], timeout: float | None = None) -> T:
        """Drive steps to their end. On Ctrl+C and after `timeout` seconds the server is asked to cancel.

        Raises WireError.
        """
        return self._uninterrupted(self._run, steps, timeout)

    def listen(self, lock: AbstractContextManager[Any], timeout: float | None) -> bool:
        """Handle what comes unasked; False when nothing came in time. Raises WireError."""
        with lock:
            return self._uninterrupted(self._listen, self.link.listen(), timeout)

    def keep_watch(self, on: bool, news: Callable[[], None]) -> None:
        """Nobody reads what comes unasked to an idle blocking connection before something is asked of it."""

    def report(self, problem: str, error: BaseException) -> None:
        """Show what went wrong where nobody waits for it."""
        warnings.warn(f"{problem}: {error!r}", RuntimeWarning, stacklevel=2)

    def abort(self) -> None:
        """Close the link at once, saying nothing."""
        self.link.abort()

    def _listen(self, steps: Steps[None], timeout: float | None) -> bool:
        try:
            self._drive(steps, None if timeout is None else monotonic() + max(timeout, MOMENT))
        except DeadlinePassed:
            return False
        finally:
            steps.close()
        return True

    def _uninterrupted(self, work: Callable[[Steps[S], float | None], T], steps: Steps[S], timeout: float | None) -> T:
        """Do work that Ctrl+C may end only where it waits."""
        if threading.get_ident() != _MAIN or get_handler(SIGINT) is not default_int_handler:
            return work(steps, timeout)
        self._held = False
        set_handler(SIGINT, self._on_interrupt)
        try:
            return work(steps, timeout)
        finally:
            set_handler(SIGINT, default_int_handler)
            if self._held:
                self.stopping = False
                raise KeyboardInterrupt from None

    def cancel(self) -> None:
        """Stop what this link runs, from any thread. Raises WireError when the server cannot be asked."""
        if self.link.interrupt():
            return
        self.cancelled = True
        try:
            Blocking(self.link)._drive(self.link.cancel(), _deadline(CANCEL))
        except DeadlinePassed:
            raise late("the request to cancel", CANCEL, "unknown") from None

    def close(self) -> None:
        """Say goodbye and close; never raises, never waits long."""
        try:
            with suppress(WireError, DeadlinePassed):
                self._drive(self.link.close(), _deadline(CANCEL))
        finally:
            self.link.abort()

    def _run(self, steps: Steps[T], timeout: float | None) -> T:
        if self.link.pack.embedded and timeout is not None:
            return self._run_timed(steps, timeout)
        try:
            return self._drive(steps, _deadline(timeout))
        except DeadlinePassed:
            try:
                return self._settle(steps)
            except WireError as error:
                raise late("the statement", timeout, error.outcome, error) from None
        except KeyboardInterrupt:
            with suppress(WireError):
                self._settle(steps)
            raise

    def _run_timed(self, steps: Steps[T], timeout: float) -> T:
        """An embedded engine blocks and has no wait to bound: a second thread interrupts it, more than once, for the
        first time may come before the engine has begun."""
        ended = threading.Event()

        def stop() -> None:
            wait = min(timeout, threading.TIMEOUT_MAX)
            while not ended.wait(wait):
                self.stopping = True
                self.link.interrupt()
                wait = REPEAT

        thread = threading.Thread(target=stop, daemon=True)
        thread.start()
        try:
            return self._drive(steps, None)
        except WireError as error:
            raise (late("the statement", timeout, error.outcome, error) if self.stopping else error) from None
        finally:
            ended.set()
            thread.join()  # or it might say `stopping` to the next statement
            self.stopping = False

    def _drive(self, steps: Steps[T], deadline: float | None, need: Need | None = None) -> T:
        """Drive steps to their end; `need` is what suspended ones wait for.

        Raises DeadlinePassed, leaving them suspended.
        """
        answer: Any = None
        try:
            if need is None:
                need = steps.send(None)
            while True:
                self._need = need
                if type(need) is Wait:
                    need = steps.send(self._wait(need.fd, need.flags, deadline))
                    continue
                if type(need) is Ask:
                    need = steps.send(need.question())
                    continue
                try:
                    answer = _resolve(cast(Resolve, need), deadline)
                except OSError as error:
                    need = steps.throw(error)
                else:
                    need = steps.send(answer)
        except StopIteration as end:
            return cast(T, end.value)

    def _wait(self, fd: int, flags: int, deadline: float | None) -> int:
        if fd != self._fd or flags != self._flags:
            self._watch(fd, flags)
        # Ctrl+C may end a wait but not the steps: while they run it is held until they wait again.
        try:
            self._waiting = True
            if self._held:
                self._held = False
                raise KeyboardInterrupt
            if deadline is None:
                events = self._poll.poll()
            elif (left := deadline - monotonic()) <= 0:  # looked at even where there is always something to read
                raise DeadlinePassed
            else:
                events = self._poll.poll(ceil(min(left * 1000, LONGEST)))
        finally:
            self._waiting = False
        if not events:  # the deadline has passed, or is farther away than one wait can be long
            return self._wait(fd, flags, deadline)
        found = events[0][1]
        if found == select.POLLIN:
            return READ
        if found & _UNWELL:
            return flags
        return (READ if found & select.POLLIN else 0) | (WRITE if found & select.POLLOUT else 0)

    def _watch(self, fd: int, flags: int) -> None:
        if fd != self._fd and self._fd >= 0:
            with suppress(KeyError, OSError):
                self._poll.unregister(self._fd)
        self._poll.register(fd, (select.POLLIN if flags & READ else 0) | (select.POLLOUT if flags & WRITE else 0))
        self._fd, self._flags = fd, flags

    def _settle(self, steps: Steps[T]) -> T:
        """Have the server end what it runs, and with it the steps.

        Raises WireError: the server's, or that the link is lost.
        """
        self.stopping = True
        give_up = monotonic() + GRACE
        try:
            while monotonic() < give_up:
                with suppress(Exception):  # a password that was to be fetched may raise anything
                    self.cancel()
                with suppress(DeadlinePassed):
                    return self._drive(steps, min(give_up, monotonic() + REPEAT), self._need)
        except KeyboardInterrupt:  # asked twice: wait no longer
            self.link.abort()
            raise
        finally:
            self.stopping = False
        self.link.abort()
        steps.close()
        raise given_up()

    def _on_interrupt(self, signum: int, frame: Any) -> None:
        if self._waiting:
            default_int_handler(signum, frame)
        self._held = self.stopping = True
        self.link.interrupt()


def _deadline(timeout: float | None) -> float | None:
    return None if timeout is None else monotonic() + timeout


def addresses(host: str, port: int) -> Any:
    """getaddrinfo. Raises OSError."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise no_name() from None


def no_name() -> OSError:
    """The error of what cannot be a host's name, which no resolver is asked for: Python finds it out."""
    return socket.gaierror(socket.EAI_NONAME, "a part of the name is empty, too long, or no text")


def _resolve(need: Resolve, deadline: float | None) -> Any:
    """getaddrinfo, which nothing can interrupt: on a thread of its own where a deadline must hold. Raises OSError."""
    if deadline is None:
        return addresses(need.host, need.port)
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.append(addresses(need.host, need.port))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(min(max(0.0, deadline - monotonic()), threading.TIMEOUT_MAX))
    if not found:
        raise DeadlinePassed
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]
