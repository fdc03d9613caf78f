"""prefect.yaml: what is deployed, and that each run form is plain."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Any, get_args

import pytest
import yaml
from prefect.utilities.callables import parameter_schema

from environment.drift import remediation_refusal
from environment.fleet import Action
from environment.paths import project_root
from environment.spec_file import load_environment

ALL = yaml.safe_load((project_root() / "prefect.yaml").read_text())["deployments"]
DEPLOYMENTS = [deployment for deployment in ALL if not deployment["name"].endswith("-all")]
FLOWS = sorted({deployment["entrypoint"] for deployment in ALL})
VERBS = (
    "create", "plan", "drift", "rotate-secrets", "destroy",
    "enable-services", "provision-infra", "deploy-kfp", "remediate",
)  # fmt: skip


def flow_of(entrypoint: str) -> Any:
    module, _, name = entrypoint.rpartition(".")
    return getattr(import_module(module), name)


def test_every_environment_has_every_flow_but_prod_is_not_remediated() -> None:
    wanted = {f"{verb}-{environment}" for verb in VERBS for environment in ("dev", "staging", "prod")}
    assert {deployment["name"] for deployment in DEPLOYMENTS} == wanted - {"remediate-prod"}
    assert remediation_refusal("prod")


@pytest.mark.parametrize("action", ["create", "plan", "drift"])
def test_the_fleet_has_a_deployment_for_each_action(action: str) -> None:
    (found,) = [deployment for deployment in ALL if deployment["name"] == f"{action}-all"]
    assert (found["entrypoint"], found["parameters"]) == ("flows.fleet.fleet", {"action": action})
    assert (found["version"], found["schedules"]) == (version("mlops-env"), [])


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_a_deployment_belongs_to_its_environment(deployment: dict[str, Any]) -> None:
    verb, _, environment = deployment["name"].rpartition("-")
    assert verb in VERBS
    assert deployment["parameters"] == {"environment": environment}
    assert environment in deployment["tags"]
    assert load_environment(environment).name == environment
    assert (deployment["version"], deployment["build"]) == (version("mlops-env"), [])
    assert deployment["description"].endswith(".")


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])
def test_only_drift_is_scheduled_and_what_a_person_paused_stays_paused(deployment: dict[str, Any]) -> None:
    schedules = deployment["schedules"]
    assert bool(schedules) == deployment["name"].startswith("drift-")
    assert all(schedule["slug"] and "active" not in schedule for schedule in schedules)
    assert "paused" not in deployment


@pytest.mark.parametrize("entrypoint", FLOWS)
def test_the_run_form_is_flat_and_says_what_each_field_is(entrypoint: str) -> None:
    schema = parameter_schema(flow_of(entrypoint))
    fields = schema.properties
    assert schema.required == ([] if entrypoint == "flows.fleet.fleet" else ["environment"])
    assert not schema.definitions
    # The form shows a description as it is.
    assert [name for name, field in fields.items() if not field.get("description") or "`" in field["description"]] == []
    types = {name: (field.get("type"), field.get("items", {}).get("type")) for name, field in fields.items()}
    plain = {("string", None), ("boolean", None), ("number", None), ("integer", None), ("array", "string")}
    assert {name: kind for name, kind in types.items() if kind not in plain} == {}
    assert [name for name, field in fields.items() if "format" in field or "password" in name] == []


def test_the_form_offers_the_choices_where_there_are_few_and_begins_with_what_is_usual() -> None:
    fields = parameter_schema(flow_of("flows.create_environment.create_environment")).properties
    steps = ["enable-services", "provision-infra", "deploy-kfp"]
    assert (fields["start_at"]["enum"], fields["start_at"]["default"]) == (steps, steps[0])
    assert [fields[name]["default"] for name in ("overrides", "allow_replace", "approved")] == [[], [], False]
    assert parameter_schema(flow_of("flows.fleet.fleet")).properties["action"]["enum"] == [*get_args(Action)]
