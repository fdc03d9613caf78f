"""What can be asked of the sandbox itself.

GET  health                     is it there; needs no token
GET  calls?since=N              every request since call N: {"calls": [{number, method, service, path, status, ms,
                                mutating, bookkeeping, actor, time}]}
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
from sandbox.kernel.calls import CallLog
from sandbox.kernel.cloud import Cloud
from sandbox.kernel.errors import invalid, not_found, unimplemented
from sandbox.kernel.faults import Faults
from sandbox.kernel.routes import Answer
from sandbox.services.catalogue import services
from sandbox.services.container.capacity import set_capacity

CONTROL = "_sandbox"
Json = dict[str, Any]


@dataclass(frozen=True)
class Control:
    """What the control routes act on; `reset` forgets what the store does not hold."""

    cloud: Cloud
    calls: CallLog
    faults: Faults
    export_cluster: Callable[[str], list[Json]]
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
    return {"calls": control.calls.since(int(query.get("since") or 0))}


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
    ("GET", "/export"): _export,
    ("POST", "/drift"): _drift,
    ("POST", "/reset"): _reset,
    ("GET", "/clusters"): _clusters,
    ("GET", "/methods"): _methods,
}
