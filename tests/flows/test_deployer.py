"""A deployer with exactly the documented roles creates and destroys, while somebody else acts as it."""

from __future__ import annotations

from typing import Any

import pytest

from clients import credentials
from clients.addresses import ENDPOINT, TOKEN, Addresses
from clients.preflight.look import look
from environment.deployer import TO_DESTROY, deployer_roles, needed_permissions, permissions_of
from environment.spec_file import load_environment

PROJECT = "acme-deployed"
ACCOUNT = f"deployer@{PROJECT}.iam.gserviceaccount.com"
SPEC = f"""\
name: deployed
cloud: sandbox
role: dev
project_id: {PROJECT}
region: us-central1
zone: us-central1-a
name_prefix: deployed
state: {{bucket: acme-deployed-tfstate}}
impersonate: {ACCOUNT}
"""
UNASKED = {"artifactregistry.repositories.list", "orgpolicy.policy.get", "iam.serviceAccounts.getAccessToken"}
"""What a deployer does without: whether the first API answers, a refusal tells too; the last is ann's to have."""
INVENTORY = dict.fromkeys(TO_DESTROY, "list")
"""Looked for by the preflight, which does without what it may not see."""
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("specs") / "deployed.yaml"
    path.write_text(SPEC)
    return str(path)


def give(sandbox: Any, email: str, *roles: str) -> str:
    body = {"project_id": PROJECT, "email": email, "roles": roles, "lifetime_s": 36000}
    return str(sandbox.control("POST", "principals", body)["token"])


@pytest.fixture
def ann(cloud, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The sandbox, spoken to by a user who may do nothing but act as the deployer."""
    iam = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/iam.googleapis.com:enable"
    cloud.call("POST", iam, {})
    cloud.call("POST", f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "deployer"})
    monkeypatch.setenv(TOKEN, give(cloud, "ann@example.com", "roles/iam.serviceAccountTokenCreator"))
    assert cloud.variables[ENDPOINT]
    return cloud


@pytest.mark.parametrize("identity", ["workload_identity", "service_account_key"])
def test_the_documented_roles_suffice_to_create_to_rotate_and_to_destroy(ann, spec, identity: str) -> None:
    from flows.create_environment import create_environment
    from flows.destroy_environment import destroy_environment
    from flows.rotate_secrets import rotate_secrets

    overrides = [f"identity={identity}"]
    environment = load_environment(spec, overrides)
    give(ann, ACCOUNT, *(role.role for role in deployer_roles(environment)))
    before = ann.last_call()
    assert create_environment(spec, overrides).change_count > 100
    calls = ann.calls_since(before)
    to_create = set(needed_permissions(environment)) - set(permissions_of(TO_DESTROY))
    assert asked(calls) - set(permissions_of(INVENTORY)) <= to_create
    assert look(environment, Addresses.of(environment), ("names", "ranges")).findings == ()
    rotate_secrets(spec, overrides)
    destroy_environment(spec, overrides, confirmed_name="deployed", delete_data=True)
    calls = ann.calls_since(before)
    assert asked(calls) <= set(needed_permissions(environment))
    assert {call["principal"] for call in calls if call["mutating"] and "googleapis" in call["service"]} == {ACCOUNT}


def asked(calls: list[dict[str, Any]]) -> set[str]:
    """Return the permissions that calls needed."""
    needed = {permission for call in calls for permission in call["permissions"]}
    return needed - UNASKED


def test_without_any_one_of_them_the_doctor_names_what_is_missing(ann, spec) -> None:
    environment = load_environment(spec, ["identity=service_account_key"])
    roles = [role.role for role in deployer_roles(environment)]
    for left_out in roles:
        give(ann, ACCOUNT, *(role for role in roles if role != left_out))
        report = look(environment, Addresses.of(environment), ("permissions",))
        assert [finding.check for finding in report.findings] == ["permissions"], left_out
        assert f"--member=serviceAccount:{ACCOUNT} --role={left_out}" in report.findings[0].fix


def test_who_may_not_act_as_it_is_told_by_the_doctor_alone(ann, spec) -> None:
    give(ann, "ann@example.com")
    credentials._account.cache_clear()  # which holds a token from before
    environment = load_environment(spec)
    report = look(environment, Addresses.of(environment))
    assert [finding.check for finding in report.findings if finding.check != "tools"] == ["impersonation"]
