"""Brings Jobs about: pods that end, until enough of them have succeeded or too many failed.

Source: Job (batch/v1). Of its many ways this one knows parallelism, completions and the back-off limit.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller.accounts import account_of
from sandbox.clusters.controller.objects import (
    Object,
    controller_of,
    is_deleted,
    is_true,
    key_of,
    name_of,
    namespace_of,
    now,
    uid_of,
    with_times,
)
from sandbox.clusters.controller.replica_sets import active_pods, create_pod
from sandbox.clusters.controller.resources import JOBS, PODS, SERVICE_ACCOUNTS
from sandbox.clusters.controller.templates import pod_from
from sandbox.clusters.controller.world import Key, Reconciler, World, own_key

NAME = "jobs"


async def reconcile(world: World, key: Key) -> None:
    """Look at one Job."""
    job = world.get(JOBS, key)
    if job is None or is_deleted(job) or is_true(job, "Complete") or is_true(job, "Failed"):
        return
    if job["spec"].get("suspend"):
        return
    if "startTime" not in (job.get("status") or {}):
        await world.update_status(JOBS, job, {"startTime": now()})
        return  # its own change brings it back
    pods = world.stores[PODS].owned_by(uid_of(job))
    succeeded = sum(pod["status"].get("phase") == "Succeeded" for pod in pods)
    failed = sum(pod["status"].get("phase") == "Failed" for pod in pods)
    active = active_pods(world, job)
    completions = job["spec"].get("completions", job["spec"].get("parallelism", 1))
    outcome = _outcome(job, completions, succeeded, failed)
    if outcome:
        for pod in active:
            await world.delete(PODS, pod)
        active = []
    else:
        missing = min(job["spec"].get("parallelism", 1), completions - succeeded) - len(active)
        for _ in range(missing):
            await _create(world, job)
        active = active_pods(world, job)
    await _write_status(world, job, active, succeeded, failed, outcome)


def _outcome(job: Object, completions: int, succeeded: int, failed: int) -> list[Object]:
    """Return the conditions of a Job that has ended."""
    if succeeded >= completions:
        text = "Reached expected number of succeeded pods"
        return [
            {"type": name, "status": "True", "reason": "CompletionsReached", "message": text}
            for name in ("SuccessCriteriaMet", "Complete")
        ]
    if failed > job["spec"].get("backoffLimit", 6):
        text = "Job has reached the specified backoff limit"
        return [
            {"type": name, "status": "True", "reason": "BackoffLimitExceeded", "message": text}
            for name in ("FailureTarget", "Failed")
        ]
    return []


async def _create(world: World, job: Object) -> None:
    refused = await create_pod(world, job, pod_from(job, JOBS, {"generateName": f"{name_of(job)}-"}))
    if refused is not None:
        world.note(job, JOBS, "FailedCreate", f"Error creating: {refused}", warning=True)


async def _write_status(
    world: World, job: Object, active: list[Object], succeeded: int, failed: int, outcome: list[Object]
) -> None:
    known = (job.get("status") or {}).get("conditions") or []
    status: Object = {
        "active": len(active) or None,
        "ready": sum(is_true(pod, "Ready") for pod in active),
        "succeeded": succeeded or None,
        "failed": failed or None,
        "uncountedTerminatedPods": {},
        "conditions": with_times(outcome, known, ("lastProbeTime", "lastTransitionTime")) or None,
        "completionTime": now() if any(each["type"] == "Complete" for each in outcome) else None,
    }
    await world.update_status(JOBS, job, status)


def _of_pod(world: World, pod: Object) -> Iterable[Key]:
    owner = controller_of(pod)
    return ((namespace_of(pod), owner["name"]),) if owner and owner["kind"] == JOBS.kind else ()


def _of_account(world: World, account: Object) -> Iterable[Key]:
    for job in world.stores[JOBS].within(namespace_of(account)):
        if account_of(job["spec"]["template"]["spec"]) == name_of(account):
            yield key_of(job)


RECONCILER = Reconciler(NAME, {JOBS: own_key, PODS: _of_pod, SERVICE_ACCOUNTS: _of_account}, reconcile)
