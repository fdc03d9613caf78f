from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.published import read_data
from sandbox.kubernetes.resources import builtin_resources
from sandbox.kubernetes.tables import columns_of, table

MADE = {"name": "x", "namespace": "n", "creationTimestamp": "2000-01-01T00:00:00Z"}
CONTAINERS = {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "i:2"}]}
TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": CONTAINERS}
SELECTOR = {"matchLabels": {"app": "x"}}


def cells(group: str, plural: str, **obj: Any) -> dict[str, Any]:
    resource = next(each for each in builtin_resources() if (each.group, each.plural) == (group, plural))
    rows = table(resource, [{"metadata": MADE, **obj}], {}, "None")["rows"]
    names = [column["name"] for column in columns_of(resource)]
    return dict(zip(names, rows[0]["cells"], strict=True))


def container(state: dict[str, Any], *, ready: bool = False, restarts: int = 0) -> dict[str, Any]:
    return {"name": "a", "ready": ready, "restartCount": restarts, "state": state}


RUNNING = {"running": {"startedAt": "2026-01-31T00:00:00Z"}}


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Pending"}, ("0/2", "Pending", "0")),
        ({"phase": "Running", "containerStatuses": [container(RUNNING, ready=True)] * 2}, ("2/2", "Running", "0")),
        (
            {
                "phase": "Pending",
                "containerStatuses": [container({"waiting": {"reason": "CreateContainerConfigError"}})],
            },
            ("0/2", "CreateContainerConfigError", "0"),
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [container({"waiting": {"reason": "CrashLoopBackOff"}}, restarts=3)],
            },
            ("0/2", "CrashLoopBackOff", "3"),
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [container({"waiting": {"reason": "PodInitializing"}})]},
            ("0/2", "Init:0/0", "0"),
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [container({"terminated": {"exitCode": 1}})]},
            ("0/2", "Init:ExitCode:1", "0"),
        ),
        (
            {"phase": "Succeeded", "containerStatuses": [container({"terminated": {"reason": "Completed"}})]},
            ("0/2", "Completed", "0"),
        ),
        ({"phase": "Failed", "reason": "Evicted"}, ("0/2", "Evicted", "0")),
    ],
)
def test_pods(status: dict[str, Any], shown: tuple[str, str, str]) -> None:
    row = cells("", "pods", spec=CONTAINERS, status=status)
    assert (row["Ready"], row["Status"], row["Restarts"]) == shown
    assert (row["IP"], row["Node"]) == ("<none>", "<none>")


def test_a_pod_that_goes() -> None:
    metadata = {**MADE, "deletionTimestamp": "2026-01-31T00:00:00Z"}
    assert cells("", "pods", metadata=metadata, spec=CONTAINERS, status={"phase": "Running"})["Status"] == "Terminating"


@pytest.mark.parametrize(
    ("group", "plural", "obj", "shown"),
    [
        (
            "apps",
            "deployments",
            {
                "spec": {"replicas": 3, "template": TEMPLATE, "selector": SELECTOR},
                "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1},
            },
            {
                "Ready": "2/3",
                "Up-to-date": 3,
                "Available": 1,
                "Containers": "a,b",
                "Images": "i:1,i:2",
                "Selector": "app=x",
            },
        ),
        ("apps", "statefulsets", {"spec": {"replicas": 2, "template": TEMPLATE}}, {"Ready": "0/2"}),
        (
            "apps",
            "daemonsets",
            {
                "spec": {"template": TEMPLATE, "selector": SELECTOR},
                "status": {"desiredNumberScheduled": 2, "numberReady": 1},
            },
            {"Desired": 2, "Ready": 1, "Node Selector": "<none>"},
        ),
        (
            "",
            "services",
            {
                "spec": {
                    "type": "LoadBalancer",
                    "clusterIPs": ["10.96.0.9"],
                    "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30001}, {"port": 53, "protocol": "UDP"}],
                },
                "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}},
            },
            {
                "Cluster-IP": "10.96.0.9",
                "External-IP": "1.2.3.4",
                "Port(s)": "80:30001/TCP,53/UDP",
                "Selector": "<none>",
            },
        ),
        (
            "",
            "services",
            {"spec": {"type": "LoadBalancer"}},
            {"Cluster-IP": "<none>", "External-IP": "<pending>", "Port(s)": "<none>"},
        ),
        ("", "secrets", {"type": "Opaque", "data": {"a": "", "b": ""}}, {"Type": "Opaque", "Data": 2}),
        ("", "namespaces", {"status": {"phase": "Active"}}, {"Status": "Active"}),
        (
            "",
            "persistentvolumeclaims",
            {
                "spec": {"volumeName": "v", "storageClassName": "fast", "volumeMode": "Filesystem"},
                "status": {"phase": "Bound", "capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteOnce"]},
            },
            {"Status": "Bound", "Volume": "v", "Capacity": "20Gi", "Access Modes": "RWO", "StorageClass": "fast"},
        ),
        (
            "",
            "nodes",
            {
                "metadata": {**MADE, "labels": {"node-role.kubernetes.io/worker": ""}},
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}],
                    "nodeInfo": {"kubeletVersion": "v1.33.4"},
                },
            },
            {"Status": "Ready,SchedulingDisabled", "Roles": "worker", "Version": "v1.33.4", "Internal-IP": "10.0.0.2"},
        ),
        (
            "",
            "events",
            {
                "involvedObject": {"kind": "Pod", "name": "p"},
                "reason": "Failed",
                "message": " why\n",
                "type": "Warning",
                "count": 4,
                "source": {"component": "kubelet", "host": "n1"},
            },
            {"Object": "pod/p", "Reason": "Failed", "Message": "why", "Count": 4, "Source": "kubelet, n1"},
        ),
        (
            "batch",
            "jobs",
            {
                "spec": {"completions": 1, "template": TEMPLATE},
                "status": {
                    "succeeded": 1,
                    "startTime": "2026-01-31T00:00:00Z",
                    "completionTime": "2026-01-31T00:02:05Z",
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            {"Status": "Complete", "Completions": "1/1", "Duration": "2m5s"},
        ),
        (
            "batch",
            "cronjobs",
            {"spec": {"schedule": "* * * * *", "suspend": False, "jobTemplate": {"spec": {"template": TEMPLATE}}}},
            {"Schedule": "* * * * *", "Timezone": "<none>", "Suspend": "False", "Active": 0, "Last Schedule": "<none>"},
        ),
        (
            "rbac.authorization.k8s.io",
            "rolebindings",
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [{"kind": "ServiceAccount", "name": "s", "namespace": "n"}, {"kind": "User", "name": "u"}],
            },
            {"Role": "Role/r", "Users": "u", "ServiceAccounts": "n/s"},
        ),
        (
            "autoscaling",
            "horizontalpodautoscalers",
            {
                "spec": {
                    "maxReplicas": 3,
                    "scaleTargetRef": {"kind": "Deployment", "name": "d"},
                    "metrics": [{"resource": {"name": "cpu", "target": {"averageUtilization": 80}}}],
                }
            },
            {"Reference": "Deployment/d", "Targets": "cpu: <unknown>/80%", "MinPods": "<unset>", "MaxPods": 3},
        ),
        (
            "storage.k8s.io",
            "storageclasses",
            {
                "metadata": {**MADE, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
                "provisioner": "p",
            },
            {"Name": "x (default)", "ReclaimPolicy": "Delete", "AllowVolumeExpansion": False},
        ),
    ],
)
def test_other_kinds(group: str, plural: str, obj: dict[str, Any], shown: dict[str, Any]) -> None:
    row = cells(group, plural, **obj)
    assert {name: row[name] for name in shown} == shown


def test_every_listed_resource_has_columns() -> None:
    listed = {f"{each.plural}.{each.group}".rstrip(".") for each in builtin_resources() if "list" in each.verbs}
    assert listed == set(read_data("columns.json"))
