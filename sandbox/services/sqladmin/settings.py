"""Settings of an instance: what may be asked for, and what the server fills in.

Source: https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1beta4/instances#Settings
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.kernel.bodies import field, without_nulls
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, invalid
from sandbox.kernel.resources import Resources
from sandbox.services.compute.geography import is_zone, region_of, zones_of
from sandbox.services.compute.references import parse
from sandbox.services.sqladmin.flags import check_flags
from sandbox.services.sqladmin.tiers import check_tier
from sandbox.services.sqladmin.versions import Version

Json = dict[str, Any]


def complete(cloud: Cloud, project: str, region: str, version: Version, asked: Json) -> Json:
    """Check the settings that a body asks for, and fill in the rest.

    Raises:
        ApiError: 400 for what cannot be, or a private network that is not connected.
    """
    asked = without_nulls(asked)
    _check_texts(asked)
    edition = field(asked, "edition", str, version.default_edition)
    check_tier(field(asked, "tier", str, ""), edition)
    check_flags(version, asked.get("databaseFlags", []))
    settings: Json = {
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "connectorEnforcement": "NOT_REQUIRED",
        "dataDiskType": "PD_SSD",
        "deletionProtectionEnabled": False,
        "pricingPlan": "PER_USE",
        "replicationLagMaxSeconds": 31536000,
        "replicationType": "SYNCHRONOUS",
        "storageAutoResize": True,
        **asked,
        "kind": "sql#settings",
        "edition": edition,
        "dataDiskSizeGb": str(field(asked, "dataDiskSizeGb", int, 10)),
        "storageAutoResizeLimit": str(field(asked, "storageAutoResizeLimit", int, 0)),
        "backupConfiguration": _backups(asked.get("backupConfiguration", {})),
        "ipConfiguration": _addresses(cloud, project, asked.get("ipConfiguration", {})),
        "locationPreference": _location(region, asked.get("locationPreference", {})),
    }
    _check_together(settings, version)
    return settings


def _check_texts(asked: Json) -> None:
    start = field(asked, "backupConfiguration.startTime", str)
    if start is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", start):
        raise invalid(f"Invalid request: Invalid value for backup start time: {start}. Must be HH:MM.")
    labels = field(asked, "userLabels", dict, {})
    for key, value in labels.items():
        if not re.fullmatch(r"[a-z][-_a-z0-9]{0,62}", key) or not re.fullmatch(r"[-_a-z0-9]{0,63}", str(value)):
            raise invalid(f"Invalid request: Invalid user label {key}={value}.")


def _check_together(settings: Json, version: Version) -> None:
    if int(settings["dataDiskSizeGb"]) < 10:
        raise invalid("Invalid request: Disk size must be at least 10 GB.")
    backups = settings["backupConfiguration"]
    if backups["binaryLogEnabled"] and not backups["enabled"]:
        raise invalid("Invalid request: Backups must be enabled when binary log is enabled.")
    if settings["availabilityType"] == "REGIONAL":
        logs = backups["binaryLogEnabled"] or not version.is_mysql
        if not (backups["enabled"] and logs):
            raise invalid(
                "Invalid request: To enable High Availability for MySQL, backups and binary logs must be enabled."
            )
    network = settings["ipConfiguration"]
    if not network["ipv4Enabled"] and not network.get("privateNetwork") and not network.get("pscConfig"):
        raise invalid("Invalid request: At least one of Public IP, Private IP or PSC connectivity must be enabled.")


def _backups(asked: Json) -> Json:
    return {
        "enabled": False,
        "binaryLogEnabled": False,
        "pointInTimeRecoveryEnabled": False,
        "startTime": "12:00",
        "transactionLogRetentionDays": 7,
        "transactionalLogStorageState": "CLOUD_STORAGE",
        **asked,
        "kind": "sql#backupConfiguration",
        "backupRetentionSettings": {
            "retentionUnit": "COUNT",
            "retainedBackups": 7,
            **asked.get("backupRetentionSettings", {}),
        },
    }


def _addresses(cloud: Cloud, project: str, asked: Json) -> Json:
    configuration: Json = {
        "ipv4Enabled": True,
        "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        "serverCaMode": "GOOGLE_MANAGED_INTERNAL_CA",
        "requireSsl": False,
        **asked,
    }
    if text := configuration.get("privateNetwork"):
        network = parse(cloud, project, text, "networks")
        if Resources(cloud, "compute.networks").get(network.path) is None:
            raise ApiError(400, f"Invalid request: The network '{network.path}' was not found.")
        configuration["privateNetwork"] = network.path
    return configuration


def _location(region: str, asked: Json) -> Json:
    zone = field(asked, "zone", str, "") or zones_of(region)[0]
    if not is_zone(zone) or region_of(zone) != region:
        raise invalid(f"Invalid request: Zone {zone} is not in region {region}.")
    return {**asked, "zone": zone, "kind": "sql#locationPreference"}
