"""Look before the first step of create changes anything: would what is guarded be lost by a later step?

Terraform's own plan, right before its apply, is what the guard goes by. Where no service has to be enabled, nothing is
changed before that, so there is nothing to do here and a second create is as fast as ever.
"""

from __future__ import annotations

from environment.guard import TAINTED
from environment.services import READ_BY_TERRAFORM, missing_services, service_changes
from environment.spec import Environment
from tasks.guard import check_replacements
from tasks.plan import plan_infrastructure, read_state_folder
from tasks.services import list_enabled_services


def guard_before_services(spec: Environment, allow_replace: tuple[str, ...]) -> None:
    """Refuse what the guard refuses, where services are to be enabled and there is infrastructure to lose."""
    enabled = list_enabled_services(spec)
    off = frozenset(missing_services(spec.services, enabled))
    if not off:
        return
    kept = read_state_folder(spec)
    changes, _ = service_changes(spec.services, enabled, kept.record.services if kept.record else None)
    if kept.state is None or not changes:
        return
    planned = plan_infrastructure(spec, kept, refresh=not off & READ_BY_TERRAFORM)
    # How a tainted cluster came to be so can be asked when its API is on: provision_infra does.
    check_replacements(spec, tuple(one for one in planned.changes if one.reason != TAINTED), allow_replace)
