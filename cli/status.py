"""`mlops-env status`: what is there, versions, addresses, last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.clouds import select_cloud
from cli.options import CLOUD, ENVIRONMENT, JSON, SET
from cli.report import out, print_json

if TYPE_CHECKING:
    from environment.status import EnvironmentStatus

STYLES = {"ready": "green", "incomplete": "yellow", "absent": "dim"}


def status(environment: str = ENVIRONMENT, set_: list[str] = SET, cloud: str = CLOUD, as_json: bool = JSON) -> None:
    """Say what is there of the environment."""
    spec, _ = select_cloud(environment, set_, cloud)
    from clients.addresses import Addresses
    from clients.environment_status import read_status

    found = read_status(spec, Addresses.of(spec))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _print(found)


def _print(found: EnvironmentStatus) -> None:
    out.print(f"{found.environment} ({found.project_id}): {found.state}", style=STYLES[found.state], markup=False)
    rows = [("services", f"{len(found.services.enabled)} enabled")]
    if found.services.missing:
        rows.append(("", f"missing {', '.join(found.services.missing)}"))
    if infrastructure := found.infrastructure:
        rows += [
            ("cluster", f"{infrastructure.cluster.name} ({infrastructure.cluster.location})"),
            ("database", infrastructure.database.connection_name),
            ("artifacts", infrastructure.artifact_store.url),
        ]
    if pipelines := found.pipelines:
        health = "healthy" if pipelines.healthy else f"not healthy: {pipelines.problem}"
        rows += [
            ("pipelines", f"{pipelines.version or 'unknown'} in {pipelines.namespace}, {health}"),
            ("UI", pipelines.url or "-"),
        ]
    if last := found.last_run:
        changed = "" if last.is_current else "; the spec has changed since"
        rows.append(("last run", f"{last.finished_at} by {last.tool_version}{changed}"))
    for name, value in rows:
        out.print(f"  {name:<10} {value}", markup=False)
