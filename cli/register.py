"""`mlops-env register`: make on a Prefect server what our flows need there; run again, it makes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from cli.report import err, out
from environment.errors import MlopsEnvError, UnreachableError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from cli.prefect_file import Deployment
    from environment.spec import Environment

FILE: Any = typer.Option(None, "--prefect-file", metavar="PATH", help="Instead of ./prefect.yaml.", show_default=False)
POOL: Any = typer.Option("process", "--pool-type", help="What makes the runs of the work pool.")
NOTIFY: Any = typer.Option(None, "--notify", metavar="TYPE/NAME", help="A notification block that tells people.")
RESULTS: Any = typer.Option(None, "--results", metavar="gs://BUCKET", help="Make blocks that keep results there.")
START = "start one with `prefect server start`, and export PREFECT_API_URL=http://127.0.0.1:4200/api"


def register(
    prefect_file: Path = FILE,
    pool_type: Literal["process", "cloud-run-v2", "kubernetes"] = POOL,
    notify: str = NOTIFY,
    results: str = RESULTS,
) -> None:
    """Make work pool, limits, deployments and automations on your Prefect server, where they are missing."""
    from cli.prefect_file import find_prefect_file, read_deployments
    from tasks.spec import read_spec

    path = find_prefect_file(prefect_file)
    deployments = read_deployments(path)
    specs = {name: read_spec(name) for name in dict.fromkeys(one.environment for one in deployments) if name}
    with _server() as client:
        made = 0
        for what, names in _steps(client, path, deployments, specs, pool_type, notify, results):
            made += len(names)
            out.print(f"{what:<12} {_few(names) + ' made' if names else 'there'}", markup=False)
        if not (notify or client.read_automations_by_name("mlops-env: tell of drift")):
            err.print(
                "Nobody is told of drift or of a failed create: name a notification block with --notify", style="yellow"
            )
    out.print(f"Registered: {made} made" if made else "Nothing to do: all of it is there", style="bold green")


def _steps(
    client: SyncPrefectClient,
    path: Path,
    deployments: tuple[Deployment, ...],
    specs: dict[str, Environment],
    pool_type: str,
    notify: str | None,
    results: str | None,
) -> Iterator[tuple[str, list[str]]]:
    """Make one kind of thing after the other; each needs the ones before."""
    from cli import automations, registration

    block_id = registration.notification_block(client, notify) if notify else None  # a wrong name changes nothing
    pools = dict.fromkeys(one.pool for one in deployments)
    yield "work pool", [made for pool in pools for made in registration.ensure_pool(client, pool, pool_type)]
    yield "limits", registration.ensure_limits(client, tuple(specs.values()))
    yield "block type", registration.ensure_environment_type(client)
    if results:
        yield "blocks", registration.ensure_result_blocks(client, results)
    yield "deployments", registration.ensure_deployments(client, deployments, path)
    ids = registration.deployment_ids(client)
    wanted = [automations.ending_of_lost_runs()]
    wanted += [
        automations.remediation(specs[one.environment].name, ids[one.name, one.entrypoint])
        for one in deployments
        if one.runs("remediate_drift") and one.environment in specs and specs[one.environment].role == "dev"
    ]
    wanted += automations.notifications(block_id) if block_id else ()
    yield "automations", registration.ensure_automations(client, wanted)


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else str(len(names))


@contextmanager
def _server() -> Iterator[SyncPrefectClient]:
    """Yield a client of the user's server; what it says of a call that fails becomes one line.

    Raises:
        MlopsEnvError: When no server is named, or it refuses.
        UnreachableError: When it does not answer.
    """
    import httpx
    from prefect import get_client
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    if not url:
        raise MlopsEnvError("no Prefect server is named: PREFECT_API_URL is not set", START)
    try:
        with get_client(sync_client=True) as client:
            yield client
    except httpx.HTTPStatusError as error:
        raise MlopsEnvError(f"{url} refused: {error.response.status_code} {error.response.text[:300]}") from error
    except httpx.TransportError as error:
        raise UnreachableError(f"{url} does not answer: {error}", START) from error
