"""One environment of a fleet, in this process: `python -m flows.fleet_member`; see clients/child_process.py.

The request names what to do, with which parameters, and the task run that the flow's run belongs to. The answers are
what it says, the run's id, and at the end its report or why there is none.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from environment.errors import MlopsEnvError

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

    from environment.fleet import Action

SPEAKERS = ("prefect.flow_runs", "prefect.task_runs", "clients")
EX_INTERRUPTED = 130
PARENT_SECONDS = 5.0
"""How long a task's run may take to be known to the server: Prefect tells it of tasks with a delay."""


class Channel(logging.Handler):
    """Where the answers go; as a handler, what flows and tasks say."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__()
        self._file = file

    def send(self, **message: Any) -> None:
        """Send one message; without a parent nobody hears it, and the work comes to its end all the same."""
        with suppress(OSError), self.lock or nullcontext():
            self._file.write(json.dumps(message) + "\n")
            self._file.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Send what somebody says."""
        console = getattr(record, "console", None)
        self.send(log={"level": record.levelno, "text": record.getMessage(), "console": console})


def main() -> None:
    """Answer the one request."""
    warnings.filterwarnings("ignore", "You are using a Python version", FutureWarning)
    channel = Channel(os.fdopen(os.dup(sys.stdout.fileno()), "w"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whoever prints by accident disturbs nobody
    request = json.loads(_read_line())
    ending = threading.Event()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a script runs us in the background
    threading.Thread(target=_end_with_input, args=(ending,), daemon=True).start()
    try:
        channel.send(report=_run(channel, ending, **request))
    except MlopsEnvError as error:
        channel.send(error=str(error))
    except KeyboardInterrupt:
        channel.send(error="interrupted; run it again to go on")
    except Exception as error:
        channel.send(error=f"{type(error).__name__}: {error}")
    if ending.is_set() and _is_server_temporary():
        os._exit(EX_INTERRUPTED)  # Prefect would wait for minutes to tell a server that is gone


def _read_line() -> bytes:
    """Read without a buffer: its lock would be missed when the interpreter ends while the thread below waits."""
    line = b""
    while not line.endswith(b"\n") and (more := os.read(0, 1)):
        line += more
    return line


def _end_with_input(ending: threading.Event) -> None:
    while os.read(0, 1):
        pass
    ending.set()
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def _run(
    channel: Channel, ending: threading.Event, action: Action, parameters: dict[str, Any], parent_task_run_id: str
) -> dict[str, Any] | None:
    from prefect import get_client
    from prefect.flow_engine import run_flow

    from flows.fleet import flow_of
    from flows.outcome import report_of

    flow = flow_of(action)
    for speaker in SPEAKERS:
        logging.getLogger(speaker).addHandler(channel)
    with get_client(sync_client=True) as client, _with_parents_server(ending):
        run = _make_run(client, flow, parameters, UUID(parent_task_run_id))
        channel.send(run=str(run.id))
        report = report_of(partial(run_flow, flow, flow_run=run, parameters=parameters))
    return report.model_dump(mode="json") if report is not None else None


def _make_run(client: SyncPrefectClient, flow: Flow[..., Any], parameters: dict[str, Any], parent_id: UUID) -> FlowRun:
    """Make the flow's run, below the fleet's where the server that keeps it is one that stays."""
    known = not _is_server_temporary() and _is_known(partial(client.read_task_run, parent_id))
    return client.create_flow_run(flow, parameters=parameters, parent_task_run_id=parent_id if known else None)


def _is_known(read: Callable[[], Any]) -> bool:
    from prefect.exceptions import ObjectNotFound

    deadline = time.monotonic() + PARENT_SECONDS
    while True:
        try:
            read()
            return True
        except ObjectNotFound:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)


@contextmanager
def _with_parents_server(ending: threading.Event) -> Iterator[None]:
    """Send no heartbeat to a server that ends with the fleet, and try nothing again there once the fleet has ended."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    if not _is_server_temporary():
        yield
        return
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}) as settings:

        def give_up() -> None:
            ending.wait()
            settings.client.max_retries = 0

        threading.Thread(target=give_up, daemon=True).start()
        yield


def _is_server_temporary() -> bool:
    from flows.exclusion import is_server_temporary

    return is_server_temporary()


if __name__ == "__main__":
    main()
