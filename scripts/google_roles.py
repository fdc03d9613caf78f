"""Write the permissions of Google's predefined roles, as far as the sandbox plays them, from a published list of them.

`python scripts/google_roles.py FOLDER` rewrites `sandbox/data/google_roles.json`. FOLDER is a checkout of
https://github.com/iann0036/iam-dataset, which reads the roles from Google's own API every day.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "sandbox" / "data" / "google_roles.json"
ROLES = (
    "cloudsql.admin",
    "cloudsql.viewer",
    "compute.loadBalancerAdmin",
    "compute.networkAdmin",
    "compute.securityAdmin",
    "compute.storageAdmin",
    "compute.viewer",
    "container.admin",
    "container.viewer",
    "iam.serviceAccountAdmin",
    "iam.serviceAccountKeyAdmin",
    "iam.serviceAccountTokenCreator",
    "iam.serviceAccountUser",
    "notebooks.admin",
    "orgpolicy.policyViewer",
    "resourcemanager.projectIamAdmin",
    "secretmanager.admin",
    "secretmanager.secretAccessor",
    "servicenetworking.networksAdmin",
    "serviceusage.serviceUsageAdmin",
    "storage.admin",
    "storage.objectAdmin",
    "storage.objectViewer",
)
SERVICES = """
artifactregistry bigquery cloudsql container iam notebooks orgpolicy resourcemanager secretmanager servicenetworking
serviceusage storage
"""
COMPUTE = """
addresses autoscalers backendServices disks firewalls forwardingRules globalAddresses globalForwardingRules
globalOperations instanceGroupManagers instanceGroups instances machineTypes networkEndpointGroups networks
projects regionBackendServices regionOperations regionTargetHttpProxies regionTargetHttpsProxies regionUrlMaps
regions routers subnetworks targetHttpProxies targetHttpsProxies targetPools urlMaps zoneOperations zones
"""


def main(folder: str) -> None:
    """Write the file."""
    commit = _git(folder, "rev-parse", "HEAD").strip()
    roles = {}
    for name in ROLES:
        published = json.loads(_git(folder, "show", f"HEAD:gcp/roles/{name}.json"))
        roles[f"roles/{name}"] = _by_resource(filter(_is_played, published["includedPermissions"]))
    source = f"https://github.com/iann0036/iam-dataset at {commit}, gcp/roles: what Google's IAM API says of each role"
    TARGET.write_text(json.dumps({"source": source, "roles": roles}, indent=1) + "\n")


def _is_played(permission: str) -> bool:
    service, resource, _ = permission.split(".", 2)
    return service in SERVICES.split() or (service == "compute" and resource in COMPUTE.split())


def _by_resource(permissions: object) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for permission in sorted(permissions):  # type: ignore[call-overload]
        resource, _, verb = permission.rpartition(".")
        found.setdefault(resource, []).append(verb)
    return {resource: " ".join(verbs) for resource, verbs in found.items()}


def _git(folder: str, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main(sys.argv[1])
