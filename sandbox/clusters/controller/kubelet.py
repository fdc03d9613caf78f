"""Starts and ends the containers of pods that have a node, as the node's kubelet would.

A pod waits for what it names, and says so as a kubelet does: for volumes with ContainerCreating and an event
FailedMount, for its environment with CreateContainerConfigError and an event Failed. When the missing thing appears
the watch brings it here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.clusters.controller import pod_status
from sandbox.clusters.controller.failures import Failure, FailureKind
from sandbox.clusters.controller.objects import (
    Object,
    controller_of,
    is_deleted,
    is_true,
    key_of,
    name_of,
    namespace_of,
    spread,
    uid_of,
)
from sandbox.clusters.controller.pod_addresses import addresses_of
from sandbox.clusters.controller.references import (
    claims_of,
    missing_account,
    missing_environment,
    unmountable_volumes,
)
from sandbox.clusters.controller.resources import (
    CLAIMS,
    CONFIG_MAPS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICE_ACCOUNTS,
    Resource,
)
from sandbox.clusters.controller.world import Item, Key, Reconciler, World, own_key

NAME = "kubelet"

# What these take in a GKE cluster.
PULL_SECONDS = (20.0, 40.0)
PROBE_SECONDS = 5.0
STOP_SECONDS = 3.0
WORK_SECONDS = 20.0


async def reconcile(world: World, key: Key) -> None:
    """Look at one pod."""
    pod = world.get(PODS, key)
    if pod is None or not pod["spec"].get("nodeName"):
        return
    if is_deleted(pod):
        if world.has_passed((NAME, key), uid_of(pod), "stop", STOP_SECONDS):
            await world.delete(PODS, pod, grace_seconds=0)
        return
    if pod["status"].get("phase") in ("Succeeded", "Failed"):
        return
    failure = world.failures.of(pod, namespace_of(pod), workload_of(world, pod))
    if is_true(pod, "Ready") and failure is None and not _ends(pod):
        return
    await _advance(world, pod, failure)


def workload_of(world: World, pod: Object) -> str:
    """Return the name of the workload that a pod belongs to, its own name if it stands alone."""
    owner = controller_of(pod)
    if owner is None:
        return name_of(pod)
    if owner["kind"] == REPLICA_SETS.kind:
        replica_set = world.get(REPLICA_SETS, (namespace_of(pod), owner["name"]))
        deployment = controller_of(replica_set) if replica_set else None
        return str((deployment or owner)["name"])
    return str(owner["name"])


async def _advance(world: World, pod: Object, failure: Failure | None) -> None:
    item = (NAME, key_of(pod))
    if pod["status"].get("phase") != "Running":
        if await _waits_for_volumes(world, pod) or await _waits_for_image(world, pod, item, failure):
            return
        if await _waits_for_environment(world, pod):
            return
    if failure is not None and failure.kind is FailureKind.CRASH:
        await _crash(world, pod, failure)
    elif failure is not None:
        return
    elif _ends(pod):
        await _work(world, pod, item)
    else:
        await _run(world, pod, item)


async def _waits_for_volumes(world: World, pod: Object) -> bool:
    def lookup(resource: Resource, name: str) -> Object | None:
        return world.get(resource, (namespace_of(pod), name))

    problems = unmountable_volumes(pod, lookup)
    account_problem = missing_account(pod, lookup)
    if account_problem:
        problems.append(account_problem)
    for problem in problems:
        world.note(pod, PODS, "FailedMount", problem, warning=True)
    unbound = [name for name in claims_of(pod) if not _is_bound(world, pod, name)]
    if problems or unbound:
        await _pend(world, pod, "ContainerCreating")
    return bool(problems or unbound)


def _is_bound(world: World, pod: Object, name: str) -> bool:
    claim = world.get(CLAIMS, (namespace_of(pod), name))
    return claim is not None and claim.get("status", {}).get("phase") == "Bound"


async def _waits_for_image(world: World, pod: Object, item: Item, failure: Failure | None) -> bool:
    images = sorted({each["image"] for each in _all_containers(pod)})
    if failure is not None and failure.kind is FailureKind.MISSING_IMAGE:
        text = f'Failed to pull image "{images[0]}": rpc error: code = NotFound desc = {images[0]}: not found'
        world.note(pod, PODS, "Failed", text, warning=True)
        await _pend(world, pod, "ImagePullBackOff", f'Back-off pulling image "{images[0]}": ErrImagePull: {text}')
        return True
    seconds = max(spread(*PULL_SECONDS, image) for image in images)
    if not world.has_passed(item, uid_of(pod), "pull", seconds):
        await _pend(world, pod, "ContainerCreating")
        return True
    world.note(pod, PODS, "Pulled", f'Successfully pulled image "{images[0]}"')
    return False


async def _waits_for_environment(world: World, pod: Object) -> bool:
    def lookup(resource: Resource, name: str) -> Object | None:
        return world.get(resource, (namespace_of(pod), name))

    problems = {each["name"]: missing_environment(each, pod, lookup) for each in _all_containers(pod)}
    if not any(problems.values()):
        return False
    for problem in filter(None, problems.values()):
        world.note(pod, PODS, "Failed", f"Error: {problem}", warning=True)

    def describe(container: Object, known: Object) -> Object:
        problem = problems[container["name"]]
        blocked = pod_status.waiting("CreateContainerConfigError", problem or "")
        return (blocked if problem else pod_status.waiting("ContainerCreating"))(container, known)

    await _write(world, pod, "Pending", describe, has_sandbox=True)
    return True


async def _crash(world: World, pod: Object, failure: Failure) -> None:
    if pod["spec"].get("restartPolicy", "Always") == "Never":
        await _write(world, pod, "Failed", pod_status.completed(pod, 1, failure.last_log_line))
        return
    await _write(world, pod, "Running", pod_status.crashing(pod, "10s", failure.last_log_line))
    name = pod["spec"]["containers"][0]["name"]
    text = f"Back-off restarting failed container {name} in pod {name_of(pod)}_{namespace_of(pod)}({uid_of(pod)})"
    world.note(pod, PODS, "BackOff", text, warning=True)


async def _work(world: World, pod: Object, item: Item) -> None:
    """Run a pod that is meant to end."""
    await _write(world, pod, "Running", pod_status.running(pod, is_ready=True))
    pod = world.get(PODS, key_of(pod)) or pod
    if world.has_passed(item, uid_of(pod), "work", WORK_SECONDS):
        await _write(world, pod, "Succeeded", pod_status.completed(pod))


async def _run(world: World, pod: Object, item: Item) -> None:
    probed = any(container.get("readinessProbe") for container in pod["spec"]["containers"])
    is_ready = not probed or world.has_passed(item, uid_of(pod), "probe", PROBE_SECONDS)
    await _write(world, pod, "Running", pod_status.running(pod, is_ready=is_ready))
    world.note(pod, PODS, "Started", f"Started container {pod['spec']['containers'][0]['name']}")


async def _pend(world: World, pod: Object, reason: str, message: str = "") -> None:
    await _write(world, pod, "Pending", pod_status.waiting(reason, message))


async def _write(
    world: World, pod: Object, phase: str, describe: pod_status.Report, *, has_sandbox: bool = False
) -> None:
    """Write a pod's status; it has an address from when its sandbox is made."""
    inits = pod_status.waiting("PodInitializing") if phase == "Pending" else pod_status.completed(pod)
    addresses = addresses_of(world, pod, with_pod_address=has_sandbox or phase != "Pending")
    status = pod_status.report(pod, phase, addresses, describe, inits)
    await world.update_status(PODS, pod, status, manager=pod_status.KUBELET)


def _ends(pod: Object) -> bool:
    return str(pod["spec"].get("restartPolicy", "Always")) != "Always"


def _all_containers(pod: Object) -> list[Object]:
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]


def _waiting_for(world: World, obj: Object) -> Iterable[Key]:
    """Whatever appears in a namespace may be what one of its pods waits for."""
    for pod in world.stores[PODS].within(namespace_of(obj)):
        if pod["status"].get("phase", "Pending") == "Pending":
            yield key_of(pod)


RECONCILER = Reconciler(
    NAME,
    {
        PODS: own_key,
        CONFIG_MAPS: _waiting_for,
        SECRETS: _waiting_for,
        SERVICE_ACCOUNTS: _waiting_for,
        CLAIMS: _waiting_for,
    },
    reconcile,
)
