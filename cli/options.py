"""Arguments and options that several commands share, said once."""

from __future__ import annotations

from typing import Any

import typer

ENVIRONMENT: Any = typer.Argument(
    help="A name in deployments/, a spec's path, or block:NAME.", metavar="ENV", show_default=False
)
ENVIRONMENTS: Any = typer.Argument(
    None, help="A name in deployments/, or a spec's path; several, or a folder/ of them.", metavar="ENV..."
)
ALL: Any = typer.Option(False, "--all", help="All specs in deployments/ but those for the sandbox.")
PARALLELISM: Any = typer.Option(
    4, "--parallelism", min=1, metavar="N", help="Of several, how many are worked on at the same time."
)
START_AT: Any = typer.Option(
    "enable-services", "--start-at", help="Skip the steps before; what they give has to be there."
)
SET: Any = typer.Option([], "--set", metavar="KEY=VALUE", help="Override a field of the spec.")
CLOUD: Any = typer.Option(None, "--cloud", metavar="sandbox", help="Run the spec on another cloud.")
JSON: Any = typer.Option(False, "--json", help="Print one JSON document.")
FORCE: Any = typer.Option(
    False, "--force-conflicts", help="Take over fields of Kubernetes objects that others set or added."
)
YES: Any = typer.Option(False, "--yes", help="Do not ask where the spec requires approval.")
ALLOW_REPLACE: Any = typer.Option(
    [],
    "--allow-replace",
    metavar="ADDRESS",
    help="Let this cluster, node pool, database, bucket, VPC, notebook or Deployment be replaced or deleted.",
)
