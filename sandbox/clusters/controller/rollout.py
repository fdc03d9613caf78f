"""Decides how a Deployment's ReplicaSets grow and shrink, and what its status says of it.

Pure functions. Source: the Deployment API (apps/v1) and what kube-controller-manager's deployment controller does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.clusters.controller.objects import Object


@dataclass(frozen=True)
class Limits:
    """How many pods a Deployment wants, and how far a rollout may go above and below."""

    replicas: int
    max_surge: int
    max_unavailable: int

    @property
    def min_available(self) -> int:
        """How many pods must stay available."""
        return self.replicas - self.max_unavailable


@dataclass(frozen=True)
class Scale:
    """One ReplicaSet: how many pods it is to have, and how many of them are available."""

    name: str
    desired: int
    available: int


def read_limits(deployment: Object) -> Limits:
    """Read a Deployment's limits; a rollout must be able to move, so both cannot be zero."""
    spec = deployment["spec"]
    replicas = spec.get("replicas", 1)
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Limits(replicas, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", "25%"), replicas, math.ceil)
    unavailable = _share(rolling.get("maxUnavailable", "25%"), replicas, math.floor)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Limits(replicas, surge, min(unavailable, replicas))


def _share(value: int | str, replicas: int, rounding: Callable[[float], int]) -> int:
    return value if isinstance(value, int) else rounding(int(value.rstrip("%")) * replicas / 100)


def initial_replicas(limits: Limits, old: Sequence[Scale]) -> int:
    """Return the size that a new ReplicaSet may start with."""
    room = limits.replicas + limits.max_surge - sum(scale.desired for scale in old)
    return max(0, min(limits.replicas, room))


def rolling_scales(limits: Limits, new: Scale, old: Sequence[Scale]) -> dict[str, int]:
    """Return the next sizes, by name, of those ReplicaSets that change now."""
    total = new.desired + sum(scale.desired for scale in old)
    if new.desired > limits.replicas:
        return {new.name: limits.replicas}
    room = limits.replicas + limits.max_surge - total
    if new.desired < limits.replicas and room > 0:
        return {new.name: new.desired + min(room, limits.replicas - new.desired)}
    return _shrink_old(limits, new, old, total)


def _shrink_old(limits: Limits, new: Scale, old: Sequence[Scale], total: int) -> dict[str, int]:
    """Take away old pods: first those that are not available anyway, then as many as may be missing."""
    new_unavailable = max(0, new.desired - new.available)
    budget = total - limits.min_available - new_unavailable
    sizes = {scale.name: scale.desired for scale in old}
    for scale in old:
        unhealthy = min(max(0, scale.desired - scale.available), max(0, budget))
        sizes[scale.name] -= unhealthy
        budget -= unhealthy
    spare = new.available + sum(scale.available for scale in old) - limits.min_available
    for scale in old:
        healthy = min(sizes[scale.name], max(0, spare), max(0, budget))
        sizes[scale.name] -= healthy
        spare -= healthy
        budget -= healthy
    return {scale.name: sizes[scale.name] for scale in old if sizes[scale.name] != scale.desired}


@dataclass(frozen=True)
class Counts:
    """The pods of a Deployment."""

    replicas: int
    updated: int
    ready: int
    available: int

    @property
    def total(self) -> dict[str, int]:
        """The counts as the status has them; zeroes are left out there."""
        return {
            "replicas": self.replicas,
            "updatedReplicas": self.updated,
            "readyReplicas": self.ready,
            "availableReplicas": self.available,
        }


def count(new: Object | None, old: Sequence[Object]) -> Counts:
    """Add up what the ReplicaSets' statuses say."""
    every = [*old, *([new] if new else [])]
    return Counts(
        replicas=_sum(every, "replicas"),
        updated=_sum([new] if new else [], "replicas"),
        ready=_sum(every, "readyReplicas"),
        available=_sum(every, "availableReplicas"),
    )


def _sum(replica_sets: Sequence[Object], name: str) -> int:
    return sum((each.get("status") or {}).get(name, 0) for each in replica_sets)


def is_complete(limits: Limits, counts: Counts) -> bool:
    """Say whether every pod is of the newest template and available, and no other is left."""
    return counts.updated == counts.replicas == counts.available == limits.replicas


def available_condition(limits: Limits, counts: Counts) -> Object:
    """Return the condition Available, without times."""
    if counts.available >= limits.min_available:
        return {
            "type": "Available",
            "status": "True",
            "reason": "MinimumReplicasAvailable",
            "message": "Deployment has minimum availability.",
        }
    return {
        "type": "Available",
        "status": "False",
        "reason": "MinimumReplicasUnavailable",
        "message": "Deployment does not have minimum availability.",
    }


def progressing_condition(status: str, reason: str, message: str) -> Object:
    """Return the condition Progressing, without times."""
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}
