"""Packs whose expressions fail with what a server says: each gives an error of ours, wherever it is evaluated."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sqlx.kernel.hosts import met
from sqlx.wire import registry
from sqlx.wire.errors import WireError
from sqlx.wire.registry import Pack
from tests.wire import peers
from tests.wire.peers import DEADLINE, READY, WELCOME, columns, complete, link_to, message, row, serving

NOT_UNDERSTOOD = "the server sent what cannot be understood"
IN_TRANSACTION = message("Z", b"T")


def packed(section: str, changed: Mapping[str, Any]) -> Pack:
    pack = registry.load("postgresql")
    return dataclasses.replace(pack, **{section: {**getattr(pack, section), **changed}})


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        while (tag := peers.heard(peer)[0]) != "X":
            if tag in "QS":
                peer.sendall(answer)

    return script


@pytest.mark.parametrize("state", ["'idle' if user[5] = 'a' else 'idle'", "'idle' if 1 % 0 = 1 else 'idle'"])
def test_a_state_that_cannot_be_told_from_the_start(state: str) -> None:
    with serving(answering(READY)) as peer:
        link, runner = link_to(peer.port, packed("session", {"state": state}))
        with pytest.raises(WireError, match=NOT_UNDERSTOOD) as caught:
            runner.open(DEADLINE)
        assert (caught.value.kind, caught.value.outcome, link.state) == ("protocol", "not_run", "closed")
        assert peer.closed.wait(DEADLINE)


def test_a_state_that_cannot_be_told_behind_a_statement() -> None:
    pack = packed("session", {"state": "'idle' if transaction = 'I' else 'idle' if user[5] = 'a' else 'idle'"})
    with serving(answering(columns(23) + row(b"1") + complete("SELECT 1") + IN_TRANSACTION)) as peer:
        link, runner = link_to(peer.port, pack)
        runner.open(DEADLINE)
        with pytest.raises(WireError, match=NOT_UNDERSTOOD) as caught:
            runner.run(link.query("SELECT 1"), DEADLINE)
        assert (caught.value.kind, caught.value.outcome, link.state) == ("protocol", "unknown", "closed")
        assert peer.closed.wait(DEADLINE)


@pytest.mark.parametrize(
    ("changed", "ask"),
    [
        ({"direct": "user[5] = 'a'"}, lambda link, runner: (runner.run(link.identify()), link.direct)),
        (
            {"traits": {"standby": {"told": "user[5]", "sql": "SHOW"}}},
            lambda link, runner: runner.run(met(link, "standby"), DEADLINE),
        ),
        ({"cancel_with": {"process": "process % 0"}}, lambda link, runner: runner.run(link.cancel(), DEADLINE)),
    ],
    ids=["direct", "trait", "cancel"],
)
def test_what_else_is_told_of_a_server(changed: Mapping[str, Any], ask: Callable[[Any, Any], object]) -> None:
    identified = message("1") + message("2") + row(b"7") + complete("SELECT 1") + READY
    with serving(answering(identified)) as peer:
        link, runner = link_to(peer.port, packed("session", changed))
        runner.open(DEADLINE)
        with pytest.raises(WireError, match=NOT_UNDERSTOOD):
            ask(link, runner)
        runner.close()


def test_a_time_zone_that_cannot_be_told() -> None:
    with serving(answering(READY)) as peer:
        link, runner = link_to(peer.port, packed("columns", {"zone": "user[5]"}))
        runner.open(DEADLINE)
        with pytest.raises(WireError, match=NOT_UNDERSTOOD):
            _ = link.context
        runner.close()


def test_a_goodbye_that_cannot_be_said_does_not_keep_from_closing() -> None:
    pack = packed("commands", {"quit": {"send": [{"send": "query", "with": {"sql": "user[5]"}}], "replies": []}})
    with serving(answering(READY)) as peer:
        link, runner = link_to(peer.port, pack)
        runner.open(DEADLINE)
        runner.close()
        assert link.state == "closed"
        assert peer.closed.wait(DEADLINE)
        assert peer.heard == b""


def test_data_that_cannot_be_sent_on() -> None:
    client = registry.load("postgresql").messages["client"]
    copy_data = {"tag": "d", "fields": ["data:bytes", "more:text = user[5]"]}
    pack = packed("messages", {"client": {**client, "copy_data": copy_data}})
    with serving(answering(message("G", b"\0\0\1\0\0"))) as peer:
        link, runner = link_to(peer.port, pack)
        runner.open(DEADLINE)
        reply = runner.run(link.exchange_data("COPY t FROM STDIN", gives=True), DEADLINE)
        with pytest.raises(WireError, match=NOT_UNDERSTOOD) as caught:
            runner.run(link.give(reply, b"1\n"), DEADLINE)
        assert (caught.value.outcome, link.state) == ("unknown", "closed")
