"""What is there of an environment, as `mlops-env status` tells it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, computed_field

from environment.infrastructure import Infrastructure
from environment.record import EnvironmentRecord
from environment.services import RETIRED


class _Status(BaseModel):
    model_config = ConfigDict(frozen=True)


class ServicesStatus(_Status):
    """The wanted Cloud APIs, by whether they are on."""

    enabled: tuple[str, ...]
    missing: tuple[str, ...]


class PipelinesStatus(_Status):
    """The installed Kubeflow Pipelines; `healthy` is what its API said just now, `version` empty where nobody says."""

    version: str
    namespace: str
    url: str | None
    healthy: bool
    problem: str = ""


class LastRun(_Status):
    """The last create that went through to its end, and changed something."""

    finished_at: str
    tool_version: str
    is_current: bool

    @classmethod
    def of(cls, record: EnvironmentRecord, spec_digest: str) -> LastRun:
        """Take it from the record; it is current where the spec has not changed since."""
        return cls(
            finished_at=record.finished_at,
            tool_version=record.tool_version,
            is_current=record.spec_digest == spec_digest,
        )


class EnvironmentStatus(_Status):
    """All of it; what is not there is None."""

    environment: str
    project_id: str
    services: ServicesStatus
    infrastructure: Infrastructure | None
    pipelines: PipelinesStatus | None
    last_run: LastRun | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def state(self) -> Literal["ready", "incomplete", "absent"]:
        """Ready when everything is there and healthy; absent when neither infrastructure nor record is."""
        if self.infrastructure is None and self.last_run is None:
            return "absent"
        needed = [service for service in self.services.missing if service not in RETIRED]
        is_whole = not needed and self.infrastructure is not None
        return "ready" if is_whole and self.pipelines is not None and self.pipelines.healthy else "incomplete"
