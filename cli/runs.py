"""Run a flow of ours here, in this process, and let it be heard."""

from __future__ import annotations

import logging
from typing import Any

from cli.prefect_server import TemporaryServer
from cli.report import progress


def run_flow(name: str, environment: str, overrides: list[str], server: TemporaryServer, **switches: Any) -> Any:
    """Run a flow of ours in this process; its messages go to stderr."""
    with progress("Getting ready") as lines:
        flow = _import_flow(name)
        for logger in ("prefect.flow_runs", "prefect.task_runs", "clients"):
            logging.getLogger(logger).addHandler(lines)
        with server.ready():
            return flow(environment, overrides, **switches)


def _import_flow(name: str) -> Any:
    """Import the flow and what its clients need: the server takes longer to start."""
    import gc
    from importlib import import_module

    gc.disable()  # modules are no garbage, and looking for it takes a fifth of the time that they load in
    flow = getattr(import_module(f"flows.{name}"), name)
    import_module("clients.preload").preload()
    gc.freeze()
    gc.enable()
    return flow
