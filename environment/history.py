"""The history of an environment: an entry for each run that changed something, however it ended."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from environment.approval import Consent

HISTORY_PREFIX = "history/"
Outcome = Literal["succeeded", "failed", "interrupted", "unfinished"]
"""`interrupted` was told to end; `unfinished` is under way, or was killed: then nobody was left to say how it ended."""


class HistoryEntry(BaseModel):
    """One run.

    Attributes:
        action: "create", "remediate", "rotate-secrets", "adopt", "destroy", or the step that ran by itself:
            "enable-services", "provision-infra", "deploy-kfp".
        run: The name of the Prefect run; `run_id` is its id.
        who: The principal of the credentials, None where Google does not tell.
        began_at: ISO 8601, UTC, with milliseconds, which put runs of one second in order; so is `finished_at`, None
            while it is unfinished.
        changes: Lines such as "create Deployment kubeflow/ml-pipeline"; of a failed run, what was done until then; of
            an unfinished one, until its last step began.
        error: Why it failed, in one line.
        approval: How and why it was approved, None where the spec requires no approval.
        versions: Of mlops-env and of Kubeflow Pipelines.
    """

    model_config = ConfigDict(frozen=True)

    environment: str
    project_id: str
    action: str
    run: str
    run_id: str
    who: str | None
    began_at: str
    finished_at: str | None
    spec_digest: str
    outcome: Outcome
    changes: tuple[str, ...] = ()
    error: str = ""
    approval: Consent | None = None
    versions: dict[str, str] = {}

    @property
    def object_name(self) -> str:
        """The object's name under the environment's prefix: by time, then by run."""
        moment = re.sub(r"[^0-9TZ]", "", self.began_at.replace("+00:00", "Z"))
        return f"{HISTORY_PREFIX}{moment}-{self.run_id}.json"


def parse_entry(text: str) -> HistoryEntry | None:
    """Read an entry; None for one that another release wrote in another shape."""
    try:
        return HistoryEntry.model_validate_json(text)
    except ValidationError:
        return None


def describe_entry(entry: HistoryEntry) -> str:
    """Say an entry in one line, without its time."""
    count = len(entry.changes)
    changed = "1 change" if count == 1 else f"{count} changes"
    if entry.outcome == "unfinished":
        changed += " or more (still under way, or killed)"
    by = f" by {entry.who}" if entry.who else ""
    approved = f", approved {_describe(entry.approval)}" if entry.approval else ""
    why = f": {entry.error}" if entry.error else ""
    release = entry.versions.get("mlops-env", "?")
    return f"{entry.action} {entry.outcome}, {changed}{by}{approved} (mlops-env {release}){why}"


def _describe(consent: Consent) -> str:
    reason = " ".join(consent.reason.split())
    return f'{consent.how} ("{reason}")' if reason else consent.how
