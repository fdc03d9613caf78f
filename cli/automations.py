"""What a Prefect server does by itself about our runs: tell people, remediate where that is wanted, end what was lost.

Source: https://docs.prefect.io/v3/concepts/automations, .../concepts/event-triggers
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events import ResourceSpecification
from prefect.events.actions import ChangeFlowRunState, RunDeployment, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from environment.drift_notes import DETECTED
from flows.outcome import ENDINGS

CREATE = "create-environment"
ASKING = (
    CREATE,
    "enable-services",
    "provision-infra",
    "deploy-kfp",
    "remediate-drift",
    "rotate-secrets",
    "adopt-environment",
)
"""Flows that may pause for a person, each where it is the outermost one."""
OURS = (*ASKING, "plan", "detect-drift", "destroy-environment", "fleet")
HEARTBEAT = "prefect.flow-run.heartbeat"
LOST_AFTER = timedelta(minutes=10)
"""Three heartbeats of a run for which nobody set how often, which is every three minutes, ten of a deployment's."""
ENVIRONMENT = "mlops-env.environment"
DRIFT = """\
{{ event.payload.environment }} in project {{ event.payload.project_id }} is not as the last create left it:
{% for one in event.payload.found[:20] %}
- {{ one.layer }}: {{ one.condition }} {{ one.address }} ({{ ([one.kind] + one.by) | join(', by ') }})
{% endfor %}
{{ flow_run | ui_url }}"""
FAILED = """\
{{ flow_run.name }}: {{ flow_run.state.message }}
{{ flow_run | ui_url }}"""
WAITS = """\
{{ flow_run.name }} waits for a person.
{{ flow_run | ui_url }}"""


def notifications(block_id: UUID) -> tuple[AutomationCore, ...]:
    """Return what tells people, through one notification block."""

    def tell(name: str, why: str, trigger: EventTrigger, subject: str, body: str) -> AutomationCore:
        action = SendNotification(block_document_id=block_id, subject=subject, body=body)
        return AutomationCore(name=f"mlops-env: {name}", description=why, trigger=trigger, actions=[action])

    return (
        tell(
            "tell of drift",
            "When the set of drift in an environment changes",
            _reaction([DETECTED], {"prefect.resource.id": f"{ENVIRONMENT}.*"}),
            "Drift in {{ event.payload.environment }}",
            DRIFT,
        ),
        tell(
            "tell of a failed create",
            "With the one line that says what failed and what to do",
            _run_is(["Failed", "Crashed", "TimedOut"], [CREATE]),
            "{{ flow_run.name }} failed",
            FAILED,
        ),
        tell(
            "tell of an approval that is wanted",
            "When a run has paused for a person",
            _run_is(["Paused", "Suspended"], ASKING),
            "{{ flow_run.name }} waits for approval",
            WAITS,
        ),
    )


def remediation(environment: str, deployment_id: UUID) -> AutomationCore:
    """Return what puts an environment back when others have changed it."""
    return AutomationCore(
        name=f"mlops-env: remediate {environment}",
        description="When the set of drift changes, put back what others have changed",
        trigger=_reaction([DETECTED], {"prefect.resource.id": f"{ENVIRONMENT}.{environment}"}),
        actions=[RunDeployment(source="selected", deployment_id=deployment_id, parameters=None, job_variables=None)],
    )


def ending_of_lost_runs() -> AutomationCore:
    """Return what ends a run whose process was killed and could not say so: Prefect would show it as running for ever.

    Source: https://docs.prefect.io/v3/advanced/detect-zombie-flows
    """
    message = (
        f"no sign of life for {LOST_AFTER.seconds // 60} minutes: its process was killed, or cannot reach this server; "
        "if it is no more, run it again to go on"
    )
    return AutomationCore(
        name="mlops-env: end lost runs",
        description="When the process of a run has been killed, with its worker or by itself, mark it as crashed",
        trigger=EventTrigger(
            after={HEARTBEAT},
            expect={HEARTBEAT, *(f"prefect.flow-run.{name}" for name in ENDINGS)},
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            match_related=_flow_is(OURS),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=LOST_AFTER,
        ),
        actions=[ChangeFlowRunState(name=None, state=StateType.CRASHED, message=message, force=False)],
    )


def _run_is(states: Sequence[str], flows: Sequence[str]) -> EventTrigger:
    events = [f"prefect.flow-run.{state}" for state in states]
    return _reaction(events, {"prefect.resource.id": "prefect.flow-run.*"}, _flow_is(flows))


def _flow_is(names: Sequence[str]) -> ResourceSpecification:
    return ResourceSpecification({"prefect.resource.role": "flow", "prefect.resource.name": list(names)})


def _reaction(
    events: Sequence[str], match: dict[str, Any], related: ResourceSpecification | None = None
) -> EventTrigger:
    return EventTrigger(
        expect=set(events),
        match=ResourceSpecification(match),
        match_related=related or ResourceSpecification({}),
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
