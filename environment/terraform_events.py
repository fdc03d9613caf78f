"""What `terraform plan -json` and `apply -json` say, typed.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
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
class ResourceChange:
    """A change that Terraform plans: what it will do to the resource at an address."""

    action: str
    address: str


@dataclass(frozen=True)
class TerraformEvent:
    """One line of the stream."""

    kind: str
    message: str
    address: str = ""
    action: str = ""
    diagnostic: Diagnostic | None = None
    outputs: tuple[ResourceChange, ...] = ()

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
    return TerraformEvent(
        kind=str(event.get("type", "")),
        message=str(event.get("@message", "")),
        address=str(change.get("resource", {}).get("addr", "")),
        action=str(change.get("action", "")),
        diagnostic=_diagnostic(event.get("diagnostic")),
        outputs=_output_changes(event.get("outputs")),
    )


def _output_changes(outputs: dict[str, Any] | None) -> tuple[ResourceChange, ...]:
    actions = ((name, str(output.get("action", "noop"))) for name, output in (outputs or {}).items())
    return tuple(ResourceChange(action, f"output.{name}") for name, action in actions if action != "noop")


def _diagnostic(body: dict[str, Any] | None) -> Diagnostic | None:
    if not body:
        return None
    address = body.get("address") or ""
    return Diagnostic(body.get("severity", "error"), body.get("summary", ""), body.get("detail", ""), address)


def plain_error(lines: Iterable[str]) -> str:
    """Return in one line what a command printed that has no JSON to offer: its error, else its last lines."""
    found = list(lines)
    said = " ".join(" ".join(found).replace("│", " ").replace("╷", " ").replace("╵", " ").split())
    _, error, rest = said.partition("Error: ")
    return (rest if error else " ".join(" ".join(found[-12:]).split()))[:_TEXT_LIMIT]


def planned_changes(events: Iterable[TerraformEvent]) -> tuple[ResourceChange, ...]:
    """List what the plan will change, sorted by address.

    A plan that changes nothing but outputs, as after a release that adds one, lists those as "output.NAME".
    """
    found = list(events)
    planned = [event for event in found if event.kind == "planned_change" and event.action not in ("noop", "read")]
    changes = [ResourceChange(event.action, event.address) for event in planned]
    if not changes:
        changes = [change for event in found for change in event.outputs]
    return tuple(sorted(changes, key=lambda change: change.address))


def count_actions(changes: Iterable[ResourceChange]) -> str:
    """Say how many of each there are: "48 to create, 1 to update"."""
    counts = Counter(change.action for change in changes)
    return ", ".join(f"{count} to {action}" for action, count in sorted(counts.items()))


def reported_errors(events: Iterable[TerraformEvent]) -> tuple[Diagnostic, ...]:
    """List the errors that Terraform reported, in its order."""
    found = (event.diagnostic for event in events)
    return tuple(diagnostic for diagnostic in found if diagnostic and diagnostic.severity == "error")
