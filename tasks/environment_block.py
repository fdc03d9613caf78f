"""A spec that is kept on a Prefect server instead of in a file: the block `mlops-environment`, named `block:NAME`.

Source: https://docs.prefect.io/v3/concepts/blocks
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from prefect import get_client
from prefect.blocks.core import Block
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from pydantic import Field, field_validator

from environment.errors import SpecError, UnreachableError
from environment.spec_file import BLOCK, parse_environment

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
    name, url = environment.removeprefix(BLOCK), get_current_settings().api.url
    if not url:
        raise SpecError(f"{environment}: no Prefect server is named that could have it", "set PREFECT_API_URL")
    try:
        with get_client(sync_client=True) as client:
            return dict(client.read_block_document_by_name(name, TYPE).data["spec"])
    except ObjectNotFound:
        raise SpecError(
            f"{environment}: there is no block {TYPE}/{name} on {url}",
            "`mlops-env register` makes its type, then make it in Prefect under Blocks",
        ) from None
    except (KeyError, TypeError, ValueError):
        raise SpecError(f"{environment}: its spec is no mapping of fields", "edit it in Prefect under Blocks") from None
    except httpx.HTTPStatusError as error:
        raise UnreachableError(f"{environment}: {url} refused: {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise UnreachableError(f"{environment}: {url} does not answer: {error}", "check PREFECT_API_URL") from error
