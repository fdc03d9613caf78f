"""What the state bucket holds of one environment: Terraform's state, and our own notes beside it.

The state is read as the object that it is, without Terraform: its outputs, serial and lineage are all that we want.

Source: Terraform's state format, version 4: internal/states/statefile/version4.go
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from environment.databases import KeptDatabases
from environment.errors import TerraformError
from environment.infrastructure import Infrastructure, parse_outputs
from environment.record import EnvironmentRecord

STATE_OBJECT = "default.tfstate"
SUFFIX_OBJECT = "suffix.json"
STATE_FORMAT = 4


class TerraformState(BaseModel):
    """One version of the state: each write adds one to `serial`, `lineage` stays as long as the state goes on.

    `infrastructure` is None while no apply has come to its outputs.
    """

    model_config = ConfigDict(frozen=True)

    serial: int
    lineage: str
    infrastructure: Infrastructure | None


class StateFolder(BaseModel):
    """What is under an environment's prefix; what is not there is None.

    Attributes:
        has_bucket: Whether there is a bucket at all.
        is_readable: Whether Cloud Storage is on: where it is off, nothing here says what there is.
        suffix: The end of the database's name, None where it is yet to be drawn.
        databases: Those that Kubeflow Pipelines has, None where it was never started.
    """

    model_config = ConfigDict(frozen=True)

    has_bucket: bool = True
    is_readable: bool = True
    state: TerraformState | None = None
    suffix: str | None = None
    record: EnvironmentRecord | None = None
    databases: KeptDatabases | None = None
    _text: str | None = PrivateAttr(None)

    def with_text(self, text: str | None) -> StateFolder:
        """Return the folder with the whole state, as it was read."""
        folder = self.model_copy()
        folder._text = text
        return folder

    @property
    def text(self) -> str | None:
        """The whole state, None where only the fields are known: what is written down of a folder leaves it out."""
        return self._text

    def __getstate__(self) -> dict[Any, Any]:
        """Leave the text out of what Prefect may keep of a result."""
        return super().__getstate__() | {"__pydantic_private__": {"_text": None}}

    @property
    def infrastructure(self) -> Infrastructure | None:
        """The outputs of what was applied last."""
        return self.state.infrastructure if self.state else None


def has_moved(before: StateFolder, now: StateFolder) -> bool:
    """Tell whether somebody has applied or destroyed since: what was found out before says nothing any more."""
    if now.state is None or before.state is None:
        return now.state is not before.state
    is_same = (now.state.serial, now.state.lineage) == (before.state.serial, before.state.lineage)
    return not is_same or (now.infrastructure is None) != (before.infrastructure is None)


def without_suffix(folder: StateFolder) -> StateFolder:
    """Return the folder as it is when the database's next name is yet to be drawn."""
    return folder.model_copy(update={"suffix": None})


def parse_state(text: str) -> TerraformState:
    """Read a state.

    Raises:
        TerraformError: When it is of another format.
    """
    document: Mapping[str, Any] = json.loads(text)
    if document.get("version") != STATE_FORMAT:
        raise TerraformError(
            f"the state is of format {document.get('version')}, this release reads {STATE_FORMAT}",
            "use the release of mlops-env that wrote it, or a newer one",
        )
    outputs = document.get("outputs") or {}
    return TerraformState(
        serial=int(document["serial"]),
        lineage=str(document["lineage"]),
        infrastructure=_whole(dict(outputs)),
    )


def _whole(outputs: dict[str, Any]) -> Infrastructure | None:
    """Type the outputs; those of a part, as a destroy that keeps the data leaves them, count as none."""
    try:
        return parse_outputs(outputs) if outputs else None
    except (KeyError, ValidationError):
        return None


def parse_database(text: str | None) -> str | None:
    """Return the name of the database that a state holds; one that only waits for its deletion is none."""
    for resource in json.loads(text).get("resources", ()) if text else ():
        if resource["mode"] == "managed" and resource["type"] == "google_sql_database_instance":
            for found in resource["instances"]:
                if "deposed" not in found and found.get("attributes"):
                    return str(found["attributes"]["name"])
    return None


def settle_suffix(database: str | None, kept: str | None, is_there: Callable[[str], bool]) -> str | None:
    """Return the end of the database's name: of the one that is there, else what was drawn for the next one.

    They differ where a replacement was stopped between its drawing and its end.

    Args:
        database: The name that the state holds.
        kept: What was drawn last.
        is_there: Whether a database is there; asked only where they differ.
    """
    suffix = database.rsplit("-", 1)[-1] if database else None
    if database and suffix != kept and (kept is None or is_there(database)):
        return suffix
    return kept


def parse_suffix(text: str) -> str:
    """Read what `format_suffix` wrote."""
    return str(json.loads(text)["database"])


def format_suffix(suffix: str) -> str:
    """Write the end of the database's name."""
    return json.dumps({"database": suffix})
