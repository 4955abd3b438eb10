"""Each thing that can be wrong with a pack is found, at its place, in words."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from sqlx.wire import registry
from sqlx.wire.compile.findings import Finding
from sqlx.wire.language.check import check

GUIDE = Path(__file__).parents[2] / "docs" / "wire-packs.md"
GONE = object()


def lines() -> dict[str, Any]:
    """The pack that the guide teaches."""
    found = re.search(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found
    pack: dict[str, Any] = json.loads(found[1])
    return pack


def shipped(name: str) -> dict[str, Any]:
    return copy.deepcopy(registry.resolve(registry.read_source(registry.pack_folder() / f"{name}.wire.json")))


def changed(pack: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The pack with `value` at a place written `flows/connect/2`, or without it."""
    *way, last = place.split("/")
    holder: Any = pack
    for part in way:
        holder = holder[int(part) if isinstance(holder, list) else part]
    key = int(last) if isinstance(holder, list) else last
    if value is GONE:
        del holder[key]
    else:
        holder[key] = value
    return pack


def errors(pack: dict[str, Any]) -> list[Finding]:
    return [finding for finding in check(pack) if finding.severity == "error"]


@pytest.mark.parametrize("name", registry.shipped_packs())
def test_shipped_packs_have_no_fault(name: str) -> None:
    """What ships has been checked."""
    source = registry.read_source(registry.pack_folder() / f"{name}.wire.json")
    assert errors(source) == []


def test_the_guides_pack_has_no_fault() -> None:
    """What the guide teaches can run; it lacks what the guide says it lacks."""
    assert [(finding.path, finding.severity) for finding in check(lines())] == [("$", "note"), ("$.flows", "note")]


CONNECT = "flows/connect"
OK = "commands/query/replies/expect/ok"

FORM = [
    ("frobnicate", 1, "$.frobnicate", "there is no key 'frobnicate' here"),
    ("naem", "x", "$.naem", "did you mean 'name'?"),
    ("name", GONE, "$", "the key 'name' is missing here"),
    ("name", "No Name", "$.name", "this is written"),
    ("default_port", "7777", "$.default_port", "this is a whole number, not '7777'"),
    ("default_port", 70000, "$.default_port", "this is at most 65535, not 70000"),
    ("greets", "yes", "$.greets", "this is true or false, not 'yes'"),
    ("byte_order", "middle", "$.byte_order", "'middle' is none of 'big', 'little'"),
    ("schemes", "lines", "$.schemes", "this is a list, not 'lines'"),
    ("variables", {"x": "number"}, "$.variables.x", "'number' is none of"),
    ("session", [], "$.session", "this is an object, not a list"),
    ("errors/classes/42", "SyntaxError", "$.errors.classes.42", "'SyntaxError' is none of"),
    (f"{CONNECT}/1", {"sned": "login"}, "$.flows.connect[1]", "no step is called 'sned'; did you mean 'send'?"),
    (f"{CONNECT}/1", "don", "$.flows.connect[1]", "'don' is none of"),
    (f"{CONNECT}/1/wiht", {}, "$.flows.connect[1].wiht", "there is no key 'wiht' here; did you mean 'with'?"),
    (f"{CONNECT}/0/else/hnit", "x", "$.flows.connect[0].else.hnit", "did you mean 'hint'?"),
    (f"{CONNECT}/0/else", GONE, "$.flows.connect[0]", "the key 'else' is missing here"),
    (f"{CONNECT}/2/expect/error", {"if": "true", "tehn": []}, "$.flows.connect[2].expect.error.tehn",
     "did you mean 'then'?"),
    (f"{CONNECT}/2/expect", {}, "$.flows.connect[2].expect", "at least 1"),
    (f"{OK}/0/complete/rows", "1", "$.commands.query.replies.expect.ok[0].complete.rows",
     "there are lastrowid, rowcount, tag"),
    ("messages/server/ok/tag", "++", "$.messages.server.ok.tag", "a text of at most 1 character(s), not '++'"),
    ("messages/server/ok/row", {"value": "u8", "nul": -1}, "$.messages.server.ok.row.nul", "there is no key 'nul'"),
]  # fmt: skip

COPY = {
    "statements": ["LOAD"],
    "places": ["DATA"],
    "text": {"delimiter": "\t", "null": "\\N", "end": "\n", "escapes": {}},
    "binary": {
        "when": "binary", "signature": "ROWS", "flags": "u32", "ignored": 0, "extension": "u32",
        "count": "i16", "length": "i32", "end": 32768,
    },
}  # fmt: skip
NAMES = [
    (f"{CONNECT}/1", {"call": "autenticate"}, "$.flows.connect[1].call", "no flow is called 'autenticate'"),
    (f"{CONNECT}/1/send", "logn", "$.flows.connect[1]",
     "no message of the client is called 'logn'; did you mean 'login'?"),
    (f"{CONNECT}/2/expect/okk", [], "$.flows.connect[2].expect.okk",
     "no message of the server is called 'okk'; did you mean 'ok'?"),
    (f"{CONNECT}/2/framing", "sevrer", "$.framing", "no framing is called 'sevrer'; did you mean 'server'?"),
    (f"{CONNECT}/1", {"set": {"x": "1"}}, "$.flows.connect[1]", "no variable is called 'x'; declare it in `variables`"),
    (f"{CONNECT}/1/with/txt", "'a'", "$.flows.connect[1]", "the message has no field called 'txt'"),
    (f"{CONNECT}/1/with/text", "usr", "$.flows.connect[1].with.text", "nothing here is called 'usr'"),
    (f"{CONNECT}/1/with/text", "uper(user)", "$.flows.connect[1].with.text", "no function is called 'uper'"),
    (f"{CONNECT}/1", {"compress": "'zlib'", "reads": "blocks", "writes": "client"}, "$.framing",
     "no framing is called 'blocks'"),
    ("copy", COPY | {"kinds": {"text": {"encode": "txt"}}}, "$.copy.kinds.text.encode",
     "no encoder named 'txt'"),
    ("copy", COPY, "$.copy.binary.when", "no variable is called 'binary'"),
    ("copy", COPY, "$.copy.binary.end", "32768 is no i16, as `count` is"),
    ("idle", {"okk": "done"}, "$.idle.okk", "no message of the server is called 'okk'; did you mean 'ok'?"),
    ("messages/server/ok/does", {"set": {"x": "1"}}, "$.messages.server.ok.does", "no variable is called 'x'"),
    ("session/warnings", {"count": "x", "sql": "WARN", "columns": ["message"]}, "$.session.warnings.count",
     "no variable is called 'x'"),
    ("messages/server/ok/fields", ["count:lien"], "$.messages.server.ok.fields[0]",
     "no type or struct is called 'lien'"),
    ("messages/client/login/secret", ["txt"], "$.messages.client.login.secret[0]",
     "has no field 'txt'; did you mean 'text'?"),
    ("types/text/text", "txt", "$.types.text.text", "there is no text decoder named 'txt'"),
    ("types/text/binary", "i33", "$.types.text.binary", "there is no binary decoder named 'i33'"),
    ("types/text/encode", "i33", "$.types.text.encode", "there is no binary encoder named 'i33'"),
    ("commands/query/replies/expect/column/result/0/type", "txt",
     "$.commands.query.replies.expect.column.result[0].type", "no type is called 'txt'; did you mean 'text'?"),
    ("sql/quotes/0/backslash", "!escapes", "$.sql.quotes[0].backslash", "no variable is called 'escapes'"),
    ("lookup", {"sql": ["SELECT 1"]}, "$.lookup.sql", "the query does not say `{ids}`"),
    ("columns", {"struct": "colum", "name": "n", "type": "t"}, "$.columns.struct", "no struct is called 'colum'"),
    ("parameters", {"prefix": "lenenc", "kinds": {}}, "$.parameters.prefix", "no integer is called 'lenenc'"),
    ("parameters", {"kinds": {"int": {"type": 1, "encode": "itn"}}}, "$.parameters.kinds.int.encode",
     "no encoder named 'itn'"),
    ("parameters", {"kinds": {"array": {"encode": "array", "of": {"9": 10}}}},
     "$.parameters.kinds.array.of.9", "no kind of value has the type 9"),
    ("parameters", {"kinds": {"array": {"encode": "array", "of": {"9": 10}}}},
     "$.parameters.kinds.array.of.9", "no type is called '10'"),
]  # fmt: skip

SCROLL = {"declare": "{name} {query}", "declare_held": "{name} {query}", "fetch": "{name}", "move": "{name} {row}"}

SENSE = [
    (f"{CONNECT}/1/with/text", "user + 1", "$.flows.connect[1].with.text", "this is an int where a text is expected"),
    (f"{CONNECT}/1/with/text", "upper(1)", "$.flows.connect[1].with.text", "this is an int where a text is expected"),
    (f"{CONNECT}/1/with/text", "user +", "$.flows.connect[1].with.text", "expected a value, found 'the end'"),
    (f"{CONNECT}/0/require", "private) or (true", "$.flows.connect[0].require", "expected 'end'"),
    (f"{CONNECT}/1/with", {}, "$.flows.connect[1]", "the field 'text' has no value"),
    (f"{CONNECT}/1", "done", "$.flows.connect[1]", "`done` leaves an `expect`; there is none here"),
    (f"{CONNECT}/1", "fail", "$.flows.connect[1]", "the message just read has no `error` mapping"),
    (f"{CONNECT}/2/expect/ok", ["done", "start_tls"], "$.flows.connect[2].expect.ok[1]",
     "never reached: the step before it ends"),
    (f"{CONNECT}/2/expect/ok", [], "$.flows.connect[2].expect", "nothing leaves this `expect`"),
    (f"{CONNECT}/2/expect", {"ok": "done", "ok[true]": "done", "error": "fail"},
     "$.flows.connect[2].expect.ok[true]", "this is never reached: 'ok' before it takes all such messages"),
    ("flows/spare", [], "$.flows.spare", "nothing calls the flow 'spare'"),
    ("flows/connect", GONE, "$.flows", "there is no flow `connect`"),
    ("commands/query", GONE, "$.commands", "there is no command `query`, which runs a text"),
    ("commands/ping", GONE, "$.commands", "there is no command `ping`"),
    ("commands/quit", GONE, "$.commands", "there is no command `quit`"),
    ("session/portals", True, "$.commands", "there is no command `fetch`"),
    ("session/scroll", SCROLL, "$.commands", "there is no command `close_portal`"),
    ("session/scroll", SCROLL, "$.session.scroll.fetch", "has the holes name, count"),
    ("session/begin", "BEGIN", "$.commands", "there is no command `begin`"),
    ("session/state", GONE, "$.session", "there is no `state`"),
    ("session/state", "'asleep'", "$.session.state", "a session is never 'asleep'"),
    ("session/traits", {"read_only": {"told": "nothing", "sql": "?"}}, "$.session.traits.read_only.told", "nothing"),
    ("session/traits", {"standby": {"told": "1", "sql": "?"}}, "$.session.traits.standby.told", "a text is expected"),
    (
        "environment",
        {"password_file": {"option": "passfile", "path": "~/x"}},
        "$.environment.password_file.option",
        "no option of the pack is called 'passfile'",
    ),
    ("environment", {"variables": {"X": {"option": "host", "values": {}}}}, "$.environment.variables.X.values", ""),
    ("session/state", "1", "$.session.state", "this is an int where a text is expected"),
    ("types/default", GONE, "$.types", "there is no rule `default`"),
    ("errors/classes/default", GONE, "$.errors.classes", "there is no `default`"),
    ("framing/client", GONE, "$.framing", "there is no framing `client`"),
    ("framing/server/size", "1", "$.framing.server.size", "a body has a `size` or `ends` with a text, not both"),
    ("types/text", {"name": "t", "when": "true"}, "$.types.text.when", "the last rule for a type has no `when`"),
    ("types/text", [{"name": "a"}, {"name": "b"}], "$.types.text[1]", "the rule before it has no `when`"),
    ("variables", {"user": "text"}, "$.variables.user", "every connection has a variable 'user' already"),
    ("options", {"mode": {"kind": "choice"}}, "$.options.mode", "a `choice` has `choices`"),
    (
        "options",
        {"key": {"kind": "path", "contents": True, "default": "/etc/passwd"}},
        "$.options.key.default",
        "for the user to say",
    ),
    ("options", {"mode": {"kind": "choices"}}, "$.options.mode", "a `choices` has `choices`"),
    ("options", {"zz": {"kind": "text", "alias": ["sslmode"]}}, "$.options.zz.alias", "'sslmode' means something"),
    ("options", {"zz": {"kind": "int", "alias": ["passwd"]}}, "$.options.zz.alias", "'passwd' means something"),
    ("options", {"password": {"kind": "text"}}, "$.options.password", "this option needs another name"),
    ("options", {"sslmode": {"kind": "text", "default": "disable"}}, "$.options.sslmode", "needs another name"),
    ("options", {"pack": {"kind": "text"}}, "$.options.pack", "needs another name"),
    ("options", {"autocommit": {"kind": "text"}}, "$.options.autocommit.kind", "may change the `default` alone"),
    ("options", {"database": {"kind": "text", "alias": ["user"]}}, "$.options.database.alias", "`default` alone"),
    ("options", {"one": {"kind": "text", "alias": ["two"]}, "two": {"kind": "text"}}, "$.options.two",
     "'two' means the option 'one' already"),
    ("verified", [{"how": "live"}], "$.verified[0]", "says with which `version`"),
    ("commands/ping/send", ["until_closed"], "$.commands.ping.send[0]", "`until_closed` waits"),
    ("messages/server/ok/does", ["until_closed"], "$.messages.server.ok.does[0]",
     "`until_closed` waits, and what a message does cannot"),
    ("messages/server/ok/row", {"value": "f32"}, "$.messages.server.ok.row.value",
     "no integer that can stand before a value"),
    ("session/savepoint", "SAVEPOINT x", "$.session.savepoint", "this statement has one hole, {name}"),
    ("session/statement_timeout", "SET t = {ms}", "$.session.statement_timeout", "one hole, {milliseconds}"),
    ("catalog", {"t": {"sql": ["SELECT * FROM {scheme}.t"]}}, "$.catalog.t.sql", "{scheme} stands for nothing"),
    ("extends", "nothing", "$.extends", "'nothing' is not a shipped pack"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value", "path", "words"), [*FORM, *NAMES, *SENSE])
def test_a_fault_is_found_at_its_place(place: str, value: Any, path: str, words: str) -> None:
    """One fault in a pack that has no other."""
    found = errors(changed(lines(), place, value))
    assert [finding for finding in found if finding.path == path and words in finding.message], found


@pytest.mark.parametrize(
    ("place", "value", "path"),
    [
        ("variables", {"spare": "int"}, "$.variables.spare"),
        ("structs", {"spare": ["a:u8"]}, "$.structs.spare"),
        ("integers", {"spare": {"direct_below": 256}}, "$.integers.spare"),
        ("framing/spare", {"header": ["tag:char"]}, "$.framing.spare"),
        ("messages/client/spare", {}, "$.messages.client.spare"),
        ("messages/server/spare", {"tag": "z"}, "$.messages.server.spare"),
        ("commands/qurey", {"send": [], "replies": []}, "$.commands.qurey"),
        ("schemes", [], "$"),
    ],
)
def test_what_nothing_uses_is_a_note(place: str, value: Any, path: str) -> None:
    """It keeps no pack from running, and is told."""
    findings = check(changed(lines(), place, value))
    assert [finding for finding in findings if finding.path == path and finding.severity == "note"], findings
    assert not [finding for finding in findings if finding.severity == "error"]


def test_all_faults_are_found_at_once() -> None:
    """Not only the first of a pack, of a flow, of an expect; an unknown key hides nothing else."""
    pack = changed(lines(), "frobnicate", 1)
    pack = changed(pack, f"{CONNECT}/0/require", "1 +")
    pack = changed(pack, f"{CONNECT}/1/send", "logn")
    pack = changed(pack, f"{CONNECT}/2/expect/error", {"set": {"x": "1"}})
    pack = changed(pack, "types/default/text", "txt")
    assert {finding.path for finding in errors(pack)} == {
        "$.frobnicate",
        "$.flows.connect[0].require",
        "$.flows.connect[1]",
        "$.flows.connect[2].expect.error",
        "$.types.default.text",
    }


def test_a_pack_that_extends_another_is_checked_as_a_whole() -> None:
    """What it inherits counts as its own, and null takes away."""
    difference = {"extends": "postgresql", "name": "mine", "schemes": ["mine"]}
    assert errors(difference) == []
    found = errors({**difference, "commands": {"ping": None}})
    assert [(finding.path, "`ping`" in finding.message) for finding in found] == [("$.commands", True)]


def test_types_that_parameters_name() -> None:
    """Array types, ranges of columns and holes of operations are looked up."""
    pack = changed(shipped("postgresql"), "parameters/kinds/array/of", {"23": 424242})
    assert [finding.path for finding in errors(pack)] == ["$.parameters.kinds.array.of.23"]
    pack = changed(shipped("mysql"), "types/0/text", "decimal({digits})")
    assert any("no field 'digits'" in finding.message for finding in errors(pack))


def test_definitions_of_columns_are_of_the_struct_that_columns_names() -> None:
    """Expressions of `columns` are over that struct."""
    pack = changed(shipped("postgresql"), "messages/server/row_description/columns", "field[u16]")
    assert any(finding.path == "$.messages.server.row_description.columns" for finding in errors(pack))


def test_notes_come_last() -> None:
    """What keeps the pack from running is read first."""
    severities = [finding.severity for finding in check(changed(lines(), "session/state", "1"))]
    assert severities == sorted(severities)
