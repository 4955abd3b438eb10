"""The steps of a flow that do not wait, each compiled to `act(machine, v, a, f)`.

{"set": {"variable": "expression"}}
{"put": {"map": "variable", "key": "expression", "value": "expression"}}
{"send": "message", "with": {"field": "expression"}}
{"result": "row message"}                              the columns just read begin a result
{"result": "row message", "columns": "prepared"}       … or those that the statement's preparation told
{"result": [{"name": "'value'", "type": "text"}]}      … or some that the pack itself names
{"result": {"names": "expression", "type": "text"}}    … or a list of names, all of one type
{"row": ["expression"]}                                a row made of values, where rows are no messages of their own
{"row": "expression"}                                  … or of a list
{"complete": {"rowcount": …, "lastrowid": …, "tag": …}}   the result is whole
"suspend"                                              the portal has more
"new_exchange"                                         what is sent next is a command of its own
{"compress": "algorithm", "level": …, "reads": "framing", "writes": "framing", "threshold": 50}
{"prepared": {"statement": …, "parameters": …}}        what the server says of a statement it has prepared
{"event": "notice" | "notify", "with": {…}}
{"pull": {"data": …, "end": …, "fail": …}}             from here on the caller's data is sent in these messages
"fail"                                                 the error that this message tells, by its `error` mapping
{"fail": {"message": "text with {expressions}", "kind": "refused", "hint": …}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from sqlx.wire.compile import expr
from sqlx.wire.compile.expr import Scope
from sqlx.wire.compile.findings import alternatives
from sqlx.wire.compile.framing import Blocks
from sqlx.wire.compile.fuel import kept
from sqlx.wire.compile.functions import MAX_ENTRIES
from sqlx.wire.compile.layout import plain_fields
from sqlx.wire.compile.program import ARGUMENTS, Performer
from sqlx.wire.compile.vocabulary import Vocabulary
from sqlx.wire.compile.writing import scope_of
from sqlx.wire.errors import Kind, PackError, WireError
from sqlx.wire.link import WireNotice

Act = Callable[[Performer, list[Any], Any, Any], None]
_COMPLETE = {"rowcount": "int", "lastrowid": "int", "tag": "text"}
_KNOWN_FIELDS = (
    "detail", "hint", "position", "severity", "schema", "table", "column", "constraint", "type", "where", "routine",
)  # fmt: skip


def slot(vocabulary: Vocabulary, name: str, path: str) -> int:
    """The place of a variable. Raises PackError for one that is not declared."""
    if name not in vocabulary.slots:
        near = alternatives(name, vocabulary.slots, 0)
        raise PackError(path, f"no variable is called {name!r}{near or '; declare it in `variables`'}")
    return vocabulary.slots[name]


def _set(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    targets = [
        (
            slot(vocabulary, name, path),
            vocabulary.kept(text, f"{path}.set.{name}", scope, vocabulary.types.get(name, "any")),
        )
        for name, text in step["set"].items()
    ]
    if len(targets) == 1:
        ((index, value),) = targets

        def act_one(m: Performer, v: list[Any], a: Any, f: Any) -> None:
            v[index] = value(v, a, f)

        return act_one

    def act(m: Performer, v: list[Any], a: Any, f: Any) -> None:
        for index, value in targets:
            v[index] = value(v, a, f)

    return act


def _put(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    rule = step["put"]
    index = slot(vocabulary, rule["map"], path)
    key, value = (vocabulary.function(rule[part], f"{path}.put.{part}", scope) for part in ("key", "value"))

    def act(m: Performer, v: list[Any], a: Any, f: Any) -> None:
        if len(v[index]) < MAX_ENTRIES:
            v[index][kept(key(v, a, f))] = kept(value(v, a, f))

    return act


def _send(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    name = step["send"]
    rule = vocabulary.message(name, "client", path)
    values = {field: expr.parse(text, f"{path}.with.{field}") for field, text in step.get("with", {}).items()}
    fields = vocabulary.layouts.fields(rule.get("fields", []), f"$.messages.client.{name}.fields")
    write = vocabulary.writers.compile(fields, values, scope, path)
    frame = vocabulary.frame_writer(rule.get("framing", "client"))
    tag = rule.get("tag", "")
    nodes = [*values.values(), *(field.value for field in plain_fields(fields) if field.value is not None)]
    read = {name for node in nodes for name in expr.names(node)}
    if any(expr.is_kept(scope[name]) for name in read if name in scope):  # which it might send again and again

        def act_metered(m: Performer, v: list[Any], a: Any, f: Any) -> None:
            body = write(v, a, f)
            v[-1].burn(1 + (len(body) >> 6))
            m.messages.send(name, tag, body, frame)

        return act_metered

    def act(m: Performer, v: list[Any], a: Any, f: Any) -> None:
        m.messages.send(name, tag, write(v, a, f), frame)

    return act


def _result(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    rows = step["result"]
    if isinstance(rows, dict):
        names = vocabulary.function(rows["names"], f"{path}.result.names", scope, "list")
        kind = rows["type"]
        return lambda m, v, a, f: m.results.begin_named([(str(name), kind) for name in names(v, a, f)])
    if isinstance(rows, list):
        columns = [(vocabulary.function(column["name"], path, scope), column["type"]) for column in rows]
        return lambda m, v, a, f: m.results.begin_named([(name(v, a, f), type_) for name, type_ in columns])
    vocabulary.message(rows, "server", path)
    if step.get("columns") == "prepared":
        return lambda m, v, a, f: m.results.begin_prepared(rows)
    return lambda m, v, a, f: m.results.begin(rows)


def _row(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    if isinstance(step["row"], str):
        listed = vocabulary.function(step["row"], f"{path}.row", scope, "list")
        return lambda m, v, a, f: m.results.add_row(listed(v, a, f))
    values = [vocabulary.function(text, f"{path}.row[{index}]", scope) for index, text in enumerate(step["row"])]
    return lambda m, v, a, f: m.results.add_row([value(v, a, f) for value in values])


def _complete(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    rule = step["complete"] if isinstance(step["complete"], dict) else {}
    values = {
        name: vocabulary.function(text, f"{path}.complete.{name}", scope, _COMPLETE.get(name, "any"))
        for name, text in rule.items()
    }
    if unknown := set(rule) - set(_COMPLETE):
        raise PackError(path, f"a result has no {unknown.pop()!r}; it has {', '.join(_COMPLETE)}")
    if not values:
        return lambda m, v, a, f: m.results.complete()
    rowcount, lastrowid, tag = (values.get(name) for name in _COMPLETE)

    def act(m: Performer, v: list[Any], a: Any, f: Any) -> None:
        m.results.complete(
            -1 if rowcount is None else rowcount(v, a, f),
            None if lastrowid is None else lastrowid(v, a, f),
            "" if tag is None else tag(v, a, f),
        )

    return act


def _suspend(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    return lambda m, v, a, f: m.results.suspend()


def _new_exchange(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    return lambda m, v, a, f: m.messages.new_exchange()


def _compress(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    algorithm = vocabulary.function(step["compress"], f"{path}.compress", scope, "text")
    level = vocabulary.function(step.get("level", "0"), f"{path}.level", scope, "int")
    frames = vocabulary.frames(step["reads"]), vocabulary.frame_writer(step["writes"])
    blocks = Blocks(*frames, step.get("threshold", 0))
    return lambda m, v, a, f: m.messages.compress(blocks, algorithm(v, a, f), level(v, a, f))


def _prepared(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    rule = step["prepared"]
    values = {name: vocabulary.function(text, f"{path}.prepared.{name}", scope) for name, text in rule.items()}
    return lambda m, v, a, f: m.results.note_prepared({name: value(v, a, f) for name, value in values.items()})


def _event(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    if step["event"] == "notice":
        read = error_of(vocabulary, message, path)
        return lambda m, v, a, f: m.notice(_notice(read(v, a, f)))
    values = {
        name: vocabulary.function(text, f"{path}.with.{name}", scope) for name, text in step.get("with", {}).items()
    }
    return lambda m, v, a, f: m.notify({name: value(v, a, f) for name, value in values.items()})


def _notice(error: WireError) -> WireNotice:
    return WireNotice(error.message, error.sqlstate, error.code, error.fields)


def fail(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    """`fail`: raise the error of the message just read, or one of the pack's own sentences."""
    rule = step["fail"]
    if rule is True:
        read = error_of(vocabulary, message, path)

        def act(m: Performer, v: list[Any], a: Any, f: Any) -> None:
            raise read(v, a, f)

        return act
    sentence = vocabulary.template(rule["message"], f"{path}.message", scope)
    kind: Kind = rule.get("kind", "refused")
    if kind not in get_args(Kind):
        raise PackError(f"{path}.kind", f"no error is of the kind {kind!r}; there are {', '.join(get_args(Kind))}")
    fields = {"hint": rule["hint"]} if "hint" in rule else {}

    def act_own(m: Performer, v: list[Any], a: Any, f: Any) -> None:
        raise WireError(kind, sentence(v, a, f), fields=dict(fields), outcome="not_run")

    return act_own


def error_of(vocabulary: Vocabulary, message: str | None, path: str) -> Callable[[list[Any], Any, Any], WireError]:
    """A function that reads the error, or the notice, that a message tells."""
    rule: Mapping[str, str] | None = vocabulary.message(message, "server", path).get("error") if message else None
    if message is None or rule is None:
        raise PackError(path, "the message just read has no `error` mapping")
    scope = {**vocabulary.scope, **vocabulary.reader(message, path).scope("f")}
    where = f"$.messages.server.{message}.error"
    values = {name: vocabulary.function(text, f"{where}.{name}", scope) for name, text in rule.items()}

    def read(v: list[Any], a: Any, f: Any) -> WireError:
        said = {name: value(v, a, f) for name, value in values.items()}
        fields = {name: str(said[name]) for name in _KNOWN_FIELDS if said.get(name)}
        error = WireError(
            "server", str(said.get("message") or "the server gave no reason"), sqlstate=said.get("sqlstate"),
            code=said.get("code"), fields=fields,
        )  # fmt: skip
        if said.get("fatal"):
            error.fields["fatal"] = "yes"
        return error

    return read


def _pull(vocabulary: Vocabulary, step: Any, path: str, scope: Scope, message: str | None) -> Act:
    rule = step["pull"]
    later = {**vocabulary.scope, **scope_of(ARGUMENTS, "a")}

    def sending(part: str, **fields: str) -> Act:
        return _send(vocabulary, {"send": rule[part], "with": fields}, f"{path}.pull.{part}", later, None)

    data, end = sending("data", data="data"), sending("end")
    failed = sending("fail", reason="reason") if "fail" in rule else None
    return lambda m, v, a, f: m.take(data, end, failed, a)


ACTIONS: dict[str, Callable[[Vocabulary, Any, str, Scope, str | None], Act]] = {
    "set": _set,
    "put": _put,
    "send": _send,
    "result": _result,
    "row": _row,
    "complete": _complete,
    "suspend": _suspend,
    "new_exchange": _new_exchange,
    "compress": _compress,
    "prepared": _prepared,
    "event": _event,
    "fail": fail,
    "pull": _pull,
}
