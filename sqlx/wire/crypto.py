"""The cryptographic primitives that a wire pack may call by name in its expressions.

`FUNCTIONS` says what each takes and gives, so that an expression is type-checked before it runs. What is refused is
refused with a WireError whose message holds no argument's content: arguments are secrets more often than not.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac as _hmac
import stringprep
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias
from unicodedata import ucd_3_2_0

from sqlx.wire.certificates import end_point_hash
from sqlx.wire.errors import WireError

Type: TypeAlias = Literal["int", "bytes", "text", "bool", "list", "map", "any"]

HASHES = ("md5", "sha1", "sha256", "sha384", "sha512")
MAX_PBKDF2_ITERATIONS = 10_000_000  # some seconds of computing
MIN_RSA_BITS = 1024
ED25519_SEED = 32  # bytes of a private key


class Function(NamedTuple):
    """One callable of the expression language: the types of its positional arguments, the last `optional` of which may
    be left out, and of its result."""

    call: Callable[..., Any]
    arguments: tuple[Type, ...]
    result: Type
    optional: int = 0


def hmac(name: str, key: bytes, message: bytes) -> bytes:
    """The keyed hash of `message` (RFC 2104) with one of HASHES."""
    return _hmac.digest(key, message, _known(name))


def pbkdf2(name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
    """PBKDF2 with HMAC (RFC 8018 §5.2), as long as one digest; the `Hi` of RFC 5802.

    The peer chooses `iterations`, and so our computing time: outside 1..MAX_PBKDF2_ITERATIONS it is refused unrun.
    """
    if not 1 <= iterations <= MAX_PBKDF2_ITERATIONS:
        raise WireError(
            "refused",
            f"the server asks for {_count(iterations)} iterations of pbkdf2, allowed are 1 to {MAX_PBKDF2_ITERATIONS}: "
            "set the user's password anew with a count in that range",
        )
    return hashlib.pbkdf2_hmac(_known(name), password, salt, iterations)


def xor(data: bytes, key: bytes) -> bytes:
    """`data` with each byte xored by `key`, which is repeated, or cut, to the length of `data`.

    An empty key would hand `data` back in clear: it is refused, also for empty `data`.
    """
    if not key:
        raise WireError("protocol", "xor with an empty key: the server sent no nonce")
    stream = key * (len(data) // len(key) + 1)
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream[: len(data)], "big")
    return mixed.to_bytes(len(data), "big")


def base64(data: bytes) -> str:
    """The base64 of `data` (RFC 4648 §4), padded, in one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def unbase64(text: str) -> bytes:
    """The bytes whose `base64` is exactly `text`: no white space, no missing padding, no stray bits."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        data = b""
    if base64(data) != text:
        raise WireError("protocol", f"the server sent {len(text)} characters that are not base64")
    return data


def hex(data: bytes) -> str:
    """`data` as lower-case hexadecimal digits, two a byte."""
    return data.hex()


def equal(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are the same, in a time that does not tell where they differ."""
    return _hmac.compare_digest(a, b)


def saslprep(text: str) -> str:
    """The text prepared by SASLprep (RFC 4013) as a stored string, or `text` itself where SASLprep forbids it.

    Forbidden are control, private, unassigned (in Unicode 3.2) and similar characters, mixed writing directions, and a
    text of which nothing is left. Servers that take such a password all the same store it as it was typed, and the
    others never stored it: using it as it is logs in where it can.
    """
    kept = (" " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c))
    prepared = ucd_3_2_0.normalize("NFKC", "".join(kept))
    allowed = prepared and not any(_prohibited(c) for c in prepared) and _one_direction(prepared)
    return prepared if allowed else text


def rsa_oaep(public_key_pem: bytes, message: bytes) -> bytes:
    """`message` encrypted by RSAES-OAEP (RFC 8017 §7.1) with SHA-1, MGF1 with SHA-1 and no label; never the same twice.

    The key is a PEM of `PUBLIC KEY` or `RSA PUBLIC KEY`; one shorter than MIN_RSA_BITS is refused. A message longer
    than the key can take (its bytes less 42) is a WireError `data`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(public_key_pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise WireError("protocol", "the server's public key is not a key in PEM form") from error
    if not isinstance(key, RSAPublicKey):
        raise WireError("protocol", "the server's public key is not an RSA key")
    if key.key_size < MIN_RSA_BITS:
        sentence = f"the server's RSA key has {key.key_size} bits: give the server one of {MIN_RSA_BITS} or more"
        raise WireError("refused", sentence)
    longest = (key.key_size + 7) // 8 - 42
    if len(message) > longest:
        sentence = f"a secret of {len(message)} bytes is too long: the server's RSA key encrypts {longest} at most"
        raise WireError("data", sentence)
    return key.encrypt(message, OAEP(MGF1(SHA1()), SHA1(), None))


def ed25519_sign(password: bytes, message: bytes) -> bytes:
    """The 64-byte Ed25519 signature (RFC 8032 §5.1.6) of `message`, with a password of any length as the private key.

    SHA-512 of the password gives the secret scalar (first half, clamped) and the prefix of the nonce (second half); all
    else is as in the RFC, so a password of exactly 32 bytes signs as the private key of the same bytes. For any other
    the curve is libsodium's, through PyNaCl; without PyNaCl this is a WireError `unsupported` that names the extra.
    """
    if len(password) == ED25519_SEED:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(password).sign(message)
    try:
        from nacl import bindings as sodium
    except ImportError as error:
        sentence = "the server wants an Ed25519 signature and PyNaCl is not installed: pip install 'sqlx-os[ed25519]'"
        raise WireError("unsupported", sentence) from error

    def scalar(*parts: bytes) -> bytes:
        return sodium.crypto_core_ed25519_scalar_reduce(hashlib.sha512(b"".join(parts)).digest())

    secret, prefix = _clamped_halves(hashlib.sha512(password).digest())
    public = sodium.crypto_scalarmult_ed25519_base_noclamp(secret)
    nonce = scalar(prefix, message)
    commitment = sodium.crypto_scalarmult_ed25519_base_noclamp(nonce)
    challenge = scalar(commitment, public, message)
    answer = sodium.crypto_core_ed25519_scalar_add(sodium.crypto_core_ed25519_scalar_mul(challenge, secret), nonce)
    return commitment + answer


def _known(name: str) -> str:
    if name not in HASHES:
        raise WireError("unsupported", f"no hash named {name[:40]!r}: there are {', '.join(HASHES)}")
    return name


def _count(number: int) -> str:
    # A number off the wire may have more digits than Python will print.
    return str(number) if number.bit_length() <= 64 else f"more than 2**{number.bit_length() - 1}"


def _digest(name: str) -> Callable[[bytes], bytes]:
    def digest(message: bytes) -> bytes:
        return hashlib.new(name, message).digest()

    return digest


def _prohibited(character: str) -> bool:
    """RFC 4013 §2.3, and §2.5 for stored strings (table A.1)."""
    return (
        stringprep.in_table_c12(character)
        or stringprep.in_table_c21_c22(character)
        or stringprep.in_table_c3(character)
        or stringprep.in_table_c4(character)
        or stringprep.in_table_c5(character)
        or stringprep.in_table_c6(character)
        or stringprep.in_table_c7(character)
        or stringprep.in_table_c8(character)
        or stringprep.in_table_c9(character)
        or stringprep.in_table_a1(character)
    )


def _one_direction(text: str) -> bool:
    """RFC 3454 §6: right-to-left text holds nothing left-to-right, and begins and ends right-to-left."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(map(stringprep.in_table_d2, text))


def _clamped_halves(digest: bytes) -> tuple[bytes, bytes]:
    """RFC 8032 §5.1.5, step 2: the low three bits and the highest cleared, the second highest set."""
    scalar = bytearray(digest[:32])
    scalar[0] &= 0b1111_1000
    scalar[31] = scalar[31] & 0b0111_1111 | 0b0100_0000
    return bytes(scalar), digest[32:]


FUNCTIONS: dict[str, Function] = {name: Function(_digest(name), ("bytes",), "bytes") for name in HASHES} | {
    "hmac": Function(hmac, ("text", "bytes", "bytes"), "bytes"),
    "pbkdf2": Function(pbkdf2, ("text", "bytes", "bytes", "int"), "bytes"),
    "xor": Function(xor, ("bytes", "bytes"), "bytes"),
    "base64": Function(base64, ("bytes",), "text"),
    "unbase64": Function(unbase64, ("text",), "bytes"),
    "hex": Function(hex, ("bytes",), "text"),
    "equal": Function(equal, ("bytes", "bytes"), "bool"),
    "saslprep": Function(saslprep, ("text",), "text"),
    "end_point_hash": Function(end_point_hash, ("bytes",), "bytes"),
    "rsa_oaep": Function(rsa_oaep, ("bytes", "bytes"), "bytes"),
    "ed25519_sign": Function(ed25519_sign, ("bytes", "bytes"), "bytes"),
}
