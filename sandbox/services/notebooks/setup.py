"""The machine of a Workbench instance: what a request may ask for, and what the server fills in.

Source: https://cloud.google.com/vertex-ai/docs/workbench/reference/rest/v2/projects.locations.instances#GceSetup
"""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.kernel.bodies import field, without_nulls
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.services.compute.geography import region_of
from sandbox.services.compute.machine_types import machine_type
from sandbox.services.compute.references import parse
from sandbox.services.compute.store import find_network, find_subnetwork

Json = dict[str, Any]
TAGS = ("deeplearning-vm", "notebook-instance")
_SCOPES = [
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
]


def complete(cloud: Cloud, path: str, asked: Json) -> tuple[Json, Json]:
    """Check the machine of a new instance and fill in the rest.

    Returns:
        `gceSetup`, and the relative names of its `network` and `subnetwork`.

    Raises:
        ApiError: 400 for what cannot be, 404 for a missing network.
    """
    _, project, _, zone, _, name = path.split("/")
    asked = without_nulls(asked)
    check_machine_type(field(asked, "machineType", str, "e2-standard-4"))
    placement, interfaces = _interfaces(cloud, project, zone, asked)
    setup: Json = {
        "machineType": "e2-standard-4",
        **asked,
        "bootDisk": _disk(field(asked, "bootDisk", dict, {}), 150),
        "dataDisks": [_disk(disk, 100) for disk in field(asked, "dataDisks", list, []) or [{}]],
        "networkInterfaces": interfaces,
        "serviceAccounts": [_account(cloud, project, field(asked, "serviceAccounts", list, []))],
        "tags": list(dict.fromkeys([*field(asked, "tags", list, []), *TAGS])),
        "metadata": {**field(asked, "metadata", dict, {}), **server_metadata(path, region_of(zone), name)},
    }
    if "containerImage" not in asked:
        setup["vmImage"] = {
            "project": "cloud-notebooks-managed",
            "family": "workbench-instances",
            **field(asked, "vmImage", dict, {}),
        }
    return setup, placement


def check_machine_type(name: str) -> None:
    """Refuse a machine type that does not exist.

    Raises:
        ApiError: 400.
    """
    if machine_type(name) is None:
        raise invalid(f"Machine type '{name}' does not exist")


def proxy_host(path: str, region: str) -> str:
    """Return the host name at which an instance's JupyterLab is shown."""
    return f"{hashlib.sha256(path.encode()).hexdigest()[:16]}-dot-{region}.notebooks.googleusercontent.com"


def server_metadata(path: str, region: str, name: str) -> Json:
    """Return the metadata that the service itself sets."""
    return {
        "disable-swap-binaries": "true",
        "enable-guest-attributes": "TRUE",
        "notebooks-api": "PROD",
        "notebooks-api-version": "v2",
        "proxy-mode": "service_account",
        "proxy-url": proxy_host(path, region),
        "report-event-url": "https://notebooks.googleapis.com/v2",
        "resource-url": f"https://notebooks.googleapis.com/v2/{path}",
        "serial-port-logging-enable": "true",
        "service-account-mode": "true",
        "version": "129",
    }


def _disk(asked: Json, default_gib: int) -> Json:
    size = field(asked, "diskSizeGb", int, default_gib)
    if not 10 <= size <= 64000:
        raise invalid(f"Disk size {size} GB must be from 10 to 64000")
    return {"diskType": "PD_BALANCED", "diskEncryption": "GMEK", **asked, "diskSizeGb": str(size)}


def _interfaces(cloud: Cloud, project: str, zone: str, asked: Json) -> tuple[Json, list[Json]]:
    wanted: list[Json] = field(asked, "networkInterfaces", list, [])
    if len(wanted) > 1:
        raise invalid("An instance has exactly one network interface")
    interface = wanted[0] if wanted else {}
    subnet = field(interface, "subnet", str, "")
    text = field(interface, "network", str, "")
    region = region_of(zone)
    if not subnet:
        network = find_network(cloud, project, text or "global/networks/default")
        subnet = f"projects/{project}/regions/{region}/subnetworks/{network.rsplit('/', 1)[-1]}"
    path, subnetwork = find_subnetwork(cloud, project, subnet, region)
    if text and parse(cloud, project, text, "networks").path != subnetwork["network"]:
        raise invalid(f"Subnetwork '{path}' is not in network '{text}'")
    if path.split("/")[3] != region:
        raise invalid(f"Subnetwork '{path}' is not in region '{region}'")
    placement = {"network": subnetwork["network"], "subnetwork": path}
    return placement, [{**interface, "network": subnetwork["network"], "subnet": path}]


def _account(cloud: Cloud, project: str, asked: list[Json]) -> Json:
    if len(asked) > 1:
        raise invalid("An instance has exactly one service account")
    default = f"{cloud.projects.get(project).number}-compute@developer.gserviceaccount.com"
    email = field(asked[0], "email", str, "") if asked else default
    home = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    if email != default and cloud.store.get("service-accounts", f"projects/{home}/serviceAccounts/{email}") is None:
        raise invalid(f"Service account '{email}' does not exist")
    return {"email": email, "scopes": _SCOPES}
