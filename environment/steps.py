"""The three steps of create, and what a create that starts at a later one takes from those before: pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from environment.changes import INFRASTRUCTURE, PIPELINES, SERVICES, Layer
from environment.errors import PreflightError
from environment.reports import ServicesReport
from environment.services import RETIRED, missing_services, stays_off
from environment.spec import Environment

Step = Literal["enable-services", "provision-infra", "deploy-kfp"]

ENABLE_SERVICES: Step = "enable-services"
PROVISION_INFRA: Step = "provision-infra"
DEPLOY_KFP: Step = "deploy-kfp"
_LAYERS: dict[Step, Layer] = {
    ENABLE_SERVICES: SERVICES,
    PROVISION_INFRA: INFRASTRUCTURE,
    DEPLOY_KFP: PIPELINES,
}


def layers_from(start_at: Step) -> tuple[Layer, ...]:
    """Return the layers that a create changes which starts at this step, in order."""
    steps = list(_LAYERS)
    return tuple(_LAYERS[step] for step in steps[steps.index(start_at) :])


def services_as_left(spec: Environment, enabled: Collection[str]) -> ServicesReport:
    """Return what enable-services would say that finds nothing to do.

    Raises:
        PreflightError: When it would have something to do.
    """
    missing = missing_services(spec.services, enabled)
    if off := [service for service in missing if service not in RETIRED]:
        raise PreflightError(
            f"enable-services cannot be skipped: {', '.join(off)} {'is' if len(off) == 1 else 'are'} off",
            f"start at {ENABLE_SERVICES}, as create does by itself",
        )
    present = tuple(service for service in spec.services if service in set(enabled))
    return ServicesReport(enabled=present, warnings=tuple(map(stays_off, missing)))
