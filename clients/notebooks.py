"""Workbench instances: how one is, wherever in the project it is.

Source: https://cloud.google.com/vertex-ai/docs/workbench/reference/rest/v2/projects.locations.instances
"""

from __future__ import annotations

from clients.addresses import Addresses
from clients.discovery_api import open_api, pages
from clients.google_errors import google_errors


def read_state(addresses: Addresses, project_id: str, instance: str) -> str | None:
    """Return an instance's state, such as "ACTIVE" or "PROVISIONING"; None where there is none."""
    with (
        google_errors(f"read the notebook {instance}", instance),
        open_api(addresses, project_id, "notebooks", "v2") as api,
    ):
        instances, everywhere = api.projects().locations().instances(), f"projects/{project_id}/locations/-"
        found = pages(instances, "list", "instances", parent=everywhere)
        return next((str(one.get("state", "")) for one in found if one["name"].rsplit("/", 1)[-1] == instance), None)
