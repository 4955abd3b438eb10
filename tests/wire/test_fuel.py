"""Packs that compute without end, or without measure: each passes the check, and each is stopped soon."""

from __future__ import annotations

import copy
import tracemalloc
from time import process_time
from typing import Any

import pytest

from sqlx.wire import registry
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.fuel import MAX_FUEL, MAX_KEPT
from sqlx.wire.crypto import MAX_PBKDF2_ITERATIONS
from sqlx.wire.errors import PackError, WireError
from tests.wire.test_machine import TOY, ask, drive, frame, toy

SECONDS = 3
Flows = dict[str, Any]

VARIABLES = {"said": "text", "raw": "bytes", "count": "int", "entries": "map", "items": "list", "other": "list"}
SET = {"text": {"set": {"said": "said + said + 'x'"}}, "number": {"set": {"count": "count * count + 3"}}}
SAID: Any = {"set": {"said": "said + said + 'sixteen letters.'"}}


def packed(flows: Flows) -> dict[str, Any]:
    pack = copy.deepcopy(TOY)
    pack["variables"] = VARIABLES
    pack["flows"] = flows
    pack["framing"]["client"] = {"header": []}
    return pack


def put(key: str, value: str) -> Any:
    return {"put": {"map": "entries", "key": key, "value": value}}


def doubled(calls: int, last: Any) -> Flows:
    """Flows that call the next one twice, down to one that does `last`."""
    flows: Flows = {f"f{n}": [{"call": f"f{n + 1}"}] * 2 for n in range(calls)}
    return {"connect": [{"call": "f0"}], **flows, f"f{calls}": last}


def fanned(last: Any) -> Flows:
    return {
        "connect": [{"call": "a"}] * 40,
        "a": [{"call": "b"}] * 40,
        "b": [{"call": "c"}] * 40,
        "c": last,
    }


TOO_MUCH = "the pack computes too much before it waits"
BOMBS: dict[str, tuple[Flows, str]] = {
    "calls": (doubled(28, []), TOO_MUCH),
    "calls in a circle": (
        {
            "connect": [{"set": {"count": "0"}}, {"call": "f"}],
            "f": [
                {"set": {"count": "count + 1"}},
                {"if": "count < 30", "then": [{"call": "f"}, {"call": "f"}]},
                {"set": {"count": "count - 1"}},
            ],
        },
        TOO_MUCH,
    ),
    "a text": ({"connect": [SET["text"]] * 34}, f"more than {MAX_KEPT} bytes"),
    "bytes": ({"connect": [{"set": {"raw": "raw + raw + x'00'"}}] * 40}, f"more than {MAX_KEPT} bytes"),
    "digits": ({"connect": [SAID, *[{"set": {"said": "hex(bytes(said))"}}] * 40]}, "more than|computes too much"),
    "a number": ({"connect": [SET["number"]] * 35}, "a number of \\d+ bits"),
    "a number shifted": ({"connect": [{"set": {"count": "(count + 1) << 63"}}] * 2000}, "a number of \\d+ bits"),
    "entries": (
        {"connect": [put("'a'", "get(entries, 'a', 'x') + get(entries, 'a', 'x')")] * 40},
        f"more than {MAX_KEPT} bytes",
    ),
    "a key": ({"connect": [SET["text"]] * 17 + [put("said + said + said", "1")]}, "more than"),
    "a map in itself": ({"connect": [put("'a'", "entries")] * 2}, "more than"),
    "lists of lists": (
        {"connect": [{"set": {"items": "[items, items]"}}] * 34 + [{"fail": {"message": "{items}"}}]},
        f"more than {MAX_KEPT} bytes",
    ),
    "lists made flat": (
        {"connect": [{"if": "len(flatten(repeat([repeat(1, 65535)], 65535), 0)) > 0"}]},
        "a list of 4294836225 elements",
    ),
    "hashes": (
        {"connect": [SAID] * 13 + [{"if": "len(sha512(bytes(said))) > 0"}] * 50},
        TOO_MUCH,
    ),
    "what is read of a variable": (
        {"connect": [SAID] * 12 + [{"if": " and ".join(["len(split(said, 'x')) >= 0"] * 15)}] * 50},
        TOO_MUCH,
    ),
    "sums that nobody keeps": (
        {"connect": [SAID] * 12 + [{"if": f"len({' + '.join(['said'] * 90)}) > 0"}] * 50},
        TOO_MUCH,
    ),
    "messages": (fanned([{"send": "say", "with": {"text": "'x'"}}] * 40), TOO_MUCH),
    "large messages": ({"connect": [SAID] * 12 + [{"send": "say", "with": {"text": "said"}}] * 200}, TOO_MUCH),
}  # fmt: skip


@pytest.mark.parametrize(("flows", "reason"), BOMBS.values(), ids=BOMBS.keys())
def test_a_pack_that_computes_without_measure_is_stopped(flows: Flows, reason: str) -> None:
    machine = toy("connecting", packed(flows))
    machine.program.flow("connect")
    began = process_time()
    with pytest.raises(WireError, match=reason):
        drive(machine.flow("connect"), b"")
    assert process_time() - began < SECONDS


@pytest.mark.parametrize("name", ["a text", "bytes", "entries", "lists made flat", "sums that nobody keeps"])
def test_a_pack_takes_little_memory(name: str) -> None:
    flows, _ = BOMBS[name]
    machine = toy("connecting", packed(flows))
    machine.program.flow("connect")
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            drive(machine.flow("connect"), b"")
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_keys_are_derived_with_so_many_iterations_in_all() -> None:
    """Whatever is waited for in between; each derivation alone would be allowed."""
    derive = {"set": {"raw": "pbkdf2('sha512', x'00', x'00', 1000)"}}
    machine = toy(pack=packed({"connect": [{"expect": {"again": derive, "ok": "done"}}]}))
    machine.v[-1].iterations = 5999
    with pytest.raises(
        WireError, match=f"derives keys with {MAX_PBKDF2_ITERATIONS} iterations at most, in all"
    ) as caught:
        drive(machine.flow("connect"), b"".join(frame(b"\x01", number) for number in range(6)), 5)
    assert (caught.value.kind, machine.v[-1].iterations) == ("refused", 999)


def test_long_answers_to_many_messages_are_counted() -> None:
    """Thousands of messages come at once, and each is a lot of work."""
    flows = {"connect": [{"expect": {"again": [{"set": {"count": "count + 1"}}] * 4000, "ok": "done"}}]}
    machine = toy(pack=packed(flows))
    received = b"".join(frame(b"\x01", number & 255) for number in range(10_000))
    with pytest.raises(WireError, match=TOO_MUCH):
        drive(machine.flow("connect"), received)


def test_fuel_is_filled_by_what_comes() -> None:
    """A pack may call a flow for each message, however many come at once, and for each command."""
    step = {
        "connect": [{"expect": {"again": {"call": "next"}, "ok": "done"}}],
        "next": [{"set": {"count": "count + 1"}}] * 50,
    }
    machine = toy(pack=packed(step))
    many = MAX_FUEL // 10
    drive(machine.flow("connect"), b"".join(frame(b"\x01", n & 255) for n in range(many)) + frame(b"\0", many & 255))
    assert machine.v[machine.program.slots["count"]] == many * 50
    for _ in range(100):
        ask(machine, "x" * 2000, frame(b"\0", 1))


def test_a_frame_without_a_byte_is_refused() -> None:
    """A message without a header and without fields takes nothing away: it would come for ever."""
    pack = packed({"connect": [{"expect": {"nothing": [], "ok": "done"}}]})
    pack["framing"]["server"] = {"header": [], "size": "0"}
    pack["messages"]["server"]["nothing"] = {"fields": []}
    pack["messages"]["server"]["ok"] = {"tag": 7, "fields": []}
    with pytest.raises(WireError, match="would come for ever") as caught:
        drive(toy(pack=pack).flow("connect"), b"x")
    assert caught.value.kind == "protocol"


def test_a_number_of_a_pack_has_a_measure() -> None:
    with pytest.raises(PackError, match="at most 128 bits"):
        Program(registry.build(TOY)).function(f"1{'0' * 1000}", "$")
