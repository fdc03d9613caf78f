"""`mlops-env history`: who changed what of an environment, when, and how it ended."""

from __future__ import annotations

from datetime import datetime

import typer

from cli.clouds import select_cloud
from cli.options import CLOUD, ENVIRONMENT, JSON, SET
from cli.report import out, print_json


def history(
    environment: str = ENVIRONMENT,
    set_: list[str] = SET,
    cloud: str = CLOUD,
    limit: int = typer.Option(20, "--limit", min=1, help="How many entries, from the newest on."),
    as_json: bool = JSON,
) -> None:
    """Say what changed the environment, the newest first; a run that changed nothing is not in it."""
    spec, _ = select_cloud(environment, set_, cloud)
    from clients.addresses import Addresses
    from clients.history import read_history
    from environment.history import describe_entry

    entries = read_history(spec, Addresses.of(spec), limit)
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
        return
    for entry in entries:
        began_at = datetime.fromisoformat(entry.began_at).isoformat(timespec="seconds")
        out.print(f"{began_at}  {describe_entry(entry)}", markup=False)
    if not entries:
        out.print(f"{spec.name} has no history", markup=False)
