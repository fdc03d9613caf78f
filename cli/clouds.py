"""Bring a spec and its cloud together: start the sandbox where a spec asks for it, and point this process at it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.prefect_server import be_quiet
from cli.report import err
from clients.addresses import ENDPOINT, Addresses
from environment.errors import UnreachableError
from environment.paths import project_root

if TYPE_CHECKING:
    from environment.spec import Environment

DATA_DIR = "MLOPS_ENV_SANDBOX_DIR"


def sandbox_dir() -> Path:
    """Return the sandbox's data folder: `.sandbox/` of the checkout, unless MLOPS_ENV_SANDBOX_DIR names another."""
    return Path(os.environ.get(DATA_DIR) or project_root() / ".sandbox").absolute()


def load_spec(environment: str, overrides: Sequence[str], cloud: str | None) -> tuple[Environment, list[str]]:
    """Validate the spec, and have the credentials that it names.

    Returns:
        The spec, and the overrides with the choice of cloud among them.

    Raises:
        SpecError: When the spec is wrong, or its credentials are not there.
    """
    from environment.spec_file import BLOCK
    from tasks.spec import be_whom_it_says, read_spec

    if environment.startswith(BLOCK):
        be_quiet()  # Prefect is about to be imported
    chosen = [*overrides, *([f"cloud={cloud}"] if cloud else [])]
    spec = read_spec(environment, chosen)
    if spec.credentials:
        be_quiet()  # likewise
    be_whom_it_says(spec)
    return spec, chosen


def reach_cloud(spec: Environment) -> None:
    """Make this process talk to the spec's cloud.

    Raises:
        SpecError: When the variables point elsewhere.
    """
    if spec.cloud == "sandbox" and not os.environ.get(ENDPOINT):
        start_sandbox()
    Addresses.from_environment().check(spec.cloud)


def select_cloud(environment: str, overrides: Sequence[str], cloud: str | None) -> tuple[Environment, list[str]]:
    """Validate the spec, then make this process talk to its cloud: `load_spec` and `reach_cloud`."""
    spec, chosen = load_spec(environment, overrides, cloud)
    reach_cloud(spec)
    return spec, chosen


def start_sandbox() -> None:
    """Start the sandbox if it is not running, and set the variables that point at it."""
    from sandbox import lifecycle

    data_dir = sandbox_dir()
    if not lifecycle.is_running(data_dir):
        with sandbox_errors():
            url = lifecycle.start(data_dir).url
        err.print(f"Sandbox started at {url}", style="dim")
    os.environ.update(lifecycle.environment_variables(data_dir))


@contextmanager
def sandbox_errors() -> Iterator[None]:
    """Report a sandbox that does not start or answer as one line."""
    import httpx

    from sandbox.lifecycle import LifecycleError

    try:
        yield
    except LifecycleError as error:
        raise UnreachableError(str(error)) from error
    except httpx.TransportError as error:
        raise UnreachableError(
            f"the sandbox does not answer: {error}", "run `mlops-env sandbox stop` and start it again"
        ) from error
