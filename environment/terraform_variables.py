"""The variables of Terraform's root module, from an Environment. terraform/variables.tf is their other half."""

from __future__ import annotations

from typing import Any

from environment.spec import Environment

MYSQL_VERSION = "MYSQL_8_0"


def terraform_variables(environment: Environment, database_suffix: str) -> dict[str, Any]:
    """Return all variables by name; no secret is among them."""
    return {
        "project_id": environment.project_id,
        "region": environment.region,
        "zone": environment.zone,
        "name_prefix": environment.name_prefix,
        "environment": environment.name,
        "role": environment.role,
        "labels": environment.labels,
        "namespace": environment.pipelines.namespace,
        "components": environment.components.model_dump(),
        "network": environment.network.model_dump(),
        "cluster": environment.cluster.model_dump(mode="json"),
        "database": {
            **environment.database.model_dump(exclude={"existing": {"reuse"}, "names": True}),
            "version": MYSQL_VERSION,
            "instance_suffix": database_suffix,
        },
        "artifact_store": environment.artifact_store.model_dump(),
        "notebook": environment.notebook.model_dump(),
    }
