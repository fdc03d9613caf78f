"""The certificate of the plugin's socket."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.provider.certificate import make_certificate


def test_a_certificate_is_for_this_host_now_and_signs_itself() -> None:
    key_pem, certificate_pem, der = make_certificate()
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    assert certificate == x509.load_der_x509_certificate(der)
    certificate.verify_directly_issued_by(certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
    key, public = load_pem_private_key(key_pem, None), certificate.public_key()
    assert isinstance(key, Ed25519PrivateKey)
    assert isinstance(public, Ed25519PublicKey)
    assert key.public_key().public_bytes_raw() == public.public_bytes_raw()


def test_every_process_has_a_key_of_its_own() -> None:
    assert make_certificate()[0] != make_certificate()[0]
