"""A conversation with a server on a socket: the commands that a link must offer (`sqlx.wire.link`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from sqlx.wire.arguments import NONE, PLACES, Binding, PreparedStatement, arguments
from sqlx.wire.channel import Address, Endpoint
from sqlx.wire.columns import Layouter
from sqlx.wire.compile.compiler import Program
from sqlx.wire.errors import WireError
from sqlx.wire.identity import Identity
from sqlx.wire.line import Line
from sqlx.wire.link import Call, State, Steps, WireNotice
from sqlx.wire.lookup import Known, Lookup
from sqlx.wire.parameters import ParameterType
from sqlx.wire.registry import Pack
from sqlx.wire.replies import Replies
from sqlx.wire.result import Reply
from sqlx.wire.values import Context

PIPELINE = 1000  # statements that are sent before their replies are read

_YES = (True, "on", "1")  # True is 1


@lru_cache(maxsize=64)
def _compiled(pack: Pack) -> tuple[Program, Layouter]:
    program = Program(pack)
    return program, Layouter(program)


class Conversation:
    """One connection. Implements `sqlx.wire.link.Link`. `known` is what all conversations have looked up."""

    line_type = Line
    known = Known()

    def __init__(self, pack: Pack, endpoint: Endpoint, identity: Identity) -> None:
        self.pack = pack
        self.address = str(endpoint)
        self.program, base = _compiled(pack)
        where = (endpoint.host, endpoint.hostaddr, endpoint.port, endpoint.socket)
        trust = (endpoint.sslmode, endpoint.sslrootcert)  # what an open line was told is nothing to a verified one
        place = (pack, *where, *trust, identity.database, identity.user)
        self.line = line = self.line_type(self.program, self.known.layouter(base, place), endpoint, identity)
        self.replies = replies = Replies(line)
        self.lookup = Lookup(line, replies, partial(self.known.renew, base, place))
        # What is done by one of these alone.
        self.cancel, self.forget_types = line.cancel, self.lookup.forget
        self.check_open, self.abort, self.listen = replies.check_open, replies.abort, replies.listen
        self.give, self.resume, self.end = replies.give, replies.resume, replies.end
        self.watch = replies.watch
        self._binding = Binding(base.prefix)
        self.runs_unprepared = "run" in pack.commands
        direct = pack.session.get("direct")
        self._direct = self.program.told(direct, "$.session.direct") if direct else None
        self._identified = self._direct is None
        self._count = 0

    @property
    def state(self) -> State:
        return self.replies.state

    @property
    def idle(self) -> bool:
        return self.replies.idle

    @property
    def untried(self) -> list[Address]:
        return self.line.channel.untried

    @property
    def variables(self) -> Mapping[str, Any]:
        """What the server told of itself. A password is not among them."""
        return {name: self.line.machine.v[index] for name, index in self.program.slots.items() if name != "password"}

    @property
    def context(self) -> Context:
        return self.line.machine.results.layouter.context(self.line.machine.v)

    @property
    def direct(self) -> bool | None:
        if not self._identified:
            return None
        return self._direct is None or bool(self._direct(self.line.machine.v))

    @property
    def on_notice(self) -> Callable[[WireNotice], None] | None:
        return self.line.machine.on_notice

    @on_notice.setter
    def on_notice(self, listener: Callable[[WireNotice], None] | None) -> None:
        self.line.machine.on_notice = listener

    @property
    def on_notify(self) -> Callable[[Mapping[str, Any]], None] | None:
        return self.line.machine.on_notify

    @on_notify.setter
    def on_notify(self, listener: Callable[[Mapping[str, Any]], None] | None) -> None:
        self.line.machine.on_notify = listener

    # -- opening and closing

    def open(self) -> Steps[None]:
        yield from self.line.open()
        try:
            self.replies.note_state()
        except WireError as error:
            error.outcome = "not_run"
            raise

    def close(self) -> Steps[None]:
        if self.state != "closed":
            yield from self.line.say_goodbye()
        self.replies.state = "closed"
        self.line.channel.close()

    def interrupt(self) -> bool:
        return False

    # -- statements

    def query(self, sql: str, *, begin: str | None = None, stream: bool = False) -> Steps[Reply]:
        reply = Reply(stream)
        yield from self.replies.ask("query", arguments(sql=sql), reply, begin)
        yield from self.lookup.reread(reply)
        return reply

    def exchange_data(self, sql: str, *, gives: bool = False, takes: bool = False) -> Steps[Reply]:
        return self.replies.ask("query", arguments(sql=sql, gives=gives, takes=takes), Reply(True))

    def prepare(self, sql: str, types: Sequence[ParameterType]) -> Steps[PreparedStatement]:
        if "prepare" not in self.pack.commands:
            sentence = "this engine takes no parameters: write the values into the text, and give none"
            raise WireError("unsupported", sentence, outcome="not_run")
        results, name = self.line.machine.results, self._name()
        results.prepared = {"statement": name, "parameters": [entry.type for entry in types]}
        given = arguments(sql=sql, name=name, types=results.prepared["parameters"])
        try:
            yield from self.replies.ask("prepare", given, Reply())
        except WireError as error:
            error.outcome = "not_run"
            raise
        said = results.prepared
        return (yield from self._prepared(said["statement"], said["parameters"], results.described))

    def _prepared(self, statement: Any, parameters: Sequence[int], described: Any) -> Steps[PreparedStatement]:
        columns, formats = yield from self.lookup.described(described, parameters)
        return PreparedStatement(statement, parameters, described, columns, formats)

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
        given = self._binding.bound(prepared, types, values)
        return self.replies.ask("execute", given, self._reply(given, stream, portal), begin)

    def _reply(self, given: list[Any], stream: bool, portal: bool) -> Reply:
        """The reply to come, in parts if `portal`, which the arguments then say too."""
        reply = Reply(stream)
        if portal:
            given[PLACES["portal"]] = reply.portal = self._name()
            given[PLACES["limit"]] = self.replies.portal_rows
        return reply

    def _name(self) -> str:
        self._count += 1
        return f"sqlx_{self._count}"

    def identify(self) -> Steps[None]:
        if not self._identified:
            yield from self.replies.start([(self.program.command("identify"), NONE)], Reply())
            self._identified = True

    def execute_many(
        self,
        prepared: PreparedStatement,
        types: tuple[ParameterType, ...],
        rows: Sequence[Sequence[Any]],
        *,
        begin: str | None = None,
    ) -> Steps[Reply]:
        command = self.program.command("execute")
        return self._pipelined(((command, self._binding.bound(prepared, types, values)) for values in rows), begin)

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
        results = self.line.machine.results
        given = self._binding.unprepared(sql, self._name() if keep else "", types, values)
        reply = self._reply(given, stream, portal)
        batch = [*self.replies.preamble(begin), (self.program.command("run"), given)]
        ask = not (self._identified or stream or self.state == "failed")
        if ask:
            batch.append((self.program.command("identify"), NONE))
        results.prepared = {}
        try:
            yield from self.replies.start(batch, reply)
        except WireError:
            if keep and results.prepared:
                self.replies.release(results.prepared["statement"])
            raise
        self._identified |= ask
        yield from self.lookup.reread(reply)
        if keep:
            reply.prepared = yield from self._prepared(given[PLACES["name"]], (), reply.described)
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
            (again if index % PIPELINE else run, self._binding.unprepared(sql, "", types, values))
            for index, values in enumerate(rows)
        )
        return self._pipelined(batch, begin)

    def pipeline(self, calls: Sequence[Call]) -> Steps[Reply]:
        reply, batch = Reply(), self.replies.preamble()
        execute, run = self.program.command("execute"), self.program.command("run")
        for call in calls:
            if call.begin is not None:
                batch.append((self.program.command("begin"), arguments(sql=call.begin)))
            if call.prepared is not None:
                batch.append((execute, self._binding.bound(call.prepared, call.types, call.values)))
            else:
                batch.append((run, self._binding.unprepared(call.sql, "", call.types, call.values)))
        try:
            yield from self.replies.start(batch, reply)
        except WireError as error:
            if self.state == "closed":
                raise
            reply.error = error
        yield from self.lookup.reread(reply)
        return reply

    def _pipelined(self, commands: Iterable[tuple[Any, list[Any]]], begin: str | None) -> Steps[Reply]:
        """As pipelines of at most PIPELINE statements, so that what is owed stays bounded. Where statements are a
        transaction only together they go in one."""
        reply, batch = Reply(), self.replies.preamble(begin)
        alone = self.program.segment is not None and begin is None and self.state == "idle"
        before = -len(batch)  # rows that were run before those of the batch
        try:
            for index, command in enumerate(commands, 1):
                batch.append(command)
                if index % PIPELINE == 0 and not alone:
                    yield from self.replies.start(batch, reply)
                    batch, before = [], index
            if batch:
                yield from self.replies.start(batch, reply)
        except WireError as error:
            error.index = None if error.index is None or before + error.index < 0 else before + error.index
            raise
        yield from self.lookup.reread(reply)
        return reply

    def release(self, prepared: PreparedStatement) -> None:
        self.replies.release(prepared.statement)

    def ping(self) -> Steps[None]:
        yield from self.replies.ask("ping", NONE, Reply())

    def trait(self, name: str) -> Steps[bool]:
        rule = self.pack.session["traits"][name]
        said = ""
        if rule.get("told"):
            said = self.program.told(rule["told"], f"$.session.traits.{name}.told")(self.line.machine.v)
        if not said:
            reply = yield from self.query(rule["sql"])
            rows = reply.results[-1].rows if reply.results else ()
            if not (rows and rows[0]):
                raise WireError("protocol", f"the server does not tell whether it is {name}", outcome="not_run")
            said = rows[0][0]
        return said in _YES
