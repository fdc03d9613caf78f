"""Run a flow of ours here, in this process, and let it be heard."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.prefect_server import TemporaryServer
from cli.report import progress

if TYPE_CHECKING:
    from flows.approval import Ask


def run_flow(
    name: str,
    environment: str | Sequence[str],
    overrides: list[str],
    server: TemporaryServer,
    *,
    ask: Ask | None = None,
    **switches: Any,
) -> Any:
    """Run a flow of ours in this process; its messages go to stderr.

    Args:
        name: The flow's, and its module's.
        environment: As the flow takes it, its one or its many.
        overrides: Likewise.
        server: What Prefect's API is answered by, where the user has none.
        ask: How a plan is answered, where the flow has one that needs approval.
        switches: The flow's own.
    """
    with progress("Getting ready") as lines:
        flow = _import_flow(name)
        for logger in ("prefect.flow_runs", "prefect.task_runs", "clients", "fleet"):
            logging.getLogger(logger).addHandler(lines)
        with server.ready():
            from flows.outcome import report_of

            if ask is None:
                return report_of(flow, environment, overrides, **switches)
            from flows.approval import asking

            with asking(lines.interrupted_by(ask)):
                return report_of(flow, environment, overrides, **switches)


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
