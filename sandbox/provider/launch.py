"""Life of the provider process: handshake with Terraform, serving, and ending with it.

HashiCorp's go-plugin protocol: one line on stdout names the socket and carries the certificate the client must see.
Client certificates are not asked for: Terraform's use a curve (P-521) that gRPC for Python does not accept. The socket
lies in a folder that only this user can enter.
"""

from __future__ import annotations

import base64
import os
import signal
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import grpc

COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
"""What Terraform puts into the environment of a provider (terraform: internal/plugin/serve.go)."""
THREADS = 24
"""More than Terraform's default of ten operations at a time, since a waiting call holds its thread."""
PARENT_CHECK_SECONDS = 0.5


def started_by_terraform() -> bool:
    """Whether the environment carries the cookie of a plugin client."""
    name, value = COOKIE
    return os.environ.get(name) == value


def serve() -> None:
    """Serve plugin protocol 6 on a private Unix socket until shutdown or the parent's death."""
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; Terraform decides what it means
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

    import grpc

    done = threading.Event()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=THREADS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    _add_services(server, done)
    certificate, credentials = _credentials()
    with tempfile.TemporaryDirectory(prefix="tf-google-") as folder:
        socket = Path(folder) / "plugin.sock"
        server.add_secure_port(f"unix://{socket}", credentials)
        server.start()
        encoded = base64.b64encode(certificate).decode().rstrip("=")
        sys.stdout.write(f"1|6|unix|{socket}|grpc|{encoded}\n")
        sys.stdout.flush()
        while not done.wait(PARENT_CHECK_SECONDS):
            if os.getppid() != parent:
                break
        server.stop(grace=0.2).wait(1)
    os._exit(0)  # threads that still wait for an operation must not keep an orphan alive


def _add_services(server: grpc.Server, done: threading.Event) -> None:
    from tf.gen import grpc_controller_pb2 as controller_pb
    from tf.gen import grpc_controller_pb2_grpc as controller_rpc
    from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
    from tf.gen import tfplugin_pb2_grpc as rpc

    from sandbox.provider.servicer import GoogleServicer

    class Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc]
        def Shutdown(self, request: Any, context: Any) -> Any:
            done.set()
            return controller_pb.Empty()

    class Stdio(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc]
        def StreamStdio(self, request: Any, context: Any) -> Any:
            return iter(())

    rpc.add_ProviderServicer_to_server(GoogleServicer(), server)
    controller_rpc.add_GRPCControllerServicer_to_server(Controller(), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(Stdio(), server)


def _credentials() -> tuple[bytes, grpc.ServerCredentials]:
    """A certificate for this process alone (DER, for the handshake) and the server's credentials with it."""
    from datetime import UTC, datetime, timedelta

    import grpc
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = [(key_pem, certificate.public_bytes(serialization.Encoding.PEM))]
    return certificate.public_bytes(serialization.Encoding.DER), grpc.ssl_server_credentials(chain)
