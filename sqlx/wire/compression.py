"""Compression as a layer of bytes between the channel and the machine.

What is sent goes in blocks, each with a header and a number of its own, and so does what comes: frames may cross
blocks. A block that is not worth it is sent as it is, and says that it inflates to 0 bytes. A block is inflated when
the machine asks for what is in it and not before, to no more than its header says, which is at most MAX_BLOCK.
"""

from __future__ import annotations

import importlib
import sys
import zlib
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec

from sqlx.wire.channel import Channel
from sqlx.wire.compile.framing import Blocks
from sqlx.wire.errors import WireError
from sqlx.wire.link import Steps

MAX_BLOCK = 1 << 24  # bytes that a block may inflate to
MAX_WINDOW = 25  # bits: how far back a block may refer, which is what inflating it takes beside its size
MAX_ANSWERS = 4096  # exchanges whose answers have not begun

Inflate = Callable[[bytes, int], bytes]  # a block and its size when inflated; ValueError when it is something else
Deflate = Callable[[bytes], bytes]


def _zlib(level: int) -> tuple[Deflate, Inflate]:
    def inflate(data: bytes, size: int) -> bytes:
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(data, size + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        return _whole(plain, size, stream.eof and not stream.unused_data)

    return zlib.compress, inflate


def _zstd(level: int) -> tuple[Deflate, Inflate]:
    if sys.version_info >= (3, 14):
        return _own_zstd(level)
    library = importlib.import_module("zstandard")
    compressor = library.ZstdCompressor(level=level)
    window = library.ZstdDecompressor(max_window_size=1 << MAX_WINDOW)

    def inflate(data: bytes, size: int) -> bytes:
        try:
            with window.stream_reader(data) as stream:
                plain = stream.read(size + 1)
        except (library.ZstdError, MemoryError) as error:
            raise ValueError(str(error)) from None
        return _whole(plain, size, True)

    return compressor.compress, inflate


def _own_zstd(level: int) -> tuple[Deflate, Inflate]:
    """The same with the standard library's own module (PEP 784)."""
    library = importlib.import_module("compression.zstd")
    limits = {library.DecompressionParameter.window_log_max: MAX_WINDOW}

    def inflate(data: bytes, size: int) -> bytes:
        stream = library.ZstdDecompressor(options=limits)
        try:
            plain = stream.decompress(data, size + 1)
        except library.ZstdError as error:
            raise ValueError(str(error)) from None
        return _whole(plain, size, stream.eof and not stream.unused_data)

    return lambda data: library.compress(data, level), inflate


def _whole(plain: bytes, size: int, ended: bool) -> bytes:
    if len(plain) != size or not ended:
        raise ValueError(f"a block says that it has {size} bytes, and has {'more' if len(plain) > size else 'others'}")
    return plain


_ALGORITHMS = {"zlib": _zlib, "zstd": _zstd}


@lru_cache(maxsize=1)
def available() -> list[str]:
    """What can be done on this machine; `none` is among it."""
    has_zstd = sys.version_info >= (3, 14) or find_spec("zstandard") is not None
    return ["none", "zlib", *(["zstd"] if has_zstd else [])]


class CompressionLayer:
    """The client's end. `seal` is for what is sent, `transfer` stands before a channel's own."""

    def __init__(self, blocks: Blocks, algorithm: str, level: int) -> None:
        self._blocks = blocks
        if algorithm not in _ALGORITHMS:
            raise WireError("unsupported", f"blocks can be compressed by {' or '.join(_ALGORITHMS)} alone")
        self._deflate, self._inflate = _ALGORITHMS[algorithm](level)
        self._raw = b""  # what has come and is not inflated
        self._position = 0
        self._plain: list[bytes] = []
        self._size = 0
        self._due = 0  # the number of the next block that comes
        self._sent = 0
        self._answers: deque[int] = deque(maxlen=MAX_ANSWERS)  # the first numbers of what will be answered

    def seal(self, data: bytes | bytearray, first: bool) -> bytes:
        """One message in blocks. With the `first` of an exchange their numbers begin anew, and so will its answer's."""
        if first or not self._answers:
            self._sent = 0
            self._answers.append(0)
        sealed, split = bytearray(), self._blocks.write.split or MAX_BLOCK - 1
        for start in range(0, len(data), split):
            part = bytes(data[start : start + split])
            small = self._deflate(part) if len(part) >= self._blocks.threshold else part
            size, body = (len(part), small) if len(small) < len(part) else (0, part)
            sealed += self._blocks.write.header(size, len(body), self._sent & 255)
            sealed += body
            self._sent += 1
        self._answers[-1] = self._sent & 255
        return bytes(sealed)

    def transfer(self, channel: Channel, out: bytes | bytearray, want: int) -> Steps[bytes]:
        """As `Channel.transfer`, of what is in the blocks; what is to be sent has been sealed."""
        while self._size < want:
            missing = self._take()
            if missing:
                self._keep((yield from channel.transfer(out, missing)))
                out = b""
        if out:
            self._keep((yield from channel.transfer(out, min(want, 0))))
        plain, self._plain, self._size = self._plain, [], 0
        return plain[0] if len(plain) == 1 else b"".join(plain)

    def _keep(self, data: bytes) -> None:
        self._raw, self._position = self._raw[self._position :] + data, 0

    def _take(self) -> int:
        """Inflate the next block, or tell how many bytes of it are missing."""
        head = self._blocks.read.read(self._raw, self._position, len(self._raw), MAX_BLOCK, [])
        if isinstance(head, int):
            return head
        size, start, stop, number = head
        self._count(number)
        try:
            plain = self._raw[start:stop] if size == 0 else self._inflated(start, stop, size)
        except ValueError as error:
            raise WireError("protocol", f"the server sent a compressed block that cannot be read: {error}") from None
        self._position = stop
        self._plain.append(plain)
        self._size += len(plain)
        return 0

    def _inflated(self, start: int, stop: int, size: int) -> bytes:
        if not 0 < size <= MAX_BLOCK:
            raise ValueError(f"a block of {size} bytes; at most {MAX_BLOCK} are accepted")
        return self._inflate(self._raw[start:stop], size)

    def _count(self, number: int) -> None:
        """Hold the number of a block against the one that is due, or that begins the answer to a later exchange, or
        what nobody asked for, which is 0."""
        if number not in (self._due, 0):
            if number not in self._answers:
                raise WireError("protocol", f"the server sent block {number} where {self._due} was due")
            while self._answers.popleft() != number:
                pass
        self._due = number + 1 & 255
