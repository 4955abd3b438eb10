"""A text whose result is described in another way than the last time is read in that other way."""

from __future__ import annotations

import itertools
import socket
import struct
from decimal import Decimal
from typing import Any

from tests.wire import peers
from tests.wire.peers import DEADLINE, READY, WELCOME, complete, link_to, message, row, serving


def column(name: bytes = b"a", type_id: int = 23, size: int = 4, modifier: int = -1, form: int = 0) -> bytes:
    return message("T", struct.pack(">h", 1) + name + struct.pack(">xIhIhih", 0, 0, type_id, size, modifier, form))


# Each differs from the first in one field of its definition, or of what it holds.
ANSWERS: list[tuple[bytes, bytes | None, Any]] = [
    (column(), b"1234", 1234),
    (column(type_id=25, size=-1), b"1234", "1234"),
    (column(type_id=1700, size=-1), b"1234", Decimal(1234)),
    (column(form=1), b"1234", 0x31323334),
    (column(type_id=17), b"1234", b"1234"),
    (column(name=b"b"), b"1234", 1234),
    (column(), None, None),
    (column(modifier=8), b"1234", 1234),
]


def test_what_is_remembered_of_a_result_is_known_by_all_that_it_depends_on() -> None:
    order = [index for pair in itertools.permutations(range(len(ANSWERS)), 2) for index in pair]

    def script(peer: socket.socket) -> None:
        peers.startup(peer)
        peer.sendall(WELCOME)
        for index in order:
            peers.heard(peer)
            definition, value, _ = ANSWERS[index]
            peer.sendall(definition + row(value) + complete("SELECT 1") + READY)

    with serving(script) as peer:
        link, runner = link_to(peer.port)
        runner.open(DEADLINE)
        for index in order:
            (result,) = runner.run(link.query("SELECT a"), DEADLINE).results
            definition, _, meant = ANSWERS[index]
            assert result.rows == [(meant,)]
            assert type(result.rows[0][0]) is type(meant)
            assert result.columns is not None
            assert result.columns[0].name == definition[7:8].decode()
        runner.close()
