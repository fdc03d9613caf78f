"""The EnvironmentRecord: what the last successful create left behind, kept beside Terraform's state."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from environment.infrastructure import Infrastructure

RECORD_OBJECT = "record.json"


class PipelinesRecord(BaseModel):
    """The installed Kubeflow Pipelines release, what it was built from, and where its UI answers."""

    model_config = ConfigDict(frozen=True)

    version: str
    namespace: str
    source: str
    commit: str
    digest: str
    url: str | None


class EnvironmentRecord(BaseModel):
    """One environment as it was left: `spec_digest` is SHA-256 of the resolved spec."""

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    spec_digest: str
    tool_version: str
    services: tuple[str, ...]
    infrastructure: Infrastructure
    pipelines: PipelinesRecord
    finished_at: str

    def same_as(self, other: EnvironmentRecord) -> bool:
        """Tell whether the other record differs in nothing but its time."""
        return self.model_copy(update={"finished_at": other.finished_at}) == other
