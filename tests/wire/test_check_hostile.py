"""Packs that nobody would write: a check of them ends soon, with findings, and nothing in them runs."""

from __future__ import annotations

import builtins
import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlx.wire import registry
from sqlx.wire.compile.findings import Finding
from sqlx.wire.errors import PackError
from sqlx.wire.language.check import check, load_file, read_file
from tests.thoroughness import examples

SECONDS = 5
SHIPPED = {
    name: registry.resolve(registry.read_source(registry.pack_folder() / f"{name}.wire.json"))
    for name in ("mariadb", "mysql", "postgresql", "sqlite")  # the others are these with a few words changed
}
CODE = "__import__('builtins').print('this ran') or [].append(0)"

Place = tuple[Any, Any]


def places(value: Any) -> list[Place]:
    """Every (container, key) of a JSON value."""
    found: list[Place] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.append((value, key))
        found += places(item)
    return found


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["done", "fail", "start_tls", "name", "column", "u8", "bytes[u8]", "sql", "x:u8", "server", CODE]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["send", "expect", "if", "then", "set", "with", "call", "fields", "switch", "otherwise", "tag"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def mutate(pack: Any, data: st.DataObject) -> None:
    """Delete, replace, duplicate or move one node."""
    container, key = data.draw(st.sampled_from(places(pack)), label="place")
    what = data.draw(st.sampled_from(["delete", "replace", "copy", "rename"]), label="what")
    if what == "delete":
        del container[key]
    elif what == "replace":
        container[key] = data.draw(VALUES, label="value")
    elif what == "copy":
        other, elsewhere = data.draw(st.sampled_from(places(pack)), label="from")
        container[key] = copy.deepcopy(other[elsewhere])
    elif isinstance(container, dict):
        container[data.draw(st.text(max_size=8), label="key")] = container.pop(key)


@settings(max_examples=examples(30, 300), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(SHIPPED)), st.integers(1, 6), st.data())
def test_a_mutated_pack_gives_findings_and_nothing_else(name: str, mutations: int, data: st.DataObject) -> None:
    """Whatever is done to a shipped pack, the check returns findings, in bounded time."""
    pack = copy.deepcopy(SHIPPED[name])
    for _ in range(mutations):
        mutate(pack, data)
    began = time.process_time()
    findings = check(pack)
    assert time.process_time() - began < SECONDS
    assert all(isinstance(finding, Finding) and finding.path.startswith("$") for finding in findings)


@settings(max_examples=examples(30, 300), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(SHIPPED)), st.integers(1, 4), st.data())
def test_texts_in_each_others_place_give_findings_and_nothing_else(name: str, swaps: int, data: st.DataObject) -> None:
    """What has the form of a pack and makes no sense: texts of the pack, and pieces of them, in another's place."""
    pack = copy.deepcopy(SHIPPED[name])
    texts = [(holder, key) for holder, key in places(pack) if isinstance(holder[key], str)]
    for _ in range(swaps):
        holder, key = data.draw(st.sampled_from(texts), label="place")
        other = data.draw(st.sampled_from(texts), label="text")
        text = other[0][other[1]]
        end = data.draw(st.integers(0, len(text)), label="cut")
        holder[key] = text if data.draw(st.booleans(), label="whole") else text[:end] + holder[key]
    assert all(isinstance(finding, Finding) for finding in check(pack))


@given(st.dictionaries(st.sampled_from([*SHIPPED["mysql"], "extends", "x"]), VALUES, max_size=8))
def test_what_is_hardly_a_pack_gives_findings(source: dict[str, Any]) -> None:
    """Objects that have nothing of a pack but its keys."""
    assert any(finding.severity == "error" for finding in check(source))


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_python_in_a_pack_is_text(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python in the place of every text of a pack, one after the other, is never run."""
    ran: list[str] = []
    genuine = builtins.__import__

    def watched(module: str, *rest: Any) -> Any:
        if module == "builtins":
            ran.append(module)
        return genuine(module, *rest)

    monkeypatch.setattr(builtins, "__import__", watched)
    everywhere = copy.deepcopy(SHIPPED[name])
    texts = [(holder, key) for holder, key in places(everywhere) if isinstance(holder[key], str)]
    for holder, key in texts[:: max(1, len(texts) // examples(12, 240))]:
        kept, holder[key] = holder[key], CODE
        check(everywhere)
        holder[key] = kept
    for holder, key in texts:
        holder[key] = CODE
    assert check(everywhere)
    assert ran == []
    assert capsys.readouterr().out == ""


def bomb(text: str) -> dict[str, Any]:
    """A pack whose session state is this expression."""
    return {**SHIPPED["postgresql"], "session": {**SHIPPED["postgresql"]["session"], "state": text}}


def nested(depth: int) -> Any:
    steps: Any = "done"
    for _ in range(depth):
        steps = [{"if": "true", "then": steps}]
    return {"name": "deep", "flows": {"connect": steps}}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(bomb("(" * 500 + "1" + ")" * 500), id="parentheses"),
        pytest.param(bomb("1" + " + 1" * 450), id="sum"),
        pytest.param(bomb("not " * 400 + "true"), id="negations"),
        pytest.param(bomb("user" + "[0]" * 600), id="indexes"),
        pytest.param(bomb("[" * 900), id="lists"),
        pytest.param(bomb("9" * 1999), id="digits"),
        pytest.param(nested(500), id="steps"),
        pytest.param({"name": "large", "title": "x" * 100_000}, id="text"),
        pytest.param({"name": "many", "schemes": ["s"] * 50_000}, id="values"),
        pytest.param({**SHIPPED["mysql"], "structs": {"column": ["x:u8" + "[2]" * 60]}}, id="suffixes"),
        pytest.param({**SHIPPED["mysql"], "structs": {"column": ["x:" + "(a:" * 300]}}, id="structs in place"),
        pytest.param(
            {**SHIPPED["mysql"], "structs": {f"s{i}": [f"x:s{i + 1}"] for i in range(400)} | {"s400": ["x:u8"]}},
            id="structs",
        ),
        pytest.param(
            {**SHIPPED["mysql"], "flows": {f"f{i}": [{"call": f"f{i + 1}"}] for i in range(900)} | {"f900": []}},
            id="calls",
        ),
    ],
)
def test_a_bomb_is_a_finding(source: dict[str, Any]) -> None:
    """What is nested or long without measure is refused in little time, not run into."""
    began = time.process_time()
    assert any(finding.severity == "error" for finding in check(source))
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{" * 5, "is not JSON"),
        ("[" * 200_000, "nests too deep"),
        ("[]", "a pack is a JSON object"),
        ('{"name": NaN}', "NaN is no number of JSON"),
        ('{"name": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"name": "a", "name": "b"}', "the key 'name' stands twice"),
        ('"' + "x" * 2_000_000 + '"', "has more than 1048576 bytes"),
        ("\ud800", "is not UTF-8"),
    ],
    ids=["cut", "deep", "list", "nan", "digits", "twice", "large", "surrogate"],
)
def test_a_file_that_is_no_pack(tmp_path: Path, text: str, words: str) -> None:
    """Whatever a file holds, reading it raises a PackError that says what is wrong."""
    file = tmp_path / "bad.wire.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(PackError, match=words):
        read_file(file)


def test_a_key_that_stands_twice_is_found_at_once(tmp_path: Path) -> None:
    """Among many others: each is looked at once, not once for every other."""
    file = tmp_path / "twice.wire.json"
    keys = [f'"{number:x}":0' for number in range(70_000, 90_000)]
    file.write_text("{" + ",".join([*keys, keys[-1]]) + "}")
    begun = time.monotonic()
    with pytest.raises(PackError, match="the key '15f8f' stands twice"):
        read_file(file)
    assert time.monotonic() - begun < SECONDS


def test_a_pack_named_by_the_user_is_checked(tmp_path: Path) -> None:
    """load_file refuses what check refuses, and names the first findings; what it loads is the pack."""
    file = tmp_path / "mine.wire.json"
    broken = {**SHIPPED["postgresql"], "flows": {"connect": [{"call": "elsewhere"}]}}
    file.write_text(json.dumps(broken))
    with pytest.raises(PackError, match="no flow is called 'elsewhere'"):
        load_file(file)
    file.write_text(json.dumps(SHIPPED["postgresql"]))
    assert load_file(file).flows == SHIPPED["postgresql"]["flows"]
