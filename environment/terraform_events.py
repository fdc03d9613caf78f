"""What `terraform plan -json` and `apply -json` say while they run, typed. What a plan holds is in `terraform_plan`.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_APPLY = {"apply_start", "apply_progress", "apply_complete", "apply_errored"}
_DETAILS = re.compile(r"\nDetails:\n\[.*?\n\]", re.DOTALL)
_ADVICE = re.compile(r" Enable it by visiting .*?systems and retry\.?", re.DOTALL)
_TEXT_LIMIT = 1000


@dataclass(frozen=True)
class Diagnostic:
    """An error or a warning: Terraform's summary and detail, and the resource's address where it names one."""

    severity: str
    summary: str
    detail: str
    address: str

    @property
    def text(self) -> str:
        """All that it says, with Google's answer in full."""
        return f"{self.summary} {self.detail}"

    def one_line(self) -> str:
        """Return address, summary and detail in one line, without the JSON and the advice in Google's answers."""
        text = ": ".join(part for part in (self.address, self.summary, self.detail) if part)
        text = _ADVICE.sub("", _DETAILS.sub("", text))
        return " ".join(text.split())[:_TEXT_LIMIT]


@dataclass(frozen=True)
class TerraformEvent:
    """One line of the stream."""

    kind: str
    message: str
    address: str = ""
    action: str = ""
    diagnostic: Diagnostic | None = None

    @property
    def is_progress(self) -> bool:
        """Tell whether a resource began, goes on, or ended."""
        return self.kind in _APPLY


def parse_event(line: str) -> TerraformEvent:
    """Type one line; what is not JSON, as a crash of the provider, is kept as a message."""
    try:
        event = json.loads(line)
    except ValueError:
        return TerraformEvent("text", line.strip())
    if not isinstance(event, dict):
        return TerraformEvent("text", line.strip())
    change = event.get("hook") or event.get("change") or {}
    outputs = event.get("outputs")
    return TerraformEvent(
        kind=str(event.get("type", "")),
        message=str(event.get("@message", "")),
        address=str(change.get("resource", {}).get("addr", "")),
        action=_action_of_outputs(outputs) if outputs else str(change.get("action", "")),
        diagnostic=_diagnostic(event.get("diagnostic")),
    )


def _action_of_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the action that all outputs have in common, "update" where they differ."""
    actions = {str(output.get("action", "")) for output in outputs.values()}
    return actions.pop() if len(actions) == 1 else "update"


def _diagnostic(body: dict[str, Any] | None) -> Diagnostic | None:
    if not body:
        return None
    address = body.get("address") or ""
    return Diagnostic(body.get("severity", "error"), body.get("summary", ""), body.get("detail", ""), address)


def changes_nothing(events: Iterable[TerraformEvent]) -> bool:
    """Tell whether a plan went to its end and changes neither a resource, nor where one is kept, nor an output."""
    found = tuple(events)
    is_whole = any(event.kind == "change_summary" for event in found)
    outputs = (event.action for event in found if event.kind == "outputs")
    return is_whole and all(event.kind != "planned_change" for event in found) and {*outputs} <= {"noop"}


def plain_error(lines: Iterable[str]) -> str:
    """Return in one line what a command printed that has no JSON to offer: its error, else its last lines."""
    found = list(lines)
    said = " ".join(" ".join(found).replace("│", " ").replace("╷", " ").replace("╵", " ").split())
    _, error, rest = said.partition("Error: ")
    return (rest if error else " ".join(" ".join(found[-12:]).split()))[:_TEXT_LIMIT]


def reported_errors(events: Iterable[TerraformEvent]) -> tuple[Diagnostic, ...]:
    """List the errors that Terraform reported, in its order."""
    found = (event.diagnostic for event in events)
    return tuple(diagnostic for diagnostic in found if diagnostic and diagnostic.severity == "error")
