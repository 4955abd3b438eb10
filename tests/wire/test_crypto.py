"""The primitives against the vectors of their RFCs, and against properties that hold for every input."""

from __future__ import annotations

import base64 as reference_base64
import subprocess
import sys
from collections.abc import Callable
from typing import TypeAlias, get_type_hints

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_scalar_reduce, crypto_scalarmult_ed25519_base_noclamp
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from sqlx.wire import crypto
from sqlx.wire.crypto import FUNCTIONS, MAX_PBKDF2_ITERATIONS
from sqlx.wire.errors import WireError

# A key of 768 bits: too short to be made by today's libraries.
SHORT_KEY = b"""-----BEGIN PUBLIC KEY-----
MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAMz7TYau6or8etkvo9mxrkJVd5Glwyqk
EeYm88XqeQXaqp/jDd+s5UQOQfjvdJjSrfb0B0sF7ur0GFY3uA11wG1QRpmZ6ycF
00Vp0EajQ1bvc+Mzp1aByG9lq9MVFYPXpwIDAQAB
-----END PUBLIC KEY-----
"""


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def pem(key: PublicKey, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return key.public_bytes(Encoding.PEM, form)


# ---- the table


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_table_tells_the_types_of_the_function(name: str) -> None:
    """What the expression checker is told agrees with the function's own signature."""
    words = {int: "int", bytes: "bytes", str: "text", bool: "bool"}
    function = FUNCTIONS[name]
    *arguments, result = (words[hint] for hint in get_type_hints(function.call).values())
    assert (tuple(arguments), result) == (function.arguments, function.result)


def test_table_holds_exactly_the_promised_names() -> None:
    hashes = "md5 sha1 sha256 sha384 sha512"
    others = "hmac pbkdf2 xor base64 unbase64 hex equal saslprep rsa_oaep ed25519_sign end_point_hash"
    assert sorted(FUNCTIONS) == sorted(f"{hashes} {others}".split())


def test_importing_loads_no_optional_library() -> None:
    """The curve and the RSA code are loaded by the call that needs them."""
    code = "import sys, sqlx.wire.crypto; print(sorted({'cryptography', 'nacl'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# ---- hashes


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "sha384",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            "sha512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ],
)
def test_hash_of_abc(name: str, digest: str) -> None:
    """RFC 1321 §A.5 and FIPS 180-4's example "abc"."""
    assert FUNCTIONS[name].call(b"abc").hex() == digest


def test_hmac_vector() -> None:
    """RFC 4231 §4.3, test case 2."""
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert crypto.hmac("sha256", b"Jefe", b"what do ya want for nothing?").hex() == digest


@pytest.mark.parametrize(
    ("iterations", "key"),
    [
        (1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
        (2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
        (4096, "4b007901b765489abead49d926f721d065a429c1"),
    ],
)
def test_pbkdf2_vectors(iterations: int, key: str) -> None:
    """RFC 6070 §2, the first three."""
    assert crypto.pbkdf2("sha1", b"password", b"salt", iterations).hex() == key


@pytest.mark.parametrize(
    "iterations", [-1, 0, MAX_PBKDF2_ITERATIONS + 1, 2**31 - 1, pytest.param(1 << 40_000, id="huge")]
)
def test_pbkdf2_refuses_a_count_out_of_bounds(iterations: int) -> None:
    """The count that the peer chose is refused unrun, with the number (where it can be shown) and the bound."""
    with pytest.raises(WireError, match="allowed are 1 to 1000000") as caught:
        crypto.pbkdf2("sha256", b"pencil", b"salt", iterations)
    assert caught.value.kind == "refused"
    assert len(caught.value.message) < 200
    assert (str(iterations) if iterations < 1 << 64 else "more than 2**40000") in caught.value.message


@pytest.mark.parametrize("call", [lambda: crypto.hmac("sha3", b"", b""), lambda: crypto.pbkdf2("sha3", b"", b"", 1)])
def test_unknown_hash_is_named_with_the_known_ones(call: Callable[[], bytes]) -> None:
    with pytest.raises(WireError, match="no hash named 'sha3': there are md5, sha1, sha256") as caught:
        call()
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(
    ("name", "client", "server", "salt", "proof", "signature"),
    [
        (  # RFC 5802 §5
            "sha1",
            "n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "QSXCR+Q6sek8bf92",
            "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ),
        (  # RFC 7677 §3
            "sha256",
            "n=user,r=rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "W22ZaJ0SNY7soEsUEjb6gQ==",
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ),
    ],
)
def test_scram_vectors(name: str, client: str, server: str, salt: str, proof: str, signature: str) -> None:
    """The whole computation of SCRAM, by the primitives alone, gives the proofs that the RFCs print."""
    nonce = server.split(",")[0]
    spoken = f"{client},{server},c=biws,{nonce}".encode()
    salted = crypto.pbkdf2(name, crypto.saslprep("pencil").encode(), crypto.unbase64(salt), 4096)
    client_key = crypto.hmac(name, salted, b"Client Key")
    stored_key = FUNCTIONS[name].call(client_key)
    assert crypto.base64(crypto.xor(client_key, crypto.hmac(name, stored_key, spoken))) == proof
    server_key = crypto.hmac(name, salted, b"Server Key")
    assert crypto.equal(crypto.hmac(name, server_key, spoken), crypto.unbase64(signature))


# ---- bytes and texts


@given(st.binary(max_size=80), st.binary(min_size=1, max_size=40))
def test_xor_repeats_the_key_and_undoes_itself(data: bytes, key: bytes) -> None:
    mixed = crypto.xor(data, key)
    assert mixed == bytes(byte ^ key[i % len(key)] for i, byte in enumerate(data))
    assert crypto.xor(mixed, key) == data


@pytest.mark.parametrize("data", [b"", b"secret"])
def test_xor_refuses_an_empty_key(data: bytes) -> None:
    """A server that sends no nonce must not get the password in clear."""
    with pytest.raises(WireError, match="xor with an empty key") as caught:
        crypto.xor(data, b"")
    assert caught.value.kind == "protocol"


@given(st.binary(max_size=200))
def test_base64_round_trip(data: bytes) -> None:
    text = crypto.base64(data)
    assert text == reference_base64.b64encode(data).decode()
    assert crypto.unbase64(text) == data


@given(st.text(alphabet="AQgw=+/- \n\0é", max_size=12))
def test_unbase64_takes_nothing_but_what_base64_makes(text: str) -> None:
    try:
        data = crypto.unbase64(text)
    except WireError as error:
        assert error.kind == "protocol"
    else:
        assert crypto.base64(data) == text


@pytest.mark.parametrize(
    "text", ["QQ", "QQ=", "QR==", "QQ==QQ==", " QQ==", "QQ==\n", "Q\nQ==", "_-==", "é", "=", "\ud800"]
)
def test_unbase64_refuses(text: str) -> None:
    """Missing padding, stray bits, something behind the end, white space, the URL alphabet, other characters."""
    with pytest.raises(WireError, match=f"{len(text)} characters that are not base64"):
        crypto.unbase64(text)


@given(st.binary())
def test_hex_is_two_lower_case_digits_a_byte(data: bytes) -> None:
    assert crypto.hex(data) == "".join(f"{byte:02x}" for byte in data)


@given(st.binary(), st.binary())
def test_equal_is_equality(a: bytes, b: bytes) -> None:
    assert crypto.equal(a, b) is (a == b)
    assert crypto.equal(a, bytes(a)) is True


# ---- SASLprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),  # RFC 4013 §3: soft hyphen mapped to nothing
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),  # NFKC
        ("\u2168", "IX"),  # NFKC, the same as the first
        ("a\u00a0b\u3000c", "a b c"),  # non-ASCII spaces
        ("\u0627\u0031\u0628", "\u0627\u0031\u0628"),  # right-to-left at both ends
        ("p\u00e4ss", "p\u00e4ss"),
        ("pa\u0308ss", "p\u00e4ss"),
        ("", ""),
    ],
)
def test_saslprep_prepares(text: str, prepared: str) -> None:
    """The examples of RFC 4013 §3, and one for every rule of §2."""
    assert crypto.saslprep(text) == prepared


@pytest.mark.parametrize(
    "text",
    [
        "\u0007",  # RFC 4013 §3: prohibited character
        "\u0627\u0031",  # RFC 4013 §3: bidirectional check
        # From here on each would change if it were not forbidden.
        "\u00ad\u0627\u0031",  # right-to-left at the beginning alone
        "\u00ad\u0031\u0627",  # right-to-left at the end alone
        "\u00ad\u0627a\u0628",  # left-to-right between right-to-left
        "\u00aa\u0007",  # control
        "\u00aa\ue000",  # private use
        "\u00aa\u0221",  # unassigned in Unicode 3.2
        "\u00aa\U0001f511",  # an emoji, later than Unicode 3.2
        "\u00aa\ud800",  # surrogate
        "\u00ad",  # nothing is left
    ],
)
def test_saslprep_leaves_a_forbidden_text_as_it_is(text: str) -> None:
    assert crypto.saslprep(text) == text


@given(st.text())
def test_saslprep_is_total_and_idempotent(text: str) -> None:
    prepared = crypto.saslprep(text)
    assert crypto.saslprep(prepared) == prepared


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_saslprep_keeps_printable_ascii(text: str) -> None:
    assert crypto.saslprep(text) == text


# ---- RSA


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
@pytest.mark.parametrize("length", [0, 20, 256 - 42])
def test_rsa_oaep_is_read_by_the_private_key(rsa_key: rsa.RSAPrivateKey, form: PublicFormat, length: int) -> None:
    oaep = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)
    sealed = crypto.rsa_oaep(pem(rsa_key.public_key(), form), b"x" * length)
    assert rsa_key.decrypt(sealed, oaep) == b"x" * length


def test_rsa_oaep_refuses_a_message_that_does_not_fit(rsa_key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(WireError, match=r"215 bytes is too long: .* 214 at most") as caught:
        crypto.rsa_oaep(pem(rsa_key.public_key()), b"x" * 215)
    assert caught.value.kind == "data"


def test_rsa_oaep_refuses_a_short_key() -> None:
    with pytest.raises(WireError, match="768 bits: give the server one of 1024 or more") as caught:
        crypto.rsa_oaep(SHORT_KEY, b"x")
    assert caught.value.kind == "refused"


@pytest.mark.parametrize(
    "key", [b"", b"junk", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", SHORT_KEY[:90]]
)
def test_rsa_oaep_refuses_what_is_no_key(key: bytes) -> None:
    with pytest.raises(WireError, match="not a key in PEM form") as caught:
        crypto.rsa_oaep(key, b"x")
    assert caught.value.kind == "protocol"


def test_rsa_oaep_refuses_a_key_of_another_kind() -> None:
    with pytest.raises(WireError, match="not an RSA key"):
        crypto.rsa_oaep(pem(ec.generate_private_key(ec.SECP256R1()).public_key()), b"x")


# ---- Ed25519


@pytest.mark.parametrize(
    ("key", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_ed25519_vectors(key: str, message: str, signature: str) -> None:
    """RFC 8032 §7.1, tests 1 to 3: a password of 32 bytes is a private key."""
    assert crypto.ed25519_sign(bytes.fromhex(key), bytes.fromhex(message)).hex() == signature


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_ed25519_agrees_with_the_library_where_both_can_sign(seed: bytes, message: bytes) -> None:
    assert crypto.ed25519_sign(seed, message) == SigningKey(seed).sign(message).signature


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_ed25519_verifies_for_passwords_of_any_length(password: bytes, message: bytes) -> None:
    """Checked by the library's own verification against the public key that a server would store."""
    digest = bytearray.fromhex(crypto.hex(FUNCTIONS["sha512"].call(password)))[:32]
    digest[0] &= 248
    digest[31] = (digest[31] & 63) | 64
    public = VerifyKey(crypto_scalarmult_ed25519_base_noclamp(bytes(digest)))
    signature = crypto.ed25519_sign(password, message)
    assert public.verify(message, signature) == message
    assert crypto_core_ed25519_scalar_reduce(signature[32:] + bytes(32)) == signature[32:]
    with pytest.raises(BadSignatureError):
        public.verify(message + b"!", signature)


def test_ed25519_verifies_against_a_stored_credential() -> None:
    """The password 'secret' and what MariaDB's documentation of its ed25519 plugin shows the server storing for it."""
    stored = VerifyKey(crypto.unbase64("ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY="))
    assert stored.verify(b"nonce", crypto.ed25519_sign(b"secret", b"nonce")) == b"nonce"


def test_ed25519_without_the_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nacl", None)
    with pytest.raises(WireError, match=r"pip install 'sqlx-os\[ed25519\]'") as caught:
        crypto.ed25519_sign(b"secret", b"nonce")
    assert caught.value.kind == "unsupported"
    assert len(crypto.ed25519_sign(bytes(32), b"nonce")) == 64, "a private key needs no other library"


# ---- secrets


@pytest.mark.parametrize(
    "call",
    [
        lambda: crypto.pbkdf2("sha256", b"hunter2", b"hunter2", 0),
        lambda: crypto.xor(b"hunter2", b""),
        lambda: crypto.unbase64("hunter2!"),
        lambda: crypto.rsa_oaep(SHORT_KEY, b"hunter2"),
        lambda: crypto.rsa_oaep(b"hunter2", b"hunter2"),
    ],
)
def test_errors_do_not_tell_their_arguments(call: Callable[[], bytes]) -> None:
    with pytest.raises(WireError) as caught:
        call()
    assert "hunter2" not in repr(caught.value)
