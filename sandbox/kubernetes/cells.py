"""The cells of built-in kinds' rows, in the order of their columns.

A kind that is missing here has its columns filled by their names (name, age, time of creation) alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes.ages import age, human_duration
from sandbox.kubernetes.pod_cells import pod_cells
from sandbox.kubernetes.selectors import format_label_selector, format_labels

Object = dict[str, Any]

_NONE, _UNSET = "<none>", "<unset>"
_ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _age(obj: Object) -> str:
    return age(obj["metadata"]["creationTimestamp"])


def _status(obj: Object) -> Object:
    return obj.get("status") or {}


def _containers(template: Object) -> list[str]:
    containers = (template.get("spec") or {}).get("containers") or []
    return [",".join(each.get(key, "") for each in containers) for key in ("name", "image")]


def _deployment(obj: Object) -> list[Any]:
    spec, status = obj["spec"], _status(obj)
    return [
        _name(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _age(obj),
        *_containers(spec["template"]),
        format_label_selector(spec.get("selector")),
    ]


def _replica_set(obj: Object) -> list[Any]:
    spec, status = obj["spec"], _status(obj)
    selector = spec.get("selector")
    is_plain = selector is not None and "matchLabels" not in selector and "matchExpressions" not in selector
    return [
        _name(obj),
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        _age(obj),
        *_containers(spec.get("template") or {}),
        format_labels(selector) if is_plain else format_label_selector(selector),
    ]


def _stateful_set(obj: Object) -> list[Any]:
    spec = obj["spec"]
    ready = f"{_status(obj).get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [_name(obj), ready, _age(obj), *_containers(spec["template"])]


def _daemon_set(obj: Object) -> list[Any]:
    spec, status = obj["spec"], _status(obj)
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    return [
        _name(obj),
        *(status.get(key, 0) for key in counts),
        format_labels((spec["template"].get("spec") or {}).get("nodeSelector")),
        _age(obj),
        *_containers(spec["template"]),
        format_label_selector(spec.get("selector")),
    ]


def _job(obj: Object) -> list[Any]:
    spec, status = obj["spec"], _status(obj)
    done, wanted = status.get("succeeded", 0), spec.get("completions")
    parallel = spec.get("parallelism") or 0
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    return [
        _name(obj),
        _job_state(obj),
        completions,
        _job_duration(status),
        _age(obj),
        *_containers(spec["template"]),
        format_label_selector(spec.get("selector")),
    ]


def _job_state(obj: Object) -> str:
    true = {each["type"] for each in _status(obj).get("conditions") or [] if each["status"] == "True"}
    for condition in ("Complete", "Failed"):
        if condition in true:
            return condition
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return next((each for each in ("Suspended", "FailureTarget") if each in true), "Running")


def _job_duration(status: Object) -> str:
    if not status.get("startTime"):
        return ""
    start = datetime.fromisoformat(status["startTime"])
    end = status.get("completionTime")
    finish = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return human_duration((finish - start).total_seconds())


def _cron_job(obj: Object) -> list[Any]:
    spec, status = obj["spec"], _status(obj)
    last = status.get("lastScheduleTime")
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    return [
        _name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or _NONE,
        _boolean(spec.get("suspend")),
        len(status.get("active") or []),
        age(last) if last else _NONE,
        _age(obj),
        *_containers(job.get("template") or {}),
        format_label_selector(job.get("selector")),
    ]


def _boolean(value: bool | None) -> str:
    return _UNSET if value is None else str(value)


def _service(obj: Object) -> list[Any]:
    spec = obj["spec"]
    ports = [
        f"{port['port']}:{port['nodePort']}/{port['protocol']}"
        if port.get("nodePort")
        else f"{port['port']}/{port['protocol']}"
        for port in spec.get("ports") or []
    ]
    return [
        _name(obj),
        spec["type"],
        (spec.get("clusterIPs") or [_NONE])[0],
        _external_address(obj),
        ",".join(ports) or _NONE,
        _age(obj),
        format_labels(spec.get("selector")),
    ]


def _external_address(obj: Object) -> str:
    spec = obj["spec"]
    if spec["type"] == "ExternalName":
        return str(spec.get("externalName", ""))
    own = list(spec.get("externalIPs") or [])
    if spec["type"] != "LoadBalancer":
        return ",".join(own) or _NONE
    return ",".join([*_ingress_addresses(_status(obj)), *own]) or "<pending>"


def _ingress_addresses(status: Object) -> list[str]:
    ingress = (status.get("loadBalancer") or {}).get("ingress") or []
    return [each.get("ip") or each.get("hostname", "") for each in ingress]


def _ingress(obj: Object) -> list[Any]:
    spec = obj["spec"]
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    text = ",".join(hosts[:3]) or "*"
    if len(spec.get("rules") or []) > 3 and len(hosts) >= 3:
        text += f" + {len(spec['rules']) - 3} more..."
    ports = "80, 443" if spec.get("tls") else "80"
    addresses = ",".join(_ingress_addresses(_status(obj)))
    return [_name(obj), spec.get("ingressClassName") or _NONE, text, addresses, ports, _age(obj)]


def _endpoints(obj: Object) -> list[Any]:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or []
        for port in subset.get("ports") or []
        for address in subset.get("addresses") or []
    ]
    return [_name(obj), _shortened(found), _age(obj)]


def _shortened(values: list[str]) -> str:
    if not values:
        return _NONE
    rest = len(values) - 3
    return ",".join(values[:3]) + (f" + {rest} more..." if rest > 0 else "")


def _endpoint_slice(obj: Object) -> list[Any]:
    ports = [str(port["port"]) if port.get("port") else "*" for port in obj.get("ports") or []]
    addresses = [each for endpoint in obj.get("endpoints") or [] for each in endpoint.get("addresses") or []]
    cells = [_shortened(ports) if ports else _UNSET, _shortened(addresses) if addresses else _UNSET]
    return [_name(obj), obj.get("addressType"), *cells, _age(obj)]


def _node(obj: Object) -> list[Any]:
    status = _status(obj)
    ready = [each for each in status.get("conditions") or [] if each["type"] == "Ready"]
    states = ["Ready" if each["status"] == "True" else "NotReady" for each in ready] or ["Unknown"]
    if obj["spec"].get("unschedulable"):
        states.append("SchedulingDisabled")
    prefix = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix) and key != prefix)
    info = status.get("nodeInfo") or {}
    addresses = {each["type"]: each["address"] for each in status.get("addresses") or []}
    return [
        _name(obj),
        ",".join(states),
        ",".join(roles) or _NONE,
        _age(obj),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", _NONE),
        addresses.get("ExternalIP", _NONE),
        *(info.get(key) or "<unknown>" for key in ("osImage", "kernelVersion", "containerRuntimeVersion")),
    ]


def _event(obj: Object) -> list[Any]:
    involved = obj.get("involvedObject") or obj.get("regarding") or {}
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime")
    last = obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp") or first
    count = obj.get("count") or obj.get("deprecatedCount") or 1
    if obj.get("series"):
        last, count = obj["series"].get("lastObservedTime"), obj["series"].get("count")
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    kind, name = involved.get("kind", "").lower(), involved.get("name")
    return [
        age(last),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{kind}/{name}" if name else kind,
        involved.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        (obj.get("message") or obj.get("note") or "").strip(),
        age(first),
        count,
        _name(obj),
    ]


def _phase(obj: Object) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else str(_status(obj).get("phase", ""))


def _modes(modes: list[str] | None) -> str:
    return ",".join(short for mode, short in _ACCESS_MODES.items() if mode in (modes or []))


def _claim(obj: Object) -> list[Any]:
    spec, status = obj["spec"], _status(obj)
    is_bound = bool(spec.get("volumeName"))
    return [
        _name(obj),
        _phase(obj),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "0") if is_bound else "",
        _modes(status.get("accessModes")) if is_bound else "",
        spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or _UNSET,
        _age(obj),
        spec.get("volumeMode") or _UNSET,
    ]


def _volume(obj: Object) -> list[Any]:
    spec = obj["spec"]
    claim = spec.get("claimRef")
    return [
        _name(obj),
        (spec.get("capacity") or {}).get("storage", "0"),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or _UNSET,
        _status(obj).get("reason", ""),
        _age(obj),
        spec.get("volumeMode") or _UNSET,
    ]


def _role_binding(obj: Object) -> list[Any]:
    role = obj["roleRef"]
    subjects = obj.get("subjects") or []
    users, groups = (", ".join(each["name"] for each in subjects if each["kind"] == kind) for kind in ("User", "Group"))
    accounts = ", ".join(
        f"{each.get('namespace', '')}/{each['name']}" for each in subjects if each["kind"] == "ServiceAccount"
    )
    return [_name(obj), f"{role['kind']}/{role['name']}", _age(obj), users, groups, accounts]


def _storage_class(obj: Object) -> list[Any]:
    annotations = obj["metadata"].get("annotations") or {}
    is_default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return [
        _name(obj) + (" (default)" if is_default else ""),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        obj.get("allowVolumeExpansion", False),
        _age(obj),
    ]


def _disruption_budget(obj: Object) -> list[Any]:
    spec = obj["spec"]
    bounds = [str(spec[key]) if spec.get(key) is not None else "N/A" for key in ("minAvailable", "maxUnavailable")]
    return [_name(obj), *bounds, _status(obj).get("disruptionsAllowed", 0), _age(obj)]


def _priority_class(obj: Object) -> list[Any]:
    return [_name(obj), obj["value"], obj.get("globalDefault", False), _age(obj), obj.get("preemptionPolicy", "")]


def _controller_revision(obj: Object) -> list[Any]:
    owners = [each for each in obj["metadata"].get("ownerReferences") or [] if each.get("controller")]
    owner = _NONE
    if owners:
        group = owners[0]["apiVersion"].rpartition("/")[0]
        kind = owners[0]["kind"].lower()
        owner = f"{kind}.{group}/{owners[0]['name']}" if group else f"{kind}/{owners[0]['name']}"
    return [_name(obj), owner, obj.get("revision", 0), _age(obj)]


def _api_service(obj: Object) -> list[Any]:
    service = obj["spec"].get("service")
    where = f"{service['namespace']}/{service['name']}" if service else "Local"
    available = [each for each in _status(obj).get("conditions") or [] if each["type"] == "Available"]
    if not available:
        return [_name(obj), where, "Unknown", _age(obj)]
    state, reason = available[0]["status"], available[0].get("reason", "")
    return [_name(obj), where, state if state == "True" else f"{state} ({reason})", _age(obj)]


def _autoscaler(obj: Object) -> list[Any]:
    spec, target = obj["spec"], obj["spec"].get("scaleTargetRef") or {}
    return [
        _name(obj),
        f"{target.get('kind')}/{target.get('name')}",
        _targets(spec, _status(obj)),
        str(spec["minReplicas"]) if spec.get("minReplicas") is not None else _UNSET,
        spec.get("maxReplicas", 0),
        _status(obj).get("currentReplicas", 0),
        _age(obj),
    ]


def _targets(spec: Object, status: Object) -> str:
    current = {
        (each.get("resource") or {}).get("name"): ((each["resource"].get("current") or {}).get("averageUtilization"))
        for each in status.get("currentMetrics") or []
        if each.get("resource")
    }
    texts = []
    for metric in spec.get("metrics") or []:
        resource = metric.get("resource")
        if resource is None:
            texts.append("<unknown>")
            continue
        target = resource.get("target") or {}
        now = current.get(resource.get("name"))
        if target.get("averageUtilization") is not None:
            shown = "<unknown>" if now is None else f"{now}%"
            texts.append(f"{resource.get('name')}: {shown}/{target['averageUtilization']}%")
        else:
            texts.append(f"{resource.get('name')}: <unknown>/{target.get('averageValue') or target.get('value')}")
    return ", ".join(texts) or _NONE


CELLS: dict[tuple[str, str], Callable[[Object], list[Any]]] = {
    ("", "configmaps"): lambda o: [_name(o), len(o.get("data") or {}) + len(o.get("binaryData") or {}), _age(o)],
    ("", "endpoints"): _endpoints,
    ("", "events"): _event,
    ("", "namespaces"): lambda o: [_name(o), _status(o).get("phase", ""), _age(o)],
    ("", "nodes"): _node,
    ("", "persistentvolumeclaims"): _claim,
    ("", "persistentvolumes"): _volume,
    ("", "pods"): pod_cells,
    ("", "podtemplates"): lambda o: [
        _name(o),
        *_containers(o["template"]),
        format_labels((o["template"].get("metadata") or {}).get("labels")),
    ],
    ("", "replicationcontrollers"): _replica_set,
    ("", "secrets"): lambda o: [_name(o), o.get("type", ""), len(o.get("data") or {}), _age(o)],
    ("", "serviceaccounts"): lambda o: [_name(o), len(o.get("secrets") or []), _age(o)],
    ("", "services"): _service,
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): lambda o: [
        _name(o),
        len(o.get("webhooks") or []),
        _age(o),
    ],
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): lambda o: [
        _name(o),
        len(o.get("webhooks") or []),
        _age(o),
    ],
    ("apiregistration.k8s.io", "apiservices"): _api_service,
    ("apps", "controllerrevisions"): _controller_revision,
    ("apps", "daemonsets"): _daemon_set,
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("apps", "statefulsets"): _stateful_set,
    ("autoscaling", "horizontalpodautoscalers"): _autoscaler,
    ("batch", "cronjobs"): _cron_job,
    ("batch", "jobs"): _job,
    ("coordination.k8s.io", "leases"): lambda o: [_name(o), o["spec"].get("holderIdentity") or "", _age(o)],
    ("discovery.k8s.io", "endpointslices"): _endpoint_slice,
    ("events.k8s.io", "events"): _event,
    ("networking.k8s.io", "ingressclasses"): lambda o: [
        _name(o),
        o["spec"].get("controller", ""),
        "{}/{}".format(*(o["spec"]["parameters"].get(key, "") for key in ("kind", "name")))
        if o["spec"].get("parameters")
        else _NONE,
        _age(o),
    ],
    ("networking.k8s.io", "ingresses"): _ingress,
    ("networking.k8s.io", "networkpolicies"): lambda o: [
        _name(o),
        format_label_selector(o["spec"].get("podSelector")),
        _age(o),
    ],
    ("node.k8s.io", "runtimeclasses"): lambda o: [_name(o), o.get("handler", ""), _age(o)],
    ("policy", "poddisruptionbudgets"): _disruption_budget,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _role_binding,
    ("rbac.authorization.k8s.io", "rolebindings"): _role_binding,
    ("scheduling.k8s.io", "priorityclasses"): _priority_class,
    ("storage.k8s.io", "storageclasses"): _storage_class,
}
