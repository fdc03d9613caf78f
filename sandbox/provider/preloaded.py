"""A process that has imported all that a provider needs, and forks one whenever Terraform starts one.

Each is a process of its own, with the streams, the folder and the variables that Terraform gave the starter, so none
sees another's configuration. It lives as long as the sandbox: it ends when its standard input does.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.provider.starter import SOCKET, STREAMS


@contextmanager
def preloading(folder: Path) -> Iterator[None]:
    """Keep such a process while we are within; the folder is where the stand-in is installed."""
    from sandbox.provider.install import preloaded_command

    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(preloaded_command(folder), stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def serve(folder: str, schemas: str) -> None:
    """Listen in the folder until standard input ends; forget each provider that was forked: the kernel reaps it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _import_all()
    os.chdir(folder)
    listener = _listen()
    gc.collect()
    gc.freeze()  # what a child does not touch stays shared
    while sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _become_provider(connection, schemas)
        connection.close()
    Path(SOCKET).unlink(missing_ok=True)


def _listen() -> socket.socket:
    """Listen before there is something to find; another's socket, which may have been killed, gives way."""
    new = f".{SOCKET}"
    Path(new).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(new)
    listener.listen(64)
    Path(new).replace(SOCKET)
    return listener


def _import_all() -> None:
    from sandbox.provider import launch, registry, schema

    launch.preload()
    for module in {place.partition(".")[0] for place in (registry.RESOURCES | registry.DATA_SOURCES).values()}:
        importlib.import_module(f"sandbox.provider.resources.{module}")
    schemas = schema.load()
    for name in registry.RESOURCES:
        schemas.resources[name]


def _become_provider(connection: socket.socket, schemas: str) -> None:
    """Be what the starter asks for, and tell it how that ended."""
    from sandbox.provider.__main__ import main

    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _take_over(connection)
        status = main(schemas, lambda: _is_closed(connection))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):
            connection.send(bytes([status]))
        os._exit(status)


def _take_over(connection: socket.socket) -> None:
    """Take the starter's streams, folder and variables."""
    size, streams, _, _ = socket.recv_fds(connection, 4, len(STREAMS))
    request = connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
    here, *variables = request.split(b"\0")
    for stream, given in zip(STREAMS, streams, strict=True):
        os.dup2(given, stream)
        os.close(given)
    os.chdir(here)
    os.environb.clear()
    os.environb.update({name: value for name, _, value in (one.partition(b"=") for one in variables)})


def _is_closed(connection: socket.socket) -> bool:
    """Tell whether the starter is gone, which says nothing more once it has asked."""
    return bool(select.select([connection], [], [], 0)[0])
