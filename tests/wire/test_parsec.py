"""The login `parsec` with a server that lies: it is refused before the password has been worked on."""

from __future__ import annotations

import hashlib
import socket
import time

import pytest
from nacl.signing import SigningKey

from sqlx.wire.errors import WireError
from tests.wire.peers import DEADLINE, exactly, link_to, serving
from tests.wire.test_hostile_greeters import PLAIN, asked, frame, greeting, ok

SALT = bytes(range(18))
NONCE = bytes(range(32))
PATIENCE = 60.0  # seconds; each end computes for most of one where nothing else runs


class Parsec:
    """A server that knows the password `secret`, but for one lie. `salted` is all that it sends of the salt."""

    def __init__(self, doublings: int = 0, nonce: bytes = NONCE, salted: bytes | None = None) -> None:
        self.nonces: list[bytes] = []  # of clients
        self.doublings = doublings
        self.nonce = nonce
        self.salted = b"P" + bytes([doublings]) + SALT if salted is None else salted

    def __call__(self, peer: socket.socket) -> None:
        peer.settimeout(PATIENCE)
        peer.sendall(greeting(PLAIN))
        asked(peer)
        peer.sendall(frame(2, b"\xfeparsec\0" + self.nonce))
        assert exactly(peer, 4) == b"\0\0\0\3", "the client asks for the salt by an empty message"
        peer.sendall(frame(4, b"\1" + self.salted))
        answer = exactly(peer, 4 + 32 + 64)[4:]
        self.nonces.append(answer[:32])
        seed = hashlib.pbkdf2_hmac("sha512", b"secret", SALT, 1024 << self.doublings, 32)
        SigningKey(seed).verify_key.verify(self.nonce + answer[:32], answer[32:])
        peer.sendall(ok(6))


@pytest.mark.parametrize("doublings", [0, 3, 9])
def test_an_honest_server(doublings: int) -> None:
    """It verifies the signature by another library, with the fewest iterations, today's most, and the most allowed."""
    with serving(Parsec(doublings)) as peer:
        link, runner = link_to(peer.port, "mariadb")
        runner.open(PATIENCE)
        assert link.state == "idle"
        runner.close()


def test_the_client_s_nonce_is_new_each_time() -> None:
    server = Parsec()
    for _ in range(2):
        with serving(server) as peer:
            _, runner = link_to(peer.port, "mariadb")
            runner.open(DEADLINE)
            runner.close()
    assert len(set(server.nonces)) == 2


LIES = {
    "2^20 iterations": (Parsec(10), "asks for 2^20 iterations of pbkdf2, and more than 2^19"),
    "2^265 iterations": (Parsec(255), "asks for 2^265 iterations of pbkdf2, and more than 2^19"),
    "a salt too short": (Parsec(salted=b"P\0" + SALT[:-1]), "19 bytes that are no salt of parsec"),
    "a salt too long": (Parsec(salted=b"P\0" + SALT + b"!"), "21 bytes that are no salt of parsec"),
    "no salt": (Parsec(salted=b""), "0 bytes that are no salt of parsec"),
    "another algorithm": (Parsec(salted=b"Q\0" + SALT), "20 bytes that are no salt of parsec"),
    "a nonce too short": (Parsec(nonce=NONCE[:-1]), "nonce has 31 bytes, and parsec signs one of 32"),
    "a nonce too long": (Parsec(nonce=NONCE + b"!"), "nonce has 33 bytes, and parsec signs one of 32"),
    "no nonce": (Parsec(nonce=b""), "nonce has 0 bytes, and parsec signs one of 32"),
}


@pytest.mark.parametrize(("server", "reason"), LIES.values(), ids=LIES.keys())
def test_a_lie(server: Parsec, reason: str) -> None:
    caught = refusal(server)
    assert reason in str(caught)
    assert caught.kind in ("protocol", "refused")


def refusal(server: Parsec) -> WireError:
    """The error of a login that ends before the password has been hashed, however often the server asks for that."""
    with serving(server) as peer:
        link, runner = link_to(peer.port, "mariadb")
        start = time.process_time()
        with pytest.raises(WireError) as caught:
            runner.open(DEADLINE)
        assert time.process_time() - start < 0.3
        assert link.state == "closed"
        assert "secret" not in str(caught.value)
    return caught.value


def test_a_server_that_lets_in_without_a_proof() -> None:
    """Before the salt came, nothing has been proven."""

    class Careless(Parsec):
        def __call__(self, peer: socket.socket) -> None:
            peer.sendall(greeting(PLAIN))
            asked(peer)
            peer.sendall(frame(2, b"\xfeparsec\0" + self.nonce))
            exactly(peer, 4)
            peer.sendall(ok(4))

    assert "message 0 while auth more or error was due" in str(refusal(Careless()))
