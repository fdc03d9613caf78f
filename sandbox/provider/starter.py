"""What Terraform executes: asks the preloaded process for a provider and stands for it, else becomes one itself.

Terraform starts a provider three times for a plan, and nearly all of that is imports. Here next to nothing is imported:
even `socket` would take as long as all the rest.
"""

from __future__ import annotations

import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, socket

SOCKET = "preloaded"
"""The preloaded process's socket, beside Terraform's configuration file."""
STREAMS = (0, 1, 2)
PARENT_CHECK_SECONDS = 0.5


def main(folder: str, schemas: str) -> None:
    """Serve until Terraform says goodbye or is gone, and exit.

    Args:
        folder: Where the preloaded process listens, if there is one.
        schemas: The file that keeps the answer with all schemas.
    """
    connection = _connect(folder)
    if connection is None:
        from sandbox.provider.__main__ import main as serve

        status = serve(schemas)
    else:
        status = _stand_for(connection)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # threads that still wait for an operation must not keep an orphan alive


def _connect(folder: str) -> socket | None:
    """Hand our streams, folder and variables to the preloaded process."""
    here = os.getcwd()
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        os.chdir(folder)  # a socket's path must be short
        connection.connect(SOCKET)
    except OSError:
        return None
    finally:
        os.chdir(here)
    variables = (name + b"=" + value for name, value in os.environb.items())
    request = b"\0".join((os.fsencode(here), *variables))
    streams = b"".join(stream.to_bytes(4, sys.byteorder) for stream in STREAMS)
    connection.sendmsg([len(request).to_bytes(4, "big")], [(SOL_SOCKET, SCM_RIGHTS, streams)])
    connection.sendall(request)
    return connection


def _stand_for(connection: socket) -> int:
    """Wait for the provider's end; ours, or Terraform's, is the end of the connection, and that ends the provider."""
    parent = os.getppid()
    connection.settimeout(PARENT_CHECK_SECONDS)
    while os.getppid() == parent:
        try:
            status = connection.recv(1)
        except TimeoutError:
            continue
        return status[0] if status else 1
    return 1
