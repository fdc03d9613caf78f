"""What `mlops-env register` makes on a Prefect server: look, then make what is missing; what is there stays as it is.

A person may have changed it: a paused automation, a limit or a pool with other settings are theirs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cli.prefect_file import Deployment
from environment.errors import MlopsEnvError, SpecError
from environment.spec import Environment

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.events.schemas.automations import AutomationCore

CREDENTIALS, RESULTS = "mlops-env", "mlops-env-results"
PAGE = 200


def ensure_pool(client: SyncPrefectClient, name: str, kind: str) -> list[str]:
    """Make a work pool of a kind if there is none of the name; return the names that were made."""
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound

    try:
        found = client.read_work_pool(name)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=name, type=kind, base_job_template=_job_template(kind)))
        return [name]
    if found.type != kind:
        raise SpecError(f"work pool {name} is there with type {found.type}", f"give --pool-type {found.type}")
    return []


def _job_template(kind: str) -> dict[str, Any]:
    if kind == "process":  # the one that is asked for most need not import the workers of all clouds
        from prefect.workers.process import ProcessWorker

        return dict(ProcessWorker.get_default_base_job_template())
    from prefect.utilities.asyncutils import run_coro_as_sync
    from prefect.workers.utilities import get_default_base_job_template_for_infrastructure_type

    return dict(run_coro_as_sync(get_default_base_job_template_for_infrastructure_type(kind)) or {})


def ensure_limits(client: SyncPrefectClient, specs: Sequence[Environment]) -> list[str]:
    """Make the limit that lets one run at a time change an environment."""
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
    from prefect.exceptions import ObjectNotFound

    from flows.exclusion import limit_name

    made = []
    for name in (limit_name(spec.name) for spec in specs):
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
            made.append(name)
    return made


def ensure_deployments(client: SyncPrefectClient, deployments: Sequence[Deployment], path: Path) -> list[str]:
    """Let `prefect deploy` make those that are missing."""
    known = deployment_ids(client)
    missing = [one.name for one in deployments if (one.name, one.entrypoint) not in known]
    if not missing:
        return []
    chosen = [word for name in missing for word in ("--name", name)]
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--prefect-file", str(path)]
    done = subprocess.run(
        [*command, *(["--all"] if len(missing) == len(deployments) else chosen)],
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise MlopsEnvError(f"prefect deploy failed: {said[-1] if said else ''}", "run `prefect deploy --all` to see")
    return missing


def deployment_ids(client: SyncPrefectClient) -> dict[tuple[str, str], UUID]:
    """Return the deployments of the server by name and entrypoint."""
    found: dict[tuple[str, str], UUID] = {}
    while page := client.read_deployments(limit=PAGE, offset=len(found)):
        found |= {(one.name, str(one.entrypoint)): one.id for one in page}
        if len(page) < PAGE:
            break
    return found


def ensure_automations(client: SyncPrefectClient, wanted: Sequence[AutomationCore]) -> list[str]:
    """Make automations by name. One of that name stays, on or off, but tells through the block that is named now."""
    made = []
    for automation in wanted:
        found = next(iter(client.read_automations_by_name(automation.name)), None)
        if found is None:
            client.create_automation(automation)
        elif _block(found) != _block(automation):
            client.update_automation(found.id, automation.model_copy(update={"enabled": found.enabled}))
        else:
            continue
        made.append(automation.name)
    return made


def _block(automation: AutomationCore) -> set[Any]:
    return {getattr(action, "block_document_id", None) for action in automation.actions}


def notification_block(client: SyncPrefectClient, given: str) -> UUID:
    """Find the notification block TYPE/NAME.

    Raises:
        SpecError: When there is none, or it cannot notify.
    """
    from prefect.exceptions import ObjectNotFound

    kind, _, name = given.partition("/")
    hint = "make it in Prefect under Blocks and give TYPE/NAME, such as slack-webhook/mlops"
    try:
        block = client.read_block_document_by_name(name, kind) if name else None
    except ObjectNotFound:
        block = None
    if block is None:
        raise SpecError(f"--notify {given}: there is no such block", hint)
    if "notify" not in (block.block_schema.capabilities if block.block_schema else ()):
        raise SpecError(f"--notify {given}: a block of type {kind} does not notify", hint)
    return block.id


def ensure_environment_type(client: SyncPrefectClient) -> list[str]:
    """Make the type of block that keeps a spec, as this release has it."""
    from prefect.exceptions import ObjectNotFound

    from tasks.environment_block import TYPE, MlopsEnvironment

    try:
        client.read_block_type_by_slug(TYPE)
        client.read_block_schema_by_checksum(MlopsEnvironment._calculate_schema_checksum())
    except ObjectNotFound:
        MlopsEnvironment.register_type_and_schema()
        return [TYPE]
    return []


def ensure_result_blocks(client: SyncPrefectClient, location: str) -> list[str]:
    """Make prefect-gcp's blocks for results in a bucket, with the worker's own credentials (ADC).

    Their data is sent as it is: constructed here, the blocks would look for credentials on this machine.
    """
    from prefect_gcp import GcpCredentials, GcsBucket

    bucket, _, folder = location.removeprefix("gs://").partition("/")
    if not location.startswith("gs://") or not bucket:
        raise SpecError(f"--results {location}: give gs://BUCKET or gs://BUCKET/FOLDER")
    made, credentials = _ensure_block(client, GcpCredentials, CREDENTIALS, {})
    reference = {"$ref": {"block_document_id": str(credentials)}}
    data = {"bucket": bucket, "bucket_folder": folder, "gcp_credentials": reference}
    return made + _ensure_block(client, GcsBucket, RESULTS, data)[0]


def _ensure_block(client: SyncPrefectClient, kind: Any, name: str, data: dict[str, Any]) -> tuple[list[str], UUID]:
    from prefect.client.schemas.actions import BlockDocumentCreate, BlockDocumentUpdate
    from prefect.exceptions import ObjectNotFound

    slug = kind.get_block_type_slug()
    try:
        found = client.read_block_document_by_name(name, slug)
    except ObjectNotFound:
        kind.register_type_and_schema()
        ids = {"block_type_id": kind._block_type_id, "block_schema_id": kind._block_schema_id}
        return [f"{slug}/{name}"], client.create_block_document(BlockDocumentCreate(name=name, data=data, **ids)).id
    if all(found.data.get(key) == value for key, value in data.items() if not isinstance(value, dict)):
        return [], found.id
    client.update_block_document(found.id, BlockDocumentUpdate(data=data, merge_existing_data=True))
    return [f"{slug}/{name}"], found.id
