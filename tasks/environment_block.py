"""A spec that is kept on a Prefect server instead of in a file: the block `mlops-environment`, named `block:NAME`.

Source: https://docs.prefect.io/v3/concepts/blocks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.blocks.core import Block
from pydantic import Field, field_validator

from environment.errors import SpecError
from environment.spec_file import parse_environment
from tasks.blocks import read_block_data

TYPE = "mlops-environment"


class MlopsEnvironment(Block):
    """The spec of an environment, for flows that are told `block:NAME` instead of a file."""

    _block_type_name = "MLOps environment"
    _block_type_slug = TYPE
    _description = "The spec of an environment, as a file in deployments/ has it; flows take it as block:NAME."

    spec: dict[str, Any] = Field(
        description="The fields of a spec: name, role, project_id, region, name_prefix, state…"
    )

    @field_validator("spec")
    @classmethod
    def _check(cls, spec: dict[str, Any]) -> dict[str, Any]:
        parse_environment(spec, (), "spec")
        return spec


def read_block(environment: str) -> Mapping[str, Any]:
    """Return the spec of `block:NAME` as it is kept: Prefect's form checks nothing, so it is validated like a file's.

    Raises:
        SpecError: When there is no such block, or no server that would have it.
        UnreachableError: When the server does not answer.
    """
    hint = "`mlops-env register` makes its type, then make it in Prefect under Blocks"
    data = read_block_data(environment, TYPE, hint)
    try:
        return dict(data["spec"])
    except (KeyError, TypeError, ValueError):
        raise SpecError(f"{environment}: its spec is no mapping of fields", "edit it in Prefect under Blocks") from None
