import pytest

from environment.services import (
    BATCH_LIMIT,
    RETIRED,
    batches,
    enabling_batches,
    missing_services,
    retired_alone,
    service_changes,
    wanted_services,
)

ELEVEN = {
    "compute", "storage", "storage-api", "storage-component", "containerregistry", "container", "bigquery",
    "cloudbuild", "cloudresourcemanager", "ml", "iam", "sqladmin", "dataflow",
}  # fmt: skip


def test_everything_on_wants_what_the_reference_document_lists() -> None:
    wanted = wanted_services(["notebooks", "training", "prediction", "dataflow"])
    assert {f"{name}.googleapis.com" for name in ELEVEN} <= set(wanted)
    assert len(wanted) == len(set(wanted))


@pytest.mark.parametrize(
    ("component", "service"),
    [
        ("notebooks", "notebooks.googleapis.com"),
        ("training", "aiplatform.googleapis.com"),
        ("prediction", "aiplatform.googleapis.com"),
        ("dataflow", "dataflow.googleapis.com"),
    ],
)
def test_services_follow_from_components(component: str, service: str) -> None:
    assert service in wanted_services([component])
    assert service not in wanted_services([])


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (20, 1), (21, 2), (45, 3)])
def test_batches_hold_at_most_twenty(count: int, calls: int) -> None:
    names = [f"s{n}" for n in range(count)]
    cut = batches(names)
    assert len(cut) == calls
    assert all(len(batch) <= BATCH_LIMIT for batch in cut)
    assert [name for batch in cut for name in batch] == names


def test_a_retired_service_is_enabled_alone() -> None:
    cut = enabling_batches(wanted_services(["training"]))
    for name in RETIRED:
        assert (name,) in cut


@pytest.mark.parametrize(
    ("services", "refusal", "expected"),
    [
        (("ml.googleapis.com",), "Permission denied to enable service [ml.googleapis.com]", True),
        (("ml.googleapis.com",), "Precondition check failed.", True),
        (("ml.googleapis.com",), "Permission 'serviceusage.services.enable' denied on resource", False),
        (("compute.googleapis.com",), "Permission denied to enable service [compute.googleapis.com]", False),
        (("ml.googleapis.com", "compute.googleapis.com"), "Permission denied to enable service", False),
    ],
)
def test_a_refused_retired_service_is_done_without(services: tuple[str, ...], refusal: str, expected: bool) -> None:
    assert (retired_alone(services, refusal) is not None) is expected


def test_missing_services_keep_the_order() -> None:
    assert missing_services(["c", "a", "b"], ["a"]) == ("c", "b")


@pytest.mark.parametrize(
    ("was_enabled", "enable", "warned"),
    [
        (None, ["iam.googleapis.com", "ml.googleapis.com"], 0),
        (("iam.googleapis.com", "ml.googleapis.com"), ["iam.googleapis.com", "ml.googleapis.com"], 0),
        (("iam.googleapis.com",), ["iam.googleapis.com"], 1),
        ((), ["iam.googleapis.com"], 1),
    ],
)
def test_retired_service_that_create_could_not_enable_is_no_change(was_enabled, enable, warned) -> None:
    wanted = ("iam.googleapis.com", "ml.googleapis.com", "storage.googleapis.com")
    changes, warnings = service_changes(wanted, ("storage.googleapis.com",), was_enabled)
    assert [change.address for change in changes] == enable
    assert {(change.layer, change.action) for change in changes} == {("services", "enable")}
    assert len(warnings) == warned
