"""Objects that the cluster makes by itself: those of its birth, and those that every namespace gets.

A real cluster's API server and controller manager make them (`kubernetes` Service, `kube-root-ca.crt`, the default
ServiceAccount, the system's priority classes).
"""

from __future__ import annotations

from typing import Any

from sandbox.kubernetes.apply import record_update
from sandbox.kubernetes.cluster import Cluster
from sandbox.kubernetes.decoding import decode
from sandbox.kubernetes.strategies import prepare_create

Object = dict[str, Any]

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
ROOT_CERTIFICATE = "kube-root-ca.crt"
_DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)
_PRIORITIES = {
    "system-cluster-critical": (
        2000000000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    "system-node-critical": (
        2000001000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
}


def be_born(cluster: Cluster) -> None:
    """Make what every cluster has, unless it is there."""
    for name in NAMESPACES:
        ensure(cluster, "kube-apiserver", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        equip_namespace(cluster, name)
    for obj in _system_objects():
        ensure(cluster, "kube-apiserver", obj)


def _system_objects() -> list[Object]:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
    }
    administrator: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "cluster-admin", "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        "rules": [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ],
    }
    binding: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "cluster-admin", "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:masters"}],
    }
    priorities: list[Object] = [
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "description": description,
        }
        for name, (value, description) in _PRIORITIES.items()
    ]
    return [service, administrator, binding, *priorities]


def equip_namespace(cluster: Cluster, namespace: str) -> None:
    """Give a namespace its default ServiceAccount and the cluster's certificate."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
    ensure(cluster, "kube-controller-manager", account)
    annotations = {"kubernetes.io/description": _DESCRIPTION}
    certificate: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ROOT_CERTIFICATE, "namespace": namespace, "annotations": annotations},
        "data": {"ca.crt": cluster.certificate_authority},
    }
    ensure(cluster, "kube-controller-manager", certificate)


def ensure(cluster: Cluster, manager: str, obj: Object) -> None:
    """Make an object unless one of its name exists."""
    resource = cluster.registry.find_kind(obj["apiVersion"], obj["kind"])
    assert resource is not None
    metadata = obj["metadata"]
    if cluster.store.get(*resource.stored_as, metadata.get("namespace", ""), metadata["name"]) is not None:
        return
    new = record_update(None, decode(resource, obj), resource.schema, manager=manager, now=cluster.now())
    new["metadata"].update(uid=cluster.new_uid(), creationTimestamp=cluster.now())
    prepare_create(cluster.store, resource, new)
    cluster.store.put(*resource.stored_as, new)
