"""google_sql_database_instance: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/instances."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.errors import ProviderError, Refused
from sandbox.provider.links import last, parse_path, same_case, same_link
from sandbox.provider.resource import Paths, Resource
from sandbox.provider.rules import Rules, camel
from sandbox.provider.settings import Settings
from sandbox.provider.wire import UNKNOWN, Values

NO_CONNECTION = (
    "failed to create instance because the network doesn't have at least 1 private services connection. Please see "
    "https://cloud.google.com/sql/docs/mysql/private-ip#network_requirements for how to create this connection."
)
PROTECTED = (
    "Error, failed to delete instance because deletion_protection is set to true. Set it to false to proceed with "
    "instance deletion"
)
NOT_OFFERED = ("backupdr_backup", "clone", "point_in_time_restore_context", "restore_backup_context")
"""Instances made from other instances or backups."""


def _snake_keys(*names: str) -> Any:
    def decode(found: Any) -> list[Json]:
        items = found if isinstance(found, list) else [found]
        return [{name: item.get(camel(name)) for name in names} for item in items]

    return decode


_SETTINGS_NAMES = {
    "data_disk_provisioned_iops": "dataDiskProvisionedIops",
    "deny_maintenance_period": "denyMaintenancePeriods",
    "disk_autoresize": "storageAutoResize",
    "disk_autoresize_limit": "storageAutoResizeLimit",
    "disk_size": "dataDiskSizeGb",
    "disk_type": "dataDiskType",
    "version": "settingsVersion",
}
_COMPUTED_SETTINGS = (
    "backup_configuration",
    "backup_configuration.backup_retention_settings",
    "connection_pool_config",
    "ip_configuration",
    "ip_configuration.psc_config",
    "location_preference",
)
_SETTINGS_NUMBERS = (
    "data_disk_provisioned_iops",
    "data_disk_provisioned_throughput",
    "disk_autoresize_limit",
    "disk_size",
    "version",
)

RULES = Rules(
    names={
        "encryption_key_name": "diskEncryptionConfiguration.kmsKeyName",
        "ip_address": "ipAddresses",
        "region": "region",
        **{f"settings.{name}": key for name, key in _SETTINGS_NAMES.items()},
    },
    local=frozenset(
        {
            "deletion_protection",
            "final_backup_description",
            "first_ip_address",
            "include_replicas_for_major_version_upgrade",
            "private_ip_address",
            "public_ip_address",
            "root_password_wo_version",
            *NOT_OFFERED,
        }
    ),
    sent_only=frozenset({"root_password", "replica_configuration"}),
    read_only=frozenset({"enforce_new_sql_network_architecture", "node_count", "replica_names"}),
    defaults={
        "deletion_protection": True,
        "settings.activation_policy": "ALWAYS",
        "settings.availability_type": "ZONAL",
        "settings.disk_autoresize": True,
        "settings.disk_autoresize_limit": 0,
        "settings.enable_dataplex_integration": None,
        "settings.ip_configuration.ipv4_enabled": True,
        "settings.pricing_plan": "PER_USE",
    },
    replace=frozenset(
        {
            "backupdr_backup",
            "clone",
            "encryption_key_name",
            "master_instance_name",
            "name",
            "project",
            "region",
            "settings.collation",
            "settings.time_zone",
        }
    ),
    computed_blocks=frozenset(
        {"settings", "replication_cluster", *(f"settings.{name}" for name in _COMPUTED_SETTINGS)}
    ),
    tracked=frozenset(
        f"settings.{name}" for name in ("database_flags", "ip_configuration.authorized_networks", "maintenance_window")
    ),
    same={
        "settings.disk_type": same_case,
        "settings.ip_configuration.private_network": same_link,
        "settings.tier": same_case,
    },
    strings=frozenset(f"settings.{name}" for name in _SETTINGS_NUMBERS),
    arrays=frozenset({"settings.deny_maintenance_period"}),
    decode={
        "dns_names": _snake_keys("connection_type", "dns_scope", "name"),
        "ip_address": _snake_keys("ip_address", "time_to_retire", "type"),
        "server_ca_cert": _snake_keys("cert", "common_name", "create_time", "expiration_time", "sha1_fingerprint"),
    },
)


class DatabaseInstance(Resource):
    """A Cloud SQL instance."""

    type_name = "google_sql_database_instance"
    label = "DatabaseInstance"
    service = "sqladmin"
    collection = "projects/{project}/instances"
    item = "projects/{project}/instances/{name}"
    identity = "{name}"
    imports = ("projects/{project}/instances/{name}", "{project}/{name}", "{name}")
    absent_is_removed = False
    rules = RULES

    def validate(self, config: Values) -> None:
        """What the stand-in does not do is said at once."""
        for name in NOT_OFFERED:
            if config.get(name):
                raise ProviderError(f"the sandbox's provider does not offer {name} of {self.type_name}")

    def plan(self, settings: Settings, prior: Values | None, proposed: Values, config: Values) -> tuple[Values, Paths]:
        """A disk never shrinks: one that Google has grown stays, otherwise a smaller one is another instance."""
        planned, forced = super().plan(settings, prior, proposed, config)
        for now, then in zip(_blocks(planned), _blocks(prior), strict=False):
            size, held = now.get("disk_size"), then.get("disk_size")
            if isinstance(size, int) and isinstance(held, int) and size < held:
                if now.get("disk_autoresize"):
                    now["disk_size"] = held
                else:
                    forced.append(("settings", 0, "disk_size"))
        return planned, forced

    def customize(self, settings: Settings, prior: Values | None, planned: Values, config: Values) -> None:
        """The region is the provider's where none is given."""
        if prior is None and config.get("region") is None:
            planned["region"] = settings.default("region") or UNKNOWN

    def create(self, planned: Values, config: Values) -> Values:
        """Make it; Google's own root user of MySQL is removed."""
        state = self._placed(planned)
        if state.get("name") in (None, UNKNOWN, ""):
            state["name"] = f"terraform-{uuid.uuid4().hex[:26]}"
        with self.api.exclusive(f"instance {state['name']}"):
            self._check_connection(state)
            body = self._body(state)
            password = config.get("root_password_wo") or state.get("root_password")
            if password:
                body["rootPassword"] = password
            self.wait(self._call("POST", self.collection, state, body), state, "create")
            self.keep(state)
            if str(state["database_version"]).startswith("MYSQL") and not state.get("master_instance_name"):
                self._remove_root(state)
        return self.observed(state)

    def _check_connection(self, state: Values) -> None:
        for block in _blocks(state):
            for addresses in block.get("ip_configuration") or []:
                network = addresses.get("private_network")
                found = parse_path("projects/{project}/global/networks/{name}", str(network or ""))
                if found is None:
                    continue
                project = self.api.get("cloudresourcemanager", f"projects/{found['project']}")
                query = {"network": f"projects/{project.get('projectNumber')}/global/networks/{last(network)}"}
                path = "services/servicenetworking.googleapis.com/connections"
                if not self.api.get("servicenetworking", path, query).get("connections"):
                    raise ProviderError(NO_CONNECTION)

    def _remove_root(self, state: Values) -> None:
        path = f"{self.path(self.item, state)}/users"
        for user in self.api.get(self.service, path).get("items") or []:
            if user.get("name") == "root" and user.get("host") == "%":
                answer = self.api.call(self.service, "DELETE", path, query={"host": "%", "name": "root"})
                self.wait(answer, state, "create")

    def _body(self, state: Values) -> Json:
        body = to_body(self.block, self.rules, state)
        if body.get("settings", {}).get("storageAutoResizeLimit") == "0":
            del body["settings"]["storageAutoResizeLimit"]
        addresses = body.get("settings", {}).get("ipConfiguration")
        if addresses is not None:
            addresses["requireSsl"] = None
        return body

    def _call(self, method: str, template: str, state: Values, body: Json | None, query: Any = None) -> Json:
        return self.api.call(self.service, method, self.path(template, state), body, query)

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """A new database version by itself, then all settings under the version that was read."""
        with self.api.exclusive(f"instance {planned['name']}"):
            if "database_version" in changed:
                body: Json = {"databaseVersion": planned["database_version"]}
                self.wait(self._call("PATCH", self.item, planned, body), planned, "update")
            if changed - {"database_version"}:
                whole = self._body(planned)
                body = {key: whole[key] for key in ("instanceType", "settings") if key in whole}
                if config.get("maintenance_version"):
                    body["maintenanceVersion"] = config["maintenance_version"]
                body["settings"].setdefault("dataCacheConfig", {})
                versions = [block.get("version") for block in _blocks(prior)]
                body["settings"]["settingsVersion"] = str(versions[0]) if versions else None
                self.wait(self._call("PUT", self.item, planned, body), planned, "update")

    def delete(self, prior: Values) -> None:
        """Refuse while it is protected."""
        if prior.get("deletion_protection"):
            raise Refused(PROTECTED)
        super().delete(prior)

    def remove(self, prior: Values) -> None:
        """Delete it; a final backup is described, if with nothing."""
        query = {"finalBackupDescription": str(prior.get("final_backup_description") or "")}
        with self.api.exclusive(f"instance {prior['name']}"):
            self.wait(self._call("DELETE", self.item, prior, None, query), prior, "delete")

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """Addresses also by their kind."""
        addresses = body.get("ipAddresses") or []
        by_kind = {str(item.get("type")): item.get("ipAddress") for item in reversed(addresses)}
        found["first_ip_address"] = addresses[0].get("ipAddress") if addresses else ""
        found["public_ip_address"] = by_kind.get("PRIMARY", "")
        found["private_ip_address"] = by_kind.get("PRIVATE", "")
        return found


def _blocks(state: Values | None) -> list[Values]:
    held = (state or {}).get("settings")
    return [block for block in held if isinstance(block, dict)] if isinstance(held, list) else []
