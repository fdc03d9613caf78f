"""google_compute_network and google_compute_subnetwork: https://cloud.google.com/compute/docs/reference/rest/v1."""

from __future__ import annotations

import ipaddress
from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.links import format_path, same_link
from sandbox.provider.resource import Paths, Resource
from sandbox.provider.rules import Rules
from sandbox.provider.settings import Settings
from sandbox.provider.wire import UNKNOWN, Values

REGION = "projects/{project}/global/regions/{region}"
"""How the provider spells a region in a body, odd as it is; the API reads the last segment."""


class Network(Resource):
    """A VPC."""

    type_name = "google_compute_network"
    label = "Network"
    service = "compute"
    collection = "projects/{project}/global/networks"
    item = "projects/{project}/global/networks/{name}"
    imports = ("{project}/{name}", "{name}")
    rules = Rules(
        names={
            "bgp_always_compare_med": "routingConfig.bgpAlwaysCompareMed",
            "bgp_best_path_selection_mode": "routingConfig.bgpBestPathSelectionMode",
            "bgp_inter_region_cost": "routingConfig.bgpInterRegionCost",
            "delete_bgp_always_compare_med": "routingConfig.deleteBgpAlwaysCompareMed",
            "gateway_ipv4": "gatewayIPv4",
            "network_id": "id",
            "numeric_id": "id",
            "routing_mode": "routingConfig.routingMode",
        },
        local=frozenset({"delete_default_routes_on_create"}),
        sent_only=frozenset({"delete_bgp_always_compare_med", "params"}),
        defaults={
            "auto_create_subnetworks": True,
            "delete_bgp_always_compare_med": False,
            "delete_default_routes_on_create": False,
            "network_firewall_policy_enforcement_order": "AFTER_CLASSIC_FIREWALL",
        },
        replace=frozenset(
            {
                "auto_create_subnetworks",
                "description",
                "enable_ula_internal_ipv6",
                "internal_ipv6_range",
                "mtu",
                "name",
                "network_profile",
                "params",
                "project",
            }
        ),
    )

    def created(self, answer: Json, state: Values) -> None:
        """Remove the routes to the internet where that was asked for."""
        if not state.get("delete_default_routes_on_create"):
            return
        routes = self.path("projects/{project}/global/routes", state)
        link = self.path(self.item, state)
        found = self.api.get("compute", routes, {"filter": f'(network="{link}") AND (destRange="0.0.0.0/0")'})
        for route in found.get("items") or []:
            operation = self.api.call("compute", "DELETE", f"{routes}/{route['name']}")
            self.wait(operation, state, "create")

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """PATCH routing and the order of firewall policies, always both."""
        body = to_body(self.block, self.rules, planned)
        kept = {key: body.get(key) for key in ("networkFirewallPolicyEnforcementOrder", "routingConfig")}
        self.wait(self.api.call("compute", "PATCH", self.path(self.item, planned), kept), planned, "update")


class Subnetwork(Resource):
    """A subnetwork; each concern has an updating call of its own."""

    type_name = "google_compute_subnetwork"
    label = "Subnetwork"
    service = "compute"
    collection = "projects/{project}/regions/{region}/subnetworks"
    item = "projects/{project}/regions/{region}/subnetworks/{name}"
    imports = ("{project}/{region}/{name}", "{region}/{name}", "{name}")
    rules = Rules(
        names={"secondary_ip_range": "secondaryIpRanges", "subnetwork_id": "id", "fingerprint": "fingerprint"},
        local=frozenset({"send_secondary_ip_range_if_empty"}),
        sent_only=frozenset({"params", "resolve_subnet_mask"}),
        defaults={
            "log_config.aggregation_interval": "INTERVAL_5_SEC",
            "log_config.filter_expr": "true",
            "log_config.flow_sampling": 0.5,
            "log_config.metadata": "INCLUDE_ALL_METADATA",
            "send_secondary_ip_range_if_empty": None,
        },
        replace=frozenset(
            {
                "description",
                "external_ipv6_prefix",
                "internal_ipv6_prefix",
                "ip_collection",
                "name",
                "network",
                "params",
                "project",
                "purpose",
                "region",
                "reserved_internal_range",
            }
        ),
        computed_blocks=frozenset({"secondary_ip_range"}),
        same={"network": same_link, "reserved_internal_range": same_link},
        encode={"log_config": lambda content: {**content, "enable": True}},
        decode={"log_config": lambda found: found if isinstance(found, dict) and found.get("enable") else None},
    )

    def plan(self, settings: Settings, prior: Values | None, proposed: Values, config: Values) -> tuple[Values, Paths]:
        """A range may grow in place; one that does not hold the old one is another subnetwork."""
        planned, forced = super().plan(settings, prior, proposed, config)
        if prior is not None and not _holds(planned["ip_cidr_range"], prior.get("ip_cidr_range")):
            forced.append(("ip_cidr_range",))
        return planned, forced

    def customize(self, settings: Settings, prior: Values | None, planned: Values, config: Values) -> None:
        """Without secondary ranges in the configuration they stay, unless told to be removed."""
        if planned.get("send_secondary_ip_range_if_empty") and not config.get("secondary_ip_range"):
            planned["secondary_ip_range"] = []

    def prepare(self, body: Json, state: Values, config: Values) -> None:
        """Name the region; flow logs are switched off explicitly."""
        body["region"] = format_path(REGION, state)
        body.setdefault("logConfig", {"enable": False})

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """Expand the range, switch private access, then PATCH the rest under the current fingerprint."""
        path = self.path(self.item, planned)
        body = to_body(self.block, self.rules, planned)
        if "ip_cidr_range" in changed:
            self._post(f"{path}/expandIpCidrRange", {"ipCidrRange": planned["ip_cidr_range"]}, planned)
        if "private_ip_google_access" in changed:  # false is sent as nothing
            access = {"privateIpGoogleAccess": True} if planned["private_ip_google_access"] else {}
            self._post(f"{path}/setPrivateIpGoogleAccess", access, planned)
        for name in sorted(changed - {"ip_cidr_range", "private_ip_google_access"}):
            key = self.rules.key(name)
            value = body.get(key, {"enable": False} if name == "log_config" else [] if "range" in name else None)
            fingerprint = self.fetch(planned).get("fingerprint")
            answer = self.api.call("compute", "PATCH", path, {"fingerprint": fingerprint, key: value})
            self.wait(answer, planned, "update")

    def _post(self, path: str, body: Json, state: Values) -> None:
        self.wait(self.api.call("compute", "POST", path, body), state, "update")


def _holds(new: Any, old: Any) -> bool:
    if new is UNKNOWN or not new or not old or new == old:
        return True
    try:
        return ipaddress.ip_network(str(old)).subnet_of(ipaddress.ip_network(str(new)))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
