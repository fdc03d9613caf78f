"""google_container_cluster: its calls. The tables are in `container_cluster_rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.bodies import take, to_body
from sandbox.provider.errors import ApiFailure, Gone, ProviderError, Refused
from sandbox.provider.links import format_path
from sandbox.provider.operations import wait_for
from sandbox.provider.plan import changes
from sandbox.provider.resource import Resource
from sandbox.provider.resources.container_cluster_rules import DESIRED, RULES, WRAPPED
from sandbox.provider.resources.container_nodes import group_sizes, groups, node_count
from sandbox.provider.wire import UNKNOWN, Values

CLUSTER = "projects/{project}/locations/{location}/clusters/{name}"
ENDPOINTS = "controlPlaneEndpointsConfig.ipEndpointsConfig"
PROTECTED = (
    "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed with cluster "
    "deletion"
)
ALWAYS_SENT: Json = {
    "autopilot": {"enabled": False},
    "autoscaling": {"enableNodeAutoprovisioning": False},
    "binaryAuthorization": {"enabled": False},
    "legacyAbac": {"enabled": False},
    "maintenancePolicy": {"window": {}},
    "networkPolicy": {},
    "nodeConfig": {
        "oauthScopes": [
            f"https://www.googleapis.com/auth/{scope}"
            for scope in (
                "devstorage.read_only",
                "logging.write",
                "monitoring",
                "service.management.readonly",
                "servicecontrol",
                "trace.append",
            )
        ]
    },
    "notificationConfig": {"pubsub": {}},
}
"""What the real provider says about a cluster whose configuration says nothing."""
DNS_ENDPOINT = ("allowExternalTraffic", "enableK8sCertsViaDns", "enableK8sTokensViaDns")
IP_ENDPOINTS: Json = {
    "enablePublicEndpoint": True,
    "enabled": True,
    "globalAccess": False,
    "privateEndpointSubnetwork": "",
}


class Cluster(Resource):
    """A GKE cluster."""

    type_name = "google_container_cluster"
    label = "cluster"
    service = "container"
    collection = "projects/{project}/locations/{location}/clusters"
    item = CLUSTER
    imports = ("{project}/{location}/{name}", "{location}/{name}")
    location_from = "zone"
    rules = RULES

    def parent(self, state: Mapping[str, Any]) -> str:
        """Operations belong to the location."""
        return format_path("projects/{project}/locations/{location}", state)

    def customize(self, settings: Any, prior: Values | None, planned: Values, config: Values) -> None:
        """A new cluster is VPC-native unless told otherwise; its node locations exclude nothing yet."""
        if planned.get("networking_mode") is UNKNOWN:
            planned["networking_mode"] = (
                "ROUTES" if planned.get("cluster_ipv4_cidr") not in (None, UNKNOWN) else "VPC_NATIVE"
            )

    # --- create

    def create(self, planned: Values, config: Values) -> Values:
        """Make it, without the default node pool where that was asked for."""
        state = self._placed(planned)
        self._look(state)
        body = to_body(self.block, self.rules, state)
        self._complete(body, state)
        answer = self._call("POST", self.collection, state, {"cluster": body})
        try:
            self.wait(answer, state, "create")
        except ProviderError:
            self._keep_if_there(state)
            raise
        self.keep(state)
        if state.get("remove_default_node_pool"):
            pool = f"{CLUSTER}/nodePools/default-pool"
            self.wait(self._call("DELETE", pool, state, None), state, "create")
        new = self.observed(state)
        self._wait(state, "create", failed=("ERROR", "DEGRADED"))
        return new

    def _look(self, state: Values) -> None:
        """The real provider looks for a maintenance policy; a cluster that is there fails on creation."""
        try:
            self.fetch(state)
        except Gone:
            return

    def _keep_if_there(self, state: Values) -> None:
        """A cluster that failed half-way stays in the state as tainted, so that the next apply replaces it."""
        try:
            self.fetch(state)
        except ProviderError:
            return
        self.keep(state)

    def _complete(self, body: Json, state: Values) -> None:
        body |= {key: value for key, value in ALWAYS_SENT.items() if key not in body}
        body |= {name: state[name] for name in ("network", "subnetwork") if isinstance(state.get(name), str)}
        body.setdefault("masterAuth", {"clientCertificateConfig": {}})
        if state.get("networking_mode") == "VPC_NATIVE":
            body.setdefault("ipAllocationPolicy", {"useIpAliases": True, "stackType": "IPV4"})
        body.setdefault("networkConfig", {})
        endpoints = _put(body, ENDPOINTS)
        endpoints.setdefault("authorizedNetworksConfig", {})
        for private in _private(state):
            _say_private(body, endpoints, private)
        body["controlPlaneEndpointsConfig"].setdefault("dnsEndpointConfig", dict.fromkeys(DNS_ENDPOINT, False))
        body["controlPlaneEndpointsConfig"]["ipEndpointsConfig"] = {**IP_ENDPOINTS, **endpoints}
        if not body.get("enableKubernetesAlpha"):
            body.pop("enableKubernetesAlpha", None)

    # --- read

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """What stands elsewhere in the API: privacy of nodes and endpoints, pools' sizes, other zones."""
        where = str(state.get("location") or body.get("location"))
        found["node_locations"] = sorted(item for item in body.get("locations") or [] if item != where)
        found["networking_mode"] = "VPC_NATIVE" if take(body, "ipAllocationPolicy.useIpAliases") else "ROUTES"
        found["private_cluster_config"] = self._observed_privacy(body)
        if body.get("shieldedNodes") is None:
            found["enable_shielded_nodes"] = state.get("enable_shielded_nodes")
        for policy in found["ip_allocation_policy"]:
            policy.setdefault("stack_type", "IPV4")
        pools = body.get("nodePools") or []
        sizes = group_sizes(self.api, pools)
        for values, pool in zip(found.get("node_pool") or [], pools, strict=False):
            values["node_count"] = node_count(pool, sizes)
            values["instance_group_urls"], values["managed_instance_group_urls"] = groups(pool)
        return found

    def _observed_privacy(self, body: Json) -> list[Values]:
        endpoints = take(body, ENDPOINTS) or {}
        held = body.get("privateClusterConfig")
        private_nodes = bool(take(body, "networkConfig.defaultEnablePrivateNodes"))
        if held is None and not private_nodes:
            return []
        held = held or {}
        return [
            {
                "enable_private_endpoint": endpoints.get("enablePublicEndpoint") is False,
                "enable_private_nodes": private_nodes,
                "master_ipv4_cidr_block": held.get("masterIpv4CidrBlock") or "",
                "peering_name": held.get("peeringName") or "",
                "private_endpoint": endpoints.get("privateEndpoint") or held.get("privateEndpoint") or "",
                "private_endpoint_subnetwork": endpoints.get("privateEndpointSubnetwork") or "",
                "public_endpoint": endpoints.get("publicEndpoint") or held.get("publicEndpoint") or "",
                "master_global_access_config": [{"enabled": bool(endpoints.get("globalAccess"))}],
            }
        ]

    # --- update

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """One call for each concern, each with its operation, then look twice."""
        changed = {path.split(".")[0] for path, _ in changes(self.block, prior, planned)}
        body = to_body(self.block, self.rules, planned)
        with self.api.exclusive(self.path(CLUSTER, planned)):
            called = [self._change(name, body, prior, planned) for name in self._ordered(changed, planned)]
            if any(called):
                self._wait(planned, "update")
        return self.observed(planned)

    def _ordered(self, changed: set[str], planned: Values) -> list[str]:
        known = [*DESIRED, *WRAPPED, *_POSTS, "master_authorized_networks_config", "private_cluster_config"]
        names = [name for name in known if name in changed and planned.get(name) is not UNKNOWN]
        return [*names, "effective_labels"] if "effective_labels" in changed else names

    def _change(self, name: str, body: Json, prior: Values, planned: Values) -> bool:
        """Send one concern; False when there is nothing that the API could be told."""
        if name == "effective_labels":
            labels = {"resourceLabels": planned[name] or {}, "labelFingerprint": prior.get("label_fingerprint")}
            self._post(planned, "setResourceLabels", labels)
        elif name in _POSTS:
            verb, key = _POSTS[name]
            self._post(planned, verb, {key: take(body, key) if key != "enabled" else bool(planned.get(name))})
        elif name in WRAPPED:
            field, key = WRAPPED[name]
            self._put_update(planned, {field: {key: planned[name]} if key else planned[name]})
        elif name in ("master_authorized_networks_config", "private_cluster_config"):
            for update in _updates(name, body, prior, planned):
                self._put_update(planned, update)
        elif name == "enable_shielded_nodes":
            self._put_update(planned, {DESIRED[name]: {"enabled": bool(planned[name])}})
        elif name in ("min_master_version", "node_version"):
            if not planned.get(name):
                return False
            update = {DESIRED[name]: planned[name]}
            self._put_update(
                planned, update | ({"desiredNodePoolId": "default-pool"} if name == "node_version" else {})
            )
        else:
            value = take(body, self.rules.key(name))
            if name == "node_locations":
                value = sorted({*(planned.get(name) or []), *([planned["location"]] if _is_zone(planned) else [])})
            self._put_update(planned, {DESIRED[name]: {} if value is None else value})
        return True

    def _put_update(self, state: Values, update: Json) -> None:
        self.wait(self._call("PUT", CLUSTER, state, {"update": update}), state, "update")

    def _post(self, state: Values, verb: str, body: Json) -> None:
        self.wait(self._call("POST", f"{CLUSTER}:{verb}", state, body), state, "update")

    # --- delete

    def delete(self, prior: Values) -> None:
        """Refuse while it is protected."""
        if prior.get("deletion_protection"):
            raise Refused(PROTECTED)
        super().delete(prior)

    def remove(self, prior: Values) -> None:
        """Delete it once it rests: a cluster that is being changed cannot be."""
        self._wait(prior, "delete")
        with self.api.exclusive(self.path(CLUSTER, prior)):
            self.wait(self._call("DELETE", CLUSTER, prior, None), prior, "delete")

    # --- calls

    def _wait(self, state: Values, step: str, failed: tuple[str, ...] = ()) -> None:
        resting = tuple(status for status in ("RUNNING", "DEGRADED", "ERROR") if status not in failed)
        wait_for(lambda: self.fetch(state), "status", resting, self.timeout(state, step), failed)

    def _call(self, method: str, template: str, state: Values, body: Json | None) -> Json:
        return self.api.call(self.service, method, self.path(template, state), body, retry_when=_is_busy)


_POSTS = {
    "enable_legacy_abac": ("setLegacyAbac", "enabled"),
    "maintenance_policy": ("setMaintenancePolicy", "maintenancePolicy"),
    "network_policy": ("setNetworkPolicy", "networkPolicy"),
}
"""Concerns with a method of their own, and the key of its body."""


def _is_busy(failure: ApiFailure) -> bool:
    return failure.code == 400 and failure.status == "FAILED_PRECONDITION"


def _is_zone(state: Values) -> bool:
    return str(state.get("location")).count("-") == 2


def _private(state: Values) -> list[Values]:
    held = state.get("private_cluster_config")
    return [block for block in held if isinstance(block, dict)] if isinstance(held, list) else []


def _put(body: Json, key: str) -> Json:
    for part in key.split("."):
        body = body.setdefault(part, {})
    return body


def _say_private(body: Json, endpoints: Json, private: Values) -> None:
    """Private nodes and endpoints are told twice, in the old place and in the new ones."""
    if isinstance(private.get("enable_private_nodes"), bool):
        body["networkConfig"]["defaultEnablePrivateNodes"] = private["enable_private_nodes"]
    endpoints["enablePublicEndpoint"] = not private.get("enable_private_endpoint")
    old: Json = {"enablePrivateNodes": private.get("enable_private_nodes") or False}
    if isinstance(private.get("master_ipv4_cidr_block"), str) and private["master_ipv4_cidr_block"]:
        old["masterIpv4CidrBlock"] = private["master_ipv4_cidr_block"]
    if private.get("enable_private_endpoint"):
        old["enablePrivateEndpoint"] = True
    body["privateClusterConfig"] = old
    access = private.get("master_global_access_config")
    if isinstance(access, list) and access:
        endpoints["globalAccess"] = bool(access[0].get("enabled"))
    if isinstance(private.get("private_endpoint_subnetwork"), str) and private["private_endpoint_subnetwork"]:
        endpoints["privateEndpointSubnetwork"] = private["private_endpoint_subnetwork"]


def _updates(name: str, body: Json, prior: Values, planned: Values) -> list[Json]:
    """The updates of who reaches the control plane and whether nodes are private; the API takes one at a time."""
    if name == "master_authorized_networks_config":
        networks = take(body, f"{ENDPOINTS}.authorizedNetworksConfig") or {"enabled": False}
        return [_endpoints({"authorizedNetworksConfig": networks})]
    before, after = _said(prior), _said(planned)
    updates: list[Json] = []
    if after["nodes"] != before["nodes"]:
        updates.append({"desiredDefaultEnablePrivateNodes": after["nodes"].get("defaultEnablePrivateNodes", False)})
    if after["endpoints"] != before["endpoints"]:
        updates.append(_endpoints(after["endpoints"]))
    return updates


def _endpoints(content: Json) -> Json:
    return {"desiredControlPlaneEndpointsConfig": {"ipEndpointsConfig": content}}


def _said(state: Values) -> Json:
    body: Json = {"networkConfig": {}}
    endpoints: Json = {}
    for private in _private(state):
        _say_private(body, endpoints, private)
    return {"nodes": body["networkConfig"], "endpoints": endpoints}
