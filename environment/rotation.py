"""A rotation of secrets: what it replaces, kept beside the state while it is under way, so that a next run finishes it.

The note is written before anything is changed, and removed when the old values let nobody in any more. A run that
finds one goes on with it: what is newer than what the note names was made by the run that died.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, ValidationError

from environment.changes import Change
from environment.errors import PreflightError
from environment.names import ROOT_USER
from environment.pipeline_secrets import VERSION_ANNOTATION

ROTATION_OBJECT = "rotation.json"
BEGUN = "the rotation has begun; until it is finished the old password and keys go on: run it again"
HALF_WAY = (
    "until the rotation is finished the gateway in front of the bucket may refuse some of its clients: run it again"
)
ENDING = "the new password and keys are in use; old ones may be good still until the rotation is finished: run it again"
"""What is to be said of a rotation that stops: before anything reads the new values, meanwhile, and when all do."""
_NOTED = f".spec.template.metadata.annotations.{VERSION_ANNOTATION}"


class Rotation(BaseModel):
    """A rotation that has begun: `replaced` is what each Kubernetes Secret was made from, by the Secret's name.

    `run_id` is of the run that began it.
    """

    model_config = ConfigDict(frozen=True)

    began_at: str
    replaced: dict[str, str]
    run_id: str = ""


class RotationReport(BaseModel):
    """What a rotation did; `resumed` where it finished one that had begun before."""

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    resumed: bool
    changes: tuple[str, ...]

    @property
    def change_count(self) -> int:
        """How much this run changed."""
        return len(self.changes)


def parse_rotation(text: str) -> Rotation:
    """Read what a run has noted.

    Raises:
        PreflightError: When another release wrote it in another shape.
    """
    try:
        return Rotation.model_validate_json(text)
    except ValidationError:
        raise PreflightError(
            f"{ROTATION_OBJECT} beside the state is of another release: a rotation has begun that this one cannot read",
            "finish it with that release, which knows what the old password and keys are: pods may still need them",
        ) from None


def secret_change(secret_id: str) -> Change:
    """Return the change of a secret of Secret Manager that gets a new version."""
    return Change(layer="pipelines", action="update", address=f"secret {secret_id} of Secret Manager")


def old_password_change(instance: str, user: str = ROOT_USER) -> Change:
    """Return the change that lets the database's user in with its newest password only."""
    return Change(layer="infrastructure", action="delete", address=f"old password of user {user}@% of {instance}")


def old_version_change(secret_id: str, number: str) -> Change:
    """Return the change that disables a version of a secret of Secret Manager."""
    return Change(
        layer="pipelines", action="disable", address=f"version {number} of secret {secret_id} of Secret Manager"
    )


def check_only_versions(changes: Iterable[Change]) -> None:
    """Stop where a workload would be brought to something else too: a rotation changes secrets and nothing besides.

    Raises:
        PreflightError: Names each such workload with its fields.
    """
    others = [one.explain() for one in changes if not one.is_noop and not _is_noted_only(one)]
    if others:
        raise PreflightError(
            f"what reads the secrets is not as the spec says: {', '.join(others[:5])}",
            "run create first, or drift to see who changed it; this run changed nothing",
        )


def _is_noted_only(change: Change) -> bool:
    return change.action == "update" and all(field.path.startswith(_NOTED) for field in change.fields)
