"""The layer of compressed blocks: whatever is cut comes out whole, and what lies costs no memory."""

from __future__ import annotations

import random
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Iterable
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire import registry
from sqlx.wire.compile.compiler import Program
from sqlx.wire.compile.framing import Blocks
from sqlx.wire.compression import MAX_BLOCK, CompressionLayer
from sqlx.wire.errors import WireError

PROGRAM = Program(registry.load("mysql"))
BLOCKS = Blocks(PROGRAM.frames("server_block"), PROGRAM.frame_writer("client_block"), 50)
MEGABYTE = 1 << 20


class Pieces:
    """A channel that gives what it has piece by piece, at least as much as is asked for."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)

    def transfer(self, out: bytes, want: int) -> Any:
        data = b""
        while len(data) < want:
            data += next(self.pieces)
        return data
        yield


def opened(layer: CompressionLayer, channel: Pieces, want: int) -> bytes:
    steps = layer.transfer(channel, b"", want)  # type: ignore[arg-type]
    try:
        next(steps)
    except StopIteration as end:
        return bytes(end.value)
    raise AssertionError("the channel never waits")


def block(body: bytes, inflated: int, number: int = 0) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + inflated.to_bytes(3, "little") + body


@given(
    messages=st.lists(st.binary(max_size=300) | st.builds(bytes, st.integers(0, 3000)), min_size=1, max_size=5),
    algorithm=st.sampled_from(["zlib", "zstd"]),
    cuts=st.randoms(use_true_random=False),
)
def test_cut_anywhere_and_asked_for_in_any_portions(messages: list[bytes], algorithm: str, cuts: random.Random) -> None:
    peer, layer = CompressionLayer(BLOCKS, algorithm, 3), CompressionLayer(BLOCKS, algorithm, 3)
    sealed = b"".join(peer.seal(message, False) for message in messages)
    places = sorted(cuts.randrange(len(sealed) + 1) for _ in range(8))
    channel = Pieces(sealed[start:stop] for start, stop in zip([0, *places], [*places, len(sealed)], strict=True))
    whole, found = b"".join(messages), b""
    while len(found) < len(whole):
        found += opened(layer, channel, cuts.randint(1, len(whole) - len(found)))
    assert found == whole


@pytest.mark.parametrize("size", [MAX_BLOCK - 2, MAX_BLOCK - 1, MAX_BLOCK, 2 * MAX_BLOCK - 1])
def test_messages_as_large_as_a_block(size: int) -> None:
    data = bytes(size)
    sealed = CompressionLayer(BLOCKS, "zlib", 0).seal(data, True)
    assert opened(CompressionLayer(BLOCKS, "zlib", 0), Pieces([sealed]), size) == data


def test_what_does_not_shrink_is_sent_as_it_is() -> None:
    noise = random.Random(1).randbytes(1000)
    layer = CompressionLayer(BLOCKS, "zlib", 0)
    assert layer.seal(b"x" * 49, True) == block(b"x" * 49, 0)
    assert layer.seal(noise, True) == block(noise, 0)
    assert len(layer.seal(bytes(1000), True)) < 100


ZEROS = zlib.compress(bytes(64 * MEGABYTE))
LIES = {
    "more than it says": ("zlib", block(ZEROS, 100), "says that it has 100 bytes, and has more"),
    "less than it says": ("zlib", block(zlib.compress(b"x" * 10), 100), "says that it has 100 bytes, and has others"),
    "not compressed": ("zlib", block(b"x" * 60, 100), "cannot be read"),
    "cut": ("zlib", block(zlib.compress(b"x" * 100)[:-3], 100), "has others"),
    "something behind it": ("zlib", block(zlib.compress(b"x" * 100) + b"!", 100), "has others"),
    "zstd, more than it says": ("zstd", block(zstandard.compress(bytes(64 * MEGABYTE)), 100), "and has more"),
    "zstd, less than it says": ("zstd", block(zstandard.compress(b"x" * 10), 100), "and has others"),
    "zstd, not compressed": ("zstd", block(b"x" * 60, 100), "cannot be read"),
    "zstd, a frame that says it has 2^62 bytes": (
        "zstd", block(b"\x28\xb5\x2f\xfd\xe0" + (1 << 62).to_bytes(8, "little") + b"\x01\0\0", 100), "cannot be read",
    ),
    "zstd, a window of 2 GiB": ("zstd", block(b"\x28\xb5\x2f\xfd\x00\xa8\x01\0\0", 100), "cannot be read"),
    "another number": ("zlib", block(b"x", 0, 7), "block 7 where 0 was due"),
}  # fmt: skip


@pytest.mark.parametrize(("algorithm", "sealed", "problem"), LIES.values(), ids=LIES.keys())
def test_a_block_that_lies(algorithm: str, sealed: bytes, problem: str) -> None:
    layer = CompressionLayer(BLOCKS, algorithm, 3)
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match=problem) as caught:
            opened(layer, Pieces([sealed]), 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (caught.value.kind, peak < MEGABYTE) == ("protocol", True)


@pytest.mark.parametrize("algorithm", ["zlib", "zstd"])
def test_one_block_is_inflated_at_a_time(algorithm: str) -> None:
    """What came in one piece may be a thousand times as large."""
    size = 15 * MEGABYTE
    bomb = (zlib.compress if algorithm == "zlib" else zstandard.compress)(bytes(size))
    layer = CompressionLayer(BLOCKS, algorithm, 3)
    tracemalloc.start()
    try:
        plain = opened(layer, Pieces([b"".join(block(bomb, size, number) for number in range(20))]), 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(plain), peak < 3 * size) == (size, True)


def test_the_answer_to_each_exchange_is_counted_anew() -> None:
    layer = CompressionLayer(BLOCKS, "zlib", 0)
    for _ in range(3):
        layer.seal(b"one block", True)
    answers = [block(b"a", 0, 1), block(b"b", 0, 2), block(b"c", 0, 1), block(b"d", 0, 1), block(b"e", 0, 2)]
    assert opened(layer, Pieces(answers), 5) == b"abcde"
    with pytest.raises(WireError, match="block 5 where 3 was due"):
        opened(layer, Pieces([block(b"f", 0, 5)]), 1)


def test_connecting_does_not_load_what_compresses() -> None:
    """The extra library is loaded where it is used."""
    code = "import sys, sqlx.wire.conversation; sys.exit('zstandard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
