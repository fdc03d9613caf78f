"""What differs between kinds when objects are written: facts in tables, and what is worked out on the way in.

Source: the `strategy.go` and `storage.go` of each kind in Kubernetes 1.33 (`pkg/registry`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.kubernetes.default_rules import TEMPLATE_GENERATION
from sandbox.kubernetes.merge import same
from sandbox.kubernetes.pods import quality_of_service, set_priority, tolerate_lost_nodes
from sandbox.kubernetes.resources import Resource
from sandbox.kubernetes.services import allocate_addresses
from sandbox.kubernetes.storage import Store

Object = dict[str, Any]

# A PUT to a name that no object has creates it (AllowCreateOnUpdate).
CREATED_BY_UPDATE = frozenset(
    {
        ("", "endpoints"),
        ("", "events"),
        ("", "limitranges"),
        ("", "services"),
        ("coordination.k8s.io", "leases"),
        ("node.k8s.io", "runtimeclasses"),
        ("rbac.authorization.k8s.io", "clusterrolebindings"),
        ("rbac.authorization.k8s.io", "clusterroles"),
        ("rbac.authorization.k8s.io", "rolebindings"),
        ("rbac.authorization.k8s.io", "roles"),
    }
)
# A PUT has to say which version it replaces (AllowUnconditionalUpdate is false); so it has for custom resources.
UPDATED_WITH_VERSION = frozenset(
    {
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        ("apiregistration.k8s.io", "apiservices"),
        ("coordination.k8s.io", "leases"),
        ("node.k8s.io", "runtimeclasses"),
        ("policy", "poddisruptionbudgets"),
        ("storage.k8s.io", "csidrivers"),
        ("storage.k8s.io", "csinodes"),
        ("storage.k8s.io", "csistoragecapacities"),
        ("storage.k8s.io", "volumeattachments"),
    }
)
# Their deletion is answered with the object (ReturnDeletedObject).
RETURNED_WHEN_DELETED = frozenset(
    {
        ("", "namespaces"),
        ("", "persistentvolumeclaims"),
        ("", "persistentvolumes"),
        ("", "pods"),
        ("", "podtemplates"),
        ("", "resourcequotas"),
        ("", "serviceaccounts"),
        ("", "services"),
        ("storage.k8s.io", "csidrivers"),
        ("storage.k8s.io", "csinodes"),
        ("storage.k8s.io", "storageclasses"),
        ("storage.k8s.io", "volumeattachments"),
    }
)
_WITH_GENERATION = frozenset(
    {
        ("", "pods"),
        ("", "podtemplates"),
        ("", "replicationcontrollers"),
        ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicies"),
        ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
        ("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
        ("discovery.k8s.io", "endpointslices"),
        ("flowcontrol.apiserver.k8s.io", "flowschemas"),
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
        ("networking.k8s.io", "ingressclasses"),
        ("networking.k8s.io", "ingresses"),
        ("networking.k8s.io", "networkpolicies"),
        ("policy", "poddisruptionbudgets"),
        ("scheduling.k8s.io", "priorityclasses"),
    }
)
# Nodes report what they are when they join.
_STATUS_OF_CREATOR = frozenset({("", "nodes")})


def key_of(resource: Resource) -> tuple[str, str]:
    """Return a resource's group and plural."""
    return resource.group, resource.plural


def resets_status(resource: Resource) -> bool:
    """Say whether a new object's status is the server's business."""
    return resource.has_status and key_of(resource) not in _STATUS_OF_CREATOR


def prepare_create(store: Store, resource: Resource, obj: Object) -> None:
    """Fill in, in place, what a new object gets beside its defaults."""
    if resource.custom is not None or key_of(resource) in _WITH_GENERATION:
        obj["metadata"]["generation"] = 1
    prepare = _PREPARE_CREATE.get(key_of(resource))
    if prepare is not None:
        prepare(store, obj)


def prepare_update(store: Store, resource: Resource, old: Object, new: Object) -> None:
    """Keep and fill in, in place, what an update may not say."""
    if key_of(resource) == ("", "services"):
        allocate_addresses(store, new, old)
    if key_of(resource) == ("apps", "daemonsets"):
        _count_template(old, new)
    generation = old["metadata"].get("generation")
    if generation is None:
        new["metadata"].pop("generation", None)
    else:
        new["metadata"]["generation"] = generation + int(_bumps_generation(resource, old, new))


def _count_template(old: Object, new: Object) -> None:
    generation = int(old["metadata"].get("annotations", {}).get(TEMPLATE_GENERATION, "1"))
    changed = old["spec"]["template"] != new["spec"]["template"]
    new["metadata"].setdefault("annotations", {})[TEMPLATE_GENERATION] = str(generation + int(changed))


def _bumps_generation(resource: Resource, old: Object, new: Object) -> bool:
    if key_of(resource) == ("scheduling.k8s.io", "priorityclasses"):
        return False
    apart = {"metadata", "apiVersion", "kind"} | ({"status"} if resource.has_status or not resource.custom else set())
    contents = [{key: value for key, value in obj.items() if key not in apart} for obj in (old, new)]
    if not same(*contents):
        return True
    if key_of(resource) == ("apps", "deployments"):
        # Annotations are copied to replica sets, so controllers look at them too.
        return bool(old["metadata"].get("annotations") != new["metadata"].get("annotations"))
    return key_of(resource) == ("discovery.k8s.io", "endpointslices") and bool(
        old["metadata"].get("labels") != new["metadata"].get("labels")
    )


def _prepare_service(store: Store, obj: Object) -> None:
    allocate_addresses(store, obj, None)


def _prepare_namespace(_: Store, obj: Object) -> None:
    finalizers = obj["spec"].setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")


def _prepare_pod(store: Store, obj: Object) -> None:
    set_priority(store, obj)
    tolerate_lost_nodes(obj)
    obj["status"] = {"phase": "Pending", "qosClass": quality_of_service(obj["spec"])}


def _prepare_claim(store: Store, obj: Object) -> None:
    if obj["spec"].get("storageClassName") is None:
        _set_default_class(store, obj["spec"])
    _add_finalizer(obj, "kubernetes.io/pvc-protection")


def _set_default_class(store: Store, spec: Object) -> None:
    """Give a claim the default class, the newest where there are several (admission plugin DefaultStorageClass)."""
    classes = [each.view["metadata"] for each in store.select("storage.k8s.io", "storageclasses")]
    mark = "storageclass.kubernetes.io/is-default-class"
    default = [each for each in classes if (each.get("annotations") or {}).get(mark) == "true"]
    if default:
        spec["storageClassName"] = max(default, key=lambda each: str(each["creationTimestamp"]))["name"]


def _prepare_volume(_: Store, obj: Object) -> None:
    obj["status"] = {"phase": "Pending", "lastPhaseTransitionTime": obj["metadata"]["creationTimestamp"]}
    _add_finalizer(obj, "kubernetes.io/pv-protection")


def _add_finalizer(obj: Object, finalizer: str) -> None:
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)


def _prepare_node(_: Store, obj: Object) -> None:
    taints = obj["spec"].setdefault("taints", [])
    not_ready = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
    if not any((each.get("key"), each.get("effect")) == tuple(not_ready.values()) for each in taints):
        taints.append(not_ready)


def _prepare_daemon_set(_: Store, obj: Object) -> None:
    obj["metadata"]["annotations"][TEMPLATE_GENERATION] = "1"


def _prepare_job(_: Store, obj: Object) -> None:
    if obj["spec"].get("manualSelector"):
        return
    metadata = obj["metadata"]
    labels = obj["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {})
    for name in ("job-name", "batch.kubernetes.io/job-name"):
        labels.setdefault(name, metadata["name"])
    for name in ("controller-uid", "batch.kubernetes.io/controller-uid"):
        labels.setdefault(name, metadata["uid"])
    selector = obj["spec"].setdefault("selector", {}).setdefault("matchLabels", {})
    selector.setdefault("batch.kubernetes.io/controller-uid", metadata["uid"])
    if not metadata.get("labels"):
        metadata["labels"] = dict(labels)


def _prepare_definition(_: Store, obj: Object) -> None:
    stored = [version["name"] for version in obj["spec"]["versions"] if version.get("storage")]
    names = {"kind": "", "plural": ""}
    obj["status"] = {"acceptedNames": names, "conditions": None, "storedVersions": stored[:1]}


_PREPARE_CREATE: dict[tuple[str, str], Callable[[Store, Object], None]] = {
    ("", "namespaces"): _prepare_namespace,
    ("", "nodes"): _prepare_node,
    ("", "persistentvolumeclaims"): _prepare_claim,
    ("", "persistentvolumes"): _prepare_volume,
    ("", "pods"): _prepare_pod,
    ("", "services"): _prepare_service,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _prepare_definition,
    ("apps", "daemonsets"): _prepare_daemon_set,
    ("batch", "jobs"): _prepare_job,
}
