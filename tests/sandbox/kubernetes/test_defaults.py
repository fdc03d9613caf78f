from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.defaults import fill_defaults
from sandbox.kubernetes.roundtrip import as_written
from sandbox.kubernetes.types import builtin_schema


def complete(group: str, kind: str, obj: dict[str, Any], version: str = "v1") -> dict[str, Any]:
    schema = builtin_schema(group, version, kind)
    assert schema is not None
    written = as_written(obj, schema)
    fill_defaults(written, schema)
    return written


def at(obj: Any, path: str) -> Any:
    for name in path.split("."):
        obj = obj[int(name)] if isinstance(obj, list) else obj.get(name)
    return obj


POD = {"containers": [{"name": "c", "image": "nginx"}]}
TEMPLATE = {"template": {"spec": POD}}


@pytest.mark.parametrize(
    ("group", "kind", "spec", "path", "value"),
    [
        ("apps", "Deployment", TEMPLATE, "replicas", 1),
        ("apps", "Deployment", {**TEMPLATE, "replicas": 0}, "replicas", 0),
        ("apps", "Deployment", TEMPLATE, "progressDeadlineSeconds", 600),
        (
            "apps",
            "Deployment",
            {**TEMPLATE, "strategy": {"rollingUpdate": {"maxSurge": 1}}},
            "strategy",
            {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": "25%"}},
        ),
        ("apps", "Deployment", {**TEMPLATE, "strategy": {"type": "Recreate"}}, "strategy", {"type": "Recreate"}),
        ("apps", "DaemonSet", TEMPLATE, "updateStrategy.rollingUpdate", {"maxUnavailable": 1, "maxSurge": 0}),
        (
            "apps",
            "StatefulSet",
            TEMPLATE,
            "updateStrategy",
            {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        ),
        ("apps", "StatefulSet", TEMPLATE, "podManagementPolicy", "OrderedReady"),
        ("apps", "Deployment", TEMPLATE, "template.spec.dnsPolicy", "ClusterFirst"),
        ("apps", "Deployment", TEMPLATE, "template.spec.containers.0.imagePullPolicy", "Always"),
        ("", "Pod", {"containers": [{"image": "a:1"}]}, "containers.0.imagePullPolicy", "IfNotPresent"),
        ("", "Pod", {"containers": [{"image": "r:5000/a"}]}, "containers.0.imagePullPolicy", "Always"),
        ("", "Pod", {"containers": [{"image": "a@sha256:0"}]}, "containers.0.imagePullPolicy", "IfNotPresent"),
        ("", "Pod", POD, "enableServiceLinks", True),
        ("", "Pod", {**POD, "serviceAccountName": "a"}, "serviceAccount", "a"),
        ("", "Pod", {**POD, "volumes": [{"name": "v"}]}, "volumes.0", {"name": "v", "emptyDir": {}}),
        ("", "Pod", {**POD, "volumes": [{"secret": {"secretName": "s"}}]}, "volumes.0.secret.defaultMode", 420),
        (
            "",
            "Pod",
            {"containers": [{"resources": {"limits": {"cpu": "2"}}}]},
            "containers.0.resources.requests",
            {"cpu": "2"},
        ),
        (
            "",
            "Pod",
            {"containers": [{"livenessProbe": {"httpGet": {"port": 80}}}]},
            "containers.0.livenessProbe",
            {
                "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                "timeoutSeconds": 1,
                "periodSeconds": 10,
                "successThreshold": 1,
                "failureThreshold": 3,
            },
        ),
        ("", "Service", {"ports": [{"port": 80}]}, "ports.0", {"port": 80, "targetPort": 80, "protocol": "TCP"}),
        ("", "Service", {"ports": [{"port": 80}]}, "internalTrafficPolicy", "Cluster"),
        ("", "Service", {"type": "LoadBalancer"}, "allocateLoadBalancerNodePorts", True),
        ("", "Service", {"type": "ExternalName"}, "internalTrafficPolicy", None),
        ("", "Service", {"sessionAffinity": "ClientIP"}, "sessionAffinityConfig.clientIP.timeoutSeconds", 10800),
        ("", "PersistentVolumeClaim", {}, "volumeMode", "Filesystem"),
        ("batch", "Job", TEMPLATE, "backoffLimit", 6),
        ("batch", "Job", TEMPLATE, "completions", 1),
        ("batch", "Job", {**TEMPLATE, "parallelism": 3}, "completions", None),
        ("batch", "CronJob", {"jobTemplate": {"spec": TEMPLATE}}, "successfulJobsHistoryLimit", 3),
        (
            "batch",
            "CronJob",
            {"jobTemplate": {"spec": TEMPLATE}},
            "jobTemplate.spec.template.spec.schedulerName",
            "default-scheduler",
        ),
        ("networking.k8s.io", "NetworkPolicy", {"egress": [{}]}, "policyTypes", ["Ingress", "Egress"]),
        (
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            {"names": {"kind": "Widget"}},
            "names.listKind",
            "WidgetList",
        ),
        ("apiextensions.k8s.io", "CustomResourceDefinition", {}, "conversion", {"strategy": "None"}),
    ],
)
def test_defaults_of_a_spec(group: str, kind: str, spec: dict[str, Any], path: str, value: Any) -> None:
    assert at(complete(group, kind, {"spec": spec})["spec"], path) == value


def test_a_template_is_no_pod() -> None:
    container = {"resources": {"limits": {"cpu": "2"}}}
    spec = complete("apps", "Deployment", {"spec": {"template": {"spec": {"containers": [container]}}}})["spec"]
    assert spec["template"]["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "2"}}
    assert "enableServiceLinks" not in spec["template"]["spec"]


def test_subjects_and_roles_get_their_group() -> None:
    obj = {
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}],
    }
    done = complete("rbac.authorization.k8s.io", "RoleBinding", obj)
    assert done["roleRef"]["apiGroup"] == "rbac.authorization.k8s.io"
    assert [subject.get("apiGroup") for subject in done["subjects"]] == ["rbac.authorization.k8s.io", None]


def test_filling_in_twice_changes_nothing(objects: dict[str, Any]) -> None:
    once = complete("apps", "Deployment", objects["deployment"])
    assert complete("apps", "Deployment", once) == once
