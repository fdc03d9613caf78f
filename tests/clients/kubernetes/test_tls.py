"""Certificates as clusters have them: a CA of its own that carries no key identifiers."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import urllib3.util.ssl_
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clients.addresses import Addresses
from clients.kubernetes.connection import Cluster, ClusterAccess
from environment.errors import KubernetesError


@dataclass(frozen=True)
class Authority:
    """A certificate authority without any extension but that it is one."""

    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    def sign(self, key: ec.EllipticCurvePrivateKey, common_name: str, extension: x509.ExtensionType) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)


def make_authority() -> tuple[Authority, str]:
    """Return an authority, and its certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = Authority(key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old")]))
    return authority, authority.sign(key, "old", x509.BasicConstraints(ca=True, path_length=None)).decode()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"gitVersion": "v1.33.4"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that refuses the certificate."""


@pytest.fixture
def access(tmp_path: Path) -> Iterator[ClusterAccess]:
    """An API server behind such an authority."""
    authority, certificate = make_authority()
    key = ec.generate_private_key(ec.SECP256R1())
    local = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    pem, private, unprotected = serialization.Encoding.PEM, serialization.PrivateFormat, serialization.NoEncryption()
    chain = tmp_path / "server.pem"
    chain.write_bytes(
        authority.sign(key, "server", local) + key.private_bytes(pem, private.TraditionalOpenSSL, unprotected)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield ClusterAccess(f"https://127.0.0.1:{server.server_port}", certificate)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify by default as urllib3 does from Python 3.13 on."""
    make = urllib3.util.ssl_.create_urllib3_context

    def make_strict(*arguments: object, **more: object) -> ssl.SSLContext:
        context = make(*arguments, **more)  # type: ignore[arg-type]
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    for module in (urllib3.util.ssl_, urllib3.connection):
        monkeypatch.setattr(module, "create_urllib3_context", make_strict)


@pytest.mark.usefixtures("strict")
def test_authority_without_key_identifiers_is_taken(access):
    cluster = Cluster(access, Addresses(token="t"))
    assert cluster.read_version() == "v1.33.4"
    cluster.close()


def test_another_authority_is_refused(access):
    other = ClusterAccess(access.endpoint, make_authority()[1])
    with pytest.raises(KubernetesError, match="does not show a certificate of the cluster's CA"):
        Cluster(other, Addresses(token="t")).read_version()


def test_another_address_is_refused(access):
    other = ClusterAccess(access.endpoint.replace("127.0.0.1", "localhost"), access.ca_certificate)
    with pytest.raises(KubernetesError, match="does not show a certificate of the cluster's CA"):
        Cluster(other, Addresses(token="t")).read_version()
