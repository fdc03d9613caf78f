"""Terraform for any root module: one task that a flow of your own can call. docs/prefect.md shows such a flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from pydantic import BaseModel, ConfigDict

from clients.addresses import Addresses
from clients.terraform import Terraform, alone_in
from environment.changes import Change, count_actions
from environment.terraform_plan import infrastructure_changes
from tasks.policy import RETRIED
from tasks.progress import apply_reporter, tell_of_waiting
from tasks.terraform_log import kept_log

APPLY_TIMEOUT_SECONDS = 2 * 3600


class Applied(BaseModel):
    """What an apply did, and the root module's outputs but the sensitive ones."""

    model_config = ConfigDict(frozen=True)

    changes: tuple[Change, ...]
    outputs: dict[str, Any]


@task(
    name="apply-module", task_run_name="terraform apply {source.name}", timeout_seconds=APPLY_TIMEOUT_SECONDS, **RETRIED
)
def apply_module(
    source: Path, folder: Path, variables: dict[str, Any] | None = None, bucket: str = "", prefix: str = ""
) -> Applied:
    """Bring what a root module describes to what it says: init, plan to a file, apply that file; nothing if it is so.

    Each resource is a line of the log and a step of a progress artifact. Tried again after what may heal, it plans
    anew. One run at a time is in the working folder. When the run is stopped or killed, Terraform writes its state and
    lets its lock go.

    Args:
        source: The root module's folder; its modules lie below it.
        folder: A working folder of its own: lock file, plugins and plan are kept there.
        variables: Its variables. Prefect shows them: a secret is passed by its name.
        bucket: Of the state, where the module has a `backend "gcs" {}`; `prefix` goes with it.
    """
    terraform = Terraform(folder, Addresses.from_environment(), logs=folder / "logs")
    with alone_in(folder, tell_of_waiting):
        terraform.prepare(source)
        terraform.write_variables(variables or {})
        terraform.init(bucket, prefix)
        changes = infrastructure_changes(terraform.show_plan()) if terraform.plan() else ()
        get_run_logger().info("Planned: %s", count_actions(changes) or "no changes")
        if changes:
            with kept_log(terraform):
                terraform.apply(apply_reporter(len(changes)))
        return Applied(changes=changes, outputs=terraform.read_outputs())
