"""What every flow starts with: the spec, and that this process talks to the cloud that it names."""

from __future__ import annotations

from collections.abc import Sequence

from clients.addresses import Addresses
from environment.spec import Environment
from environment.spec_file import BLOCK, load_environment, parse_environment


def load_spec(environment: str, overrides: Sequence[str]) -> Environment:
    """Read, override and validate the spec of an environment. No task: all that it may ask is Prefect's server.

    Raises:
        SpecError: When the spec is wrong, the variables point at another cloud than it names, or its credentials are
            not there.
    """
    spec = read_spec(environment, overrides)
    Addresses.from_environment().check(spec.cloud)
    be_whom_it_says(spec)
    return spec


def be_whom_it_says(spec: Environment) -> None:
    """Let this process's clients have the credentials that the spec names.

    Raises:
        SpecError: When there are none of that name.
    """
    if spec.credentials:
        from tasks.credentials_block import use_credentials  # only who names a block needs Prefect for it

        use_credentials(spec)


def read_spec(environment: str, overrides: Sequence[str] = ()) -> Environment:
    """Read, override and validate the spec: `block:NAME` from Prefect's server, anything else from its file.

    Raises:
        SpecError: When the spec is wrong.
    """
    if not environment.startswith(BLOCK):
        return load_environment(environment, overrides)
    from tasks.environment_block import read_block  # likewise

    return parse_environment(read_block(environment), overrides, environment)
