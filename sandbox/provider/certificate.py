"""A certificate for one process: what Terraform must see at the other end of the socket.

Written out as DER (RFC 5280, RFC 8410) rather than built with `cryptography.x509`, whose import takes longer than
everything else that a provider does before its first answer.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HOST = "localhost"
"""The name that go-plugin's client asks for."""
VALID_FOR = timedelta(days=2)
CLOCK_TOLERANCE = timedelta(minutes=5)

_INTEGER, _BIT_STRING, _OCTET_STRING, _OID, _UTF8, _UTC_TIME = 0x02, 0x03, 0x04, 0x06, 0x0C, 0x17
_SEQUENCE, _SET = 0x30, 0x31
_ED25519 = bytes.fromhex("2b6570")
_COMMON_NAME = bytes.fromhex("550403")
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_TRUE = b"\x01\x01\xff"


def make_certificate() -> tuple[bytes, bytes, bytes]:
    """Make a key and a certificate of its own.

    Returns:
        The key as PEM, the certificate as PEM and as DER.
    """
    key = Ed25519PrivateKey.generate()
    algorithm = _node(_SEQUENCE, _node(_OID, _ED25519))
    content = _content(algorithm, key.public_key().public_bytes_raw())
    signature = _node(_BIT_STRING, b"\0" + key.sign(content))
    certificate = _node(_SEQUENCE, content + algorithm + signature)
    secret = _node(_OCTET_STRING, _node(_OCTET_STRING, key.private_bytes_raw()))
    private = _node(_SEQUENCE, _node(_INTEGER, b"\0") + algorithm + secret)
    return _pem("PRIVATE KEY", private), _pem("CERTIFICATE", certificate), certificate


def _content(algorithm: bytes, public: bytes) -> bytes:
    """What is signed: version 3, serial number 1, issuer and subject the same, two extensions."""
    now = datetime.now(UTC)
    attribute = _node(_SEQUENCE, _node(_OID, _COMMON_NAME) + _node(_UTF8, HOST.encode()))
    name = _node(_SEQUENCE, _node(_SET, attribute))
    validity = _node(_SEQUENCE, _time(now - CLOCK_TOLERANCE) + _time(now + VALID_FOR))
    key = _node(_SEQUENCE, algorithm + _node(_BIT_STRING, b"\0" + public))
    authority = _extension(_BASIC_CONSTRAINTS, _node(_SEQUENCE, _TRUE), is_critical=True)
    names = _extension(_ALTERNATIVE_NAMES, _node(_SEQUENCE, _node(0x82, HOST.encode())))
    version = _node(0xA0, _node(_INTEGER, b"\2"))
    extensions = _node(0xA3, _node(_SEQUENCE, authority + names))
    serial = _node(_INTEGER, b"\1")
    return _node(_SEQUENCE, version + serial + algorithm + name + validity + name + key + extensions)


def _extension(kind: bytes, content: bytes, *, is_critical: bool = False) -> bytes:
    critical = _TRUE if is_critical else b""
    return _node(_SEQUENCE, _node(_OID, kind) + critical + _node(_OCTET_STRING, content))


def _time(moment: datetime) -> bytes:
    return _node(_UTC_TIME, moment.strftime("%y%m%d%H%M%SZ").encode())


def _node(tag: int, content: bytes) -> bytes:
    """One element: tag, length, content (X.690, 8.1)."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _pem(kind: str, der: bytes) -> bytes:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n".encode()
