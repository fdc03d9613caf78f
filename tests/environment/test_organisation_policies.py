from __future__ import annotations

from typing import Any

import pytest

from environment.organisation_policies import (
    EXTERNAL_ADDRESSES,
    KEY_CREATION,
    LOCATIONS,
    PUBLIC_DATABASE,
    policy_findings,
    policy_notes,
)
from environment.spec import Environment

ENFORCED = [{"enforce": True}]
CONDITION = {"condition": {"expression": "resource.matchTag('a/b', 'c')"}}
KEYS = {"identity": "service_account_key"}


def spec(**fields: Any) -> Environment:
    given = {"name": "dev", "role": "dev", "project_id": "acme-project", "region": "us-central1", "name_prefix": "acme"}
    return Environment.model_validate({**given, "state": {"bucket": "acme-state"}, **fields})


def allowed(*values: str) -> list[dict[str, Any]]:
    return [{"values": {"allowedValues": list(values)}}]


@pytest.mark.parametrize(
    ("constraint", "rules", "fields", "is_found"),
    [
        (EXTERNAL_ADDRESSES, [{"denyAll": True}], {}, False),
        (EXTERNAL_ADDRESSES, [{"denyAll": True}], {"network": {"private_cluster": False}}, True),
        (EXTERNAL_ADDRESSES, allowed("projects/p/zones/z/instances/i"), {"network": {"private_cluster": False}}, True),
        (EXTERNAL_ADDRESSES, [{"allowAll": True}], {"network": {"private_cluster": False}}, False),
        (PUBLIC_DATABASE, ENFORCED, {}, False),
        (PUBLIC_DATABASE, ENFORCED, {"database": {"private_ip": False}}, True),
        (PUBLIC_DATABASE, ENFORCED, {"database": {"private_ip": False, "existing": {"instance": "theirs"}}}, False),
        (PUBLIC_DATABASE, [{"enforce": False}], {"database": {"private_ip": False}}, False),
        (PUBLIC_DATABASE, [{"enforce": True, **CONDITION}], {"database": {"private_ip": False}}, False),
        (EXTERNAL_ADDRESSES, [{"denyAll": True, **CONDITION}], {"network": {"private_cluster": False}}, False),
        (KEY_CREATION, ENFORCED, {}, False),
        (KEY_CREATION, ENFORCED, KEYS, True),
        (KEY_CREATION, [{"enforce": False}], KEYS, False),
        (KEY_CREATION, [{"enforce": True, **CONDITION}], KEYS, False),
        (LOCATIONS, [{"allowAll": True}], {}, False),
        (LOCATIONS, [{"denyAll": True}], {}, True),
        (LOCATIONS, allowed("in:us-locations"), {}, False),
        (LOCATIONS, allowed("in:us-central1-locations", "europe-west1"), {}, False),
        (LOCATIONS, allowed("us-central1"), {}, False),
        (LOCATIONS, allowed("in:eu-locations"), {}, True),
        (LOCATIONS, allowed("in:us-locations"), {"artifact_store": {"location": "EU"}}, True),
        (LOCATIONS, [{"values": {"deniedValues": ["in:us-locations"]}}], {}, True),
        (LOCATIONS, [{"values": {"deniedValues": ["in:asia-locations"]}}], {}, False),
        (LOCATIONS, [{"denyAll": True, **CONDITION}], {}, False),
        (LOCATIONS, allowed("in:canada-locations"), {}, False),
        (
            LOCATIONS,
            [{"values": {"allowedValues": ["in:canada-locations"], "deniedValues": ["us-central1"]}}],
            {},
            True,
        ),
    ],
)
def test_a_policy_that_would_refuse_something_is_found(
    constraint: str, rules: list[dict[str, Any]], fields: dict[str, Any], is_found: bool
) -> None:
    found = policy_findings(spec(**fields), {constraint: rules})
    assert [finding.subject for finding in found] == [f"constraints/{constraint}"] * is_found


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"allowedValues": ["in:canada-locations"]}, "in:canada-locations"),
        ({"allowedValues": ["in:eu-locations", "in:canada-locations"]}, "in:canada-locations"),
        ({"deniedValues": ["in:canada-locations"]}, "in:canada-locations"),
        ({"allowedValues": ["in:us-locations", "in:canada-locations"]}, ""),
        ({"allowedValues": ["in:us-central1-locations", "in:us-east1-a-locations"]}, ""),
        ({"allowedValues": ["in:canada-locations"], "deniedValues": ["in:us-locations"]}, ""),
    ],
)
def test_a_group_whose_members_are_not_known_is_noted(values: dict[str, list[str]], named: str) -> None:
    notes = policy_notes(spec(), {LOCATIONS: [{"values": values}]})
    assert len(notes) == bool(named)
    assert all(f"whether {named} holds" in note for note in notes)


def test_what_is_not_known_is_no_finding() -> None:
    assert policy_findings(spec(network={"private_cluster": False}), {}) == ()
