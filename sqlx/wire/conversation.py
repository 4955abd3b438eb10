"""A conversation with a server on a socket: a machine, its channel, and the commands a link must offer
(`sqlx.wire.link`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

from sqlx.wire import lookup, tls
from sqlx.wire.channel import Address, Channel, Endpoint
from sqlx.wire.columns import Layouter, Raw
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.program import ARGUMENTS
from sqlx.wire.compression import available
from sqlx.wire.errors import WireError
from sqlx.wire.identity import Identity
from sqlx.wire.link import Call, Given, GivenUp, State, Steps, WireNotice
from sqlx.wire.machine import DATA, RANDOM_BYTES, RECOVERABLE, ROWS, START_TLS, TRANSFER, Actions, Batch, Machine
from sqlx.wire.parameters import ParameterType
from sqlx.wire.registry import Pack
from sqlx.wire.result import Column, Reply
from sqlx.wire.trace import tracer
from sqlx.wire.values import Context

MAX_SHAPES = 256
PIPELINE = 1000  # statements that are sent before their replies are read

Shape = tuple[list[int], list[tuple[int, int]], list[int], Callable[[int], bytes] | None]

_PLACES = {name: index for index, name in enumerate(ARGUMENTS)}
_EMPTY: list[Any] = [None] * (len(ARGUMENTS) + 1)  # and the statement it runs
_YES = (True, "on", "1")  # True is 1


class PreparedStatement:
    """What the server and we know of a prepared statement."""

    __slots__ = ("columns", "described", "formats", "parameters", "statement")

    def __init__(
        self, statement: Any, parameters: Sequence[int], described: tuple[Raw, str] | None,
        columns: Sequence[Column] | None, formats: tuple[int, ...],
    ) -> None:  # fmt: skip
        self.statement = statement
        self.parameters = parameters
        self.described = described
        self.columns = columns
        self.formats = formats


@lru_cache(maxsize=64)
def _compiled(pack: Pack) -> tuple[Program, Layouter]:
    program = Program(pack)
    return program, Layouter(program)


def arguments(**given: Any) -> list[Any]:
    """The argument list of a command."""
    values = _EMPTY.copy()
    for name, value in given.items():
        values[_PLACES[name]] = value
    return values


def _prefixed(prefix: Callable[[int], bytes], types: Sequence[ParameterType], values: Sequence[Any]) -> list[Any]:
    """Values with their length before them, where their type asks for it."""
    return [
        prefix(len(value)) + value if entry.prefixed and value is not None else value
        for entry, value in zip(types, values, strict=True)
    ]


class Conversation:
    """One connection. Implements `sqlx.wire.link.Link`.

    What reaches it from outside comes by two ways, which a recording and its replay take the place of. `known` is what
    all conversations have looked up.
    """

    channel_type = Channel
    random = staticmethod(os.urandom)
    known = lookup.Known()

    def __init__(self, pack: Pack, endpoint: Endpoint, identity: Identity) -> None:
        self.pack = pack
        self.endpoint = endpoint
        self.address = str(endpoint)
        self.identity = identity
        self.program, self._base = _compiled(pack)
        self._place = (
            pack,
            endpoint.host,
            endpoint.hostaddr,
            endpoint.port,
            endpoint.socket,
            identity.database,
            identity.user,
        )
        self.layouter = self.known.layouter(self._base, self._place)
        self.state: State = "closed"
        self.machine = Machine(self.program, self.layouter)
        self.channel = self.channel_type(endpoint)
        self._state = self.program.function(pack.session["state"], "$.session.state")
        self.runs_unprepared = "run" in pack.commands
        self._direct = (
            self.program.function(pack.session["direct"], "$.session.direct") if pack.session.get("direct") else None
        )
        self._identified = self._direct is None
        self._portal_rows: int = pack.session.get("portal_rows", 1000)
        self._owing = False  # a reply was begun and is not read to its end
        self._ended: WireError | None = None  # what closed the link while nothing was asked of it
        self._count = 0
        self._released: list[Any] = []
        self._shapes: dict[tuple[ParameterType, ...], Shape] = {}

    @property
    def untried(self) -> list[Address]:
        return self.channel.untried

    @property
    def idle(self) -> bool:
        return self.state != "closed" and not self._owing

    @property
    def variables(self) -> Mapping[str, Any]:
        """What the server told of itself. A password is not among them."""
        return {name: self.machine.v[index] for name, index in self.program.slots.items() if name != "password"}

    @property
    def context(self) -> Context:
        return self.layouter.context(self.machine.v)

    @property
    def direct(self) -> bool | None:
        if not self._identified:
            return None
        return self._direct is None or bool(self._direct(self.machine.v))

    @property
    def on_notice(self) -> Callable[[WireNotice], None] | None:
        return self.machine.on_notice

    @on_notice.setter
    def on_notice(self, listener: Callable[[WireNotice], None] | None) -> None:
        self.machine.on_notice = listener

    @property
    def on_notify(self) -> Callable[[Mapping[str, Any]], None] | None:
        return self.machine.on_notify

    @on_notify.setter
    def on_notify(self, listener: Callable[[Mapping[str, Any]], None] | None) -> None:
        self.machine.on_notify = listener

    # -- opening and closing

    def open(self) -> Steps[None]:
        """Connect, secure, authenticate: once, or a second time where `sslmode` leaves the choice to the server."""
        attempts = self._attempts()
        identity = yield from self.identity.fetched()
        for number, (wanted, needed) in enumerate(attempts, 1):
            try:
                yield from self._open(identity, wanted, needed)
                return
            except WireError as error:
                self.abort()
                error.outcome = "not_run"
                if number == len(attempts) or not self._may_go_otherwise(error):
                    raise

    def _may_go_otherwise(self, error: WireError) -> bool:
        """Whether what failed may succeed with TLS instead of without, or the other way round."""
        rejected = error.kind == "server" and error.sqlstate == "28000" and not self.pack.greets
        return rejected or self.channel.tls_failed

    def _attempts(self) -> list[tuple[bool, bool]]:
        """(TLS wanted, TLS needed) for each attempt, after libpq's documentation of sslmode."""
        mode = self.endpoint.sslmode
        if self.endpoint.socket or mode == "disable":
            return [(False, False)]
        if mode not in ("allow", "prefer"):
            return [(True, True)]
        if mode == "allow" and not self.pack.greets:  # a server that speaks first says whether it has TLS
            return [(False, False), (True, True)]
        return [(True, False), (False, False)]

    def _open(self, identity: Identity, wanted: bool, needed: bool) -> Steps[None]:
        self.machine = machine = self._new_machine(identity, wanted, needed)
        self.channel = self.channel_type(self.endpoint)
        yield from self.channel.connect()
        try:
            yield from self._pump(machine.flow("connect"))
        except WireError as error:
            if error.kind == "protocol":
                error.fields.setdefault(
                    "hint", f"is it a {self.pack.title or self.pack.name} server that listens there?"
                )
            raise
        finally:
            empty = self.program.initial()
            for name in ("password", *self.pack.session.get("secrets", ())):
                machine.v[self.program.slots[name]] = empty[self.program.slots[name]]
        machine.phase = "ready"
        self.state = self._state(machine.v)

    def _new_machine(self, identity: Identity, wanted: bool, needed: bool) -> Machine:
        machine = Machine(self.program, self.layouter)
        machine.on_notice, machine.on_notify = self.on_notice, self.on_notify
        machine.trace = tracer(self.program, id(self))
        given = {
            "user": identity.user,
            "password": identity.password,
            "database": identity.database,
            "options": self._options(),
            "host": self.endpoint.host,
            "tls_wanted": wanted,
            "tls_needed": needed,
            "compressions": available(),
            "private": bool(self.endpoint.socket),
        }
        for name, value in given.items():
            machine.v[self.program.slots[name]] = value
        return machine

    def _options(self) -> dict[str, Any]:
        """The pack's options; those that name a file with `contents` as what the file holds."""
        options = dict(self.identity.options)
        for name, rule in self.pack.options.items():
            if rule.get("contents") and options.get(name):
                try:
                    options[name] = Path(options[name]).read_bytes()
                except OSError as error:
                    sentence = f"the file {options[name]} that {name} names cannot be read: {error.strerror}"
                    raise WireError("refused", sentence, outcome="not_run") from None
        return options

    def close(self) -> Steps[None]:
        """Say goodbye, if the server still listens, and close."""
        if self.state != "closed" and "quit" in self.pack.commands:
            self.machine.sequence = 0
            self.machine.perform(self.program.command("quit").send, _EMPTY)
            with suppress(WireError):
                yield from self.channel.transfer(self.machine.out, 0)
        self.state = "closed"
        self.channel.close()

    def abort(self) -> None:
        self.state = "closed"
        self.channel.abort()

    def interrupt(self) -> bool:
        return False

    def cancel(self) -> Steps[None]:
        """Run the pack's `cancel` flow on a second connection, secured like the first."""
        if "cancel" not in self.pack.flows:
            raise WireError("unsupported", "this engine's pack knows no way to cancel a statement", outcome="unknown")
        encrypted = self.channel.tls is not None
        identity = yield from self.identity.fetched()
        other = type(self)(self.pack, self.endpoint, identity)
        other.channel.peer = self.channel.peer  # a name may lead to several servers
        machine = other.machine = other._new_machine(identity, encrypted, encrypted)
        for name, text in self.pack.session.get("cancel_with", {}).items():
            value = self.program.function(text, f"$.session.cancel_with.{name}")
            machine.v[self.program.slots[name]] = value(self.machine.v, None, None)
        try:
            yield from other.channel.connect()
            yield from other._request_cancel(machine)
        finally:
            other.channel.abort()

    def _request_cancel(self, machine: Machine) -> Steps[None]:
        try:
            yield from self._pump(machine.flow("cancel"))
        except WireError as error:
            if error.kind not in ("connection", "server"):
                raise

    # -- statements

    def query(self, sql: str, *, begin: str | None = None, stream: bool = False) -> Steps[Reply]:
        reply = Reply(stream)
        batch = [*self._preamble(begin), (self.program.command("query"), arguments(sql=sql))]
        yield from self._start(batch, reply)
        yield from self._reread(reply)
        return reply

    def exchange_data(self, sql: str, *, gives: bool = False, takes: bool = False) -> Steps[Reply]:
        given = arguments(sql=sql, gives=gives, takes=takes)
        return (yield from self._start([*self._preamble(None), (self.program.command("query"), given)], Reply(True)))

    def give(self, reply: Reply, data: Given) -> Steps[None]:
        if not reply.wanting:
            return
        self.machine.given = data
        yield from self._continue(reply)

    def prepare(self, sql: str, types: Sequence[ParameterType]) -> Steps[PreparedStatement]:
        if "prepare" not in self.pack.commands:
            sentence = "this engine takes no parameters: write the values into the text, and give none"
            raise WireError("unsupported", sentence, outcome="not_run")
        machine, name = self.machine, self._name()
        machine.prepared = {"statement": name, "parameters": [entry.type for entry in types]}
        given = arguments(sql=sql, name=name, types=machine.prepared["parameters"])
        try:
            yield from self._start([*self._preamble(None), (self.program.command("prepare"), given)], Reply())
        except WireError as error:
            error.outcome = "not_run"
            raise
        said = machine.prepared
        return (yield from self._statement(said["statement"], said["parameters"], machine.described))

    def _statement(self, statement: Any, parameters: Sequence[int], described: Any) -> Steps[PreparedStatement]:
        """What is known of a statement just prepared, its types looked up where the pack does not know them."""
        columns, formats = self._description(described)
        unknown = self.layouter.unknown([*(column.type_id for column in columns or ()), *parameters])
        if unknown and (yield from self._look_up(unknown)):
            columns, formats = self._description(described)
        return PreparedStatement(statement, parameters, described, columns, formats)

    def _description(self, described: Any) -> tuple[Sequence[Column] | None, tuple[int, ...]]:
        try:
            return self.machine.description(described) or (None, ())
        except WireError:
            self.abort()
            raise

    # -- types that the pack does not know

    def _look_up(self, ids: Sequence[int]) -> Steps[bool]:
        """Ask for types; whether there was an answer. A transaction outlives that there was none, by a savepoint."""
        if self._failed():
            return False
        pack = self.pack
        guarded = self.state == "open" and "savepoint" in pack.session
        try:
            if guarded:
                yield from self._savepoint("savepoint")
            reply = yield from self._ask(lookup.query(pack.lookup, ids))
            if guarded:
                yield from self._savepoint("release")
            found = lookup.entries(reply.results[0], pack.types, pack.lookup.get("named", {}), ids)
        except WireError as error:
            if error.kind != "server":
                raise
            if guarded:
                yield from self._savepoint("rollback_to")
                yield from self._savepoint("release")
            return False
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):  # an answer of another shape
            return False
        self.layouter.looked_up.update(found)
        self.machine.openings.clear()
        return True

    def _savepoint(self, verb: str) -> Steps[Reply]:
        return self._ask(str(self.pack.session[verb]).replace("{name}", lookup.SAVEPOINT))

    def _ask(self, sql: str) -> Steps[Reply]:
        """Run a text of our own, which brings nothing that is looked up in turn."""
        return self._start([*self._preamble(None), (self.program.command("query"), arguments(sql=sql))], Reply())

    def _failed(self) -> bool:
        return self.state == "failed"

    def _reread(self, reply: Reply) -> Steps[None]:
        """What came before anybody could ask for its type is read once more, so that it arrives as it always does. The
        further parts of a stream are read that way at once, where it comes in parts."""
        if not (reply.unsure and reply.done and (reply.portal or not reply.stream)):
            return
        columns = [column for result in reply.results for column in result.columns or ()]
        unknown = self.layouter.unknown(column.type_id for column in columns)
        if unknown and not (yield from self._look_up(unknown)):
            return
        for result in reply.results:
            lookup.reread(result, self.layouter, self.context)
        reply.unsure = False
        if reply.portal and reply.layout is not None:
            reply.layout = self.layouter.again(reply.layout, self.machine.v)

    def forget_types(self) -> None:
        """Look up types anew."""
        if not self.layouter.looked_up:
            return
        self.layouter = self.machine.layouter = self.known.renew(self._base, self._place)
        self.machine.openings.clear()

    def execute(
        self,
        prepared: PreparedStatement,
        types: tuple[ParameterType, ...],
        values: Sequence[Any],
        *,
        begin: str | None = None,
        stream: bool = False,
        portal: bool = False,
    ) -> Steps[Reply]:
        batch, given = self._preamble(begin), self._bound(prepared, types, values)
        reply = self._reply(given, stream, portal)
        batch.append((self.program.command("execute"), given))
        return self._start(batch, reply)

    def _reply(self, given: list[Any], stream: bool, portal: bool) -> Reply:
        """The reply to come, in parts if `portal`, which the arguments then say too."""
        reply = Reply(stream)
        if portal:
            given[_PLACES["portal"]] = reply.portal = self._name()
            given[_PLACES["limit"]] = self._portal_rows
        return reply

    def _name(self) -> str:
        self._count += 1
        return f"sqlx_{self._count}"

    def execute_many(
        self,
        prepared: PreparedStatement,
        types: tuple[ParameterType, ...],
        rows: Sequence[Sequence[Any]],
        *,
        begin: str | None = None,
    ) -> Steps[Reply]:
        command = self.program.command("execute")
        return self._pipelined(((command, self._bound(prepared, types, values)) for values in rows), begin)

    def run(
        self,
        sql: str,
        types: tuple[ParameterType, ...],
        values: Sequence[Any],
        *,
        keep: bool = False,
        begin: str | None = None,
        stream: bool = False,
        portal: bool = False,
    ) -> Steps[Reply]:
        batch, given = self._preamble(begin), self._unprepared(sql, self._name() if keep else "", types, values)
        reply = self._reply(given, stream, portal)
        batch.append((self.program.command("run"), given))
        ask = not (self._identified or stream or self.state == "failed")
        if ask:
            batch.append((self.program.command("identify"), _EMPTY))
        self.machine.prepared = {}
        try:
            yield from self._start(batch, reply)
        except WireError:
            if keep and self.machine.prepared:
                self._released.append(self.machine.prepared["statement"])
            raise
        self._identified |= ask
        yield from self._reread(reply)
        if keep:
            reply.prepared = yield from self._statement(given[_PLACES["name"]], (), reply.described)
        return reply

    def run_many(
        self,
        sql: str,
        types: tuple[ParameterType, ...],
        rows: Sequence[Sequence[Any]],
        *,
        begin: str | None = None,
    ) -> Steps[Reply]:
        run, again = self.program.command("run"), self.program.command("run_again")
        batch = (
            (again if index % PIPELINE else run, self._unprepared(sql, "", types, values))
            for index, values in enumerate(rows)
        )
        return self._pipelined(batch, begin)

    def pipeline(self, calls: Sequence[Call]) -> Steps[Reply]:
        reply, batch = Reply(), self._preamble(None)
        execute, run = self.program.command("execute"), self.program.command("run")
        for call in calls:
            if call.begin is not None:
                batch.append((self.program.command("begin"), arguments(sql=call.begin)))
            if call.prepared is not None:
                batch.append((execute, self._bound(call.prepared, call.types, call.values)))
            else:
                batch.append((run, self._unprepared(call.sql, "", call.types, call.values)))
        try:
            yield from self._start(batch, reply)
        except WireError as error:
            if self.state == "closed":
                raise
            reply.error = error
        yield from self._reread(reply)
        return reply

    def _pipelined(self, commands: Iterable[tuple[Any, list[Any]]], begin: str | None) -> Steps[Reply]:
        """As pipelines of at most PIPELINE statements, so that what is owed stays bounded. Where statements are a
        transaction only together they go in one."""
        reply, batch = Reply(), self._preamble(begin)
        alone = self.program.segment is not None and begin is None and self.state == "idle"
        for index, command in enumerate(commands, 1):
            batch.append(command)
            if index % PIPELINE == 0 and not alone:
                yield from self._start(batch, reply)
                batch = []
        if batch:
            yield from self._start(batch, reply)
        yield from self._reread(reply)
        return reply

    def resume(self, reply: Reply) -> Steps[None]:
        if reply.portal and reply.steps is None:
            if reply.done and not reply.results[-1].complete:
                reply.done = False
                given = arguments(portal=reply.portal, limit=self._portal_rows)
                yield from self._start([*self._preamble(None), (self.program.command("fetch"), given)], reply)
            return
        if reply.steps is not None:
            yield from self._continue(reply)

    def end(self, reply: Reply, limit: int = 1 << 20) -> Steps[bool]:
        if reply.portal:
            if not reply.results or not reply.results[-1].complete:
                given = arguments(portal=reply.portal)
                yield from self._start([(self.program.command("close_portal"), given)], Reply())
            return True
        self.machine.discarding, self.machine.discarded = True, 0
        try:
            while reply.wanting:
                yield from self.give(reply, GivenUp("the data was given up"))
            while not reply.done:
                if self.machine.discarded > limit:
                    return False
                yield from self._continue(reply)
        except WireError as error:
            if error.kind not in RECOVERABLE:
                raise
        finally:
            self.machine.discarding = False
        return True

    def release(self, prepared: PreparedStatement) -> None:
        self._released.append(prepared.statement)

    def ping(self) -> Steps[None]:
        yield from self._start([*self._preamble(None), (self.program.command("ping"), _EMPTY)], Reply())

    def listen(self) -> Steps[None]:
        self.check_open()
        if self._owing:
            raise WireError(
                "usage", "a result is still being read: until its end nothing else can come", outcome="not_run"
            )
        try:
            yield from self._pump(self.machine.listen())
        except WireError as error:
            self._ended = error
            self.abort()
            raise
        self.state = self._state(self.machine.v)

    def trait(self, name: str) -> Steps[bool]:
        rule = self.pack.session["traits"][name]
        said = ""
        if rule.get("told"):
            said = self.program.function(rule["told"], f"$.session.traits.{name}.told")(self.machine.v)
        if not said:
            reply = yield from self.query(rule["sql"])
            rows = reply.results[-1].rows if reply.results else ()
            said = rows[0][0] if rows else ""
        return said in _YES

    # -- how an exchange runs

    def check_open(self) -> None:
        """Raises WireError when the link is closed: why, if it was closed while nothing was asked of it."""
        if self._ended is not None:
            raise self._ended.again()
        if self.state == "closed":
            raise WireError("usage", "the connection is closed", outcome="not_run")

    def _preamble(self, begin: str | None) -> list[tuple[Any, list[Any]]]:
        """What goes before a command in its batch: statements to be forgotten, the transaction to be opened."""
        self.check_open()
        batch: list[tuple[Any, list[Any]]] = []
        if self._released:
            command = self.program.command("release")
            batch = [(command, arguments(statement=statement)) for statement in self._released]
            self._released = []
        if begin is not None:
            batch.append((self.program.command("begin"), arguments(sql=begin)))
        return batch

    def _bound(self, prepared: PreparedStatement, types: tuple[ParameterType, ...], values: Sequence[Any]) -> list[Any]:
        """The argument list of an execution."""
        ids, flags, formats, prefix = self._shapes.get(types) or self._shape(types)
        return [
            None,
            None,
            ids,
            flags,
            prepared.statement,
            formats,
            values if prefix is None else _prefixed(prefix, types, values),
            prepared.formats,
            prepared.described is not None,
            "",
            0,
            False,
            False,
            None,
            None,
            prepared,
        ]

    def _unprepared(self, sql: str, name: str, types: tuple[ParameterType, ...], values: Sequence[Any]) -> list[Any]:
        """The argument list of a statement that the server does not know yet."""
        ids, _, formats, prefix = self._shapes.get(types) or self._shape(types)
        sent = values if prefix is None else _prefixed(prefix, types, values)
        return arguments(sql=sql, name=name, types=ids, formats=formats, values=sent, portal="", limit=0)

    def _shape(self, types: tuple[ParameterType, ...]) -> Shape:
        """What a command says of its parameters' types; kept, for a statement is mostly run with the same."""
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        shape = self._shapes[types] = (
            [entry.type for entry in types],
            [(entry.type, entry.flags) for entry in types],
            [entry.format for entry in types],
            self.layouter.prefix if any(entry.prefixed for entry in types) else None,
        )
        return shape

    def _start(self, batch: Batch, reply: Reply) -> Steps[Reply]:
        """Run a batch to its end, or to the first rows of a streamed reply. Raises the server's error."""
        reply.steps = self.machine.exchange(batch, reply)
        self._owing = True
        return self._continue(reply)

    def _continue(self, reply: Reply) -> Steps[Reply]:
        self.check_open()
        try:
            yield from self._pump(reply.steps)
            reply.wanting = self.machine.feed is not None
            # A part is read whole, so that other statements may run before the next.
            while reply.portal and not reply.done:
                yield from self._pump(reply.steps)
        except BaseException:
            if not reply.done:
                self.channel.last_words(self.machine.out)
                self.abort()
            raise
        if reply.done:
            reply.steps, self._owing = None, False
            self.state = self._state(self.machine.v)
            if reply.error is not None:
                error, reply.error = reply.error, None
                # Where each statement stands for itself, those before the failing one were run.
                alone = self.program.segment is not None or not any(result.complete for result in reply.results)
                if error.outcome == "unknown" and alone:
                    error.outcome = "rolled_back"
                raise error
        return reply

    def _pump(self, actions: Actions) -> Steps[None]:
        """Obey the machine until it is done or has rows to hand over."""
        channel = self.channel
        try:
            action = next(actions)
            while True:
                kind = action[0]
                if kind == TRANSFER:
                    layer = self.machine.layer
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

    def _secure(self, rule: Mapping[str, str]) -> Steps[tls.Secured]:
        alpn = rule.get("alpn")
        try:
            return (yield from self.channel.start_tls(self._tls_context(alpn), alpn))
        except WireError as error:
            if "hint" in rule:
                error.fields.setdefault("hint", rule["hint"])
            raise

    def _tls_context(self, alpn: str | None) -> Any:
        end = self.endpoint
        mode = cast(tls.Mode, end.sslmode if end.sslmode != "disable" else "prefer")
        return tls.make_context(mode, end.sslrootcert, end.sslcert, end.sslkey, end.sslpassword, alpn)
