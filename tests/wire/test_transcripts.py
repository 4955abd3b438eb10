"""Every recorded conversation is held again without its server: the same bytes are sent, the same results arrive,
wherever what is received is cut."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.wire.tape import Difference, Transcript

FOLDER = Path(__file__).parent / "transcripts"
PATHS = sorted(FOLDER.rglob("*.jsonl"))
MUTATIONS = 100  # of each transcript
HEADER = 7  # bytes: the most that a link asks for at once; in there no cut can be made, nor in two that follow


def name(path: Path) -> str:
    return str(path.relative_to(FOLDER).with_suffix(""))


@pytest.fixture(params=PATHS, ids=map(name, PATHS), scope="module")
def transcript(request: pytest.FixtureRequest) -> Transcript:
    return Transcript(request.param)


def test_replayed(transcript: Transcript) -> None:
    transcript.replay()


def test_cut_at_every_byte(transcript: Transcript) -> None:
    """Each run makes as many of the cuts that are left as it can."""
    left = set(range(1, transcript.received))
    while made := transcript.replay(left):
        left -= made
    in_a_row = 0
    for cut in range(1, transcript.received):
        in_a_row = in_a_row + 1 if cut in left else 0
        assert in_a_row <= 2 * HEADER, f"no cut was made up to byte {cut}"


def test_the_replay_is_strict(transcript: Transcript) -> None:
    """One bit of what is sent fails it, and so does a result that is not the one recorded."""
    wrong = transcript.copy()
    wrong.lines[-1]["gives"] = {"state": "elsewhere"}
    with pytest.raises(Difference):
        wrong.replay()
    other = transcript.copy()
    for line in other.lines:
        if "sent" in line:
            line["sent"] = chr(ord(line["sent"][0]) ^ 1) + line["sent"][1:]
            break
    with pytest.raises(Difference):
        other.replay()


def test_a_server_that_goes_wrong_anywhere_gives_errors(transcript: Transcript) -> None:
    """Bytes changed, lost, added, repeated: a WireError, other results, another thing to send; no other exception."""
    chance = random.Random(transcript.header.server + transcript.header.user)
    for _ in range(MUTATIONS):
        try:
            mutated(transcript, chance).replay()
        except Difference:
            continue


def mutated(transcript: Transcript, chance: random.Random) -> Transcript:
    """The transcript with up to three damages to what is received."""
    copy = transcript.copy()
    received = [line for line in copy.lines if line.get("received")]
    for line in chance.choices(received, k=chance.randint(1, 3)) if received else ():
        data = bytearray(line["received"].encode("latin-1"))
        at, size = chance.randrange(len(data)), chance.choice((1, 2, 4, 8))
        what = chance.choice(("change", "change", "lose", "add", "repeat"))
        if what == "change":
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, data[at] ^ 1 << chance.randrange(8)))
        elif what == "lose":
            del data[at : at + size]
        else:
            data[at:at] = chance.randbytes(size) if what == "add" else data[-size:]
        line["received"] = data.decode("latin-1") or "\0"
    return copy
