"""What goes wrong: protection, half-made objects, wrong combinations, things that are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.provider.errors import ApiFailure, Gone, OperationFailed, ProviderError, Refused
from sandbox.provider.wire import has_unknown

Json = dict[str, Any]
Make = Callable[..., Any]


def missing(call: Json) -> Json:
    return {"status": 404, "answer": {"error": {"code": 404, "message": "Not found"}}}


@pytest.mark.parametrize(
    ("type_name", "message"),
    [
        (
            "google_container_cluster",
            "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed with "
            "cluster deletion",
        ),
        (
            "google_sql_database_instance",
            "Error, failed to delete instance because deletion_protection is set to true. Set it to false to proceed "
            "with instance deletion",
        ),
        (
            "google_secret_manager_secret",
            "cannot destroy secret manager secret without setting deletion_protection=false and running "
            "`terraform apply`",
        ),
    ],
)
def test_what_is_protected_is_not_destroyed(type_name: str, message: str, terraform: Make) -> None:
    core = terraform(type_name)
    with pytest.raises(Refused) as raised:
        core.resource.delete(core.configuration({"name": "n", "deletion_protection": True}))
    assert str(raised.value) == message
    assert core.api.made == []


@pytest.mark.parametrize("type_name", ["google_container_cluster", "google_sql_database_instance"])
def test_protection_is_the_default(type_name: str, terraform: Make) -> None:
    core = terraform(type_name)
    planned, _ = core.plan(None, {"name": "n"})
    assert planned["deletion_protection"] is True


@pytest.mark.parametrize(("policy", "calls"), [("ABANDON", 0), ("DELETE", 1)])
def test_a_deletion_policy_may_leave_the_object_alone(policy: str, calls: int, terraform: Make) -> None:
    core = terraform("google_compute_network")
    core.api.answers = missing
    core.resource.delete(core.configuration({"name": "n", "project": "p", "deletion_policy": policy}))
    assert len(core.api.made) == calls


def test_a_deletion_policy_may_prevent_the_deletion(terraform: Make) -> None:
    core = terraform("google_compute_network")
    with pytest.raises(ProviderError, match="PREVENT"):
        core.resource.delete(core.configuration({"name": "n", "project": "p", "deletion_policy": "PREVENT"}))


@pytest.mark.parametrize(
    ("type_name", "is_error"),
    [
        ("google_compute_network", False),
        ("google_sql_database", False),
        ("google_sql_user", True),
        ("google_storage_bucket", True),
    ],
)
def test_deleting_what_is_gone(type_name: str, is_error: bool, terraform: Make) -> None:
    core = terraform(type_name)

    def answer(call: Json) -> Json:
        return missing(call) if call["method"] == "DELETE" else {"answer": {}}

    core.api.answers = answer
    state = core.configuration({"name": "n", "project": "p", "instance": "i"} if "sql" in type_name else {"name": "n"})
    state.setdefault("project", "p")
    if is_error:
        with pytest.raises(ApiFailure, match="404"):
            core.resource.delete(state)
    else:
        core.resource.delete(state)


def test_a_bucket_with_objects_is_deleted_only_by_force(terraform: Make) -> None:
    core = terraform("google_storage_bucket")
    core.api.answers = lambda call: {
        "answer": {"items": [{"name": "a/b", "generation": "7"}]} if call["path"].endswith("/o") else {}
    }
    with pytest.raises(Refused, match="containing objects without `force_destroy` set to true"):
        core.resource.delete(core.configuration({"name": "n", "force_destroy": False}))

    core.api.expect([])
    core.resource.delete(core.configuration({"name": "n", "force_destroy": True}))
    deleted = [(call["path"], call.get("query")) for call in core.api.made if call["method"] == "DELETE"]
    assert deleted == [("b/n/o/a%2Fb", {"generation": "7"}), ("b/n", None)]


@pytest.mark.parametrize(
    ("type_name", "config", "message"),
    [
        ("google_compute_firewall", {"name": "f", "network": "n", "source_ranges": ["10.0.0.0/8"]}, "allow,deny"),
        (
            "google_compute_firewall",
            {"name": "f", "network": "n", "allow": [{"protocol": "tcp"}]},
            "one of source_tags",
        ),
        ("google_storage_bucket_object", {"bucket": "b", "name": "n"}, "content,source"),
        ("google_sql_database_instance", {"clone": [{"source_instance_name": "x"}]}, "does not offer clone"),
    ],
)
def test_wrong_combinations_fail_before_any_call(type_name: str, config: Json, message: str, terraform: Make) -> None:
    core = terraform(type_name)
    with pytest.raises(ProviderError, match=message):
        core.plan(None, config)


def test_an_egress_rule_needs_no_source(terraform: Make) -> None:
    core = terraform("google_compute_firewall")
    core.plan(None, {"name": "f", "network": "n", "direction": "EGRESS", "allow": [{"protocol": "tcp"}]})


def test_an_object_that_fails_after_it_was_made_is_kept_as_tainted(terraform: Make) -> None:
    core = terraform("google_compute_global_address")

    def answer(call: Json) -> Json:
        if call["path"].endswith("setLabels"):
            return {"status": 400, "answer": {"error": {"message": "no labels today"}}}
        return {"answer": {"name": "op", "status": "DONE"} if call["method"] == "POST" else {"name": "a"}}

    core.api.answers = answer
    with pytest.raises(ApiFailure, match="no labels today"):
        core.apply(None, {"name": "a", "labels": {"a": "b"}})
    assert core.resource.half_made["id"] == "projects/mlops-sandbox/global/addresses/a"
    assert not has_unknown(core.resource.half_made)


def test_an_object_that_was_never_made_leaves_nothing(terraform: Make) -> None:
    core = terraform("google_compute_network")
    error = {"errors": [{"code": "QUOTA_EXCEEDED", "message": "no more networks"}]}
    core.api.answers = lambda call: {"answer": {"name": "op", "status": "DONE", "error": error}}
    with pytest.raises(OperationFailed, match="QUOTA_EXCEEDED, message: no more networks"):
        core.apply(None, {"name": "n"})
    assert core.resource.half_made is None


@pytest.mark.parametrize("is_there", [True, False])
def test_a_cluster_that_failed_half_way_is_replaced_next_time(is_there: bool, terraform: Make) -> None:
    core = terraform("google_container_cluster")
    posted: list[Json] = []

    def answer(call: Json) -> Json:
        if call["method"] == "POST":
            posted.append(call)
            return {"answer": {"name": "op", "status": "DONE", "statusMessage": "zone out of capacity"}}
        return {"answer": {"name": "c", "status": "ERROR"}} if posted and is_there else missing(call)

    core.api.answers = answer
    with pytest.raises(OperationFailed, match="zone out of capacity"):
        core.apply(None, {"name": "c", "location": "us-central1-a"})
    assert (core.resource.half_made is not None) == is_there


def test_a_node_pool_that_exists_is_not_adopted(terraform: Make) -> None:
    core = terraform("google_container_node_pool")
    core.api.answers = lambda call: {"answer": {"name": "p", "status": "RUNNING"}}
    with pytest.raises(ProviderError, match="already exists"):
        core.apply(None, {"name": "p", "cluster": "c", "location": "us-central1-a"})


def test_a_network_without_a_private_connection_takes_no_database(terraform: Make) -> None:
    core = terraform("google_sql_database_instance")
    core.api.answers = lambda call: {"answer": {}}
    addresses = [{"ipv4_enabled": False, "private_network": "projects/p/global/networks/n"}]
    with pytest.raises(ProviderError, match="at least 1 private services connection"):
        core.apply(None, {"name": "i", "settings": [{"tier": "t", "ip_configuration": addresses}]})


def test_a_destroyed_secret_version_is_gone(terraform: Make) -> None:
    core = terraform("google_secret_manager_secret_version")
    core.api.answers = lambda call: {"answer": {"name": "projects/1/secrets/s/versions/1", "state": "DESTROYED"}}
    with pytest.raises(Gone):
        core.refresh(core.configuration({"name": "projects/1/secrets/s/versions/1", "secret": "projects/p/secrets/s"}))


def test_an_account_that_exists_is_taken_over_only_when_asked(terraform: Make) -> None:
    core = terraform("google_service_account")
    email = "abcdef@mlops-sandbox.iam.gserviceaccount.com"
    body = {"name": f"projects/mlops-sandbox/serviceAccounts/{email}", "email": email, "projectId": "mlops-sandbox"}

    def answer(call: Json) -> Json:
        if call["method"] == "POST":
            return {"status": 409, "answer": {"error": {"code": 409, "message": "already exists"}}}
        return {"answer": body}

    core.api.answers = answer
    with pytest.raises(ApiFailure, match="already exists"):
        core.apply(None, {"account_id": "abcdef"})
    state = core.apply(None, {"account_id": "abcdef", "create_ignore_already_exists": True})
    assert state["member"] == f"serviceAccount:{email}"
