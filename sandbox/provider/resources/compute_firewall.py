"""google_compute_firewall: https://cloud.google.com/compute/docs/reference/rest/v1/firewalls."""

from __future__ import annotations

from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.bodies import take, to_body
from sandbox.provider.errors import ProviderError
from sandbox.provider.links import same_case, same_link
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import UNKNOWN, Values

SOURCES = ("source_tags", "source_ranges", "source_service_accounts")


def _logged(found: Any) -> Any:
    return found if isinstance(found, dict) and found.get("enable") else None


class Firewall(Resource):
    """A firewall rule of a VPC."""

    type_name = "google_compute_firewall"
    label = "Firewall"
    service = "compute"
    collection = "projects/{project}/global/firewalls"
    item = "projects/{project}/global/firewalls/{name}"
    imports = ("{project}/{name}", "{name}")
    rules = Rules(
        names={"allow": "allowed", "allow.protocol": "IPProtocol", "deny": "denied", "deny.protocol": "IPProtocol"},
        local=frozenset({"enable_logging"}),
        sent_only=frozenset({"params"}),
        defaults={"priority": 1000},
        replace=frozenset({"name", "project", "direction", "params"}),
        tracked=frozenset({"allow", "deny", "log_config"}),
        same={"network": same_link, "allow.protocol": same_case, "deny.protocol": same_case},
        decode={"log_config": _logged},
    )

    def validate(self, config: Values) -> None:
        """One kind of rule, and for incoming traffic a source."""
        allow, deny = config.get("allow"), config.get("deny")
        if UNKNOWN not in (allow, deny) and bool(allow) == bool(deny):
            raise ProviderError("Invalid combination of arguments: only one of `allow,deny` must be specified")
        if config.get("direction") in (None, "", "INGRESS") and all(config.get(name) is None for name in SOURCES):
            raise ProviderError("one of source_tags, source_ranges, or source_service_accounts must be defined")

    def prepare(self, body: Json, state: Values, config: Values) -> None:
        """Say whether there are logs, also when there are none."""
        log = body.get("logConfig")
        body["logConfig"] = {"enable": bool(state.get("enable_logging"))} if log is None else {"enable": True, **log}

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """PATCH the whole rule."""
        body = to_body(self.block, self.rules, planned)
        self.prepare(body, planned, config)
        for name in changed:
            body.setdefault(self.rules.key(name), None)
        self.wait(self.api.call("compute", "PATCH", self.path(self.item, planned), body), planned, "update")

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """Tell the deprecated switch from the block that succeeded it."""
        found["enable_logging"] = bool(take(body, "logConfig.enable"))
        return found
