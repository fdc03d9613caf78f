"""Instances: made, changed and deleted, and the rules that hold meanwhile.

One operation at a time works on an instance, and the name of a deleted one stays blocked for a week.
Source: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/instances
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sandbox.kernel.bodies import field, merged, without_nulls
from sandbox.kernel.clock import rfc3339
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Document, Resources, fingerprint, is_ready, public
from sandbox.services.compute.geography import is_region, zones_of
from sandbox.services.compute.ranges import address_in
from sandbox.services.compute.references import Reference
from sandbox.services.orgpolicy.store import require_location, require_private_database
from sandbox.services.servicenetworking.store import connected_ranges
from sandbox.services.sqladmin import passwords
from sandbox.services.sqladmin.authority import make_authority
from sandbox.services.sqladmin.settings import complete
from sandbox.services.sqladmin.versions import parse_version

Json = dict[str, Any]
HOST = "sqladmin.googleapis.com"
INSTANCES = "sqladmin.instances"
USERS = "sqladmin.users"
DATABASES = "sqladmin.databases"
DELETED = "sqladmin.deleted"
WEEK_SECONDS = 7 * 24 * 3600.0
CREATE_SECONDS = 420.0
_UNPLAYED = ("masterInstanceName", "replicaConfiguration", "onPremisesConfiguration", "diskEncryptionConfiguration")


def instance_name(project: str, instance: str) -> str:
    """Return the name under which the store has an instance."""
    return f"projects/{project}/instances/{instance}"


def read(cloud: Cloud, project: str, instance: str) -> Document:
    """Return an instance.

    Raises:
        ApiError: 404.
    """
    found = Resources(cloud, INSTANCES).get(instance_name(project, instance))
    if found is None:
        raise ApiError(404, "The Cloud SQL instance does not exist.", reason="instanceDoesNotExist")
    return found


def read_running(cloud: Cloud, project: str, instance: str) -> Document:
    """Return an instance whose database can be asked.

    Raises:
        ApiError: 404, or 400 while it is under creation or stopped.
    """
    found = read(cloud, project, instance)
    if not is_ready(cloud, found) or found["settings"]["activationPolicy"] == "NEVER":
        raise invalid("Invalid request: Invalid request since instance is not running.")
    return found


def occupy(cloud: Cloud, instance: Document, real_seconds: float) -> Document:
    """Return an instance on which an operation of that length begins.

    Raises:
        ApiError: 409 while another one is at work.
    """
    now = cloud.clock.now()
    if now < max(instance.get("ready_at", 0.0), instance.get("idle_at", 0.0)) or "gone_at" in instance:
        message = "Operation failed because another operation was already in progress. Try your request after the "
        raise ApiError(409, message + "current operation is complete.", reason="operationInProgress", status="ABORTED")
    return {**instance, "idle_at": now + cloud.latency.pace(real_seconds)}


def insert(cloud: Cloud, project: str, body: Json) -> Document:
    """Make an instance.

    Raises:
        ApiError: 400 for a bad body, 409 where the name is taken, or was within a week.
    """
    body = without_nulls(body)
    name = _check(project, body)
    with cloud.store.transaction():
        _require_free(cloud, instance_name(project, name))
        instance = _new(cloud, project, name, body)
        require_location(cloud, project, instance["region"])
        if instance["settings"]["ipConfiguration"].get("ipv4Enabled"):
            require_private_database(cloud, project)
        Resources(cloud, INSTANCES).put(instance_name(project, name), instance)
        user, host = parse_version(instance["databaseVersion"]).first_user
        passwords.put_user(cloud, USERS, instance_name(project, name), user, host, body.get("rootPassword", ""))
    return instance


def change(cloud: Cloud, project: str, name: str, body: Json, *, replace: bool, real_seconds: float) -> None:
    """Give an instance other settings: replaced as a whole, or merged.

    Raises:
        ApiError: 412 when they were made from stale ones, 400 for what cannot change.
    """
    with cloud.store.transaction():
        before = read(cloud, project, name)
        asked = field(body, "settings", dict, {})
        current = before["settings"]
        if "settingsVersion" in asked and str(asked["settingsVersion"]) != current["settingsVersion"]:
            raise ApiError(412, "Condition does not match.", reason="staleData")
        after = occupy(cloud, before, real_seconds)
        wanted = {**asked, "tier": asked.get("tier") or current["tier"]} if replace else merged(current, asked)
        version = parse_version(body.get("databaseVersion") or before["databaseVersion"])
        settings = complete(cloud, project, before["region"], version, wanted)
        _check_change(before, body, settings)
        settings["settingsVersion"] = str(int(current["settingsVersion"]) + 1)
        after = {**after, "settings": settings, "databaseVersion": version.name}
        after["databaseInstalledVersion"] = version.installed
        after["gceZone"] = settings["locationPreference"]["zone"]
        after["ipAddresses"] = _ip_addresses(cloud, project, after)
        Resources(cloud, INSTANCES).put(instance_name(project, name), after)


def delete(cloud: Cloud, project: str, name: str, real_seconds: float) -> None:
    """Delete an instance with all in it, and block its name.

    Raises:
        ApiError: 400 while it is protected, 409 while an operation is at work.
    """
    with cloud.store.transaction():
        instance = occupy(cloud, read(cloud, project, name), real_seconds)
        if instance["settings"]["deletionProtectionEnabled"]:
            raise invalid(
                "The instance is protected. Please disable the deletion protection and try again. To disable deletion "
                "protection, update the instance settings with deletionProtectionEnabled set to false."
            )
        path = instance_name(project, name)
        gone_at = cloud.clock.now() + cloud.latency.pace(real_seconds)
        network = instance["settings"]["ipConfiguration"].get("privateNetwork", "")
        cloud.store.put(DELETED, path, {"deleted_at": cloud.clock.now(), "network": network})
        Resources(cloud, INSTANCES).remove(path, gone_at)
        for collection in (USERS, DATABASES):
            for below, _ in cloud.store.items(collection, f"{path}/"):
                cloud.store.delete(collection, below)


def view(cloud: Cloud, project: str, instance: Document) -> Json:
    """Return an instance as answers show it."""
    shown = {
        **public(instance),
        "kind": "sql#instance",
        "state": "RUNNABLE" if is_ready(cloud, instance) else "PENDING_CREATE",
        "selfLink": cloud.link(HOST, f"/sql/v1beta4/{instance_name(project, instance['name'])}"),
        "etag": fingerprint(instance["settings"]),
    }
    if not is_ready(cloud, instance):
        shown.pop("ipAddresses")
    return shown


def _check(project: str, body: Json) -> str:
    for unplayed in _UNPLAYED:
        if unplayed in body:
            raise ApiError(501, f"The sandbox does not implement {unplayed} of a Cloud SQL instance")
    name: str = field(body, "name", str, "")
    if not re.fullmatch(r"[a-z](?:[-a-z0-9]*[a-z0-9])?", name) or len(f"{project}:{name}") > 98:
        raise invalid(
            f"Invalid request: instance name ({name}): must be composed of lowercase letters, numbers, and hyphens; "
            "must start with a letter; with the project's id it may have 98 characters."
        )
    if field(body, "settings", dict) is None:
        raise invalid("Missing parameter: settings.", reason="required")
    region = body.get("region", "us-central1")
    if not is_region(region):
        raise invalid(f"Invalid request: Invalid value for region: {region}.")
    return name


def _require_free(cloud: Cloud, path: str) -> None:
    deleted = cloud.store.get(DELETED, path)
    is_blocked = deleted is not None and cloud.clock.now() < deleted["deleted_at"] + WEEK_SECONDS
    if is_blocked or Resources(cloud, INSTANCES).get(path) is not None:
        message = (
            "The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the "
            "deleted instance until one week from the deletion date."
        )
        raise ApiError(409, message, reason="instanceAlreadyExists")


def _new(cloud: Cloud, project: str, name: str, body: Json) -> Document:
    now = cloud.clock.now()
    region = body.get("region", "us-central1")
    version = parse_version(body.get("databaseVersion", "MYSQL_8_0"))
    settings = {**complete(cloud, project, region, version, body["settings"]), "settingsVersion": "1"}
    number = cloud.projects.get(project).number
    short = hashlib.sha256(f"{project}:{name}".encode()).hexdigest()[:6]
    instance: Document = {
        "name": name,
        "project": project,
        "region": region,
        "databaseVersion": version.name,
        "databaseInstalledVersion": version.installed,
        "settings": settings,
        "backendType": "SECOND_GEN",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "connectionName": f"{project}:{region}:{name}",
        "gceZone": settings["locationPreference"]["zone"],
        "createTime": rfc3339(now),
        "serviceAccountEmailAddress": f"p{number}-{short}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
        "maintenanceVersion": f"{version.installed}.R20250531.01_00",
        "sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE",
        "satisfiesPzs": False,
        "satisfiesPzi": False,
        "serverCaCert": make_authority(name, now),
        "ready_at": now + cloud.latency.pace(CREATE_SECONDS),
    }
    if settings["availabilityType"] == "REGIONAL":
        others = [zone for zone in zones_of(region) if zone != instance["gceZone"]]
        instance["secondaryGceZone"] = others[0]
    return {**instance, "ipAddresses": _ip_addresses(cloud, project, instance)}


def _check_change(before: Document, body: Json, settings: Json) -> None:
    if body.get("region", before["region"]) != before["region"]:
        raise invalid("Invalid request: The region of an instance cannot be changed.")
    old = before["settings"]
    if int(settings["dataDiskSizeGb"]) < int(old["dataDiskSizeGb"]):
        raise invalid("Invalid request: The disk size of an instance cannot be decreased.")
    was, is_now = (one["ipConfiguration"].get("privateNetwork") for one in (old, settings))
    if was and was != is_now:
        raise invalid("Invalid request: The private network of an instance cannot be removed or changed.")


def _ip_addresses(cloud: Cloud, project: str, instance: Document) -> list[Json]:
    configuration = instance["settings"]["ipConfiguration"]
    known = {one["type"]: one for one in instance.get("ipAddresses", ())}
    addresses = []
    if configuration["ipv4Enabled"]:
        addresses.append(known.get("PRIMARY") or {"type": "PRIMARY", "ipAddress": _public_address(instance)})
    if path := configuration.get("privateNetwork"):
        addresses.append(known.get("PRIVATE") or _private_address(cloud, path, instance))
    return addresses


def _public_address(instance: Document) -> str:
    digest = hashlib.sha256(instance["connectionName"].encode()).digest()
    return f"35.{192 + digest[0] % 32}.{digest[1]}.{1 + digest[2] % 254}"


def _private_address(cloud: Cloud, network_path: str, instance: Document) -> Json:
    network = Reference(network_path.split("/")[1], "global", "networks", network_path.rsplit("/", 1)[-1])
    ranges = connected_ranges(cloud, network)
    wanted = instance["settings"]["ipConfiguration"].get("allocatedIpRange")
    if not ranges:
        name = f"{instance['project']}:{instance['name']}"
        raise invalid(
            f"Invalid request: Incorrect Service Networking config for instance: {name}:SERVICE_NETWORKING_NOT_ENABLED."
        )
    blocks = [block for name, block in ranges if not wanted or name == wanted]
    if not blocks:
        raise invalid(f"Invalid request: The allocated IP range '{wanted}' is not in the private services connection.")
    taken = [
        address["ipAddress"]
        for _, other in Resources(cloud, INSTANCES).items()
        if other["settings"]["ipConfiguration"].get("privateNetwork") == network_path
        for address in other["ipAddresses"]
    ]
    return {"type": "PRIVATE", "ipAddress": address_in(blocks[0], taken)}
