"""Servers that go wrong in a million ways: recorded conversations, damaged and held again.

    python -m tests.wire.fuzz [--engine NAME ...] [--runs N] [--seed N] [--jobs N] [--only SEED]

Whatever a server sends, a link gives results or a WireError, in time and within bounds of memory, and after an error
that breaks the conversation it is closed. Anything else is a finding: it is told with its seed, which `--only` runs
again by itself.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import resource
import signal
import sys
import traceback
from collections import Counter, deque
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlx.wire.channel import Channel, Endpoint
from sqlx.wire.conversation import Conversation
from sqlx.wire.errors import WireError
from sqlx.wire.line import Line
from sqlx.wire.link import Steps
from sqlx.wire.tls import Secured
from tests.wire.tape import Actor, Entry, Transcript

FOLDER = Path(__file__).parent / "transcripts"
ENGINES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
SECONDS = 10  # that one conversation may take; it takes a thousandth of one
MEMORY = 50 << 20  # bytes that a process may grow by, whatever it was sent
BROKEN = ("protocol", "connection", "timeout")  # after errors of these kinds a link is closed
EXTREMES = (b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xff", b"\0\0\xff\xff", b"\xff\xff\xff\0")


class Finding(AssertionError):
    """Something that no server may bring about."""


class Told(NamedTuple):
    """How conversations ended: how many by each kind of error, how many by none."""

    ends: Counter[str]
    findings: list[str]


# -- a server that follows its script, whatever it is told


class _Script:
    """What the server does: its lines in order, on each connection."""

    def __init__(self, lines: list[Entry]) -> None:
        self.connections = 0
        self._queues: dict[int, deque[Entry]] = {}
        for line in lines:
            if "do" not in line and "gives" not in line and "sent" not in line and "pause" not in line:
                self._queues.setdefault(line.get("on", 0), deque()).append(line)

    def next(self, on: int, kind: str) -> Any:
        """What comes next if it is of this kind, else None."""
        queue = self._queues.get(on)
        return queue.popleft()[kind] if queue and kind in queue[0] else None

    def conversation(self) -> type[Conversation]:
        script = self

        class ScriptedChannel(Channel):
            def connect(self) -> Steps[None]:
                self._on = script.connections
                script.connections += 1
                return
                yield

            def transfer(self, out: bytes | bytearray, want: int) -> Steps[bytes]:
                data = b""
                while len(data) < want:
                    more = script.next(self._on, "received")
                    if more is None:
                        raise WireError("connection", "the server closed the connection")
                    data += more
                return data
                yield

            def start_tls(self, alpn: str | None = None) -> Steps[Secured]:
                secured = script.next(self._on, "tls")
                if secured is None:
                    raise WireError("connection", "the handshake failed")
                self.tls = object()  # type: ignore[assignment]
                return Secured(secured[0], secured[1].encode("latin-1"))
                yield

            def close(self) -> None:
                self.tls = None

            def abort(self) -> None:
                self.tls = None

        class ScriptedLine(Line):
            channel_type = ScriptedChannel

            @staticmethod
            def random(size: int) -> bytes:
                found = script.next(script.connections - 1, "random")
                return bytes(size) if found is None else found.encode("latin-1")[:size]

        class Scripted(Conversation):
            line_type = ScriptedLine

        return Scripted


def _run(steps: Steps[Any]) -> Any:
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise Finding("the link waits without asking for anything")


def _one_after_the_other(steps: Steps[Any], between: Steps[Any]) -> Any:
    _run(between)
    return _run(steps)


def hold(transcript: Transcript, lines: list[Entry]) -> str:
    """Do what the transcript says with a server that sends these lines. Returns the kind of the first error."""
    script = _Script(lines)
    header = transcript.header
    socket = "/socket" if header.over_socket else None
    endpoint = Endpoint("127.0.0.1", 1, socket, header.sslmode)  # type: ignore[arg-type]
    link = header.link(script.conversation(), endpoint)
    actor = Actor(link, _run, _one_after_the_other)
    first = ""
    for line in transcript.lines:
        if "do" not in line:
            continue
        verb = line["do"][0]
        if verb in ("execute", "execute_many") and actor.prepared is None:
            break  # it could not be prepared
        kind = actor.do(line["do"]).get("error", {}).get("kind", "")
        first = first or kind
        if (kind and verb == "open") or link.state == "closed":
            break  # a runner closes what could not be opened
        if kind in BROKEN and verb != "cancelled":  # whose error may be that of the second connection
            raise Finding(f"the link is {link.state} after {verb} and an error of kind {kind}")
    return first


# -- damage


def damaged(transcript: Transcript, others: list[bytes], chance: random.Random) -> list[Entry]:
    """The lines with up to four damages to what the server sends."""
    lines = [dict(line) for line in transcript.lines]
    for line in lines:
        if "received" in line:
            line["received"] = line["received"].encode("latin-1")
    opened = next(number for number, line in enumerate(lines) if "gives" in line)
    received = [line for line in lines if line.get("received")]
    if chance.random() < 0.75:  # most of what can go wrong comes after the login, which few damages let pass
        received = [line for line in lines[opened:] if line.get("received")] or received
    for line in chance.choices(received, k=chance.randint(1, 4)) if received else ():
        line["received"] = _damage(bytearray(line["received"]), others, chance)
    if received and chance.random() < 0.1:
        first, second = chance.choice(received), chance.choice(received)
        first["received"], second["received"] = second["received"], first["received"]
    if chance.random() < 0.1:
        del lines[chance.randrange(len(lines)) :]
    return lines


def _damage(data: bytearray, others: list[bytes], chance: random.Random) -> bytes:
    at, size = chance.randrange(len(data) + 1), chance.choice((1, 1, 2, 4, 8, 50))
    match chance.randrange(8):
        case 0 if data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        case 1 if data:
            data[at % len(data)] = chance.choice((0, 1, 0x7F, 0x80, 0xFB, 0xFE, 0xFF, chance.randrange(256)))
        case 2:
            data[at : at + 4] = chance.choice(EXTREMES)
        case 3:
            del data[at : at + size]
        case 4:
            data[at:at] = chance.randbytes(size)
        case 5:
            data[at:at] = data[-size:]
        case 6:  # what stands elsewhere in this conversation comes here, and the other way round
            other = chance.randrange(len(data) + 1)
            one, two = bytes(data[at : at + size]), bytes(data[other : other + size])
            data[at : at + size], data[other : other + size] = two, one
        case _:
            piece = chance.choice(others)
            start = chance.randrange(len(piece))
            data[at:at] = piece[start : start + chance.choice((5, 20, 100))]
    return bytes(data)


# -- many of them


@cache
def transcripts(engine: str) -> list[Transcript]:
    return [Transcript(path) for path in sorted((FOLDER / engine).glob("*.jsonl"))]


@cache
def _sent_by(engine: str) -> list[bytes]:
    lines = (line for transcript in transcripts(engine) for line in transcript.lines)
    return [line["received"].encode("latin-1") for line in lines if line.get("received")]


def one(engine: str, seed: int) -> str:
    """One damaged conversation, always the same of a seed. Raises what no server may bring about."""
    chance = random.Random(seed)
    transcript = chance.choice(transcripts(engine))
    return hold(transcript, damaged(transcript, _sent_by(engine), chance))


def run(engine: str, seeds: range) -> Told:
    """A range of them in this process."""
    ends: Counter[str] = Counter()
    findings: list[str] = []
    _prepare_process(engine)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in seeds:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            ends[one(engine, seed) or "none"] += 1
        except Exception:
            findings.append(f"{engine}, --only {seed}\n{traceback.format_exc(limit=-6)}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
        if grown > MEMORY:
            findings.append(f"{engine}, up to --only {seed}: the process has grown by {grown >> 20} MiB")
            break
    return Told(ends, findings)


def _prepare_process(engine: str) -> None:
    """Have all loaded that takes memory, an alarm for what hangs, and no password derived twice."""

    def hangs(signum: int, frame: Any) -> None:
        raise Finding(f"the conversation did not end within {SECONDS} s")

    signal.signal(signal.SIGALRM, hangs)
    _derive_once()
    for transcript in transcripts(engine):
        hold(transcript, [dict(line) for line in damaged_by_nothing(transcript)])
    _sent_by(engine)


def damaged_by_nothing(transcript: Transcript) -> Iterator[Entry]:
    for line in transcript.lines:
        yield line | {"received": line["received"].encode("latin-1")} if "received" in line else line


@cache
def _derive_once() -> None:
    """A login takes thousands of hashes: its result is kept here, or most of the time would go into them."""
    hashlib.pbkdf2_hmac = lru_cache(maxsize=256)(hashlib.pbkdf2_hmac)  # type: ignore[assignment]


def told_by_another_process(engine: str, seeds: range) -> Told:
    """A range of them in a process of its own, whose memory nothing else has made grow."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(run, (engine, seeds))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.wire.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--runs", type=int, default=1_000_000, help="conversations of each engine")
    parser.add_argument("--seed", type=int, default=0, help="of the first one")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--only", type=int, help="run this seed alone, with its traceback")
    given = parser.parse_args(arguments)
    if given.only is not None:
        for engine in given.engine or ENGINES:
            print(engine, one(engine, given.only) or "no error")
        return 0
    return sum(_report(engine, given) for engine in given.engine or ENGINES) and 1


def _report(engine: str, given: argparse.Namespace) -> int:
    step = max(1, min(5000, given.runs // given.jobs))
    starts = range(given.seed, given.seed + given.runs, step)
    parts = [(engine, range(start, min(start + step, given.seed + given.runs))) for start in starts]
    ends: Counter[str] = Counter()
    findings: list[str] = []
    with multiprocessing.Pool(given.jobs) as pool:
        for done, told in enumerate(pool.imap_unordered(_part, parts), 1):
            ends += told.ends
            findings += told.findings
            if sys.stderr.isatty():
                print(f"\r{engine}: {done * step} of {given.runs}, {len(findings)} findings", end="", file=sys.stderr)
    ended = ", ".join(f"{count} {kind}" for kind, count in ends.most_common())
    print(f"{engine}: {ends.total()} conversations; ended by {ended}; {len(findings)} findings")
    for finding in findings[:20]:
        print(finding)
    return len(findings)


def _part(part: tuple[str, range]) -> Told:
    return run(*part)


if __name__ == "__main__":
    sys.exit(main())
