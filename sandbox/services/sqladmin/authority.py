"""The certificate authority of an instance, as answers show it. Nothing here signs with it, so its key is not kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.kernel.clock import rfc3339

_TEN_YEARS = timedelta(days=3650)


def make_authority(instance: str, now: float) -> dict[str, Any]:
    """Return a fresh `serverCaCert`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Google, Inc"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Google Cloud SQL Server CA"),
        ]
    )
    begins = datetime.fromtimestamp(now, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + _TEN_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return {
        "kind": "sql#sslCert",
        "certSerialNumber": "0",
        "cert": certificate.public_bytes(serialization.Encoding.PEM).decode().strip(),
        "commonName": "C=US,O=Google\\, Inc,CN=Google Cloud SQL Server CA",
        "sha1Fingerprint": certificate.fingerprint(hashes.SHA1()).hex(),
        "instance": instance,
        "createTime": rfc3339(now),
        "expirationTime": rfc3339((begins + _TEN_YEARS).timestamp()),
    }
