"""In which form a client wants its answer: as the object, as a table, as metadata only.

Source: the `Accept` header with `as`, `v` and `g` of the API's conventions (`Table`, `PartialObjectMetadata`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.kubernetes.documents import JSON, YAML
from sandbox.kubernetes.status import not_acceptable

TABLE = "Table"
METADATA = "PartialObjectMetadata"
METADATA_LIST = "PartialObjectMetadataList"


@dataclass(frozen=True)
class Form:
    """An answer's form: its media type, and what it is turned into."""

    media_type: str = JSON
    shape: str = ""
    version: str = ""


def choose_form(accept: str) -> Form:
    """Return the first form that is both asked for and written here.

    Raises:
        ApiError: There is none (406).
    """
    if not accept.strip():
        return Form()
    for entry in accept.split(","):
        kind, *parameters = [part.strip() for part in entry.split(";")]
        values = dict(each.split("=", 1) for each in parameters if "=" in each)
        if kind in ("*/*", "application/*"):
            kind = JSON
        if kind not in (JSON, YAML) and not kind.startswith("text/"):
            continue
        shape = values.get("as", "")
        if shape and (values.get("g") != "meta.k8s.io" or values.get("v") not in ("v1", "v1beta1")):
            continue
        if shape in ("", TABLE, METADATA, METADATA_LIST):
            return Form(YAML if kind == YAML else JSON, shape, values.get("v", ""))
    raise not_acceptable((JSON, YAML))
