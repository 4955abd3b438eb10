"""What must be known of a server's certificate beyond its being valid: the hash that binds a login to its connection.

A certificate is read here as far as its signature's algorithm and no further (RFC 5280 §4.1); whether it is to be
trusted is for the TLS library to say.
"""

from __future__ import annotations

import hashlib

MAX_LENGTH_BYTES = 4  # of the length of one element; a certificate of 4 GiB is none
SEQUENCE, OBJECT_ID, EXPLICIT_0 = 0x30, 0x06, 0xA0

# The bytes of each algorithm's object identifier -> the hash that it signs; for the two that are broken RFC 5929 §4.1
# wants SHA-256. Algorithms with a hash of their own, such as Ed25519, are not here.
_RSA, _ECDSA = "2a864886f70d0101", "2a8648ce3d04"
HASHES = {
    f"{_RSA}04": "sha256",  # with MD5
    f"{_RSA}05": "sha256",  # with SHA-1
    f"{_RSA}0e": "sha224",
    f"{_RSA}0b": "sha256",
    f"{_RSA}0c": "sha384",
    f"{_RSA}0d": "sha512",
    f"{_ECDSA}01": "sha256",  # with SHA-1
    f"{_ECDSA}0301": "sha224",
    f"{_ECDSA}0302": "sha256",
    f"{_ECDSA}0303": "sha384",
    f"{_ECDSA}0304": "sha512",
}
RSA_PSS = f"{_RSA}0a"  # tells its hash in its parameters, and means SHA-1 where it does not
PSS_HASHES = {
    "2b0e03021a": "sha256",  # SHA-1
    "608648016503040204": "sha224",
    "608648016503040201": "sha256",
    "608648016503040202": "sha384",
    "608648016503040203": "sha512",
}


def end_point_hash(certificate: bytes) -> bytes:
    """The hash of a certificate (DER) that `tls-server-end-point` binds to (RFC 5929 §4): that of its signature's
    algorithm. Empty without a certificate, and for one whose algorithm has none, or is not known here."""
    try:
        name = _signature_hash(certificate)
    except (IndexError, ValueError):
        name = ""
    return hashlib.new(name, certificate).digest() if name else b""


def _signature_hash(certificate: bytes) -> str:
    """The name of the hash in the certificate's `signatureAlgorithm`; empty where there is none."""
    whole, _ = _element(certificate, SEQUENCE)
    _, behind = _element(whole, SEQUENCE)  # what is signed
    algorithm, _ = _element(behind, SEQUENCE)
    identifier, parameters = _element(algorithm, OBJECT_ID)
    if identifier.hex() != RSA_PSS:
        return HASHES.get(identifier.hex(), "")
    chosen, _ = _element(parameters, SEQUENCE)
    if chosen[:1] != bytes([EXPLICIT_0]):
        return "sha256"
    hash_algorithm, _ = _element(chosen, EXPLICIT_0)
    identifier, _ = _element(_element(hash_algorithm, SEQUENCE)[0], OBJECT_ID)
    return PSS_HASHES.get(identifier.hex(), "")


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element of `data`, and what stands behind it (X.690 §8.1). Raises ValueError."""
    if data[0] != tag:
        raise ValueError(f"an element {data[0]:#x} where {tag:#x} was expected")
    size, start = data[1], 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= MAX_LENGTH_BYTES:
            raise ValueError(f"a length of {count} bytes")
        start += count
        size = int.from_bytes(data[2:start], "big")
    if start + size > len(data):
        raise ValueError(f"an element of {size} bytes in {len(data)}")
    return data[start : start + size], data[start + size :]
