"""Look before the first step of create changes anything: would a later step be stopped, or lose what is guarded?

Terraform's own plan, right before its apply, is what the guard goes by, and the comparison with the cluster, right
before its apply, is what stops the objects. Whoever is about to change something before these calls `look_ahead`: a
create that changes nothing never does, so a second one is as fast as ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from environment.changes import INFRASTRUCTURE, LAYERS, PIPELINES, Change, Layer
from environment.databases import check_databases
from environment.errors import PermissionDeniedError
from environment.findings import refuse
from environment.guard import TAINTED
from environment.names import UNKNOWN_SUFFIX
from environment.pipeline_parameters import planned_parameters
from environment.services import READ_BY_TERRAFORM, missing_services, service_changes
from environment.spec import Environment
from environment.state_folder import StateFolder
from environment.terraform_plan import CLUSTER, InfrastructurePlan
from flows.plan import OBJECTS_NEED
from tasks.existing import check_existing
from tasks.guard import check_replacements
from tasks.manifests import fetch_manifests, quoted, render_manifests
from tasks.ownership import check_names
from tasks.pipelines import find_databases
from tasks.plan import check_objects, plan_infrastructure, read_state_folder
from tasks.preflight import ALL_CHECKS, EXISTING, preflight
from tasks.services import list_enabled_services


@dataclass
class _LaterSteps:
    """What the whole run may do.

    `has_seen_objects` once they were looked at, `has_seen_names` whose those are; `checks` are yet to be made;
    `has_enabled` once the step that enables APIs was let go on.
    """

    force_conflicts: bool
    allow_replace: tuple[str, ...]
    layers: Collection[Layer]
    has_seen_objects: bool = False
    has_seen_names: bool = False
    checks: tuple[str, ...] = ALL_CHECKS
    has_enabled: bool = False


_later: ContextVar[_LaterSteps | None] = ContextVar("later_steps", default=None)


@contextmanager
def looking_ahead(
    force_conflicts: bool, allow_replace: tuple[str, ...] = (), *, layers: Collection[Layer] = LAYERS
) -> Iterator[None]:
    """Within, several steps are run: the first that changes something looks at what the later ones would meet."""
    token = _later.set(_LaterSteps(force_conflicts, allow_replace, layers))
    try:
        yield
    finally:
        _later.reset(token)


def look_first(spec: Environment, checks: Collection[str] = ALL_CHECKS) -> None:
    """Stop where anything stands in the way that can be seen already; again, for what could not be, when its API is on.

    Args:
        spec: The spec.
        checks: Those to make, if they are yet to be made.

    Raises:
        PreflightError: Names everything that was found.
    """
    later = _later.get()
    wanted = tuple(one for one in later.checks if one in checks) if later is not None else ()
    if later is not None and wanted:
        report = preflight(spec, wanted)
        refuse(report.findings, has_enabled=later.has_enabled)
        if spec.existing and EXISTING in report.unanswered:
            check_existing(spec)  # what is somebody else's is not touched unseen
        later.checks = tuple(one for one in later.checks if one not in wanted or one in report.later)


def look_ahead(spec: Environment, planned: tuple[Change, ...] | None = None) -> None:
    """Stop where a later step would; for a step that is about to change something.

    Args:
        spec: The spec.
        planned: What Terraform is about to do; None before services are enabled, which looks at that too.

    Raises:
        SpecError: When another environment has the names, or the state.
        ReplacementRefusedError: When something would be lost, or left behind.
        KubernetesError: When the objects could not be applied.
        PreflightError: When anything else stands in the way.
    """
    later = _later.get()
    if later is None:
        return
    if planned is not None and later.has_seen_objects:
        look_first(spec)
        return
    kept, enabled = read_state_folder(spec), list_enabled_services(spec)
    if PIPELINES in later.layers:
        instance = spec.database_name(kept.suffix or UNKNOWN_SUFFIX)
        check_databases(spec, find_databases(spec, kept), instance, later.allow_replace)
    if planned is None:
        if not service_changes(spec.services, enabled, kept.record.services if kept.record else None)[0]:
            return  # a retired one, which is tried in vain each time
        is_theirs = kept.record is not None and kept.record.project_id != spec.project_id
        if (kept.infrastructure is None or is_theirs) and INFRASTRUCTURE in later.layers:
            refuse_names_of_others(spec)
    look_first(spec)
    later.has_enabled |= planned is None
    if kept.infrastructure is None and (kept.state is None or planned is not None):
        return
    off = frozenset(missing_services(spec.services, enabled))
    if planned is None:
        planned = ()
        if INFRASTRUCTURE in later.layers:
            planned = plan_infrastructure(spec, kept, refresh=not off & READ_BY_TERRAFORM).changes
            # How a tainted resource came to be so can be asked when its API is on: provision_infra does.
            check_replacements(spec, tuple(one for one in planned if one.reason != TAINTED), later.allow_replace)
    plan = InfrastructurePlan(changes=planned)
    if PIPELINES in later.layers and not off & OBJECTS_NEED and not plan.makes_anew(CLUSTER):
        _look_at_objects(spec, kept, later, may_be_out_of_reach=plan.opens_endpoint)


def refuse_names_of_others(spec: Environment) -> None:
    """Stop where another environment has the names, or the state; once in a run.

    Raises:
        SpecError: Names both environments.
        PreflightError: When they may not be looked at, and what else stands in the way is known.
    """
    later = _later.get()
    if later is None or not later.has_seen_names:
        try:
            check_names(spec)
        except PermissionDeniedError:
            look_first(spec)  # tells of all that is refused, each with its fix
            raise
    if later is not None:
        later.has_seen_names = True


def makes_something(planned: Collection[Change]) -> bool:
    """Tell whether something is made that may have its name already."""
    return any(one.layer == INFRASTRUCTURE and one.action in ("create", "replace") for one in planned)


def _look_at_objects(spec: Environment, kept: StateFolder, later: _LaterSteps, *, may_be_out_of_reach: bool) -> None:
    if kept.infrastructure is None:
        return
    parameters = planned_parameters(spec, kept.infrastructure, kept.suffix)
    rendered = render_manifests(parameters, fetch_manifests(spec.pipelines.version))
    manifests = quoted(rendered)
    allowed = (later.force_conflicts, later.allow_replace)
    check_objects(spec, kept.infrastructure, manifests, *allowed, may_be_out_of_reach=may_be_out_of_reach)
    later.has_seen_objects = True
