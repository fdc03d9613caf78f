"""Issues the certificate that KFP's cache webhook serves with."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.clusters.certificates import authority_certificate, certificate_pem, key_pem, serving_certificate


@dataclass(frozen=True)
class WebhookCertificate:
    """A certificate as Kubernetes objects carry it, base64 all through.

    Attributes:
        data: The Secret's: `cert.pem` and `key.pem`.
        authority: The webhook's `caBundle`.
    """

    data: dict[str, str]
    authority: str


def issue_certificate(service: str, namespace: str) -> WebhookCertificate:
    """Issue a certificate for a Service's names."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = authority_certificate(f"{service}.{namespace} authority", authority_key)
    names = (f"{service}.{namespace}.svc", f"{service}.{namespace}", service)
    certificate = serving_certificate(authority.subject, authority_key, key, names)
    return WebhookCertificate(
        {"cert.pem": _encoded(certificate_pem(certificate)), "key.pem": _encoded(key_pem(key))},
        _encoded(certificate_pem(authority)),
    )


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
