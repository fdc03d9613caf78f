"""What can be asked of the sandbox itself.

GET  health                     is it there; needs no token
GET  calls?since=N              every request since call N: {"calls": [{number, method, service, path, status, ms,
                                mutating, bookkeeping, actor, time}], "last": the newest number}
DELETE calls                    forget them
POST faults                     {"method", "path" (regex), "status" | "reset" | "delay_s", "times", "after"}; the
                                path is /HOST/… of a service, /kubernetes/PROJECT/LOCATION/NAME/… of a cluster's users
DELETE faults
POST workload                   {"cluster": "PROJECT/LOCATION/NAME", "namespace", "name", "failure": "crash" |
                                "missing-image" | null, "last_log_line"}: let its pods fail, or work again
POST latency                    {"profile": "none" | "realistic", "speedup": 60}
POST spread                     {"seconds": 90}: how long an enabled API still answers SERVICE_DISABLED
POST linger                     {"seconds": 14400}: how long a deleted database still holds its private connection
POST capacity                   {"zone", "available": false}: a zone that has no machines left for new nodes
POST principals                 {"project_id", "email", "roles": ["roles/…"], "denied": ["PERMISSION"], "lifetime_s"}:
                                give a principal exactly these roles on a project; the answer has a `token` for it
POST project                    {"project_id", "lifecycle": "ACTIVE" | "DELETE_REQUESTED" | "MISSING", "billing"}
POST policy                     {"project_id", "constraint", "rule": {"enforce": true} | {"denyAll": true} |
                                {"values": {"allowedValues", "deniedValues"}} | null}: an organisation policy
POST quota                      {"project_id", "region" (none for all), "metric", "limit"}
POST image                      {"image": "HOST/REPOSITORY:TAG", "missing": true}: what a registry has no more
GET  export?digest=1            the whole cloud, normalised, or its hash
POST drift                      {"name", …}: make a named change behind a tool's back
POST reset                      forget everything
GET  methods                    every API method that is played
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.clusters.controller.failures import Failure, FailureKind
from sandbox.control.drift import make_drift
from sandbox.control.export import export_cloud
from sandbox.kernel.access import OWNER_ROLE, role_permissions
from sandbox.kernel.calls import CallLog
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid, not_found, unimplemented
from sandbox.kernel.faults import Faults
from sandbox.kernel.principals import Principal
from sandbox.kernel.projects import LIFECYCLES
from sandbox.kernel.routes import Answer
from sandbox.services.catalogue import services
from sandbox.services.compute.quotas import set_limit
from sandbox.services.container.capacity import set_capacity
from sandbox.services.orgpolicy.store import set_policy
from sandbox.services.registries.routes import set_image

CONTROL = "_sandbox"
Json = dict[str, Any]


@dataclass(frozen=True)
class Control:
    """What the control routes act on; `reset` forgets what the store does not hold."""

    cloud: Cloud
    calls: CallLog
    faults: Faults
    export_cluster: Callable[[str], list[Json] | None]
    set_failure: Callable[[str, str, str, Failure | None], None]
    reset: Callable[[], None]


def answer_control(control: Control, method: str, path: str, query: Mapping[str, str], body: Json) -> Answer:
    """Answer a request below `/_sandbox`."""
    handler = _ROUTES.get((method, path))
    if handler is None:
        raise unimplemented(method, CONTROL, path)
    return Answer(handler(control, query, body))


def _health(control: Control, query: Mapping[str, str], body: Json) -> Json:
    return {"status": "ok", "pid": os.getpid(), "latency": control.cloud.latency.profile}


def _calls(control: Control, query: Mapping[str, str], body: Json) -> Json:
    last = control.calls.last  # before the calls are taken: who goes on from here misses none
    return {"calls": control.calls.since(int(query.get("since") or 0)), "last": last}


def _clear_calls(control: Control, query: Mapping[str, str], body: Json) -> Json:
    control.calls.clear()
    return {}


def _add_fault(control: Control, query: Mapping[str, str], body: Json) -> Json:
    control.faults.add(body)
    return {}


def _clear_faults(control: Control, query: Mapping[str, str], body: Json) -> Json:
    control.faults.clear()
    return {}


def _workload(control: Control, query: Mapping[str, str], body: Json) -> Json:
    cluster, namespace, name, kind = (body.get(key) for key in ("cluster", "namespace", "name", "failure"))
    if kind not in (*FailureKind, None):
        raise invalid(f"failure: use one of {', '.join(FailureKind)}, or null")
    failure = Failure(FailureKind(kind), str(body.get("last_log_line", ""))) if kind else None
    try:
        control.set_failure(str(cluster), str(namespace), str(name), failure)
    except KeyError:
        raise not_found(str(cluster)) from None
    return {}


def _latency(control: Control, query: Mapping[str, str], body: Json) -> Json:
    profile, speedup = body.get("profile", "none"), float(body.get("speedup", 60))
    if profile not in ("none", "realistic") or speedup <= 0:
        raise invalid('give {"profile": "none" | "realistic", "speedup": a positive number}')
    control.cloud.latency.profile = profile
    control.cloud.latency.speedup = speedup
    return {"profile": profile, "speedup": speedup}


def _spread(control: Control, query: Mapping[str, str], body: Json) -> Json:
    control.cloud.projects.spread_seconds = float(body.get("seconds", 0))
    return {"seconds": control.cloud.projects.spread_seconds}


def _linger(control: Control, query: Mapping[str, str], body: Json) -> Json:
    control.cloud.latency.linger_seconds = float(body.get("seconds", 0))
    return {"seconds": control.cloud.latency.linger_seconds}


def _capacity(control: Control, query: Mapping[str, str], body: Json) -> Json:
    zone, is_available = str(body.get("zone", "")), bool(body.get("available", True))
    set_capacity(control.cloud, zone, is_available=is_available)
    return {"zone": zone, "available": is_available}


def _principals(control: Control, query: Mapping[str, str], body: Json) -> Json:
    email, cloud = _text(body, "email"), control.cloud
    project = cloud.projects.get(_text(body, "project_id")).project_id
    roles, denied = body.get("roles") or [], body.get("denied") or []
    if unknown := [role for role in roles if role != OWNER_ROLE and role not in role_permissions()]:
        raise invalid(f"roles: {unknown[0]} is not known: use {OWNER_ROLE}, {', '.join(role_permissions())}")
    cloud.access.set_roles(Principal(email), project, roles, denied)
    return {"token": cloud.principals.token_of(email, float(body.get("lifetime_s", 3600)))}


def _project(control: Control, query: Mapping[str, str], body: Json) -> Json:
    if body.get("lifecycle") not in (None, *LIFECYCLES):
        raise invalid(f"lifecycle: use one of {', '.join(LIFECYCLES)}")
    project = control.cloud.projects.change(
        _text(body, "project_id"), lifecycle=body.get("lifecycle"), has_billing=body.get("billing")
    )
    return {"project_id": project.project_id, "lifecycle": project.lifecycle, "billing": project.has_billing}


def _policy(control: Control, query: Mapping[str, str], body: Json) -> Json:
    set_policy(control.cloud, _text(body, "project_id"), _text(body, "constraint"), body.get("rule"))
    return {}


def _quota(control: Control, query: Mapping[str, str], body: Json) -> Json:
    limit, region = float(body.get("limit", 0)), str(body.get("region") or "")
    set_limit(control.cloud, _text(body, "project_id"), region, _text(body, "metric"), limit)
    return {}


def _image(control: Control, query: Mapping[str, str], body: Json) -> Json:
    set_image(control.cloud, _text(body, "image"), is_missing=bool(body.get("missing", True)))
    return {}


def _text(body: Json, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise invalid(f"{key}: give one")
    return value


def _export(control: Control, query: Mapping[str, str], body: Json) -> Json:
    document = export_cloud(control.cloud, control.export_cluster)
    if not query.get("digest"):
        return document
    return {"digest": "sha256:" + hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()}


def _drift(control: Control, query: Mapping[str, str], body: Json) -> Json:
    return make_drift(control.cloud, body)


def _reset(control: Control, query: Mapping[str, str], body: Json) -> Json:
    control.reset()
    return {}


def _clusters(control: Control, query: Mapping[str, str], body: Json) -> Json:
    found = []
    for key, address in sorted(control.cloud.clusters.addresses().items()):
        project, _, name = key.split("/")
        found.append({"project_id": project, "name": name, "endpoint": address.endpoint})
    return {"clusters": found}


def _methods(control: Control, query: Mapping[str, str], body: Json) -> Json:
    return {
        host: [f"{route.method} {route.template}" for route in (*service.routes, *service.root_routes)]
        for host, service in services().items()
    }


_ROUTES: dict[tuple[str, str], Callable[[Control, Mapping[str, str], Json], Json]] = {
    ("GET", "/health"): _health,
    ("GET", "/calls"): _calls,
    ("DELETE", "/calls"): _clear_calls,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("POST", "/workload"): _workload,
    ("POST", "/latency"): _latency,
    ("POST", "/spread"): _spread,
    ("POST", "/linger"): _linger,
    ("POST", "/capacity"): _capacity,
    ("POST", "/principals"): _principals,
    ("POST", "/project"): _project,
    ("POST", "/policy"): _policy,
    ("POST", "/quota"): _quota,
    ("POST", "/image"): _image,
    ("GET", "/export"): _export,
    ("POST", "/drift"): _drift,
    ("POST", "/reset"): _reset,
    ("GET", "/clusters"): _clusters,
    ("GET", "/methods"): _methods,
}
