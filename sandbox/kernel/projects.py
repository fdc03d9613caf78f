"""Projects and which of their APIs are on.

A project exists from its first mention, with the services on that a new Google project has. An API that was just
enabled answers SERVICE_DISABLED for another `spread_seconds` where a control asks for that.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field

from sandbox.kernel.clock import Clock
from sandbox.kernel.errors import billing_disabled, no_project, service_disabled
from sandbox.kernel.store import Store

COLLECTION = "projects"
NUMBERS = "project-numbers"
BILLED = frozenset(
    f"{name}.googleapis.com"
    for name in ("artifactregistry", "compute", "container", "dataflow", "notebooks", "secretmanager", "sqladmin")
)
"""APIs that are not turned on, and do not answer, while nobody pays."""
LIFECYCLES = ("ACTIVE", "DELETE_REQUESTED", "MISSING")
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
    """One project.

    Attributes:
        enabled: service -> time of enabling in seconds since the epoch.
        lifecycle: ACTIVE, DELETE_REQUESTED, or MISSING for one that was never made.
        has_billing: Whether a billing account pays for it.
    """

    project_id: str
    number: str
    created_at: float
    enabled: dict[str, float] = field(default_factory=dict)
    lifecycle: str = "ACTIVE"
    has_billing: bool = True


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

    def change(self, project_id: str, *, lifecycle: str | None = None, has_billing: bool | None = None) -> Project:
        """Let a project be deleted, or its billing account be taken away, or undo that."""
        with self._store.transaction():
            project = self.get(project_id)
            project.lifecycle = project.lifecycle if lifecycle is None else lifecycle
            project.has_billing = project.has_billing if has_billing is None else has_billing
            self._store.put(COLLECTION, project.project_id, asdict(project))
            return project

    def require(self, service: str, project_id: str) -> None:
        """Refuse a call for a project that is gone, to an API that is off, or that nobody pays for.

        Raises:
            ApiError: 403 SERVICE_DISABLED, also where its enabling has not spread yet; CONSUMER_INVALID;
                BILLING_DISABLED.
        """
        project = self.require_active(project_id)
        enabled_at = project.enabled.get(service)
        is_birthright = service in FROM_BIRTH and enabled_at == project.created_at
        if enabled_at is None or (not is_birthright and self._clock.now() < enabled_at + self.spread_seconds):
            raise service_disabled(service, project.number)
        if service in BILLED and not project.has_billing:
            raise billing_disabled(project.project_id, project.number)

    def require_active(self, project_id: str) -> Project:
        """Return a project that is there and is not being deleted.

        Raises:
            ApiError: 403 CONSUMER_INVALID.
        """
        project = self.get(project_id)
        if project.lifecycle != "ACTIVE":
            raise no_project(project_id)
        return project

    def _create(self, project_id: str) -> Project:
        now = self._clock.now()
        number = str(10**11 + int(hashlib.sha256(project_id.encode()).hexdigest(), 16) % (9 * 10**11))
        project = Project(project_id, number, now, dict.fromkeys(FROM_BIRTH, now))
        self._store.put(COLLECTION, project_id, asdict(project))
        self._store.put(NUMBERS, number, {"project_id": project_id})
        return project
