"""What a `prefect.yaml` deploys, as `mlops-env register` needs to know it.

Source: https://docs.prefect.io/v3/how-to-guides/deployments/prefect-yaml
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from environment.errors import SpecError
from environment.paths import project_root

NAME = "prefect.yaml"


@dataclass(frozen=True)
class Deployment:
    """One deployment: an entrypoint with a name, for an environment, on a work pool."""

    name: str
    entrypoint: str
    environment: str
    pool: str

    def runs(self, flow: str) -> bool:
        """Tell whether it runs a flow of ours: a module path or a file's path ends with the function."""
        return self.entrypoint.replace(":", ".").rsplit(".", 1)[-1] == flow


def find_prefect_file(given: Path | None) -> Path:
    """Return the file that is given, the current folder's, or the one that came along.

    Raises:
        SpecError: When the one that is given is not there.
    """
    path = given or next(filter(Path.is_file, [Path(NAME), project_root() / NAME]), Path(NAME))
    if not path.is_file():
        raise SpecError(f"{path}: no such file", f"name a {NAME} with --prefect-file")
    return path.resolve()


def read_deployments(path: Path) -> tuple[Deployment, ...]:
    """Read the deployments.

    Raises:
        SpecError: When one lacks something.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))["deployments"]
        return tuple(
            Deployment(
                name=str(one["name"]),
                entrypoint=str(one["entrypoint"]),
                environment=str((one.get("parameters") or {}).get("environment", "")),
                pool=str(one["work_pool"]["name"]),
            )
            for one in found
        )
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        why = " ".join(str(error).split())
        raise SpecError(f"{path}: not deployments with name, entrypoint and work_pool.name: {why}") from None
