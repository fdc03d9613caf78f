"""Organisation policies: what an organisation has set for a project, and the refusals that follow.

Sources: https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints and, for groups of
locations, https://cloud.google.com/resource-manager/docs/organization-policy/defining-locations
"""

from __future__ import annotations

from typing import Any

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import ApiError, failed_precondition, invalid

Json = dict[str, Any]
POLICIES = "organization-policies"
EXTERNAL_ADDRESSES = "compute.vmExternalIpAccess"
SHIELDED_VM = "compute.requireShieldedVm"
LOCATIONS = "gcp.resourceLocations"
KEY_CREATION = "iam.disableServiceAccountKeyCreation"
PUBLIC_DATABASE = "sql.restrictPublicIp"
LISTS = (EXTERNAL_ADDRESSES, LOCATIONS)
CONSTRAINTS = (*LISTS, SHIELDED_VM, KEY_CREATION, PUBLIC_DATABASE)


def set_policy(cloud: Cloud, project: str, constraint: str, rule: Json | None) -> None:
    """Set the one rule of a constraint, or with None go back to what Google sets.

    Args:
        cloud: The local cloud.
        project: The project's id.
        constraint: One of CONSTRAINTS.
        rule: {"enforce": true}, {"denyAll": true} or {"values": {"allowedValues": [], "deniedValues": []}}.

    Raises:
        ApiError: 400.
    """
    if constraint not in CONSTRAINTS:
        raise invalid(f"constraint: '{constraint}' is not played: use one of {', '.join(CONSTRAINTS)}")
    if rule is not None and set(rule) - ({"denyAll", "allowAll", "values"} if constraint in LISTS else {"enforce"}):
        raise invalid(f"rule: {rule} does not fit {constraint}")
    if rule is None:
        cloud.store.delete(POLICIES, f"{project}/{constraint}")
    else:
        cloud.store.put(POLICIES, f"{project}/{constraint}", rule)


def rule_of(cloud: Cloud, project: str, constraint: str) -> Json:
    """Return the rule in force."""
    found = cloud.store.get(POLICIES, f"{project}/{constraint}")
    return found or ({"allowAll": True} if constraint in LISTS else {"enforce": False})


def external_address_problem(cloud: Cloud, project: str) -> str:
    """Return what Compute Engine says of a machine with an external address, "" where it may have one."""
    rule = rule_of(cloud, project, EXTERNAL_ADDRESSES)
    if not rule.get("denyAll") and not rule.get("values"):
        return ""
    number = cloud.projects.get(project).number
    return (
        f"Constraint constraints/{EXTERNAL_ADDRESSES} violated for project {number}. Add instance to the constraint to "
        "use external IP with it."
    )


def require_location(cloud: Cloud, project: str, location: str) -> None:
    """Refuse a resource where the organisation allows none.

    Raises:
        ApiError: 412.
    """
    rule = rule_of(cloud, project, LOCATIONS)
    values: Json = rule.get("values") or {}
    allowed, denied = values.get("allowedValues"), values.get("deniedValues") or ()
    is_denied = rule.get("denyAll") or any(_covers(value, location) for value in denied)
    if is_denied or (allowed is not None and not any(_covers(value, location) for value in allowed)):
        message = f"'{location.lower()}' violates constraint 'constraints/{LOCATIONS}'"
        raise ApiError(412, message, reason="conditionNotMet")


def require_key_creation(cloud: Cloud, project: str) -> None:
    """Refuse a key where the organisation allows none.

    Raises:
        ApiError: 400.
    """
    if rule_of(cloud, project, KEY_CREATION).get("enforce"):
        raise failed_precondition("Key creation is not allowed on this service account.")


def require_private_database(cloud: Cloud, project: str) -> None:
    """Refuse a database with a public address where the organisation allows none.

    Raises:
        ApiError: 400.
    """
    if rule_of(cloud, project, PUBLIC_DATABASE).get("enforce"):
        raise invalid(
            f"Organization Policy check failure: the public IP of this instance violates the constraints/"
            f"{PUBLIC_DATABASE} enforced at the '{project}' project."
        )


def shielded_problem(cloud: Cloud, project: str) -> str:
    """Return what Compute Engine says of a machine that is not shielded, "" where it need not be."""
    if not rule_of(cloud, project, SHIELDED_VM).get("enforce"):
        return ""
    return (
        f"Constraint constraints/{SHIELDED_VM} violated for project projects/{project}. Secure Boot is not enabled in "
        "the 'shielded_instance_config' field."
    )


def _covers(value: str, location: str) -> bool:
    """Tell whether a value such as "us-central1", "in:us-locations" or "in:us-central1-locations" covers a location."""
    place, name = location.lower(), value.lower().removeprefix("is:")
    if not name.startswith("in:"):
        return place == name
    group = name.removeprefix("in:").removesuffix("-locations")
    return place == group or place.startswith(f"{group}-") or (group == "eu" and place.startswith("europe-"))
