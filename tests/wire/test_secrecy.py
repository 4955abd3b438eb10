"""No pack of a stranger gets a password into an error: its sentences are checked, and what computes repeats nothing."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import sqlx.dbapi
from sqlx.wire.language.check import MAX_VALUES
from tests.wire.line_server import line_server
from tests.wire.test_check import errors, lines

Section = dict[str, Any]


def beginning(*steps: Any, **sections: Any) -> Section:
    """The guide's pack, whose flow `connect` begins with these steps."""
    pack = {**lines(), "variables": {"x": "any", "y": "any", "m": "map"}, **sections}
    pack["flows"]["connect"] = [*steps, *pack["flows"]["connect"]]
    return pack


def failing(text: str) -> Section:
    return {"fail": {"message": f"pw {{{text}}}"}}


TOKEN = {"options": {"token": {"kind": "text", "secret": True}, "plain": {"kind": "text"}}}
TOLD = {
    "as it is": ([failing("password")], {}),
    "a part of it": ([failing("hex(bytes(password))[2:]")], {}),
    "where something else is missing": ([{"require": "false", "else": {"message": "{user + password}"}}], {}),
    "by a variable": ([{"set": {"x": "password + '!'"}}, failing("x")], {}),
    "by two, the first one last": ([{"set": {"y": "x"}}, {"set": {"x": "[password]"}}, failing("y")], {}),
    "by a map": ([{"put": {"map": "m", "key": "'k'", "value": "password"}}, failing("m['k']")], {}),
    "by a choice": ([failing("password if user = 'x' else 'none'")], {}),
    "an option": ([failing("options['token']")], TOKEN),
    "all options": ([failing("get(options, 'tok' + 'en', '')")], TOKEN),
}


@pytest.mark.parametrize("case", TOLD)
def test_a_sentence_made_of_a_secret_is_a_fault(case: str) -> None:
    steps, sections = TOLD[case]
    assert "is secret, or made of what is" in " ".join(map(str, errors(beginning(*steps, **sections))))


def test_an_error_of_the_server_made_of_a_secret_is_a_fault() -> None:
    pack = lines()
    pack["messages"]["server"]["error"]["error"]["hint"] = "user + password"
    assert [finding.path for finding in errors(pack)] == ["$.messages.server.error.error.hint"]


@pytest.mark.parametrize("text", ["user", "options['plain']", "'none' if password = null else 'some'"])
def test_what_is_no_secret_may_be_told(text: str) -> None:
    assert errors(beginning({"if": "user = ''", "then": [failing(text)]}, **TOKEN)) == []


@pytest.mark.parametrize(
    "step",
    [
        {"set": {"x": "int(password)"}},
        {"set": {"x": "permits(password + ',!other', 'name')"}},
        {"compress": "password", "reads": "server", "writes": "client"},
        {"set": {"x": "m[password]['key']"}},
        {"set": {"x": "map([password, password])"}},
        failing("password"),
    ],
)
def test_what_goes_wrong_with_a_password_does_not_repeat_it(step: Section, tmp_path: Path) -> None:
    """Neither when the pack is checked nor when it computes."""
    path = tmp_path / "mine.wire.json"
    path.write_text(json.dumps(beginning(step)))
    with line_server() as port, pytest.raises(sqlx.dbapi.Error) as caught:
        sqlx.dbapi.connect(f"lines://anna:sEcReT99@127.0.0.1:{port}", pack=path)
    assert "sEcReT99" not in f"{caught.value} {caught.value!r}"


def test_a_long_chain_of_variables_is_followed_at_once() -> None:
    """Each variable is looked at once, in whatever order they stand."""
    names = [f"v{number}" for number in range(MAX_VALUES // 8)]
    chain = [{"set": {later: earlier}} for earlier, later in pairwise(names)]
    pack = beginning(*chain[::-1], {"set": {"v0": "password"}}, failing(names[-1]))
    pack["variables"] |= dict.fromkeys(names, "any")
    begun = time.monotonic()
    assert any("made of what is" in finding.message for finding in errors(pack))
    assert time.monotonic() - begun < 5
