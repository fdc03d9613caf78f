"""The longest chain of waits of a create: what no order of the same work could have gone below.

A wait is an operation of a Google API, from its beginning to the time that it is ready, or a workload's rollout, from
the call that made it to the last change of its status. Both are read from the sandbox after the run. A wait can depend
on another that was over when it began; of two of Terraform's resources it does only where the state says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from benchmarks.local_cloud import LocalCloud
from clients.storage import Storage
from sandbox.kernel.operations import COLLECTION
from sandbox.kernel.store import Store

STATE = "default.tfstate"
API_OF_TYPE = {
    "google_compute": "compute",
    "google_container": "container",
    "google_sql": "sqladmin",
    "google_workbench": "notebooks",
    "google_service": "servicenetworking",
}
Graph = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Wait:
    """One wait, in seconds since the epoch; `address` is the Terraform resource that it is for."""

    name: str
    start: float
    end: float
    address: str = ""

    @property
    def seconds(self) -> float:
        """Return how long it lasts."""
        return self.end - self.start


def longest_chain(waits: Iterable[Wait], may_follow: Callable[[Wait, Wait], bool]) -> tuple[Wait, ...]:
    """Return the chain with the greatest sum; `may_follow(later, earlier)` is asked of waits that do not overlap."""
    best: list[tuple[float, tuple[Wait, ...]]] = []
    for wait in sorted(waits, key=lambda one: one.start):
        before = (one for one in best if one[1][-1].end <= wait.start and may_follow(wait, one[1][-1]))
        seconds, chain = max(before, key=lambda one: one[0], default=(0.0, ()))
        best.append((seconds + wait.seconds, (*chain, wait)))
    return max(best, key=lambda one: one[0], default=(0.0, ()))[1]


def critical_path(cloud: LocalCloud) -> tuple[Wait, ...]:
    """Return the chain of the create that the sandbox has just seen."""
    resources, graph = _terraform(cloud)

    def may_follow(later: Wait, earlier: Wait) -> bool:
        both = later.address and earlier.address
        return not both or later.address == earlier.address or earlier.address in graph[later.address]

    return longest_chain([*_operations(cloud, resources), *rollouts(cloud.calls())], may_follow)


def _operations(cloud: LocalCloud, resources: Mapping[tuple[str, str], str]) -> list[Wait]:
    waits = []
    for _, body in Store(cloud.data_dir / "cloud.db").items(COLLECTION):
        api, places = body["service"].partition(".")[0], _places(body["target"])
        address = next((resources[api, place] for place in places if (api, place) in resources), "")
        name = f"{api} {body['verb']} {places[0]}"
        waits.append(Wait(name[:90], body["started_at"], body["ready_at"], address))
    return waits


def rollouts(calls: Sequence[Mapping[str, Any]]) -> list[Wait]:
    """Return the wait for each workload that the run made."""
    made: dict[str, float] = {}
    ready: dict[str, float] = {}
    for call in calls:
        workload = call["path"].partition("?")[0].removesuffix("/status")
        if "/apis/apps/v1/namespaces/" not in workload or "/deployments/" not in workload:
            continue
        if call["actor"] == "user" and call["mutating"] and call["status"] == 201:
            made.setdefault(workload, call["time"])
        elif call["actor"] != "user" and call["method"] in ("PUT", "PATCH"):
            ready[workload] = call["time"]
    return [
        Wait(f"rollout {workload.rpartition('/')[2]}", start, ready[workload])
        for workload, start in made.items()
        if workload in ready
    ]


def _terraform(cloud: LocalCloud) -> tuple[dict[tuple[str, str], str], Graph]:
    """Return the address of each resource by API and place, and what each address depends on."""
    environment = cloud.environment()
    storage = Storage(cloud.addresses, environment.project_id)
    state = json.loads(storage.read(environment.state.bucket, f"{environment.state_prefix}/{STATE}") or "{}")
    addresses: dict[tuple[str, str], str] = {}
    graph: dict[str, frozenset[str]] = {}
    for resource in state.get("resources", ()):
        address = ".".join(filter(None, (resource.get("module", ""), resource["type"], resource["name"])))
        api = API_OF_TYPE.get("_".join(resource["type"].split("_")[:2]), "")
        for instance in resource["instances"]:
            graph[address] = graph.get(address, frozenset()) | frozenset(instance.get("dependencies", ()))
            attributes = instance["attributes"]
            link = attributes.get("self_link") or attributes.get("id") or ""
            # A connection's is "projects%2FP%2Fglobal%2Fnetworks%2FN:servicenetworking.googleapis.com".
            addresses[api, _places(unquote(link).partition(":service")[0])[0]] = address
    return addresses, graph


def _places(link: str) -> list[str]:
    """Return kind and name of a link's resource, then those of what it is part of: "nodePools/N", "clusters/C"."""
    parts = link.split("/")
    return ["/".join(parts[end - 2 : end]) for end in range(len(parts), 1, -2)] or [link]
