"""Packs to programs. Each flow, and each command, is compiled when it is first used."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from sqlx.wire.compile import actions
from sqlx.wire.compile.expr import Name, Scope
from sqlx.wire.compile.findings import alternatives
from sqlx.wire.compile.places import message_of
from sqlx.wire.compile.program import (
    ARGUMENTS,
    CALL,
    CLOSED,
    COLUMNS,
    DO,
    END,
    EXPECT,
    GATHER,
    IF,
    JUMP,
    MESSAGE,
    OPEN,
    RANDOM,
    ROW,
    TLS,
    Candidate,
    Code,
    Command,
    Function,
    Segment,
    State,
)
from sqlx.wire.compile.vocabulary import Vocabulary
from sqlx.wire.compile.writing import scope_of
from sqlx.wire.errors import PackError
from sqlx.wire.registry import Pack

MAX_INSTRUCTIONS = 5000
LONG = 100  # instructions for one message that burn no fuel
# The step that an object is, whichever of its keys comes first.
STEPS = frozenset(
    (
        *actions.ACTIONS,
        "done",
        "if",
        "switch",
        "require",
        "call",
        "start_tls",
        "until_closed",
        "random",
        "gather",
        "expect",
    )
)
_PATTERN = re.compile(r"([a-z_][a-z0-9_]*)(?:\[(.+)\])?$", re.DOTALL)


class Program(Vocabulary):
    """One pack, ready to run. Made once a pack; shared by all its connections."""

    def __init__(self, pack: Pack) -> None:
        super().__init__(pack)
        self._compiling = RLock()
        self._flows: dict[str, Code] = {}
        self._called: list[str] = []  # flows that are referred to and not yet compiled
        self._commands: dict[str, Command] = {}
        self._always: list[tuple[str, Candidate]] | None = None
        self._idle: Code | None = None
        self.segment: Segment | None = None
        if pack.segment:
            self.segment = Segment(
                self.code(pack.segment["send"], "$.segment.send"),
                self.code(pack.segment["replies"], "$.segment.replies", always=True),
            )

    def flow(self, name: str) -> Code:
        with self._compiling:  # what another thread compiles is still empty
            code = self.reference(name)
            self._compile_called()
        return code

    def reference(self, name: str) -> Code:
        """The code of a flow, which may still be empty: it is filled before anything that refers to it runs."""
        if name not in self._flows:
            self._flows[name] = []
            self._called.append(name)
        return self._flows[name]

    def refuse(self, error: PackError) -> None:
        """What becomes of a step that cannot be: a check goes on to the next one."""
        raise error

    def _compile_called(self) -> None:
        try:
            while self._called:
                name = self._called.pop()
                self._flows[name].extend(self.one(self.pack.flows[name], f"$.flows.{name}"))
        except BaseException:
            self._flows.clear()  # nothing may run that refers to a flow without code
            self._commands.clear()
            self._called.clear()
            raise

    def command(self, name: str) -> Command:
        """Raises KeyError for a command that the pack does not have."""
        known = self._commands.get(name)
        if known is None:
            with self._compiling:
                known = self._commands[name] = self._command(name)
        return known

    def _command(self, name: str) -> Command:
        rule, path = self.pack.commands[name], f"$.commands.{name}"
        return Command(
            name,
            self.code(rule["send"], f"{path}.send"),
            self.code(rule["replies"], f"{path}.replies", always=True),
            bool(rule.get("closed", False)),
        )

    def code(self, steps: Any, path: str, always: bool = False) -> Code:
        """Steps and all the flows that they call. Raises PackError."""
        code = self.one(steps, path, always)
        self._compile_called()
        return code

    def one(self, steps: Any, path: str, always: bool = False) -> Code:
        """Steps alone; the flows that they call stay without code. Raises PackError."""
        scope = {**self.scope, **scope_of(ARGUMENTS, "a")}
        compiler = _FlowCompiler(self, always)
        compiler.steps(steps, path, scope, None)
        return compiler.finished(path)

    def always(self) -> list[tuple[str, Candidate]]:
        """The messages handled in any state, with the code that handles each."""
        if self._always is None:
            handled = []
            for name, steps in self.pack.always.items():
                path = f"$.always.{name}"
                handler = self.message_code(name, steps, path)
                handled.append((name, self.candidate(name, None, path, -1, handler)))
            self._always = handled
        return self._always

    def idle(self) -> Code:
        """What takes one message that comes while nothing is owed."""
        if self._idle is None:
            unasked = {**self.pack.always, **self.pack.idle}
            branches = {
                name: [*(steps if isinstance(steps, list) else [steps]), "done"] for name, steps in unasked.items()
            }
            self._idle = self.code({"expect": branches}, "$.idle")
            self._idle[0][1].expected = "nothing"
        return self._idle

    def message_code(self, name: str, steps: Any, path: str) -> Code:
        compiler = _FlowCompiler(self, False)
        scope = {**self.scope, **scope_of(ARGUMENTS, "a"), **self.reader(name, path).scope("f")}
        compiler.does(name, scope)
        compiler.steps(steps, path, scope, name)
        return compiler.finished(path)

    def candidate(
        self, name: str, condition: Function | None, path: str, target: int, handler: Code | None = None
    ) -> Candidate:
        rule = self.message(name, "server", path)
        guard = self._guard(rule["when"], f"$.messages.server.{name}.when") if "when" in rule else None
        if "row" in rule:
            return Candidate(name, ROW, guard, None, None, target, None)
        if "columns" in rule:
            return Candidate(name, COLUMNS, guard, None, None, target, None)
        return Candidate(name, MESSAGE, guard, self.reader(name, path).read, condition, target, handler)

    def _guard(self, text: str, path: str) -> Callable[[list[Any], int], bool]:
        """A condition on the variables and the size of a message's body, told before it is read."""
        return self.function(text, path, {**self.scope, "size": Name("a", "int")}, "bool")


class _FlowCompiler:
    """One flow's steps to code."""

    def __init__(self, program: Program, always: bool) -> None:
        self.program = program
        self.with_always = always
        self.code: list[list[Any]] = []
        self.leaving: list[list[int]] = []  # of each enclosing expect: the jumps that leave it

    def finished(self, path: str) -> Code:
        if len(self.code) > MAX_INSTRUCTIONS:
            raise PackError(path, f"a flow compiles to at most {MAX_INSTRUCTIONS} instructions")
        return [*((op, x, y) for op, x, y in self.code), (END, None, None)]

    def put(self, op: int, x: Any = None, y: Any = None) -> int:
        self.code.append([op, x, y])
        return len(self.code) - 1

    def steps(self, steps: Any, path: str, scope: Scope, message: str | None) -> None:
        """`message` is the one just read, whose fields are in scope; None after a wait."""
        if not isinstance(steps, list):
            self.step(steps, path, scope, message)
            return
        for index, step in enumerate(steps):
            try:
                self.step(step, f"{path}[{index}]", scope, message)
            except PackError as error:
                self.program.refuse(error)
            if _waits(step):
                scope, message = _without_fields(scope), None

    def does(self, message: str, scope: Scope) -> None:
        """What a message does whatever it leads to."""
        path = f"$.messages.server.{message}.does"
        self.steps(self.program.message(message, "server", path).get("does", []), path, scope, message)

    def step(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        if isinstance(step, str):
            step = {step: True}
        if not isinstance(step, dict) or not step:
            raise PackError(path, "a step is a word or an object")
        kind = next((key for key in step if key in STEPS), None)
        if kind is None:
            raise PackError(path, f"no step is called {next(iter(step))!r}{alternatives(next(iter(step)), STEPS)}")
        if kind in actions.ACTIONS:
            act = actions.ACTIONS[kind](self.program, step, path, scope, message)
            self.put(OPEN if kind == "result" else DO, act)
        else:
            getattr(self, f"_{kind}")(step, path, scope, message)

    def _done(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        if not self.leaving:
            raise PackError(path, "`done` leaves an `expect`; there is none here")
        self.leaving[-1].append(self.put(JUMP))

    def _if(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        test = self.put(IF, self.program.function(step["if"], f"{path}.if", scope))
        self.steps(step.get("then", []), f"{path}.then", scope, message)
        if "else" in step:
            end = self.put(JUMP)
            self.code[test][2] = len(self.code)
            self.steps(step["else"], f"{path}.else", scope, message)
            self.code[end][1] = len(self.code)
        else:
            self.code[test][2] = len(self.code)

    def _switch(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        """By the value of a text: the case of that name, else `otherwise`."""
        subject = step["switch"]
        ends = []
        for value, steps in step["cases"].items():
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            test = self.put(IF, self.program.function(f"({subject}) = '{quoted}'", f"{path}.switch", scope))
            self.steps(steps, f"{path}.cases.{value}", scope, message)
            ends.append(self.put(JUMP))
            self.code[test][2] = len(self.code)
        self.steps(step.get("otherwise", []), f"{path}.otherwise", scope, message)
        for end in ends:
            self.code[end][1] = len(self.code)

    def _require(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        test = self.put(IF, self.program.function(f"not ({step['require']})", f"{path}.require", scope))
        self.put(DO, actions.fail(self.program, {"fail": step["else"]}, f"{path}.else", scope, message))
        self.code[test][2] = len(self.code)

    def _call(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        name = step["call"]
        if name not in self.program.pack.flows:
            flows = self.program.pack.flows
            raise PackError(f"{path}.call", f"no flow is called {name!r}{alternatives(name, flows)}")
        self.put(CALL, self.program.reference(name))

    def _start_tls(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        rule = step["start_tls"]
        self.put(TLS, rule if isinstance(rule, dict) else {})

    def _until_closed(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        self.put(CLOSED)

    def _random(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        size = self.program.function(str(step["bytes"]), f"{path}.bytes", scope, "int")
        self.put(RANDOM, size, actions.slot(self.program, step["random"], path))

    def _gather(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        state = self._state({step["gather"]: None}, "server", path)
        state.accept(self.program.candidate(step["gather"], None, path, int(step.get("keep", True))), [])
        self.put(GATHER, state, self.program.function(step["count"], f"{path}.count", scope, "int"))

    def _expect(self, step: Any, path: str, scope: Scope, message: str | None) -> None:
        branches: Mapping[str, Any] = step["expect"]
        state = self._state(branches, step.get("framing", "server"), path)
        at = self.put(EXPECT, state)
        self.leaving.append([])
        outer = _without_fields(scope)
        for pattern, steps in branches.items():
            try:
                self._branch(pattern, steps, f"{path}.expect.{pattern}", outer, state, at)
            except PackError as error:
                self.program.refuse(error)
        for jump in self.leaving.pop():
            self.code[jump][1] = len(self.code)
        if self.with_always:
            for name, candidate in self.program.always():
                if name not in map(message_of, branches):
                    self._accept(state, candidate)

    def _state(self, branches: Mapping[str, Any], framing: str, path: str) -> State:
        names = [message_of(pattern).replace("_", " ") for pattern in branches]
        return State(self.program.frames(framing), " or ".join(dict.fromkeys(names)))

    def _branch(self, pattern: str, steps: Any, path: str, scope: Scope, state: State, at: int) -> None:
        match = _PATTERN.match(pattern)
        if match is None:
            raise PackError(path, "a branch is named by a message, or a message and a condition in brackets")
        name = match[1]
        own = {**scope, **self.program.reader(name, path).scope("f")}
        condition = self.program.function(match[2], path, own) if match[2] else None
        candidate = self.program.candidate(name, condition, path, len(self.code))
        self._accept(state, candidate)
        if candidate.kind != ROW:
            self.does(name, own)
            self.steps(steps, path, own, name)
            if (length := len(self.code) - candidate.target) > LONG:
                self.put(DO, lambda m, v, a, f: v[-1].burn(length))
            self.put(JUMP, at)

    def _accept(self, state: State, candidate: Candidate) -> None:
        tag = self.program.message(candidate.message, "server", "$.messages").get("tag", [])
        state.accept(candidate, tag if isinstance(tag, list) else [tag])


def _without_fields(scope: Scope) -> Scope:
    """The scope without the fields of the message just read: they are gone once another may have been read."""
    return {name: known for name, known in scope.items() if not known.code.startswith("f[")}


def _waits(step: Any) -> bool:
    if isinstance(step, dict):
        return any(key in ("expect", "call", "gather") for key in step) or any(_waits(part) for part in step.values())
    return isinstance(step, list) and any(_waits(part) for part in step)
