"""Life of the provider process: handshake with Terraform, serving, and ending with it.

HashiCorp's go-plugin protocol: one line on stdout names the socket and carries the certificate the client must see.
Client certificates are not asked for: Terraform's use a curve (P-521) that gRPC for Python does not accept. The socket
lies in a folder that only this user can enter.
"""

from __future__ import annotations

import base64
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
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


def child_of_this() -> Callable[[], bool]:
    """Return what tells whether the process that started us is gone."""
    parent = os.getppid()
    return lambda: os.getppid() != parent


def serve(schemas: str, is_orphan: Callable[[], bool]) -> None:
    """Serve plugin protocol 6 on a private Unix socket until shutdown or Terraform's death.

    Threads that still wait for an operation may be left: whoever calls this ends the process by `os._exit`.

    Args:
        schemas: The file that keeps the answer with all schemas.
        is_orphan: Tells whether Terraform is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; Terraform decides what it means
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

    grpc = _import_grpc()
    done = threading.Event()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=THREADS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    _add_services(server, done, schemas)
    from sandbox.provider.certificate import make_certificate

    key, certificate_pem, certificate = make_certificate()
    credentials = grpc.ssl_server_credentials([(key, certificate_pem)])
    folder = f"{os.environ.get('TMPDIR') or '/tmp'}/tf-google-{os.urandom(8).hex()}"
    socket = f"{folder}/plugin.sock"
    os.mkdir(folder, mode=0o700)
    try:
        server.add_secure_port(f"unix://{socket}", credentials)
        server.start()
        encoded = base64.b64encode(certificate).decode().rstrip("=")
        sys.stdout.write(f"1|6|unix|{socket}|grpc|{encoded}\n")
        sys.stdout.flush()
        while not done.wait(PARENT_CHECK_SECONDS):
            if is_orphan():
                break
        server.stop(grace=0.2).wait(1)
    finally:
        _remove(socket, folder)


def _remove(socket: str, folder: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(socket)
    os.rmdir(folder)


class Absent(ModuleType):
    """Stands for a module that is imported and never used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Let what is imported do without these modules, each of which takes longer than the rest."""
    absent = {name: Absent(name) for name in names if name not in sys.modules}
    sys.modules.update(absent)
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _import_grpc() -> Any:
    """Import gRPC without its asyncio half."""
    with _without("asyncio", "grpc.aio"):
        import grpc
    return grpc


def _import_messages() -> None:
    """Import the messages without protobuf's pure Python, which stands beside the compiled one in vain."""
    api_implementation = importlib.import_module("google.protobuf.internal.api_implementation")

    with _without(*(["google.protobuf.internal.python_message"] if api_implementation.Type() == "upb" else [])):
        from tf.gen import tfplugin_pb2  # noqa: F401


def preload() -> None:
    """Import what serving needs, and start nothing: a process that does so may still fork."""
    _import_grpc()
    _import_messages()
    for name in ("grpc_controller_pb2_grpc", "grpc_stdio_pb2_grpc", "tfplugin_pb2_grpc"):
        importlib.import_module(f"tf.gen.{name}")
    for name in ("api", "certificate", "servicer"):
        importlib.import_module(f"sandbox.provider.{name}")


def _add_services(server: grpc.Server, done: threading.Event, schemas: str) -> None:
    _import_messages()
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

    rpc.add_ProviderServicer_to_server(GoogleServicer(Path(schemas) if schemas else None), server)
    controller_rpc.add_GRPCControllerServicer_to_server(Controller(), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(Stdio(), server)
