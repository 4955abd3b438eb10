"""A message that goes on in further frames: what has come of it, each part copied once and all joined once."""

from __future__ import annotations

from typing import Any


class SplitMessage:
    """The bodies of the frames so far; empty where no message has begun."""

    __slots__ = ("_parts", "_size", "_tag")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._tag: Any = None

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, tag: Any, body: bytes, limit: int) -> None:
        """The next frame; the first one's tag is the message's. Raises ValueError for more bytes than `limit`."""
        self._size += len(body)
        if self._size > limit:
            raise ValueError(f"a message of more than {limit} bytes")
        if not self._parts:
            self._tag = tag
        self._parts.append(body)

    def whole(self) -> tuple[Any, bytes]:
        """The message's tag and body, now that its last frame has come."""
        whole = self._tag, b"".join(self._parts)
        self._parts, self._size = [], 0
        return whole
