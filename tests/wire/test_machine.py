"""The machine on bytes alone: what it sends, what it makes of what comes, what it refuses."""

from __future__ import annotations

import copy
import struct
from time import process_time
from typing import Any

import pytest

from sqlx.wire import registry
from sqlx.wire.arguments import arguments
from sqlx.wire.columns import Layouter
from sqlx.wire.compile.compiler import Program
from sqlx.wire.errors import WireError
from sqlx.wire.machine import RANDOM_BYTES, ROWS, START_TLS, TRANSFER, Machine
from sqlx.wire.messages import OVERHEAD
from sqlx.wire.result import Reply
from sqlx.wire.tls import Secured
from tests.wire.peers import READY, WELCOME, columns, complete, error, message, row

SPLIT = 10
TOY: dict[str, Any] = {
    "name": "toy",
    "byte_order": "little",
    "variables": {"said": "text", "entropy": "bytes", "count": "int"},
    "framing": {
        "server": {
            "header": ["length:u24", "sequence:u8"],
            "size": "length",
            "split": SPLIT,
            "limit": {"connecting": 30, "ready": 60},
        },
        "client": {"header": ["length:u24 = size", "sequence:u8 = sequence"], "split": SPLIT},
    },
    "messages": {
        "client": {"say": {"fields": ["text:text"]}, "number": {"fields": ["n:u8"]}},
        "server": {
            "ok": {"tag": 0, "fields": ["_:u8", "text:text"]},
            "again": {"tag": 1, "fields": ["_:u8"]},
            "error": {"tag": 255, "fields": ["_:u8", "text:text"], "error": {"message": "text"}},
            "notice": {"tag": 2, "fields": ["_:u8", "text:text"], "error": {"message": "text"}},
        },
    },
    "always": {"notice": {"event": "notice"}},
    "flows": {
        "connect": [
            {"expect": {"ok": [{"set": {"said": "text"}}, "done"], "again": {"call": "connect"}, "error": "fail"}}
        ],
        "secure": [{"send": "say", "with": {"text": "'tls'"}}, {"expect": {"ok": "done"}}, "start_tls"],
        "dice": [{"random": "entropy", "bytes": "count"}],
    },
    "commands": {
        "query": {
            "send": [{"send": "say", "with": {"text": "sql"}}],
            "replies": [{"expect": {"ok": [{"complete": {"tag": "text"}}, "done"], "error": "fail"}}],
        },
        "number": {
            "send": [{"send": "number", "with": {"n": "limit"}}],
            "replies": [{"expect": {"ok": "done", "error": "fail"}}],
        },
        "waits": {"send": [{"call": "connect"}], "replies": []},
    },
    "types": {"default": {"name": "text"}},
    "session": {"state": "'idle'"},
}


def toy(phase: str = "ready", pack: dict[str, Any] = TOY) -> Machine:
    program = Program(registry.build(pack))
    machine = Machine(program, Layouter(program))
    machine.messages.phase = phase
    return machine


def real() -> Machine:
    program = Program(registry.load("postgresql"))
    machine = Machine(program, Layouter(program))
    machine.messages.phase = "ready"
    return machine


def frame(body: bytes, sequence: int) -> bytes:
    return len(body).to_bytes(3, "little") + bytes((sequence,)) + body


def framed(body: bytes, sequence: int) -> bytes:
    """A body in as many frames as it takes."""
    parts = [body[at : at + SPLIT] for at in range(0, len(body) + 1, SPLIT)]
    return b"".join(frame(part, sequence + number & 255) for number, part in enumerate(parts))


class Starved(Exception):
    """The machine waits for bytes that a test does not give."""


def drive(actions: Any, received: bytes, step: int = 1 << 30, *, tls: bool = True) -> bytes:
    """Run to the end; what is received comes in pieces of `step` bytes. Returns what is sent."""
    sent = b""
    try:
        action = next(actions)
        while True:
            if action[0] == TRANSFER:
                sent += bytes(action[1])
                size = max(action[2], min(step, len(received))) if action[2] else 0
                if size > len(received):
                    raise Starved(sent)
                piece, received = received[:size], received[size:]
                action = actions.send(piece)
            elif action[0] == START_TLS:
                action = actions.send(Secured(tls))
            elif action[0] == RANDOM_BYTES:
                action = actions.send(bytes(action[1]))
            else:
                assert action[0] == ROWS
                action = next(actions)
    except StopIteration:
        assert received == b""
    return sent


def ask(machine: Machine, sql: str, received: bytes, step: int = 1 << 30) -> tuple[Reply, bytes]:
    reply = Reply()
    batch = [(machine.program.command("query"), arguments(sql=sql))]
    sent = drive(machine.exchange(batch, reply), received, step)
    return reply, sent


class TestExpectations:
    def test_an_unexpected_message_names_what_was_due(self) -> None:
        with pytest.raises(WireError, match="sent message 9 while ok or again or error was due") as caught:
            drive(toy().flow("connect"), frame(b"\x09", 0))
        assert caught.value.kind == "protocol"

    def test_a_malformed_message_says_how(self) -> None:
        with pytest.raises(WireError, match="a malformed message while ok or again or error was due: 1 bytes too many"):
            drive(toy().flow("connect"), frame(b"\x01x", 0))

    def test_an_error_of_the_server_leaves_the_conversation_in_step(self) -> None:
        machine = toy()
        reply, _ = ask(machine, "x", frame(b"\xffno", 1))
        assert (reply.done, str(reply.error)) == (True, "no")
        reply, _ = ask(machine, "x", frame(b"\0yes", 1))
        assert (reply.error, reply.results[0].tag) == (None, "yes")

    def test_a_send_half_that_waits(self) -> None:
        machine = toy()
        reply = Reply()
        drive(machine.exchange([(machine.program.command("waits"), arguments())], reply), b"")
        assert reply.error is not None and "waits in the `send` half" in str(reply.error)


class TestLimits:
    @pytest.mark.parametrize(("phase", "limit"), [("connecting", 30), ("ready", 60)])
    def test_a_message_is_bounded_by_how_far_the_server_is_known(self, phase: str, limit: int) -> None:
        drive(toy(phase).flow("connect"), framed(b"\0" + b"x" * (limit - 1), 0))
        with pytest.raises(WireError, match=f"a message of more than {limit} bytes") as caught:
            drive(toy(phase).flow("connect"), framed(b"\0" + b"x" * limit, 0))
        assert caught.value.kind == "protocol"

    def test_frames_without_end_are_refused_before_they_are_all_there(self) -> None:
        endless = b"".join(frame(b"x" * SPLIT, number) for number in range(4))
        with pytest.raises(WireError, match="a message of more than 30 bytes"):
            drive(toy("connecting").flow("connect"), endless)

    def test_flows_that_call_themselves_end(self) -> None:
        again = b"".join(frame(b"\x01", number) for number in range(40))
        with pytest.raises(WireError, match="one more round of authentication than is reasonable") as caught:
            drive(toy().flow("connect"), again)
        assert caught.value.kind == "protocol"

    def test_random_bytes_are_bounded(self) -> None:
        machine = toy()
        slots = machine.program.slots
        machine.v[slots["count"]] = 10**12
        drive(machine.flow("dice"), b"")
        assert len(machine.v[slots["entropy"]]) <= 1024


class TestSequence:
    @pytest.mark.parametrize("sequence", [0, 2, 255])
    def test_a_frame_out_of_order(self, sequence: int) -> None:
        with pytest.raises(WireError, match=f"frame {sequence} came where 1 was due"):
            ask(toy(), "x", frame(b"\0", sequence))

    def test_each_exchange_counts_anew(self) -> None:
        machine = toy()
        for _ in range(3):
            ask(machine, "x", frame(b"\0", 1))

    def test_the_count_goes_round(self) -> None:
        machine = toy()
        machine.messages.phase = "ready"
        notices: list[Any] = []
        machine.on_notice = notices.append
        received = b"".join(frame(b"\2n", number & 255) for number in range(1, 300)) + frame(b"\0", 300 & 255)
        ask(machine, "x", received)
        assert len(notices) == 299


class TestSplitFrames:
    @pytest.mark.parametrize("size", [1, 9, 10, 11, 19, 20, 21, 30, 45])
    @pytest.mark.parametrize("step", [1, 3, 1 << 20])
    def test_received(self, size: int, step: int) -> None:
        """A body as long as a frame can be goes on in the next, which may be empty."""
        body = b"\0" + b"x" * (size - 1)
        reply, _ = ask(toy(), "x", framed(body, 1), step)
        assert reply.results[0].tag == "x" * (size - 1)

    @pytest.mark.parametrize("size", [1, 9, 10, 11, 20, 25])
    def test_sent(self, size: int) -> None:
        sent = ask(toy(), "x" * size, framed(b"\0", size // SPLIT + 1))[1]
        assert sent == framed(b"x" * size, 0)

    def test_what_follows_is_counted_on(self) -> None:
        received = framed(b"\2" + b"n" * 24, 1) + frame(b"\0done", 4)
        assert ask(toy(), "x", received)[0].results[0].tag == "done"

    def test_parts_out_of_order(self) -> None:
        with pytest.raises(WireError, match="frame 3 came where 2 was due"):
            ask(toy(), "x", frame(b"\0" * SPLIT, 1) + frame(b"x", 3))

    def test_the_first_part_out_of_order(self) -> None:
        with pytest.raises(WireError, match="came where"):
            ask(toy(), "x", frame(b"\0" * SPLIT, 5) + frame(b"x", 6))

    def test_a_part_is_copied_once_however_many_follow(self) -> None:
        """Each comes alone. Were all earlier parts copied again for each, this would take minutes."""
        count = 40_000
        roomy = copy.deepcopy(TOY)
        roomy["framing"]["server"]["limit"]["ready"] = SPLIT * (count + 1)
        machine = toy(pack=roomy)
        began = process_time()
        reply, _ = ask(machine, "x", framed(b"\0" + b"x" * SPLIT * count, 1), 1)
        assert process_time() - began < 10
        assert reply.results[0].tag == "x" * SPLIT * count

    def test_no_more_comes(self) -> None:
        with pytest.raises(Starved):
            ask(toy(), "x", frame(b"\0" * SPLIT, 1))


class TestWholeOrNothing:
    """What cannot be sent is told before a byte of its batch is sent, and harms nothing."""

    def test_a_number_that_does_not_fit(self) -> None:
        machine = toy()
        program = machine.program
        batch = [(program.command("query"), arguments(sql="first")), (program.command("number"), arguments(limit=256))]
        reply = Reply()
        assert drive(machine.exchange(batch, reply), b"") == b""
        assert reply.error is not None
        assert (reply.error.kind, reply.error.outcome) == ("data", "not_run")
        assert ask(machine, "next", frame(b"\0", 1))[1] == frame(b"next", 0)

    def test_a_zero_byte_in_a_statement(self) -> None:
        machine = real()
        reply, sent = ask(machine, "select 1\0; drop", b"")
        assert (sent, reply.error is not None and reply.error.kind) == (b"", "data")
        assert ask(machine, "select", message("I") + READY)[1] == message("Q", b"select\0")

    def test_more_parameters_than_can_be_counted(self) -> None:
        machine = real()
        given = arguments(
            statement="s",
            portal="",
            limit=0,
            types=[],
            flags=[],
            formats=[],
            values=[b""] * 70000,
            result_formats=(),
            returns_rows=False,
        )
        reply = Reply()
        assert drive(machine.exchange([(machine.program.command("execute"), given)], reply), b"") == b""
        assert reply.error is not None and reply.error.kind == "data"


RESULT = [columns(23), row(b"1"), row(None), complete("SELECT 2"), columns(25), complete("SELECT 0"), READY]


class TestAlways:
    @pytest.mark.parametrize("place", range(len(RESULT)))
    @pytest.mark.parametrize("step", [1, 1 << 20])
    def test_a_notice_anywhere(self, place: int, step: int) -> None:
        """Before, between and in results: it is told, and nothing else changes."""
        machine = real()
        notices: list[Any] = []
        machine.on_notice = notices.append
        received = RESULT.copy()
        received.insert(place, message("N", b"SNOTICE\0C00000\0Mhello\0\0"))
        reply, _ = ask(machine, "select", b"".join(received), step)
        assert [result.rows for result in reply.results] == [[(1,), (None,)], []]
        assert [notice.message for notice in notices] == ["hello"]

    def test_a_changed_parameter_and_a_notification(self) -> None:
        machine = real()
        told: list[Any] = []
        machine.on_notify = told.append
        changed = message("S", b"TimeZone\0Asia/Tokyo\0") + message("A", struct.pack(">i", 7) + b"channel\0text\0")
        ask(machine, "x", changed + message("I") + changed + READY)
        assert told == [{"process": 7, "channel": "channel", "payload": "text"}] * 2
        assert machine.v[machine.program.slots["parameters"]] == {"TimeZone": "Asia/Tokyo"}

    def test_not_before_authentication_is_over(self) -> None:
        """A stranger may not fill our memory with what nobody awaits."""
        machine = real()
        machine.messages.phase = "connecting"
        machine.v[machine.program.slots["options"]] = {"application_name": "x"}
        with pytest.raises(WireError, match="sent message 'A' while"):
            drive(machine.flow("connect"), message("A", struct.pack(">i", 7) + b"c\0p\0"))

    def test_a_server_that_tells_ever_more_parameters(self) -> None:
        machine = real()
        many = b"".join(message("S", b"name%d\0value\0" % number) for number in range(5000))
        ask(machine, "x", many + message("I") + READY)
        assert len(machine.v[machine.program.slots["parameters"]]) == 1000


class TestSegments:
    """After an error all that was asked behind it is skipped, up to where the server is ready again."""

    def batch(self, machine: Machine) -> list[Any]:
        program = machine.program
        given = arguments(
            statement="s",
            portal="",
            limit=0,
            types=[],
            flags=[],
            formats=[],
            values=[],
            result_formats=(),
            returns_rows=False,
        )
        return [(program.command("begin"), arguments(sql="BEGIN")), *[(program.command("execute"), given)] * 2]

    def done(self, tag: str) -> bytes:
        return message("2") + complete(tag)

    def test_all_goes_well(self) -> None:
        machine, reply = real(), Reply()
        received = (
            message("1") + self.done("BEGIN") + self.done("INSERT 0 1") + self.done("INSERT 0 2") + message("Z", b"T")
        )
        sent = drive(machine.exchange(self.batch(machine), reply), received)
        assert [result.rowcount for result in reply.results] == [1, 2]
        assert (reply.done, reply.error, sent.count(message("S"))) == (True, None, 1)

    @pytest.mark.parametrize("well", [0, 1, 2])
    @pytest.mark.parametrize("step", [1, 1 << 20])
    def test_an_error_ends_it(self, well: int, step: int) -> None:
        machine, reply = real(), Reply()
        before = [message("1") + self.done("BEGIN"), self.done("INSERT 0 1")][:well]
        received = b"".join(before) + error("22012", "division") + message("N", b"SNOTICE\0Mx\0\0") + READY
        drive(machine.exchange(self.batch(machine), reply), received, step)
        assert (reply.done, reply.error and reply.error.sqlstate, len(reply.results)) == (
            True,
            "22012",
            max(0, well - 1),
        )
        assert not machine.messages.skipping
        assert ask(machine, "x", message("I") + READY)[0].error is None

    def test_what_is_skipped_is_not_looked_at(self) -> None:
        machine, reply = real(), Reply()
        received = error("22012", "division") + row(b"1") + message("2") + complete("SELECT 1") + READY
        drive(machine.exchange(self.batch(machine), reply), received)
        assert reply.error is not None and reply.results == []

    def test_a_fatal_error_is_raised_at_once(self) -> None:
        machine, reply = real(), Reply()
        with pytest.raises(WireError, match="shutting down"):
            drive(machine.exchange(self.batch(machine), reply), error("57P01", "shutting down", "FATAL"))
        assert not reply.done


class TestSecurity:
    def test_data_before_encryption(self) -> None:
        with pytest.raises(WireError, match="data before the encryption that it agreed to"):
            drive(toy().flow("secure"), frame(b"\0", 1) + b"x")

    @pytest.mark.parametrize("verified", [True, False])
    def test_private_is_what_was_verified(self, verified: bool) -> None:
        machine = toy()
        drive(machine.flow("secure"), frame(b"\0", 1), tls=verified)
        slots = machine.program.slots
        assert (machine.v[slots["encrypted"]], machine.v[slots["private"]]) == (True, verified)


class TestStreams:
    def test_rows_are_handed_over_as_they_come(self) -> None:
        machine, reply = real(), Reply(stream=True)
        actions = machine.exchange([(machine.program.command("query"), arguments(sql="x"))], reply)
        assert next(actions)[0] == TRANSFER
        action = actions.send(columns(23) + row(b"1") + row(b"2") + row(b"3")[:9])
        assert (action[0], reply.results[0].rows) == (ROWS, [(1,), (2,)])
        reply.results[0].rows.clear()
        assert next(actions)[0] == TRANSFER
        with pytest.raises(StopIteration):
            actions.send(row(b"3")[9:] + complete("SELECT 3") + READY)
        assert (reply.results[0].rows, reply.done) == ([(3,)], True)

    def test_what_nobody_wants_is_counted_and_not_kept(self) -> None:
        machine, reply = real(), Reply(stream=True)
        actions = machine.exchange([(machine.program.command("query"), arguments(sql="x"))], reply)
        next(actions)
        actions.send(columns(23) + row(b"1"))
        machine.results.discarding = True
        reply.results[0].rows.clear()
        next(actions)
        with pytest.raises(StopIteration):
            actions.send(row(b"2") * 100 + complete("SELECT 101") + READY)
        bodies = 100 * (len(row(b"2")) - 5) + len(complete("SELECT 101")) - 5 + len(READY) - 5
        assert (reply.results[0].rows, machine.results.discarded) == ([], bodies + 102 * OVERHEAD)


def test_the_welcome_of_the_peers_is_one() -> None:
    """The scripted server that the other tests use says what the pack expects, byte by byte too."""
    for step in (1, 1 << 20):
        machine = real()
        machine.messages.phase = "connecting"
        machine.v[machine.program.slots["options"]] = {"application_name": "x"}
        sent = drive(machine.flow("connect"), WELCOME, step)
        assert sent[4:8] == struct.pack(">i", 196608)
