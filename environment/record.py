"""The EnvironmentRecord: what the last successful create left behind, kept beside Terraform's state."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

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
    """One environment as it was left: `spec_digest` is SHA-256 of the resolved spec; empty: no whole create."""

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    spec_digest: str
    tool_version: str
    services: tuple[str, ...]
    infrastructure: Infrastructure
    pipelines: PipelinesRecord
    finished_at: str

    @classmethod
    def read(cls, text: str | None) -> EnvironmentRecord | None:
        """Type a kept record; one that another release wrote in another shape counts as none, and is written anew."""
        try:
            return None if text is None else cls.model_validate_json(text)
        except ValidationError:
            return None

    def brought_up_to_date(
        self,
        services: tuple[str, ...] | None,
        infrastructure: Infrastructure | None,
        pipelines: PipelinesRecord | None,
        **stamps: str,
    ) -> EnvironmentRecord:
        """Return it with the layers that a run has brought to what the spec says, and with stamps of that run."""
        layers = {"services": services, "infrastructure": infrastructure, "pipelines": pipelines}
        return self.model_copy(update={name: one for name, one in layers.items() if one is not None} | stamps)

    def same_as(self, other: EnvironmentRecord) -> bool:
        """Tell whether the other record differs in nothing but its time."""
        return self.model_copy(update={"finished_at": other.finished_at}) == other
