import pytest

from environment.google_messages import (
    QUOTA_HINT,
    STOCK_OUT_HINT,
    is_quota,
    permission_hint,
    permission_in,
    refusal_hint,
)

STOCK_OUTS = (
    "Error waiting for creating GKE cluster: Try a different location, or try again later: Google Compute Engine does "
    "not have enough resources available to fulfill request: us-central1-a.",
    "ZONE_RESOURCE_POOL_EXHAUSTED: The zone 'projects/p/zones/us-central1-a' does not have enough resources available",
    "[GCE_STOCKOUT] Instance 'gke-a-pool-1' creation failed",
)


def nobody() -> str:
    raise AssertionError("not asked")


@pytest.mark.parametrize(
    ("message", "permission"),
    [
        ("Permission 'storage.buckets.create' denied on resource (or it may not exist).", "storage.buckets.create"),
        ("Required 'compute.networks.create' permission for 'projects/p/global/networks/n'", "compute.networks.create"),
        ('Required "container.clusters.create" permission(s) for "projects/p".', "container.clusters.create"),
        (
            "ann@x.com does not have storage.buckets.get access to the Google Cloud Storage bucket.",
            "storage.buckets.get",
        ),
        ("The client is not authorized to make this request.", ""),
        ("Error on https://compute.googleapis.com/compute", ""),
    ],
)
def test_the_permission_is_found(message: str, permission: str) -> None:
    assert permission_in(message) == permission


def test_whom_google_names_need_not_be_asked_for() -> None:
    said = "ann@acme.example.com does not have storage.buckets.get access to the Google Cloud Storage bucket."
    assert permission_hint(said, nobody) == "grant ann@acme.example.com a role with storage.buckets.get"


def test_whom_google_does_not_name_is_found_out() -> None:
    assert permission_hint("The client is not authorized.", lambda: "me") == "grant me the missing role"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Quota 'CPUS' exceeded. Limit: 24.0 in region us-central1.", True),
        ("Quota exceeded for quota metric 'Mutate requests'", True),
        ("Insufficient regional quota to satisfy request", True),
        ("Permission denied on the quota page", False),
    ],
)
def test_a_full_quota_is_recognised(message: str, expected: bool) -> None:
    assert is_quota(message) is expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("googleapi: Error 403: Quota 'CPUS' exceeded., quotaExceeded", QUOTA_HINT),
        ("googleapi: Error 403: Compute Engine API has not been used in project 1 before", "run enable_services"),
        (
            "googleapi: Error 403: The x API requires a quota project, which is not set by default. SERVICE_DISABLED",
            "set USER_PROJECT_OVERRIDE=true",
        ),
        ("googleapi: Error 403: Required 'a.b.c' permission for 'projects/p'", "grant me a role with a.b.c"),
        ("googleapi: Error 400: Invalid value", ""),
    ],
)
def test_a_refusal_that_terraform_passes_on_gets_a_hint(text: str, hint: str) -> None:
    found = refusal_hint(text, lambda: "me")
    assert found.startswith(hint)
    assert bool(found) == bool(hint)


@pytest.mark.parametrize("message", STOCK_OUTS)
def test_a_zone_without_machines_is_known_by_what_google_says(message: str) -> None:
    assert refusal_hint(message, nobody) == STOCK_OUT_HINT
