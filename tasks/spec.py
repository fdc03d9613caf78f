"""What every flow starts with: the spec, and that this process talks to the cloud that it names."""

from __future__ import annotations

from collections.abc import Sequence

from clients.addresses import Addresses
from environment.spec import Environment
from environment.spec_file import load_environment


def load_spec(environment: str, overrides: Sequence[str]) -> Environment:
    """Read, override and validate the spec of an environment. No task: it calls nothing.

    Raises:
        SpecError: When the spec is wrong, or the variables point at another cloud than it names.
    """
    spec = load_environment(environment, overrides)
    Addresses.from_environment().check(spec.cloud)
    return spec
