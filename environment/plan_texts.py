"""What a plan looks like to people: Markdown and the rows of a table. The tree in a terminal is the command's."""

from __future__ import annotations

from collections.abc import Iterable

from environment.changes import LAYERS, Change, FieldChange, count_actions, describe_plan, of_layer, text_of
from environment.reports import PlanReport

REASONS = {
    "replace_because_tainted": "its creation failed half-way, so it is made again",
    "replace_because_cannot_update": "a field cannot change in place",
    "replace_by_request": "asked for",
    "replace_by_triggers": "something that it follows is replaced",
    "delete_because_no_resource_config": "no longer wanted",
    "delete_because_no_module": "no longer wanted",
    "delete_because_no_move_target": "no longer wanted",
    "delete_because_count_index": "no longer wanted",
    "delete_because_each_key": "no longer wanted",
    "delete_because_wrong_repetition": "no longer wanted under this address",
}
"""Terraform's `action_reason`: https://developer.hashicorp.com/terraform/internals/json-format"""


def plan_markdown(report: PlanReport) -> str:
    """Return the whole plan as Markdown."""
    lines = [f"# {report.environment}: {describe_plan(report.changes).lower()}", ""]
    for layer in LAYERS:
        if changes := of_layer(report.changes, layer):
            lines += [f"## {layer}: {count_actions(changes)}", ""]
            lines += [line for change in changes for line in _markdown_of(change)]
            lines.append("")
    if report.capacity:
        lines += [f"In all: {report.capacity.describe()}.", ""]
    lines += [f"> {warning}" for warning in report.warnings]
    return "\n".join(lines).rstrip() + "\n"


def plan_table(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Return a row for each change; what matters most is on the left, since a narrow window shows only that."""
    return [
        {
            "action": change.action,
            "address": change.address,
            "fields": "; ".join(map(str, change.fields)),
            "why": explain_reason(change),
            "layer": change.layer,
        }
        for change in changes
    ]


def explain_reason(change: Change) -> str:
    """Say why, where it does not go without saying: what forces a replacement, who stands against an update."""
    reasons = [f"forced by {', '.join(change.replace_paths)}"] if change.replace_paths else []
    if change.reason in REASONS and not reasons:
        reasons.append(REASONS[change.reason])
    if change.owners:
        reasons.append(f"set by {', '.join(change.owners)}: create stops here unless it forces conflicts")
    return "; ".join(reasons)


def _markdown_of(change: Change) -> list[str]:
    why = explain_reason(change)
    return [f"- **{change.action}** `{change.address}`{f' ({why})' if why else ''}", *map(_field, change.fields)]


def _field(field: FieldChange) -> str:
    return f"  - `{field.path}`: `{_code(text_of(field.before))}` → `{_code(text_of(field.after))}`"


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
