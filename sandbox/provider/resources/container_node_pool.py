"""google_container_node_pool: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters.nodePools."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import ApiFailure, Gone, ProviderError
from sandbox.provider.links import format_path, same_link
from sandbox.provider.operations import wait_for
from sandbox.provider.plan import changes
from sandbox.provider.resource import Resource
from sandbox.provider.resources.container_nodes import (
    CHANGEABLE,
    group_sizes,
    groups,
    location_of,
    merge,
    node_count,
    node_rules,
)
from sandbox.provider.rules import Rules
from sandbox.provider.schema import load
from sandbox.provider.wire import UNKNOWN, Values

CLUSTER = "projects/{project}/locations/{location}/clusters/{cluster}"
RESTING = ("RUNNING", "RUNNING_WITH_ERROR", "ERROR")
_POOL_COMPUTED = (
    "management",
    "network_config",
    "node_config",
    "node_drain_config",
    "upgrade_settings",
    "upgrade_settings.blue_green_settings",
)


def _enabled(found: Any) -> Any:
    return found if isinstance(found, dict) and found.get("enabled") else None


def _autoscaling(content: Json) -> Json:
    return {"enabled": True, "totalMaxNodeCount": 0, "totalMinNodeCount": 0, **content}


def pool_rules(prefix: str) -> Rules:
    """The tables of a node pool, at a path that is empty or ends in a dot."""
    own = Rules(
        names={
            f"{prefix}max_pods_per_node": "maxPodsConstraint.maxPodsPerNode",
            f"{prefix}node_config": "config",
            f"{prefix}node_locations": "locations",
        },
        local=frozenset(
            prefix + name
            for name in (
                "cluster",
                "ignore_node_count_changes",
                "instance_group_urls",
                "managed_instance_group_urls",
                "name_prefix",
                "node_count",
                "operation",
            )
        ),
        defaults={
            f"{prefix}management.auto_repair": True,
            f"{prefix}management.auto_upgrade": True,
            f"{prefix}upgrade_settings.strategy": "SURGE",
        },
        computed_blocks=frozenset(prefix + name for name in _POOL_COMPUTED),
        strings=frozenset({f"{prefix}max_pods_per_node"}),
        encode={f"{prefix}autoscaling": _autoscaling},
        decode={f"{prefix}autoscaling": _enabled},
        tracked=frozenset({f"{prefix}autoscaling"}),
    )
    return merge(own, node_rules(f"{prefix}node_config."))


_FIXED_CONFIG = frozenset(
    f"node_config.{name}"
    for part in (
        load().resources["google_container_node_pool"].block.blocks["node_config"].block.attributes,
        load().resources["google_container_node_pool"].block.blocks["node_config"].block.blocks,
    )
    for name in part
    if name not in CHANGEABLE
)


class NodePool(Resource):
    """A node pool; a cluster takes one change at a time."""

    type_name = "google_container_node_pool"
    label = "NodePool"
    service = "container"
    collection = f"{CLUSTER}/nodePools"
    item = f"{CLUSTER}/nodePools/{{name}}"
    imports = ("{project}/{location}/{cluster}/{name}", "{location}/{cluster}/{name}")
    location_from = "zone"
    rules = merge(
        pool_rules(""),
        Rules(
            same={"cluster": same_link},
            replace=_FIXED_CONFIG
            | {"cluster", "initial_node_count", "location", "max_pods_per_node", "name", "name_prefix"}
            | {"placement_policy", "project", "network_config.create_pod_range", "network_config.pod_range"},
        ),
    )

    def customize(self, settings: Any, prior: Values | None, planned: Values, config: Values) -> None:
        """A cluster's whole path says project and location; a count is computed only where none is given."""
        cluster = planned.get("cluster")
        if prior is None and isinstance(cluster, str) and cluster.count("/") >= 5:
            found = location_of(cluster, planned)
            planned |= {name: found[name] for name in ("project", "location") if config.get(name) is None}

    def path(self, template: str, state: Mapping[str, Any]) -> str:
        """Project and location may stand in the cluster's path."""
        return format_path(template, {**state, **location_of(str(state["cluster"]), state)})

    def identify(self, state: Values) -> str:
        """The pool's path."""
        return self.path(self.item, state)

    def parent(self, state: Mapping[str, Any]) -> str:
        """Operations belong to the location."""
        return self.path("projects/{project}/locations/{location}", state)

    def create(self, planned: Values, config: Values) -> Values:
        """Make it on a cluster where it is not yet, and wait until it runs."""
        state = self._placed(planned)
        state["name"] = _name(state)
        with self._cluster(state):
            self._check_absent(state)
            body = to_body(self.block, self.rules, state)
            if isinstance(state.get("node_count"), int):
                body["initialNodeCount"] = state["node_count"]
            body.setdefault("networkConfig", {})
            body.setdefault("config", {}).setdefault("loggingConfig", {"variantConfig": {}})
            answer = self._call("POST", self.collection, state, {"nodePool": body})
            self.keep(state)
            self.wait(answer, state, "create")
            new = self.observed(state)
            self._wait(state, "create")
        return new

    def _check_absent(self, state: Values) -> None:
        try:
            self.api.get(self.service, self.path(self.item, state))
        except Gone:
            return
        raise ProviderError(f"resource - {self.path(self.item, state)} - already exists")

    def fetch(self, state: Values) -> Json:
        """The pool in its cluster's list, which the real provider prefers to single readings."""
        found = self.api.get(self.service, self.path(self.collection, state))
        for pool in found.get("nodePools") or []:
            if pool.get("name") == state["name"]:
                return dict(pool)
        raise Gone(f"{self.path(CLUSTER, state)} has no node pool {state['name']}")

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """Count nodes in the instance groups."""
        count = node_count(body, group_sizes(self.api, [body]))
        found["node_count"] = state.get("node_count") if count is None or _ignores(state) else count
        if found["node_count"] is UNKNOWN:
            found["node_count"] = body.get("initialNodeCount")
        found["instance_group_urls"], found["managed_instance_group_urls"] = groups(body)
        return found

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """One call for each concern, each with its operation."""
        body = to_body(self.block, self.rules, planned)
        with self._cluster(planned):
            self._wait(planned, "update")
            if "autoscaling" in changed:
                scaling = dict(body.get("autoscaling", {"enabled": False}))
                if not scaling.get("totalMaxNodeCount"):
                    scaling.pop("totalMaxNodeCount", None)
                update = {"desiredNodePoolId": planned["name"], "desiredNodePoolAutoscaling": scaling}
                self._send("PUT", CLUSTER, planned, {"update": update})
            for name in sorted(_changed_config(self, prior, planned)):
                self._send("PUT", self.item, planned, _config_update(planned, name, body.get("config", {})))
            for key in sorted({"version", "locations", "upgradeSettings", "networkConfig"} & _keys(self, changed)):
                name = {"version": "nodeVersion", "networkConfig": "nodeNetworkConfig"}.get(key, key)
                self._send("PUT", self.item, planned, {"name": planned["name"], name: body.get(key)})
            if "management" in changed:
                self._post(planned, "setManagement", {"management": body.get("management")})

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Besides, set the number of nodes, then look at cluster and pool."""
        changed = self.changed(prior, planned)
        if changed:
            self.change(prior, planned, config, changed)
        count = planned.get("node_count")
        resizes = isinstance(count, int) and count != prior.get("node_count") and not _ignores(planned)
        if resizes:
            with self._cluster(planned):
                self._post(planned, "setSize", {"nodeCount": count})
        if changed or resizes:
            self.api.get(self.service, self.path(CLUSTER, planned))
            self._wait(planned, "update")
        return self.observed(planned)

    def remove(self, prior: Values) -> None:
        """Delete it once it rests."""
        with self._cluster(prior):
            try:
                self._wait(prior, "delete")
            except Gone:
                return
            self.wait(self._call("DELETE", self.item, prior, None), prior, "delete")

    def _cluster(self, state: Values) -> Any:
        return self.api.exclusive(self.path(CLUSTER, state))

    def _wait(self, state: Values, step: str) -> None:
        path = self.path(self.item, state)
        wait_for(lambda: self.api.get(self.service, path), "status", RESTING, self.timeout(state, step))

    def _post(self, state: Values, verb: str, body: Json) -> None:
        self._send("POST", f"{self.item}:{verb}", state, body)

    def _send(self, method: str, template: str, state: Values, body: Json) -> None:
        self.wait(self._call(method, template, state, body), state, "update")

    def _call(self, method: str, template: str, state: Values, body: Json | None) -> Json:
        return self.api.call(self.service, method, self.path(template, state), body, retry_when=_is_busy)


def _is_busy(failure: ApiFailure) -> bool:
    return failure.code == 400 and failure.status == "FAILED_PRECONDITION"


def _ignores(state: Values) -> bool:
    return bool(state.get("ignore_node_count_changes"))


def _name(state: Values) -> str:
    if isinstance(state.get("name"), str) and state["name"]:
        return str(state["name"])
    prefix = state.get("name_prefix")
    return f"{prefix if isinstance(prefix, str) else 'terraform-'}{uuid.uuid4().hex[:20]}"


def _keys(pool: NodePool, changed: set[str]) -> set[str]:
    return {pool.rules.key(name).split(".")[0] for name in changed}


def _changed_config(pool: NodePool, prior: Values, planned: Values) -> set[str]:
    paths = (path for path, _ in changes(pool.block, prior, planned))
    return {path.split(".")[1] for path in paths if path.startswith("node_config.")}


def _config_update(state: Values, name: str, config: Json) -> Json:
    """The body of one change; labels, tags and taints are wrapped once more."""
    wrapped = {"labels": "labels", "resource_labels": "labels", "tags": "tags", "taint": "taints"}
    key = {"taint": "taints", "logging_variant": "loggingConfig", "guest_accelerator": "accelerators"}.get(name)
    key = key or Rules().key(name)
    value = config.get(key)
    if name in wrapped:
        value = {wrapped[name]: value or ({} if wrapped[name] == "labels" else [])}
    return {"name": state["name"], key: value}
