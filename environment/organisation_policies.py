"""Organisation policies that would refuse what an environment makes, decided from the rules in force.

Sources: https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints and, for groups of
locations, https://cloud.google.com/resource-manager/docs/organization-policy/defining-locations
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from environment.findings import Finding
from environment.spec import Environment

CHECK = "organisation-policy"
EXTERNAL_ADDRESSES = "compute.vmExternalIpAccess"
KEY_CREATION = "iam.disableServiceAccountKeyCreation"
LOCATIONS = "gcp.resourceLocations"
PUBLIC_DATABASE = "sql.restrictPublicIp"
CONSTRAINTS = (EXTERNAL_ADDRESSES, KEY_CREATION, LOCATIONS, PUBLIC_DATABASE)
"""Those that are read. All machines that an environment makes are shielded, with Secure Boot."""
GROUPS = ("asia", "australia", "eu", "europe", "southamerica", "us")
"""Groups of locations whose members can be told by their names; of others, such as in:canada-locations, they cannot."""

Rules = Sequence[Mapping[str, Any]]


def policy_findings(environment: Environment, policies: Mapping[str, Rules]) -> tuple[Finding, ...]:
    """Return a finding for each policy that would refuse something.

    Args:
        environment: The spec.
        policies: The rules of the effective policy of each constraint; one that is missing is not known.
    """
    policies = {constraint: _unconditional(rules) for constraint, rules in policies.items()}
    refused = {
        EXTERNAL_ADDRESSES: _external_addresses(environment, policies.get(EXTERNAL_ADDRESSES, ())),
        KEY_CREATION: _keys(environment, policies.get(KEY_CREATION, ())),
        LOCATIONS: _locations(environment, policies.get(LOCATIONS, ())),
        PUBLIC_DATABASE: _public_database(environment, policies.get(PUBLIC_DATABASE, ())),
    }
    return tuple(
        Finding(check=CHECK, subject=f"constraints/{constraint}", problem=problem, fix=fix)
        for constraint, (problem, fix) in refused.items()
        if problem
    )


def policy_notes(environment: Environment, policies: Mapping[str, Rules]) -> tuple[str, ...]:
    """Return a note for each policy of which nobody here can tell whether it would refuse something."""
    rules = _unconditional(policies.get(LOCATIONS, ()))
    allowed, denied = _values(rules, "allowedValues"), _values(rules, "deniedValues")
    open_ = [place for place in _places(environment) if not any(_covers(value, place) for value in allowed)]
    unknown = [value for value in (*(allowed if open_ else ()), *denied) if not _is_known(value)]
    if not unknown or policy_findings(environment, {LOCATIONS: rules}):
        return ()
    return (f"constraints/{LOCATIONS}: whether {', '.join(unknown)} holds what the spec names is not known here",)


_FITS = ("", "")
_PLACE = re.compile(r"[a-z]+-[a-z]+\d+(-[a-z])?")


def _unconditional(rules: Rules) -> Rules:
    """Leave out the rules with a condition: they are about resources with tags, which ours have not."""
    return [one for one in rules if not one.get("condition")]


def _external_addresses(environment: Environment, rules: Rules) -> tuple[str, str]:
    if environment.network.private_cluster or not (any(one.get("denyAll") for one in rules) or _values(rules)):
        return _FITS
    return "allows no external addresses, which nodes would have", "set network.private_cluster: true in the spec"


def _keys(environment: Environment, rules: Rules) -> tuple[str, str]:
    if not environment.has_account_keys or not _is_enforced(rules):
        return _FITS
    return "allows no service account keys", "set identity: workload_identity in the spec"


def _public_database(environment: Environment, rules: Rules) -> tuple[str, str]:
    if environment.database.private_ip or environment.database.existing or not _is_enforced(rules):
        return _FITS
    return "allows no database with a public address", "set database.private_ip: true in the spec"


def _locations(environment: Environment, rules: Rules) -> tuple[str, str]:
    refused = [place for place in _places(environment) if not _allows(rules, place)]
    if not refused:
        return _FITS
    allowed = ", ".join(_values(rules, "allowedValues")) or "none"
    return (
        f"allows nothing in {' and '.join(refused)} (allowed: {allowed})",
        "set region, zone and artifact_store.location to one that it allows, or have it widened",
    )


def _places(environment: Environment) -> tuple[str, ...]:
    return tuple(dict.fromkeys((environment.region, environment.artifact_store.location.lower())))


def _is_enforced(rules: Rules) -> bool:
    return any(one.get("enforce") is True for one in rules)


def _allows(rules: Rules, place: str) -> bool:
    """Tell whether a place is allowed, or may be: by a group whose members are not known."""
    if any(one.get("denyAll") for one in rules):
        return False
    if any(_covers(value, place) for value in _values(rules, "deniedValues")):
        return False
    allowed = [one for one in rules if "allowedValues" in (one.get("values") or {})]
    return not allowed or any(
        _covers(value, place) or not _is_known(value) for value in _values(rules, "allowedValues")
    )


def _values(rules: Iterable[Mapping[str, Any]], *keys: str) -> list[str]:
    def each() -> Iterator[str]:
        for rule in rules:
            for key in keys or ("allowedValues", "deniedValues"):
                yield from (rule.get("values") or {}).get(key) or ()

    return list(each())


def _is_known(value: str) -> bool:
    """Tell whether a value is a location, a group of GROUPS, or the group of one region or zone."""
    name = value.lower()
    group = name.removeprefix("in:").removesuffix("-locations")
    return not name.startswith("in:") or group in GROUPS or _PLACE.fullmatch(group) is not None


def _covers(value: str, place: str) -> bool:
    """Tell whether a value covers a region or multi-region: "us-central1", "in:us-locations", "in:eu-locations"."""
    name = value.lower().removeprefix("is:")
    if not name.startswith("in:"):
        return place == name or place.startswith(f"{name}-")
    group = name.removeprefix("in:").removesuffix("-locations")
    return place == group or place.startswith(f"{group}-") or (group == "eu" and place.startswith("europe-"))
