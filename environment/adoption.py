"""Taking into Terraform's state what bears the environment's names and is missing there: which resources, by which ids.

What Terraform would make is what may be there already. Memberships in policies and the folders in the bucket are not
imported: to make them where they are changes nothing.

Source: the import sections of the google provider's documentation
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from environment.changes import Change
from environment.destruction import DATABASE, Found
from environment.errors import PreflightError, ReplacementRefusedError
from environment.names import Names

IMPORTS_FILE = "mlops-env-imports.tf"
CONNECTION = "google_service_networking_connection"
IDS = {
    "google_compute_firewall": "projects/{project}/global/firewalls/{name}",
    "google_compute_global_address": "projects/{project}/global/addresses/{name}",
    "google_compute_network": "projects/{project}/global/networks/{name}",
    "google_compute_router": "projects/{project}/regions/{region}/routers/{name}",
    "google_compute_router_nat": "projects/{project}/regions/{region}/routers/{router}/{name}",
    "google_compute_subnetwork": "projects/{project}/regions/{region}/subnetworks/{name}",
    "google_container_cluster": "projects/{project}/locations/{location}/clusters/{name}",
    "google_container_node_pool": "projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}",
    "google_service_account": "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
    CONNECTION: "projects/{project}/global/networks/{name}:servicenetworking.googleapis.com",
    "google_sql_database_instance": "projects/{project}/instances/{name}",
    "google_storage_bucket": "{project}/{name}",
    "google_workbench_instance": "projects/{project}/locations/{location}/instances/{name}",
}


class Candidate(BaseModel):
    """A resource that Terraform would make: its address, its type, and the texts among its arguments."""

    model_config = ConfigDict(frozen=True)

    address: str
    type: str
    arguments: dict[str, str]

    @property
    def import_id(self) -> str:
        """What the provider finds it by."""
        return IDS[self.type].format(**self.arguments)


class AdoptionReport(BaseModel):
    """What was taken into the state, by address, and all that this changed."""

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    adopted: tuple[str, ...]
    changes: tuple[str, ...]


def candidates(document: Mapping[str, Any], names: Names) -> tuple[Candidate, ...]:
    """Return what a plan would make and an id is known of.

    Args:
        document: `terraform show -json` of the plan.
        names: The environment's.
    """
    found = []
    for entry in document.get("resource_changes") or ():
        if entry["mode"] != "managed" or entry["type"] not in IDS or entry["change"]["actions"] != ["create"]:
            continue
        arguments = {key: one for key, one in (entry["change"]["after"] or {}).items() if isinstance(one, str)}
        arguments.setdefault("project", names.project_id)
        if entry["type"] == CONNECTION:  # names no network before there is one
            arguments["name"] = names.network
        found.append(Candidate(address=entry["address"], type=entry["type"], arguments=arguments))
    return tuple(found)


def import_blocks(adopted: Iterable[Candidate]) -> str:
    """Return Terraform's import blocks: https://developer.hashicorp.com/terraform/language/import."""
    blocks = (f"import {{\n  to = {one.address}\n  id = {json.dumps(one.import_id)}\n}}\n" for one in adopted)
    return "\n".join(blocks)


def found_suffix(found: Iterable[Found], names: Names) -> str | None:
    """Return the end of the name of the database that is there, None without one.

    Raises:
        PreflightError: When there are several: nobody can tell which is the environment's.
    """
    databases = sorted(one.name for one in found if one.kind == DATABASE and names.is_database(one.name))
    if len(databases) > 1:
        raise PreflightError(
            f"several databases have the environment's name: {', '.join(databases)}",
            "delete those that are not wanted, then run again",
        )
    return databases[0].removeprefix(names.database("")) if databases else None


def check_only_kept(changes: Iterable[Change]) -> None:
    """Refuse a plan that would not leave what is adopted.

    Raises:
        ReplacementRefusedError: Names what would go, and the attributes that force it.
    """
    lost = [f"{one}{_why(one)}" for one in changes if one.takes_away]
    if lost:
        raise ReplacementRefusedError(
            f"cannot be adopted as it is: {', '.join(lost)}",
            "bring the spec to what is there, or remove it by hand; nothing was changed",
        )


def _why(change: Change) -> str:
    return f" (forced by {', '.join(change.replace_paths)})" if change.replace_paths else ""
