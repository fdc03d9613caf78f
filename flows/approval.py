"""Approval: the outermost run of an environment whose spec requires it shows its plan and waits for a person's answer.

Nothing is held while it waits: the environment's limit is taken afterwards, and then the plan is made anew and has to
be the one that was approved. What the child flows decide later is held to it too: the approved changes reach them as
the limit's holder does, by the context that they run in.

The run pauses and stays (`flows/pausing.py`): suspending is refused to child flows and to runs without a deployment.
Each pause has a key of its own, or a second try of a run would be given the answer to the first.

Source: https://docs.prefect.io/v3/advanced/interactive
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from environment.approval import Answer, Approved, Consent, check_unmoved, expiry, nobody_to_ask, rejection
from environment.changes import LAYERS, Layer, describe_plan
from environment.errors import ApprovalError
from environment.findings import refuse
from environment.guard import TAINTED
from environment.plan_texts import plan_markdown
from environment.reports import PlanReport
from environment.spec import Environment
from flows.exclusion import exclusive, is_server_temporary
from flows.guard import makes_something
from flows.pausing import pause, wait_for_answer
from flows.plan import make_plan
from tasks.guard import check_replacements
from tasks.ownership import check_names
from tasks.spec import load_spec

PAUSE_KEY = "approval"
"""How the keys of our pauses begin, by which they are told from others'."""

Ask = Callable[[PlanReport], Answer]
Planner = Callable[[Environment], PlanReport]


class ApprovalForm(RunInput):
    """What Prefect's form asks for."""

    decision: Literal["approve", "reject"] = Field(description="Whether exactly this plan may be carried out.")
    reason: str = Field(default="", description="Kept in the environment's history; of a rejection, the run's error.")


@dataclass(frozen=True)
class Permission:
    """What the outermost run may do; `approved` is None, and so is `consent`, where the spec requires no approval."""

    spec_digest: str
    approved: Approved = None
    consent: Consent | None = None


@dataclass(frozen=True)
class _Asked:
    plan: PlanReport
    deadline: float
    consent: Consent | None


_ask: ContextVar[Ask | None] = ContextVar("ask", default=None)
_permissions: ContextVar[Mapping[str, Permission]] = ContextVar("permissions", default={})  # noqa: B039 (never changed)


@contextmanager
def asking(ask: Ask | None) -> Iterator[None]:
    """Let runs of this context ask by a function, as on a terminal, instead of pausing."""
    token = _ask.set(ask)
    try:
        yield
    finally:
        _ask.reset(token)


@contextmanager
def permitted(
    spec: Environment,
    environment: str,
    overrides: Sequence[str],
    *,
    approved: bool,
    layers: Collection[Layer] = LAYERS,
    allow_replace: tuple[str, ...] = (),
    force_conflicts: bool = False,
    planned_by: Planner | None = None,
    always: bool = False,
) -> Iterator[Permission]:
    """Hold the environment's limit, and what was approved where that is required, while the outermost run lasts.

    Args:
        spec: As it was read when the run began.
        environment: What it was read from, and is read from again after the answer.
        overrides: Likewise.
        approved: Whether the change was approved beforehand, whatever it turns out to be.
        layers: Those that the run may change.
        allow_replace: Addresses of what may be lost.
        force_conflicts: Whether the run takes over what others have set or added.
        planned_by: What makes the plan of a run that does something else than create; then `layers` and those below
            it do not matter.
        always: Ask also where the spec requires no approval.

    Raises:
        ApprovalError: When it is rejected, when nobody can be asked, when the plan has expired, or when something has
            moved since it was made. Nothing was changed.
        RunCancelled: When the run is cancelled while it waits.
        ReplacementRefusedError: When the guard refuses the plan; nobody was asked then.
        SpecError: When another environment has the names; nobody was asked then.
        PreflightError: When something that exists does not fit; nobody was asked then.
    """
    if (inherited := _permissions.get().get(spec.name)) is not None:
        if inherited.spec_digest != spec.digest:
            raise ApprovalError(f"the spec of {spec.name} was changed while it was being carried out", "run it again")
        yield inherited
        return
    plan = planned_by or (lambda spec: make_plan(spec, layers, allow_replace, force_conflicts))
    is_free = approved or not (spec.approval.required or always)
    asked = None if is_free else _seek(spec, plan, allow_replace)
    with exclusive(spec.name):
        if asked and asked.plan.changes:
            if time.time() > asked.deadline:
                raise expiry(spec.name, spec.approval.expires_after_seconds)
            anew = load_spec(environment, overrides)
            check_unmoved(asked.plan, plan(anew))
        token = _permissions.set({**_permissions.get(), spec.name: _permission(spec, asked)})
        try:
            yield _permissions.get()[spec.name]
        finally:
            _permissions.reset(token)


def _permission(spec: Environment, asked: _Asked | None) -> Permission:
    if asked:
        return Permission(spec.digest, asked.plan.changes, asked.consent)
    return Permission(spec.digest, consent=Consent(how="beforehand") if spec.approval.required else None)


def _seek(spec: Environment, planner: Planner, allow_replace: tuple[str, ...]) -> _Asked:
    """Make the plan, let the guard refuse it, and have it answered; without changes there is nothing to ask."""
    ask = _ask.get()
    if ask is None and is_server_temporary():
        raise nobody_to_ask(spec.name)
    deadline = time.time() + spec.approval.expires_after_seconds
    plan = planner(spec)
    if not plan.changes:
        return _Asked(plan, deadline, None)
    refuse(plan.findings)
    if makes_something(plan.changes):
        check_names(spec)
    # How a tainted resource came to be so can be asked when its API is on: the guard does, before it is replaced.
    is_on = not any(change.layer == "services" for change in plan.changes)
    judged = tuple(change for change in plan.changes if is_on or change.reason != TAINTED)
    check_replacements(spec, judged, allow_replace)
    create_markdown_artifact(
        key=f"approval-{spec.name}", markdown=plan_markdown(plan), description="What waits for approval"
    )
    answer = ask(plan) if ask else _pause(spec, plan, deadline)
    if answer.decision == "reject":
        raise rejection(spec.name, answer)
    get_run_logger().info("Approved%s", f": {answer.reason}" if answer.reason else "")
    return _Asked(plan, deadline, Consent(how="on a terminal" if ask else "in Prefect", reason=answer.reason))


def _pause(spec: Environment, plan: PlanReport, deadline: float) -> Answer:
    """Wait for the form to be filled in."""
    if time.time() >= deadline:
        raise expiry(spec.name, spec.approval.expires_after_seconds)
    until = datetime.fromtimestamp(deadline, UTC).strftime("%H:%M:%S UTC")
    get_run_logger().info(
        "%s: waiting for approval until %s, by `mlops-env approve %s` (with --reject: no) or in Prefect",
        describe_plan(plan.changes),
        until,
        flow_run.id,
    )
    form, run_id = ApprovalForm.with_initial_data(description=plan_markdown(plan)), UUID(flow_run.id)
    key = f"{PAUSE_KEY}-{uuid4().hex[:8]}"
    pause(form, key, deadline, run_id)
    if (given := wait_for_answer(form, key, deadline, run_id)) is None:
        raise expiry(spec.name, spec.approval.expires_after_seconds)
    return Answer(decision=given.decision, reason=given.reason)
