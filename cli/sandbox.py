"""`mlops-env sandbox …`: start, stop and look at the embedded local Google Cloud."""

from __future__ import annotations

import shlex
from typing import Literal

import typer

from cli.clouds import sandbox_dir, sandbox_errors
from cli.report import out, print_json

app = typer.Typer(help="The embedded local Google Cloud.", no_args_is_help=True)


@app.command()
def start(
    provider: str = typer.Option(None, help="Terraform provider: builtin, registry, or a binary's path."),
    latency: Literal["none", "realistic"] = typer.Option(None, help="How long calls and operations take."),
) -> None:
    """Start it if it is not running; what is not given stays as it was."""
    from sandbox import lifecycle

    with sandbox_errors():
        status = lifecycle.start(sandbox_dir(), provider=provider, latency=latency)
    out.print(f"The sandbox answers at {status.url}")


@app.command()
def stop() -> None:
    """Stop it; what it holds stays."""
    from sandbox import lifecycle

    stopped = lifecycle.stop(sandbox_dir())
    out.print("The sandbox has stopped" if stopped else "The sandbox was not running")


@app.command()
def status(as_json: bool = typer.Option(False, "--json", help="Print one JSON document.")) -> None:
    """Say whether it runs, where, and which clusters it has."""
    from dataclasses import asdict

    from sandbox import lifecycle

    with sandbox_errors():
        found = lifecycle.status(sandbox_dir())
    if as_json:
        print_json(asdict(found))
        return
    out.print(f"running at {found.url}, process {found.pid}" if found.running else "not running")
    for cluster in found.clusters:
        out.print(f"  cluster {cluster['name']} of {cluster['project_id']} at {cluster['endpoint']}", markup=False)


@app.command()
def reset() -> None:
    """Forget everything that it holds."""
    from sandbox import lifecycle

    with sandbox_errors():
        lifecycle.reset(sandbox_dir())
    out.print("The sandbox is empty")


@app.command()
def env(as_json: bool = typer.Option(False, "--json", help="Print one JSON document.")) -> None:
    """Print the variables that point gcloud, terraform and mlops-env at it: eval "$(mlops-env sandbox env)"."""
    from environment.errors import UnreachableError
    from sandbox import lifecycle

    if not lifecycle.is_running(sandbox_dir()):
        raise UnreachableError("the sandbox is not running", "run `mlops-env sandbox start`")
    variables = dict(sorted(lifecycle.environment_variables(sandbox_dir()).items()))
    if as_json:
        print_json(variables)
        return
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
