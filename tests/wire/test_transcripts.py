"""Every recorded conversation is held again without its server: the same bytes are sent, the same results arrive,
wherever what is received is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.tape import Transcript

FOLDER = Path(__file__).parent / "transcripts"
PATHS = sorted(FOLDER.rglob("*.jsonl"))
HEADER = 5  # bytes: the most that a link asks for at once; in there no cut can be made, nor in two that follow


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


def test_another_server_is_noticed(transcript: Transcript) -> None:
    """The replay is strict: a changed byte of what is sent fails it."""
    for line in transcript.lines:
        if "sent" in line:
            original = line["sent"]
            line["sent"] = chr(ord(original[0]) ^ 1) + original[1:]
            try:
                with pytest.raises(AssertionError):
                    transcript.replay()
            finally:
                line["sent"] = original
            return
    assert not transcript.received
