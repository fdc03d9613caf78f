"""One environment of a fleet: its flow in a process of its own, so that nothing of two environments ever meets."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from signal import Signals
from typing import Any
from uuid import UUID

from prefect import get_client, get_run_logger, task
from prefect.client.schemas.objects import State
from prefect.runtime import task_run
from prefect.settings import get_current_settings
from prefect.states import Completed, Crashed, Failed

from clients.child_process import run_child
from environment.fleet import REPORTS, Action, FleetMember, failed_member, member_of
from environment.spec import Environment
from tasks.policy import ANEW

MESSAGES = "fleet"
"""The logger of what children say: for whoever started the run. Prefect has it with the runs of the children."""

_messages = logging.getLogger(MESSAGES)
_messages.propagate = False


@task(name="run-environment", task_run_name="{action} {spec.name}", **ANEW)
def run_environment(
    module: str, action: Action, spec: Environment, parameters: Mapping[str, Any]
) -> State[FleetMember]:
    """Run an environment's flow by the module that does so in a process of its own; hand on what it says."""
    child = _Child(spec.name)
    began = time.monotonic()
    request = {"action": action, "parameters": dict(parameters), "parent_task_run_id": str(task_run.id)}
    variables = get_current_settings().to_environment_variables(exclude_unset=True)
    code = run_child(module, request, child.hear, variables)
    seconds = time.monotonic() - began
    if child.report is None and child.error is None:
        child.error = _how_it_ended(code)
        child.tell_prefect()
    if child.error is not None:
        member = failed_member(spec, child.error, seconds)
        return Failed(message=member.cause, data=member)
    member = member_of(spec, REPORTS[action].model_validate(child.report) if child.report else None, seconds)
    return Completed(message=f"{member.outcome}, {member.changes}", data=member)


class _Child:
    """What a child has said."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._run_id: UUID | None = None
        self.report: dict[str, Any] | None = None
        self.error: str | None = None

    def hear(self, message: dict[str, Any]) -> None:
        """Take one of its messages, each of which says one thing."""
        match message:
            case {"log": {"level": int(level), "text": str(text), "console": kind}}:
                record = logging.makeLogRecord({"name": MESSAGES, "levelno": level, "msg": text, "console": kind})
                record.__dict__["environment"] = self._environment
                _messages.handle(record)
            case {"run": str(run_id)}:
                self._run_id = UUID(run_id)
            case {"report": report}:
                self.report = report
            case {"error": str(error)}:
                self.error = error

    def tell_prefect(self) -> None:
        """Say of its run that it is no more: it could not do so itself."""
        if self._run_id is None:
            return
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(self._run_id, Crashed(message=str(self.error)), force=True)
        get_run_logger().warning("%s: %s", self._environment, self.error)


def _how_it_ended(code: int) -> str:
    how = f"by {Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return f"its process ended {how} before it was done; run it again to go on"
