"""The hash that a login is bound to, held against a library that knows certificates."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from sqlx.wire.certificates import end_point_hash

HASHES = [hashes.SHA224(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()]
RSA = cache(lambda: rsa.generate_private_key(65537, 2048))
EC = cache(lambda: ec.generate_private_key(ec.SECP256R1()))


def certificate(key: Any, digest: Any, pss: Any = None) -> bytes:
    """A certificate that its own key has signed (DER)."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "db.example")])
    day = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(day).not_valid_after(day + datetime.timedelta(days=9))
    made = builder.sign(key, digest, rsa_padding=pss) if pss else builder.sign(key, digest)
    return made.public_bytes(serialization.Encoding.DER)


def digest_of(name: hashes.HashAlgorithm, data: bytes) -> bytes:
    state = hashes.Hash(name)
    state.update(data)
    return state.finalize()


@pytest.mark.parametrize("digest", HASHES, ids=lambda each: each.name)
@pytest.mark.parametrize("key", [RSA, EC], ids=["rsa", "ecdsa"])
def test_the_hash_of_the_signature(key: Callable[[], Any], digest: hashes.HashAlgorithm) -> None:
    made = certificate(key(), digest)
    assert end_point_hash(made) == digest_of(digest, made)


@pytest.mark.parametrize("digest", HASHES, ids=lambda each: each.name)
def test_the_hash_that_the_parameters_of_pss_tell(digest: hashes.HashAlgorithm) -> None:
    made = certificate(RSA(), digest, padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH))
    assert end_point_hash(made) == digest_of(digest, made)


@pytest.mark.parametrize("key", [ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey])
def test_a_signature_without_a_hash_binds_nothing(key: Any) -> None:
    """RFC 5929 leaves it undefined: whoever asks for a bound login must be refused, not bound to a guess."""
    assert end_point_hash(certificate(key.generate(), None)) == b""


def test_no_certificate() -> None:
    assert end_point_hash(b"") == b""


@given(st.binary(max_size=200))
def test_any_bytes_harm_nobody(data: bytes) -> None:
    assert end_point_hash(data) == b""


GOOD = certificate(RSA(), hashes.SHA256())
PLACE = st.integers(0, len(GOOD) - 1)


@given(st.lists(st.tuples(PLACE, st.integers(0, 255)), max_size=3), PLACE)
def test_a_damaged_certificate_harms_nobody(damages: list[tuple[int, int]], end: int) -> None:
    """Wherever it is changed, and cut."""
    made = bytearray(GOOD)
    for at, byte in damages:
        made[at] = byte
    assert len(end_point_hash(bytes(made))) in (0, 28, 32, 48, 64)
    assert end_point_hash(bytes(made[:end])) == b""
