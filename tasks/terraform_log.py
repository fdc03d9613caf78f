"""All that an apply said, kept with the results of its run: a container's own files end with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect import get_run_logger
from prefect.results import get_result_store
from prefect.runtime import flow_run

from clients.terraform import Terraform
from tasks.console import DETAIL

FOLDER = "terraform-logs"


@contextmanager
def kept_log(terraform: Terraform) -> Iterator[None]:
    """Keep the log of the command that is run inside, however it ends; a storage that refuses it stops nothing."""
    try:
        yield
    finally:
        if terraform.log:
            _keep(terraform.log)


def _keep(log: Path) -> None:
    storage = get_result_store().result_storage
    if storage is None:
        return
    key = f"{FOLDER}/{flow_run.id}/{log.name}"
    try:
        kept = storage.write_path(key, log.read_bytes())
    except Exception as error:
        get_run_logger().warning("The storage of results did not take %s: %s", log, error)
    else:
        get_run_logger().info("The full log of Terraform is kept as %s", kept or key, extra=DETAIL)
