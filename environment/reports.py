"""What each flow reports of what it found and did: small, serialisable, without secrets."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from environment.capacity import Capacity
from environment.changes import Change
from environment.findings import Finding
from environment.infrastructure import Infrastructure
from environment.record import PipelinesRecord


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True)


class ServicesReport(_Report):
    """Step 1: `enabled` are all wanted services that are on, `changed` those that this run enabled."""

    enabled: tuple[str, ...]
    changed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def change_count(self) -> int:
        """How many services this run enabled."""
        return len(self.changed)


class InfrastructureReport(_Report):
    """Step 2: `changes` are lines such as "create module.network.google_compute_network.network"."""

    outputs: Infrastructure
    changes: tuple[str, ...] = ()

    @property
    def change_count(self) -> int:
        """How many resources this run changed."""
        return len(self.changes)


class PipelinesReport(_Report):
    """Step 3: `changes` are lines such as "create Deployment kubeflow/ml-pipeline"."""

    record: PipelinesRecord
    object_count: int
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    healthy: bool = False

    @property
    def change_count(self) -> int:
        """How many objects this run changed."""
        return len(self.changes)


class CreateReport(_Report):
    """All three steps; `seconds` is the wall clock of each by name."""

    environment: str
    services: ServicesReport
    infrastructure: InfrastructureReport
    pipelines: PipelinesReport
    seconds: dict[str, float] = {}

    @property
    def change_count(self) -> int:
        """How much this run changed."""
        return self.services.change_count + self.infrastructure.change_count + self.pipelines.change_count


class PlanBasis(_Report):
    """What a plan was made from: what it says holds as long as all of these do.

    Attributes:
        spec_digest: SHA-256 of the resolved spec.
        state_serial: Of Terraform's state, None where there was none; so is `state_lineage`.
        manifests_digest: "sha256:…" of the rendered manifests, None where the plan is not about them.
    """

    spec_digest: str
    state_serial: int | None
    state_lineage: str | None
    manifests_digest: str | None


class PlanReport(_Report):
    """What create would change, layer by layer; `warnings` say what could not be compared, or will stay as it is.

    `capacity` is how much the environment has in total, where the plan is about infrastructure.
    With `findings`, create stops before it changes anything.
    """

    environment: str
    project_id: str
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    capacity: Capacity | None = None
    findings: tuple[Finding, ...] = ()
    basis: PlanBasis

    @property
    def change_count(self) -> int:
        """How much create would change."""
        return len(self.changes)


def describe_changes(count: int) -> str:
    """Say it as a final state's message."""
    return "No changes" if count == 0 else f"Changed {count}"
