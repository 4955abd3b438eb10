"""What is longer than the protocol can count is refused before a byte of it is sent: no part is taken for a message.

The shipped limits are gigabytes; here they are lower, and nothing else is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sqlx.wire import registry
from sqlx.wire.conversation import Conversation
from sqlx.wire.errors import WireError
from sqlx.wire.link import Steps
from sqlx.wire.parameters import Parameters
from sqlx.wire.values import Context
from tests.wire import peers
from tests.wire.peers import DEADLINE, WELCOME, link_to, serving

GOODBYES = (b"", b"X\0\0\0\4", b"X\4")  # the last with the header that is made shorter here
LONG = "x" * 2000
Work = Callable[[Conversation], Steps[Any]]


def lowered(part: str) -> registry.Pack:
    """The pack with a lower limit: of a whole message, of its header, or of a value."""
    pack = registry.load("postgresql")
    if part == "value":
        messages = copy.deepcopy(pack.messages)
        fields = messages["client"]["bind"]["fields"]
        fields[fields.index("values:bytes[i32][u16]")] = "values:bytes[i8][u16]"
        return replace(pack, messages=messages)
    client = {"header": ["tag:char = tag", "length:i8 = size + 4"]} if part == "header" else {"limit": {"ready": 1024}}
    return replace(pack, framing={**pack.framing, "client": {**pack.framing["client"], **client}})


def bound(link: Conversation, value: Any) -> tuple[Any, Any]:
    return Parameters(link.pack.parameters, Context()).bind([value])


def run(link: Conversation) -> Steps[Any]:
    return link.run("SELECT $1", *bound(link, LONG))


def run_after_begin(link: Conversation) -> Steps[Any]:
    return link.run("SELECT $1", *bound(link, LONG), begin="BEGIN")


def run_many(link: Conversation) -> Steps[Any]:
    types, _ = bound(link, "short")
    return link.run_many("SELECT $1", types, [bound(link, value)[1] for value in ("short", "short", LONG)])


def query(link: Conversation) -> Steps[Any]:
    return link.query(f"SELECT '{LONG}'", begin="BEGIN")


def prepare(link: Conversation) -> Steps[Any]:
    return link.prepare(f"SELECT '{LONG}'", ())


CASES = [(part, work) for part in ("message", "header") for work in (run, run_after_begin, run_many, query, prepare)]
CASES += [("value", work) for work in (run, run_after_begin, run_many)]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1].__name__}")
def case(request: pytest.FixtureRequest) -> Iterator[tuple[registry.Pack, Work]]:
    part, work = request.param
    yield lowered(part), work


def test_nothing_is_sent_of_what_is_too_long(case: tuple[registry.Pack, Work]) -> None:
    pack, work = case

    def script(peer: Any) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)

    with serving(script) as peer:
        link, runner = link_to(peer.port, pack)
        runner.open(DEADLINE)
        with pytest.raises(WireError) as caught:
            runner.run(work(link), DEADLINE)
        assert (caught.value.kind, caught.value.outcome) == ("data", "not_run")
        assert LONG[:50] not in str(caught.value)
        runner.close()
        assert peer.closed.wait(DEADLINE)
        assert peer.heard in GOODBYES


def test_the_shipped_limit_is_one_that_the_protocol_counts() -> None:
    """A length is signed there, and counts its own four bytes."""
    assert registry.load("postgresql").framing["client"]["limit"]["ready"] + 4 < 2**31
