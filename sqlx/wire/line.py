"""A line to a server: a machine and the channel that it speaks over, opened, secured, obeyed and closed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sqlx.wire.arguments import NONE
from sqlx.wire.channel import Channel, Endpoint
from sqlx.wire.columns import Layouter
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compression import available
from sqlx.wire.errors import MALFORMED, WireError
from sqlx.wire.identity import Identity
from sqlx.wire.link import Steps
from sqlx.wire.machine import DATA, RANDOM_BYTES, ROWS, START_TLS, TRANSFER, Actions, Machine
from sqlx.wire.tls import Secured
from sqlx.wire.trace import tracer
from sqlx.wire.withheld import Withheld, not_encrypted, shown


class Line:
    """What reaches it from outside comes by two ways, which a recording and its replay take the place of."""

    channel_type = Channel
    random = staticmethod(os.urandom)

    def __init__(self, program: Program, layouter: Layouter, endpoint: Endpoint, identity: Identity) -> None:
        self.program = program
        self.endpoint = endpoint
        self.identity = identity
        self.machine = Machine(program, layouter)
        self.channel = self.channel_type(endpoint)

    # -- opening

    def open(self) -> Steps[None]:
        """Connect, secure, authenticate: once, or a second time where `sslmode` leaves the choice to the server."""
        attempts = self._attempts()
        identity = yield from self.identity.fetched()
        for number, (wanted, needed) in enumerate(attempts, 1):
            try:
                yield from self._open(identity, wanted, needed)
                return
            except WireError as error:
                self.channel.abort()
                error.outcome = "not_run"
                if number == len(attempts) or not self._may_go_otherwise(error):
                    raise

    def _may_go_otherwise(self, error: WireError) -> bool:
        """Whether what failed may succeed with TLS instead of without, or the other way round."""
        rejected = error.kind == "server" and error.sqlstate == "28000" and not self.program.pack.greets
        return rejected or self.channel.tls_failed

    def _attempts(self) -> list[tuple[bool, bool]]:
        """(TLS wanted, TLS needed) for each attempt, after libpq's documentation of sslmode."""
        mode = self.endpoint.sslmode
        if self.endpoint.socket or mode == "disable":
            return [(False, False)]
        if mode not in ("allow", "prefer"):
            return [(True, True)]
        if mode == "allow" and not self.program.pack.greets:  # a server that speaks first says whether it has TLS
            return [(False, False), (True, True)]
        return [(True, False), (False, False)]

    def _open(self, identity: Identity, wanted: bool, needed: bool) -> Steps[None]:
        pack = self.program.pack
        self.machine = machine = self._new_machine(identity, wanted, needed)
        self.channel = self.channel_type(self.endpoint)
        yield from self.channel.connect()
        try:
            yield from self.pump(machine.flow("connect"))
            if needed and self.channel.tls is None:
                raise not_encrypted(self.endpoint.sslmode)
        except WireError as error:
            if error.kind == "protocol":
                error.fields.setdefault("hint", f"is it a {pack.title or pack.name} server that listens there?")
            raise
        finally:
            empty = self.program.initial()
            for name in ("password", *pack.session.get("secrets", ())):
                machine.v[self.program.slots[name]] = empty[self.program.slots[name]]
        machine.messages.phase = "ready"

    def _new_machine(self, identity: Identity, wanted: bool, needed: bool) -> Machine:
        machine = Machine(self.program, self.machine.results.layouter)
        machine.on_notice, machine.on_notify = self.machine.on_notice, self.machine.on_notify
        machine.messages.trace = tracer(self.program, id(self))
        given = {
            "user": identity.user,
            "password": self._kept_back(identity.password, needed),
            "database": identity.database,
            "options": self._options(needed),
            "host": self.endpoint.host,
            "tls_wanted": wanted,
            "tls_needed": needed,
            "compressions": available(),
            "private": bool(self.endpoint.socket),
        }
        for name, value in given.items():
            machine.v[self.program.slots[name]] = value
        return machine

    def _kept_back(self, secret: Any, needed: bool) -> Any:
        """A secret, which the pack does not see before it has encrypted the line where that is needed."""
        return Withheld(secret, self.endpoint.sslmode) if needed and secret is not None else secret

    def _options(self, needed: bool) -> dict[str, Any]:
        """The pack's options; those that name a file with `contents` as what the file holds."""
        options = dict(self.identity.options)
        for name, rule in self.program.pack.options.items():
            if rule.get("secret"):
                options[name] = self._kept_back(options.get(name), needed)
            if rule.get("contents") and options.get(name):
                try:
                    options[name] = Path(options[name]).read_bytes()
                except OSError as error:
                    sentence = f"the file {options[name]} that {name} names cannot be read: {error.strerror}"
                    raise WireError("refused", sentence, outcome="not_run") from None
        return options

    # -- its use

    def pump(self, actions: Actions) -> Steps[None]:
        """Obey the machine until it is done or has rows to hand over."""
        channel = self.channel
        try:
            action = next(actions)
            while True:
                kind = action[0]
                if kind == TRANSFER:
                    layer = self.machine.messages.layer
                    moved = channel.transfer if layer is None else partial(layer.transfer, channel)
                    action = actions.send((yield from moved(action[1], action[2])))
                elif kind in (ROWS, DATA):
                    return
                elif kind == START_TLS:
                    action = actions.send((yield from self._secure(action[1])))
                elif kind == RANDOM_BYTES:
                    action = actions.send(self.random(action[1]))
        except StopIteration:
            return

    def _secure(self, rule: Mapping[str, str]) -> Steps[Secured]:
        try:
            secured = yield from self.channel.start_tls(rule.get("alpn"))
            self.machine.v[:] = map(shown, self.machine.v)
            return secured
        except WireError as error:
            if "hint" in rule:
                error.fields.setdefault("hint", rule["hint"])
            raise

    def cancel(self) -> Steps[None]:
        """Run the pack's `cancel` flow on a second line, secured like this one."""
        pack = self.program.pack
        if "cancel" not in pack.flows:
            raise WireError("unsupported", "this engine's pack knows no way to cancel a statement", outcome="unknown")
        encrypted = self.channel.tls is not None
        identity = yield from self.identity.fetched()
        other = type(self)(self.program, self.machine.results.layouter, self.endpoint, identity)
        other.channel.peer = self.channel.peer  # a name may lead to several servers
        machine = other.machine = other._new_machine(identity, encrypted, encrypted)
        for name, text in pack.session.get("cancel_with", {}).items():
            value = self.program.told(text, f"$.session.cancel_with.{name}")
            machine.v[self.program.slots[name]] = self._kept_back(value(self.machine.v, None, None), encrypted)
        try:
            yield from other.channel.connect()
            yield from other._request_cancel(machine)
        finally:
            other.channel.abort()

    def _request_cancel(self, machine: Machine) -> Steps[None]:
        try:
            yield from self.pump(machine.flow("cancel"))
        except WireError as error:
            if error.kind not in ("connection", "server"):
                raise

    def say_goodbye(self) -> Steps[None]:
        """Tell the server that nothing more comes, if it still listens."""
        if "quit" in self.program.pack.commands:
            messages = self.machine.messages
            messages.sequence = 0
            with suppress(WireError, *MALFORMED):
                self.machine.perform(self.program.command("quit").send, NONE)
            with suppress(WireError):
                yield from self.channel.transfer(messages.out, 0)
