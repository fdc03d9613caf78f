"""google_compute_router and google_compute_router_nat: https://cloud.google.com/compute/docs/reference/rest/v1/routers."""

from __future__ import annotations

from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import Gone, ProviderError
from sandbox.provider.links import format_path, same_link
from sandbox.provider.resource import Resource
from sandbox.provider.resources.compute_network import REGION
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values

ROUTER = "projects/{project}/regions/{region}/routers/{router|last}"
ALWAYS_SENT = ("drainNatIps", "initialNatIps", "nat64Subnetworks", "natIps", "rules")
"""Lists of a NAT that are sent even when they are empty."""


class Router(Resource):
    """A Cloud Router."""

    type_name = "google_compute_router"
    label = "Router"
    service = "compute"
    collection = "projects/{project}/regions/{region}/routers"
    item = "projects/{project}/regions/{region}/routers/{name}"
    imports = ("{project}/{region}/{name}", "{region}/{name}", "{name}")
    rules = Rules(
        sent_only=frozenset({"params"}),
        defaults={"bgp.advertise_mode": "DEFAULT", "bgp.keepalive_interval": 20},
        replace=frozenset(
            {"encrypted_interconnect_router", "name", "ncc_gateway", "network", "params", "project", "region"}
        ),
        tracked=frozenset({"bgp"}),
        arrays=frozenset({"md5_authentication_keys"}),
        same={"network": same_link},
    )

    def prepare(self, body: Json, state: Values, config: Values) -> None:
        """Name the region; a router without BGP says so."""
        body["region"] = format_path(REGION, state)
        body.setdefault("bgp", None)

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """PATCH what may change, always together."""
        body = to_body(self.block, self.rules, planned)
        sent: Json = {"bgp": body.get("bgp"), "description": body.get("description", "")}
        if sent["bgp"]:
            sent["bgp"] = {"advertisedGroups": [], "advertisedIpRanges": [], **sent["bgp"]}
        if "md5_authentication_keys" in changed:
            sent["md5AuthenticationKeys"] = body.get("md5AuthenticationKeys", [])
        self.wait(self.api.call("compute", "PATCH", self.path(self.item, planned), sent), planned, "update")


class RouterNat(Resource):
    """A NAT, which lives in its router's list: every change reads the list and sends it whole."""

    type_name = "google_compute_router_nat"
    label = "RouterNat"
    service = "compute"
    collection = ROUTER
    item = ROUTER
    identity = "{project}/{region}/{router|last}/{name}"
    imports = (
        "projects/{project}/regions/{region}/routers/{router}/{name}",
        "{project}/{region}/{router}/{name}",
        "{region}/{router}/{name}",
        "{router}/{name}",
    )
    rules = Rules(
        names={"nat64_subnetwork": "nat64Subnetworks", "subnetwork": "subnetworks"},
        local=frozenset({"router"}),
        defaults={
            "icmp_idle_timeout_sec": 30,
            "tcp_established_idle_timeout_sec": 1200,
            "tcp_time_wait_timeout_sec": 120,
            "tcp_transitory_idle_timeout_sec": 30,
            "type": "PUBLIC",
            "udp_idle_timeout_sec": 30,
        },
        replace=frozenset({"endpoint_types", "initial_nat_ips", "name", "project", "region", "router", "type"}),
        tracked=frozenset({"log_config", "rules", "subnetwork"}),
        same={
            "drain_nat_ips": same_link,
            "initial_nat_ips": same_link,
            "nat64_subnetwork.name": same_link,
            "nat_ips": same_link,
            "router": same_link,
            "subnetwork.name": same_link,
        },
        sent_only=frozenset({"initial_nat_ips"}),
    )

    def fetch(self, state: Values) -> Json:
        """The NAT's entry in its router's list."""
        router = self.api.get("compute", self.path(ROUTER, state))
        for nat in router.get("nats") or []:
            if nat.get("name") == state["name"]:
                return dict(nat)
        raise Gone(f"{self.path(ROUTER, state)} has no NAT {state['name']}")

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """A time that is not told is the usual one."""
        usual = {name: value for name, value in self.rules.defaults.items() if name.endswith("_sec")}
        return {**usual, **found}

    def create(self, planned: Values, config: Values) -> Values:
        """Append to the router's list."""
        state = self._placed(planned)
        with self._router(state):
            nats = self._nats(state)
            if any(nat.get("name") == state["name"] for nat in nats):
                raise ProviderError(f"RouterNat {state['name']} already present")
            self._send(state, [*nats, self._body(state)], "create")
        self.keep(state)
        return self.observed(state)

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """Replace the entry in the router's list."""
        with self._router(planned):
            nats = self._nats(planned)
            body = {"enableDynamicPortAllocation": False, **self._body(planned)}
            if config.get("auto_network_tier") is None:
                body.pop("autoNetworkTier", None)
            self._send(planned, [body if nat.get("name") == planned["name"] else nat for nat in nats], "update")

    def remove(self, prior: Values) -> None:
        """Send the router's list without it."""
        with self._router(prior):
            nats = [nat for nat in self._nats(prior) if nat.get("name") != prior["name"]]
            self._send(prior, nats, "delete")

    def _router(self, state: Values) -> Any:
        return self.api.exclusive(self.path(ROUTER, state))

    def _nats(self, state: Values) -> list[Json]:
        return list(self.api.get("compute", self.path(ROUTER, state)).get("nats") or [])

    def _body(self, state: Values) -> Json:
        return {**{key: [] for key in ALWAYS_SENT}, **to_body(self.block, self.rules, state)}

    def _send(self, state: Values, nats: list[Json], step: str) -> None:
        answer = self.api.call("compute", "PATCH", self.path(ROUTER, state), {"nats": nats})
        self.wait(answer, state, step)
