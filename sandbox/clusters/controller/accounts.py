"""Refuses pods whose ServiceAccount is missing, in the words of the API server's admission."""

from __future__ import annotations

from sandbox.clusters.controller.objects import Object
from sandbox.clusters.controller.resources import SERVICE_ACCOUNTS
from sandbox.clusters.controller.world import World


def account_of(pod_spec: Object) -> str:
    """Return the name of the ServiceAccount that a pod runs as."""
    return pod_spec.get("serviceAccountName") or "default"


def refuse_pod(world: World, namespace: str, pod_name: str, pod_spec: Object) -> str | None:
    """Return why a pod cannot be created, or None."""
    account = account_of(pod_spec)
    if world.get(SERVICE_ACCOUNTS, (namespace, account)) is not None:
        return None
    return (
        f'pods "{pod_name}" is forbidden: error looking up service account {namespace}/{account}: '
        f'serviceaccount "{account}" not found'
    )
