"""What Python passes in and reads is what the root module takes and gives."""

import re
from typing import Any, get_args

from pydantic import BaseModel

from environment.infrastructure import Infrastructure
from environment.paths import project_root

EXISTING = (
    "network.existing={network: vpc, subnetwork: subnet}",
    "cluster.existing={name: gke, location: us-central1-a}",
    "database.existing={instance: mysql}",
    "artifact_store.existing={bucket: objects}",
)


def _fields(annotation: Any) -> set[str]:
    parts = get_args(annotation) or (annotation,)  # one model, or one or None
    return set(next(part.model_fields for part in parts if issubclass(part, BaseModel)))


def test_python_passes_every_variable_and_no_other(terraform_docs: Any, variables: Any) -> None:
    declared = terraform_docs.parse((project_root() / "terraform" / "variables.tf").read_text())
    assert {block.name for block in declared} == set(variables("dev"))


def test_python_passes_every_attribute_of_an_object_and_no_other(terraform_docs: Any, variables: Any) -> None:
    declared = terraform_docs.parse((project_root() / "terraform" / "variables.tf").read_text())
    objects = {block.name: block.arguments["type"] for block in declared if "object(" in block.arguments["type"]}
    attributes = {name: set(re.findall(r"^(\w+) +=", kind, re.MULTILINE)) for name, kind in objects.items()}
    assert len(attributes) >= 6
    given = variables("dev", *EXISTING)
    assert attributes == {name: {*given[name], *(given[name].get("existing") or ())} for name in objects}


def test_python_reads_every_output_and_no_other(planner: Any, variables: Any) -> None:
    changes = planner.plan(variables("dev"))["output_changes"]
    given = {name: set(change["after"]) | set(change["after_unknown"] or ()) for name, change in changes.items()}
    assert given == {name: _fields(field.annotation) for name, field in Infrastructure.model_fields.items()}


def test_the_notebook_is_null_where_there_is_none(planner: Any, variables: Any) -> None:
    changes = planner.plan(variables("prod"))["output_changes"]
    assert changes["notebook"]["after"] is None


def test_no_output_is_sensitive(planner: Any, variables: Any) -> None:
    changes = planner.plan(variables("dev"))["output_changes"]
    assert {name for name, change in changes.items() if change["after_sensitive"]} == set()
