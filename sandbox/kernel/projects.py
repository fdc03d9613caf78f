"""Projects and which of their APIs are on.

A project exists from its first mention, with the services on that a new Google project has. An API that was just
enabled answers SERVICE_DISABLED for another `spread_seconds` where a control asks for that.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field

from sandbox.kernel.clock import Clock
from sandbox.kernel.errors import service_disabled
from sandbox.kernel.store import Store

COLLECTION = "projects"
NUMBERS = "project-numbers"
FROM_BIRTH = (
    "bigquery.googleapis.com",
    "bigquerystorage.googleapis.com",
    "cloudapis.googleapis.com",
    "cloudtrace.googleapis.com",
    "datastore.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "servicemanagement.googleapis.com",
    "serviceusage.googleapis.com",
    "sql-component.googleapis.com",
    "storage-api.googleapis.com",
    "storage-component.googleapis.com",
    "storage.googleapis.com",
)
"""Source: https://cloud.google.com/service-usage/docs/enabled-service."""


@dataclass
class Project:
    """One project; `enabled` is service -> time of enabling in seconds since the epoch."""

    project_id: str
    number: str
    created_at: float
    enabled: dict[str, float] = field(default_factory=dict)


class Projects:
    """All projects."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.spread_seconds = 0.0

    def get(self, id_or_number: str) -> Project:
        """Return a project by id or number, made on its first mention."""
        with self._store.transaction():
            if id_or_number.isdigit() and (known := self._store.get(NUMBERS, id_or_number)):
                id_or_number = known["project_id"]
            found = self._store.get(COLLECTION, id_or_number)
            return Project(**found) if found else self._create(id_or_number)

    def all(self) -> list[Project]:
        """Return all projects by id."""
        return [Project(**body) for _, body in self._store.items(COLLECTION)]

    def enable(self, project_id: str, services: list[str]) -> None:
        """Turn services on; those that are on keep their time."""
        with self._store.transaction():
            project = self.get(project_id)
            for service in services:
                project.enabled.setdefault(service, self._clock.now())
            self._store.put(COLLECTION, project.project_id, asdict(project))

    def disable(self, project_id: str, service: str) -> None:
        """Turn a service off."""
        with self._store.transaction():
            project = self.get(project_id)
            project.enabled.pop(service, None)
            self._store.put(COLLECTION, project.project_id, asdict(project))

    def require(self, service: str, project_id: str) -> None:
        """Refuse a call to an API that is off, or whose enabling has not spread yet.

        Raises:
            ApiError: 403 SERVICE_DISABLED.
        """
        project = self.get(project_id)
        enabled_at = project.enabled.get(service)
        is_birthright = service in FROM_BIRTH and enabled_at == project.created_at
        if enabled_at is None or (not is_birthright and self._clock.now() < enabled_at + self.spread_seconds):
            raise service_disabled(service, project.number)

    def _create(self, project_id: str) -> Project:
        now = self._clock.now()
        number = str(10**11 + int(hashlib.sha256(project_id.encode()).hexdigest(), 16) % (9 * 10**11))
        project = Project(project_id, number, now, dict.fromkeys(FROM_BIRTH, now))
        self._store.put(COLLECTION, project_id, asdict(project))
        self._store.put(NUMBERS, number, {"project_id": project_id})
        return project
