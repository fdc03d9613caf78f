from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.services.sqladmin.passwords import hash_password

PROJECT = "/sql/v1beta4/projects/acme"
DB = f"{PROJECT}/instances/db"
SETTINGS = {"tier": "db-custom-1-3840"}


def insert(services: Any, name: str = "db", **fields: Any) -> Any:
    body = {"name": name, "region": "us-central1", "databaseVersion": "MYSQL_8_0", "settings": SETTINGS, **fields}
    return services("POST", "sqladmin", f"{PROJECT}/instances", body)


def test_an_instance_has_what_the_server_fills_in(services: Any) -> None:
    assert insert(services)["operationType"] == "CREATE"
    instance = services("GET", "sqladmin", DB)
    assert instance["state"] == "RUNNABLE"
    assert instance["connectionName"] == "acme:us-central1:db"
    assert [address["type"] for address in instance["ipAddresses"]] == ["PRIMARY"]
    assert instance["serverCaCert"]["cert"].startswith("-----BEGIN CERTIFICATE-----")
    settings = instance["settings"]
    assert (settings["settingsVersion"], settings["dataDiskSizeGb"]) == ("1", "10")
    assert settings["backupConfiguration"]["enabled"] is False
    assert settings["locationPreference"]["zone"] == "us-central1-a"


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"name": "Db"}, 400, "instance name (Db)"),
        ({"name": "d" * 98}, 400, "98 characters"),
        ({"region": "us-central1-a"}, 400, "region: us-central1-a"),
        ({"databaseVersion": "MYSQL_9"}, 400, "TYPE_ENUM"),
        ({"settings": {}}, 400, "tier"),
        ({"settings": {"tier": "db-custom-3-3840"}}, 400, "Invalid Tier (db-custom-3-3840) for (ENTERPRISE)"),
        ({"databaseVersion": "MYSQL_8_4"}, 400, "for (ENTERPRISE_PLUS) Edition"),
        ({"settings": {**SETTINGS, "tire": "x"}}, 400, 'Unknown name "tire"'),
        ({"settings": {**SETTINGS, "storageAutoResize": "yes"}}, 400, "TYPE_BOOLEAN"),
        ({"settings": {**SETTINGS, "availabilityType": "REGION"}}, 400, "settings.availability_type"),
        ({"settings": {**SETTINGS, "availabilityType": "REGIONAL"}}, 400, "High Availability"),
        ({"settings": {**SETTINGS, "backupConfiguration": {"binaryLogEnabled": True}}}, 400, "Backups must be enabled"),
        ({"settings": {**SETTINGS, "ipConfiguration": {"ipv4Enabled": False}}}, 400, "At least one of"),
        ({"settings": {**SETTINGS, "ipConfiguration": {"privateNetwork": "global/networks/no"}}}, 400, "networks/no"),
        ({"settings": {**SETTINGS, "locationPreference": {"zone": "europe-west1-b"}}}, 400, "not in region"),
        (
            {"settings": {**SETTINGS, "databaseFlags": [{"name": "default_authentication_plugin", "value": "none"}]}},
            400,
            "default_authentication_plugin",
        ),
        ({"masterInstanceName": "other"}, 501, "masterInstanceName"),
    ],
)
def test_insert_refuses(services: Any, fields: dict[str, Any], code: int, text: str) -> None:
    body = {"name": "db", "region": "us-central1", "databaseVersion": "MYSQL_8_0", "settings": SETTINGS, **fields}
    error = services.error("POST", "sqladmin", f"{PROJECT}/instances", body)
    assert error.code == code
    assert text in error.message


def test_a_private_address_needs_a_connection_and_comes_from_its_range(services: Any) -> None:
    number = services.cloud.projects.get("acme").number
    services.cloud.projects.enable("acme", ["servicenetworking.googleapis.com"])
    path = "/compute/v1/projects/acme/global"
    services("POST", "compute", f"{path}/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    settings = {**SETTINGS, "ipConfiguration": {"ipv4Enabled": False, "privateNetwork": "global/networks/vpc"}}
    body = {"name": "db", "settings": settings}
    error = services.error("POST", "sqladmin", f"{PROJECT}/instances", body)
    assert "SERVICE_NETWORKING_NOT_ENABLED" in error.message
    address = {"name": "range", "purpose": "VPC_PEERING", "addressType": "INTERNAL", "prefixLength": 24}
    services(
        "POST", "compute", f"{path}/addresses", {**address, "address": "10.9.8.0", "network": "global/networks/vpc"}
    )
    services(
        "POST",
        "servicenetworking",
        "/v1/services/servicenetworking.googleapis.com/connections",
        {"network": f"projects/{number}/global/networks/vpc", "reservedPeeringRanges": ["range"]},
    )
    for name in ("db", "more"):
        services("POST", "sqladmin", f"{PROJECT}/instances", {**body, "name": name})
    found = [services("GET", "sqladmin", f"{PROJECT}/instances/{name}")["ipAddresses"] for name in ("db", "more")]
    assert found == [
        [{"type": "PRIVATE", "ipAddress": "10.9.8.3"}],
        [{"type": "PRIVATE", "ipAddress": "10.9.8.4"}],
    ]


def test_a_name_is_blocked_for_a_week_after_deletion(services: Any) -> None:
    insert(services)
    services("DELETE", "sqladmin", DB)
    assert services.error("GET", "sqladmin", DB).code == 404
    error = services.error("POST", "sqladmin", f"{PROJECT}/instances", {"name": "db", "settings": SETTINGS})
    assert (error.code, error.reason) == (409, "instanceAlreadyExists")
    assert error.message.endswith(
        "you can't reuse the name of the deleted instance until one week from the deletion date."
    )
    services.clock.seconds += 7 * 24 * 3600
    insert(services)


def test_a_protected_instance_stays(services: Any) -> None:
    insert(services, settings={**SETTINGS, "deletionProtectionEnabled": True})
    assert "protected" in services.error("DELETE", "sqladmin", DB).message
    services("PATCH", "sqladmin", DB, {"settings": {"deletionProtectionEnabled": False}})
    services("DELETE", "sqladmin", DB)


def test_a_final_backup_outlives_the_instance(services: Any) -> None:
    insert(services)
    services("POST", "sqladmin", f"{DB}/backupRuns", {"description": "before"})
    assert services("GET", "sqladmin", f"{DB}/backupRuns")["items"][0]["status"] == "SUCCESSFUL"
    services("DELETE", "sqladmin", f"{DB}?enableFinalBackup=true&finalBackupTtlDays=10&finalBackupDescription=last")
    (backup,) = services("GET", "sqladmin", f"{PROJECT}/backups")["backups"]
    assert (backup["description"], backup["ttlDays"], backup["type"]) == ("last", "10", "FINAL")


def test_settings_are_changed_from_fresh_ones_only(services: Any) -> None:
    insert(services)
    services("PUT", "sqladmin", DB, {"settings": {"settingsVersion": "1", "tier": "db-custom-2-7680"}})
    settings = services("GET", "sqladmin", DB)["settings"]
    assert (settings["settingsVersion"], settings["tier"]) == ("2", "db-custom-2-7680")
    error = services.error("PUT", "sqladmin", DB, {"settings": {"settingsVersion": "1", "tier": "db-f1-micro"}})
    assert (error.code, error.reason) == (412, "staleData")


def test_put_replaces_settings_and_patch_merges_them(services: Any) -> None:
    insert(services, settings={**SETTINGS, "userLabels": {"team": "ml"}, "dataDiskSizeGb": "20"})
    services("PATCH", "sqladmin", DB, {"settings": {"userLabels": {"env": "dev"}}})
    assert services("GET", "sqladmin", DB)["settings"]["userLabels"] == {"team": "ml", "env": "dev"}
    services("PUT", "sqladmin", DB, {"settings": {**SETTINGS, "dataDiskSizeGb": "20"}})
    assert "userLabels" not in services("GET", "sqladmin", DB)["settings"]
    assert "decreased" in services.error("PATCH", "sqladmin", DB, {"settings": {"dataDiskSizeGb": "10"}}).message


def test_a_new_mysql_instance_has_root_which_can_go_and_come_back(services: Any) -> None:
    insert(services, rootPassword="first-secret")
    names = [(user["name"], user["host"]) for user in services("GET", "sqladmin", f"{DB}/users")["items"]]
    assert names == [("root", "%")]
    services("DELETE", "sqladmin", f"{DB}/users?host=%25&name=root")
    assert services("GET", "sqladmin", f"{DB}/users")["items"] == []
    assert services.error("DELETE", "sqladmin", f"{DB}/users?host=%25&name=root").code == 404
    assert services.error("PUT", "sqladmin", f"{DB}/users?host=%25&name=root", {"password": "x"}).code == 404
    services("POST", "sqladmin", f"{DB}/users", {"name": "root", "host": "%", "password": "second-secret"})
    services("PUT", "sqladmin", f"{DB}/users?name=root", {"name": "root", "password": "third-secret"})
    assert "password" not in json.dumps(services("GET", "sqladmin", f"{DB}/users"))


def test_root_may_have_two_passwords_until_the_older_is_discarded(services: Any) -> None:
    """As in MySQL: a new one that does not retain leaves what was retained before."""
    insert(services, rootPassword="first")
    store, users = services.cloud.store, f"{DB}/users"

    def passwords() -> list[str]:
        (user,) = (
            body for collection in store.collections() for key, body in store.items(collection) if "root@" in key
        )
        hashes = [user.get(key, "") for key in ("passwordHash", "retainedPasswordHash")]
        known = ("first", "second", "third")
        return [
            next((one for one in known if hash_password(one, kept.partition(":")[0]) == kept), "") for kept in hashes
        ]

    def change(**body: str) -> str:
        services("PUT", "sqladmin", f"{users}?host=%25&name=root", body)
        return str(services("GET", "sqladmin", users)["items"][0].get("dualPasswordType"))

    assert passwords() == ["first", ""]
    assert change(password="second", dualPasswordType="DUAL_PASSWORD") == "DUAL_PASSWORD"
    assert passwords() == ["second", "first"]
    assert change(password="third") == "DUAL_PASSWORD"
    assert passwords() == ["third", "first"]
    assert change(dualPasswordType="NO_DUAL_PASSWORD") == "NO_DUAL_PASSWORD"
    assert passwords() == ["third", ""]
    for body, problem in (({"dualPasswordType": "DUAL_PASSWORD"}, "A new password"), ({"dualPasswordType": "X"}, "X")):
        assert problem in services.error("PUT", "sqladmin", f"{users}?host=%25&name=root", body).message


def test_no_password_is_stored_in_plain(services: Any) -> None:
    insert(services, rootPassword="first-secret")
    services("POST", "sqladmin", f"{DB}/users", {"name": "kfp", "password": "second-secret"})
    store = services.cloud.store
    stored = json.dumps([store.items(collection) for collection in store.collections()])
    assert "kfp@%" in stored
    assert "-secret" not in stored


def test_databases(services: Any) -> None:
    insert(services)
    services("POST", "sqladmin", f"{DB}/databases", {"name": "mlpipeline"})
    found = services("GET", "sqladmin", f"{DB}/databases/mlpipeline")
    assert (found["charset"], found["instance"]) == ("utf8mb4", "db")
    names = [database["name"] for database in services("GET", "sqladmin", f"{DB}/databases")["items"]]
    assert names == ["information_schema", "mysql", "performance_schema", "sys", "mlpipeline"]
    error = services.error("POST", "sqladmin", f"{DB}/databases", {"name": "mlpipeline"})
    assert "database exists" in error.message
    services("DELETE", "sqladmin", f"{DB}/databases/mlpipeline")
    assert services.error("GET", "sqladmin", f"{DB}/databases/mlpipeline").code == 404
    assert services.error("DELETE", "sqladmin", f"{DB}/databases/mysql").code == 400


def test_under_realistic_latency_an_instance_is_made_step_by_step(services: Any) -> None:
    services.latency.profile = "realistic"
    begun = insert(services)
    assert begun["status"] == "RUNNING"
    assert services("GET", "sqladmin", DB)["state"] == "PENDING_CREATE"
    assert services.error("GET", "sqladmin", f"{DB}/users").message.endswith("instance is not running.")
    error = services.error("PATCH", "sqladmin", DB, {"settings": {"dataDiskSizeGb": "20"}})
    assert (error.code, error.reason) == (409, "operationInProgress")
    services.clock.seconds += 8
    assert services("GET", "sqladmin", f"{PROJECT}/operations/{begun['name']}")["status"] == "DONE"
    assert services("GET", "sqladmin", DB)["state"] == "RUNNABLE"
    services("POST", "sqladmin", f"{DB}/databases", {"name": "one"})
    error = services.error("POST", "sqladmin", f"{DB}/databases", {"name": "two"})
    assert error.reason == "operationInProgress"


def test_operations_are_listed_by_instance(services: Any) -> None:
    insert(services)
    insert(services, name="other")
    found = services("GET", "sqladmin", f"{PROJECT}/operations?instance=other")
    assert [operation["operationType"] for operation in found["items"]] == ["CREATE"]


def test_tiers_and_flags_are_listed(services: Any) -> None:
    tiers = {tier["tier"] for tier in services("GET", "sqladmin", f"{PROJECT}/tiers")["items"]}
    flags = {flag["name"] for flag in services("GET", "sqladmin", "/sql/v1beta4/flags")["items"]}
    assert "db-n1-standard-1" in tiers
    assert "default_authentication_plugin" in flags
