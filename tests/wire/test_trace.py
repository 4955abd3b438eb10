"""`SQLX_TRACE`: recorded conversations are held again while they are traced, and the trace is searched for what may not
be there."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from sqlx.wire.errors import WireError
from tests.wire.peers import link_to
from tests.wire.tape import Transcript
from tests.wire.test_transcripts import PATHS, name

WORD = 10  # characters: what is shorter, such as BEGIN, may stand anywhere
TRACED = ("message", "fields", "bytes", "from", "connection", "time")


def traced(path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, values: bool = False) -> list[dict[str, Any]]:
    monkeypatch.setenv("SQLX_TRACE", str(file))
    monkeypatch.setenv("SQLX_TRACE_VALUES", "1" if values else "0")
    Transcript(path).replay()
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def secrets_of(transcript: Transcript) -> set[str]:
    """The password, and what was made of it: all texts of the messages that answer a challenge."""
    found = {transcript.header.password} - {""}
    opening = transcript.lines[: next(index for index, line in enumerate(transcript.lines) if "gives" in line)]
    for line in opening:
        sent = line.get("sent", "")
        if sent.startswith("p"):
            found |= {part for part in (sent[5:].rstrip("\0"), sent.partition("p=")[2]) if len(part) > 8}
        if line.get("received", "").startswith("R"):
            found |= {line["received"].partition("v=")[2][:44]} - {""}
    return found


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_no_secret_is_traced(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the password, not a proof of it, not what a server sends to prove itself; asked for values or not."""
    secrets = secrets_of(Transcript(path))
    for values in (False, True):
        lines = traced(path, tmp_path / f"trace{values}", monkeypatch, values)
        assert lines and all(set(line) == set(TRACED) for line in lines)
        text = (tmp_path / f"trace{values}").read_text("utf-8")
        for secret in secrets:
            assert secret not in text
            assert json.dumps(secret)[1:-1] not in text
        answers = [line["fields"]["answer"] for line in lines if line["message"] in ("login", "answer")]
        assert set(answers) <= {"***"}


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_values_are_traced_only_when_asked_for(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of statements with their literals, parameters, and what a server says of them in errors and notices."""
    transcript = Transcript(path)
    texts = [line["do"][1] for line in transcript.lines if line.get("do", [""])[0] in ("query", "prepare")]
    gives = [line["gives"] for line in transcript.lines if "gives" in line]
    said = [note["message"] for given in gives for note in (given.get("error"), *given.get("notices", ())) if note]
    sent = [text for text in said if "".join(line.get("received", "") for line in transcript.lines).find(text) >= 0]
    hidden, shown = (traced(path, tmp_path / str(values), monkeypatch, values) for values in (False, True))
    for text in (text for text in (*texts, *sent) if len(text) > WORD):
        assert text not in [value for line in hidden for value in _leaves(line["fields"])]
        assert any(text in value for line in shown for value in _leaves(line["fields"])), text


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [str(value)]


def test_every_message_of_both_sides_is_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unread = set()
    for number, path in enumerate(PATHS):
        lines = traced(path, tmp_path / str(number), monkeypatch, True)
        unread |= {(path.parent.name, line["message"]) for line in lines if "unreadable" in line["fields"]}
    # How many values it holds stands in no field of it, only in the statement's preparation.
    assert unread == {("mysql", "execute"), ("mariadb", "execute")}


def test_nobody_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SQLX_TRACE", raising=False)
    monkeypatch.chdir(tmp_path)
    Transcript(PATHS[0]).replay()
    assert list(tmp_path.iterdir()) == []


def test_a_trace_that_cannot_be_written_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLX_TRACE", str(tmp_path / "no" / "folder"))
    _, runner = link_to(1)
    with pytest.raises(WireError, match="cannot be written: no such file") as caught:
        runner.open(1)
    assert caught.value.kind == "usage"


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_what_a_link_tells_of_the_server_is_no_secret(path: Path) -> None:
    """Once a link is open, neither the password is among its variables nor what stands for it."""
    transcript = Transcript(path)
    link = transcript.opened()
    told = repr(dict(link.variables))
    salted = link_secret(transcript)
    assert salted is None or repr(salted)[2:-1] not in told
    password = transcript.header.password
    assert not password or f"'{password}" not in told


def link_secret(transcript: Transcript) -> bytes | None:
    """The salted password of RFC 5802, where that is how this login went: whoever has it can log in."""
    for line in transcript.lines:
        salt, count = (line.get("received", "").partition(mark)[2] for mark in (",s=", ",i="))
        if salt and count:
            password = transcript.header.password.encode()
            return hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt.partition(",")[0]), int(count))
    return None
