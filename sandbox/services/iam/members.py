"""What Google checks of a policy before it takes it: that the members exist.

Shared by every service whose resources carry a policy, as the check is IAM's.
"""

from __future__ import annotations

import re

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid
from sandbox.kernel.policies import Policy

ACCOUNTS = "service-accounts"
IDENTITY_POOLS = "identity-pools"
_WORKLOAD = re.compile(r"serviceAccount:(?P<pool>(?P<project>[a-z0-9-]+)\.svc\.id\.goog)\[[^/\]]+/[^/\]]+\]")
_ACCOUNT = re.compile(r"serviceAccount:(?P<email>[^@\[]+@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com)")
_KIND = re.compile(
    r"(user|group|domain|serviceAccount|principal|principalSet|deleted):.+|allUsers|allAuthenticatedUsers"
)
_PROJECT_TEAM = re.compile(r"project(Owner|Editor|Viewer):.+")


def check_members(cloud: Cloud, policy: Policy) -> None:
    """Refuse a policy that names a service account, or an identity pool, that does not exist.

    Raises:
        ApiError: 400 with Google's own words.
    """
    for member in {member for binding in policy.get("bindings", []) for member in binding.get("members", [])}:
        if workload := _WORKLOAD.fullmatch(member):
            _check_pool(cloud, workload["project"], workload["pool"])
        elif account := _ACCOUNT.fullmatch(member):
            _check_account(cloud, account["project"], account["email"])
        elif not (_KIND.fullmatch(member) or _PROJECT_TEAM.fullmatch(member)):
            raise invalid(f"Invalid member: {member}")


def _check_pool(cloud: Cloud, project: str, pool: str) -> None:
    if cloud.store.get(IDENTITY_POOLS, project) is None:
        raise invalid(
            f"Identity Pool does not exist ({pool}). Please check that you specified a valid resource name as returned "
            "in the `name` attribute in the configuration API."
        )


def _check_account(cloud: Cloud, project: str, email: str) -> None:
    if cloud.store.get(ACCOUNTS, f"projects/{project}/serviceAccounts/{email}") is None:
        raise invalid(f"Service account {email} does not exist.")
