"""`mlops-env schema`: the spec's JSON Schema, for editors."""

from __future__ import annotations

from cli.report import print_json


def schema() -> None:
    """Print the JSON Schema of the environment spec."""
    from environment.spec import Environment

    document = Environment.model_json_schema()
    document["required"] = ["name", "role", "project_id", "region", "name_prefix", "state"]
    for part in document["$defs"].values():
        part.pop("required", None)  # what a part leaves out follows from the role
    document["$defs"]["State"]["required"] = ["bucket"]
    print_json(document)
