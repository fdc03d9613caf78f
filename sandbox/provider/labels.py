"""Labels as the provider splits them: the user's own, those that Terraform manages, and all that the object carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.settings import ATTRIBUTION_LABEL, Settings
from sandbox.provider.wire import UNKNOWN, Values, has_unknown


def plan_labels(planned: Values, prior: Mapping[str, Any] | None, attribute: str, settings: Settings) -> None:
    """Work out terraform_labels and effective_labels of a planned object.

    The attribution label is added on creation only, and stays where it was added (the provider's CREATION_ONLY).
    """
    own = planned.get(attribute)
    if has_unknown(own) or has_unknown(settings.default_labels):
        planned["terraform_labels"] = planned["effective_labels"] = UNKNOWN
        return
    managed = {**settings.default_labels, **(own or {})}
    before = dict((prior or {}).get("terraform_labels") or {})
    if (prior is None and settings.attribution_label) or ATTRIBUTION_LABEL in before:
        managed.setdefault(ATTRIBUTION_LABEL, "true")
    foreign = {key: value for key, value in ((prior or {}).get("effective_labels") or {}).items() if key not in before}
    planned["terraform_labels"] = managed
    planned["effective_labels"] = {**foreign, **managed}


def observe_labels(state: Values, attribute: str, effective: Mapping[str, str]) -> None:
    """Cut the object's labels down to what each attribute shows: only keys that it held before.

    That Terraform made the object is remembered even when somebody took its label off: the next apply puts it back.
    """
    state["effective_labels"] = dict(effective)
    for name in (attribute, "terraform_labels"):
        held = state.get(name)
        if isinstance(held, dict):
            kept = {key: effective[key] for key in held if key in effective}
            if name == "terraform_labels" and ATTRIBUTION_LABEL in held:
                kept.setdefault(ATTRIBUTION_LABEL, "")
            state[name] = kept if kept or held == {} else None
