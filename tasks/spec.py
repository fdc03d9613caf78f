"""What every flow starts with: the spec, and that this process talks to the cloud that it names."""

from __future__ import annotations

from collections.abc import Sequence

from clients.addresses import Addresses
from environment.spec import Environment
from environment.spec_file import BLOCK, load_environment, parse_environment


def load_spec(environment: str, overrides: Sequence[str]) -> Environment:
    """Read, override and validate the spec of an environment. No task: all that it may ask is Prefect's server.

    Raises:
        SpecError: When the spec is wrong, or the variables point at another cloud than it names.
    """
    spec = read_spec(environment, overrides)
    Addresses.from_environment().check(spec.cloud)
    return spec


def read_spec(environment: str, overrides: Sequence[str] = ()) -> Environment:
    """Read, override and validate the spec: `block:NAME` from Prefect's server, anything else from its file.

    Raises:
        SpecError: When the spec is wrong.
    """
    if not environment.startswith(BLOCK):
        return load_environment(environment, overrides)
    from tasks.environment_block import read_block  # only who names a block needs Prefect for it

    return parse_environment(read_block(environment), overrides, environment)
