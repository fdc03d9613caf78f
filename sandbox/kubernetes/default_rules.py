"""The table of defaults: constants of a type, and a function where a default depends on something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Object = dict[str, Any]
Rules = tuple[dict[str, Any], Callable[[Object], None] | None]

CORE = "io.k8s.api.core.v1."
APPS = "io.k8s.api.apps.v1."
RBAC = "io.k8s.api.rbac.v1."
ADMISSION = "io.k8s.api.admissionregistration.v1."
EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
RBAC_GROUP = "rbac.authorization.k8s.io"
_LONGEST_INT32 = 2**31 - 1


def _fill(obj: Object, **defaults: Any) -> None:
    for key, value in defaults.items():
        if obj.get(key) is None:
            obj[key] = value


def _container(container: Object) -> None:
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = _pull_policy(container.get("image", ""))


def _pull_policy(image: str) -> str:
    without_digest, has_digest, _ = image.partition("@")
    tag = without_digest.rpartition("/")[2].partition(":")[2]
    return "Always" if tag == "latest" or (not tag and not has_digest) else "IfNotPresent"


def _pod_spec(spec: Object) -> None:
    # The old name of the field is kept equal to the new one.
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    else:
        spec.pop("serviceAccount", None)


def _pod(pod: Object) -> None:
    spec = pod["spec"]
    _fill(spec, enableServiceLinks=True)
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        resources = container.get("resources") or {}
        if resources.get("limits"):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
        for port in container.get("ports") or [] if spec.get("hostNetwork") else []:
            _fill(port, hostPort=port.get("containerPort"))


def _volume(volume: Object) -> None:
    if not set(volume) - {"name"}:
        volume["emptyDir"] = {}


def _image_volume(source: Object) -> None:
    if not source.get("pullPolicy"):
        source["pullPolicy"] = _pull_policy(source.get("reference", ""))


def _service_spec(spec: Object) -> None:
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif not ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds"):
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}
    for port in spec.get("ports") or []:
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port")
    kind = spec["type"]
    is_external = kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and spec.get("externalIPs"))
    if is_external:
        _fill(spec, externalTrafficPolicy="Cluster")
    if kind != "ExternalName":
        _fill(spec, internalTrafficPolicy="Cluster")
    if kind == "LoadBalancer":
        _fill(spec, allocateLoadBalancerNodePorts=True)


def _namespace(namespace: Object) -> None:
    metadata = namespace["metadata"]
    if metadata.get("name"):
        metadata["labels"] = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}


def _node_status(status: Object) -> None:
    if status.get("capacity"):
        _fill(status, allocatable=dict(status["capacity"]))


def _limit_range_item(item: Object) -> None:
    if item.get("type") == "Container":
        default = {**(item.get("max") or {}), **(item.get("default") or {})}
        request = {**(item.get("min") or {}), **default, **(item.get("defaultRequest") or {})}
        item.update({key: value for key, value in (("default", default), ("defaultRequest", request)) if value})


def _replication_controller(controller: Object) -> None:
    labels = ((controller["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        _fill(controller["spec"], selector=dict(labels))
        _fill(controller["metadata"], labels=dict(labels))


def _daemon_set(obj: Object) -> None:
    # A number that apps/v1 has no field for.
    annotations = {TEMPLATE_GENERATION: "0", **(obj["metadata"].get("annotations") or {})}
    obj["metadata"]["annotations"] = annotations


def _deployment_strategy(strategy: Object) -> None:
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        _fill(rolling, maxUnavailable="25%", maxSurge="25%")


def _daemon_set_strategy(strategy: Object) -> None:
    if strategy["type"] == "RollingUpdate":
        _fill(strategy.setdefault("rollingUpdate", {}), maxUnavailable=1, maxSurge=0)


def _stateful_set_strategy(strategy: Object) -> None:
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        _fill(strategy, rollingUpdate={})
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        _fill(strategy["rollingUpdate"], partition=0)


def _stateful_set_spec(spec: Object) -> None:
    _fill(spec["persistentVolumeClaimRetentionPolicy"], whenDeleted="Retain", whenScaled="Retain")
    for claim in spec.get("volumeClaimTemplates") or []:
        claim.update(apiVersion="v1", kind="PersistentVolumeClaim")


def _job(job: Object) -> None:
    labels = ((job["spec"].get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not job["metadata"].get("labels"):
        job["metadata"]["labels"] = dict(labels)
    # A cron job's template has none of these: they belong to the job.
    _job_spec(job["spec"])


def _job_spec(spec: Object) -> None:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    _fill(
        spec,
        completionMode="NonIndexed",
        suspend=False,
        manualSelector=False,
        parallelism=1,
        backoffLimit=_LONGEST_INT32 if spec.get("backoffLimitPerIndex") is not None else 6,
        podReplacementPolicy="Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed",
    )


def _network_policy_spec(spec: Object) -> None:
    _fill(spec, policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])


def _role_ref(reference: Object) -> None:
    if not reference.get("apiGroup"):
        reference["apiGroup"] = RBAC_GROUP


def _subject(subject: Object) -> None:
    if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
        subject["apiGroup"] = RBAC_GROUP


def _crd_names(names: Object) -> None:
    kind = names.get("kind", "")
    if not names.get("singular"):
        names["singular"] = kind.lower()
    if not names.get("listKind"):
        names["listKind"] = f"{kind}List"


def _crd_spec(spec: Object) -> None:
    spec.setdefault("conversion", {"strategy": "None"})


def _autoscaler_spec(spec: Object) -> None:
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    _fill(spec, metrics=[{"type": "Resource", "resource": resource}])
    behavior = spec.get("behavior")
    if behavior is None:
        return
    up = [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]
    down = [{"type": "Percent", "value": 100, "periodSeconds": 15}]
    _fill(behavior, scaleUp={}, scaleDown={})
    _fill(behavior["scaleUp"], stabilizationWindowSeconds=0, selectPolicy="Max", policies=up)
    _fill(behavior["scaleDown"], selectPolicy="Max", policies=down)


_MODE: Rules = ({"defaultMode": 420}, None)
_CONTAINER = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_WEBHOOK = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}
_FILESYSTEM: Rules = ({"volumeMode": "Filesystem"}, None)
_TCP: Rules = ({"protocol": "TCP"}, None)
_HTTPS_PORT: Rules = ({"port": 443}, None)

RULES: dict[str, Rules] = {
    CORE + "ConfigMapVolumeSource": _MODE,
    CORE + "Container": (_CONTAINER, _container),
    CORE + "ContainerPort": _TCP,
    CORE + "DownwardAPIVolumeSource": _MODE,
    CORE + "EndpointPort": _TCP,
    CORE + "EphemeralContainer": (_CONTAINER, _container),
    CORE + "GRPCAction": ({"service": ""}, None),
    CORE + "HTTPGetAction": ({"path": "/", "scheme": "HTTP"}, None),
    CORE + "HostPathVolumeSource": ({"type": ""}, None),
    CORE + "ImageVolumeSource": ({}, _image_volume),
    CORE + "ISCSIVolumeSource": ({"iscsiInterface": "default"}, None),
    CORE + "ISCSIPersistentVolumeSource": ({"iscsiInterface": "default"}, None),
    CORE + "LimitRangeItem": ({}, _limit_range_item),
    CORE + "Namespace": ({}, _namespace),
    CORE + "NamespaceStatus": ({"phase": "Active"}, None),
    CORE + "NodeStatus": ({}, _node_status),
    CORE + "ObjectFieldSelector": ({"apiVersion": "v1"}, None),
    CORE + "PersistentVolumeClaimSpec": _FILESYSTEM,
    CORE + "PersistentVolumeClaimStatus": ({"phase": "Pending"}, None),
    CORE + "PersistentVolumeSpec": ({"persistentVolumeReclaimPolicy": "Retain", "volumeMode": "Filesystem"}, None),
    CORE + "PersistentVolumeStatus": ({"phase": "Pending"}, None),
    CORE + "Pod": ({}, _pod),
    CORE + "PodSpec": (
        {
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Always",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
            "schedulerName": "default-scheduler",
        },
        _pod_spec,
    ),
    CORE + "PodStatus": ({"phase": "Pending"}, None),
    CORE + "Probe": ({"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}, None),
    CORE + "ProjectedVolumeSource": _MODE,
    CORE + "ReplicationController": ({}, _replication_controller),
    CORE + "ReplicationControllerSpec": ({"replicas": 1}, None),
    CORE + "Secret": ({"type": "Opaque"}, None),
    CORE + "SecretVolumeSource": _MODE,
    CORE + "ServiceAccountTokenProjection": ({"expirationSeconds": 3600}, None),
    CORE + "ServicePort": _TCP,
    CORE + "ServiceSpec": ({"sessionAffinity": "None", "type": "ClusterIP"}, _service_spec),
    CORE + "Volume": ({}, _volume),
    APPS + "DaemonSet": ({}, _daemon_set),
    APPS + "DaemonSetSpec": ({"revisionHistoryLimit": 10}, None),
    APPS + "DaemonSetUpdateStrategy": ({"type": "RollingUpdate"}, _daemon_set_strategy),
    APPS + "DeploymentSpec": ({"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}, None),
    APPS + "DeploymentStrategy": ({"type": "RollingUpdate"}, _deployment_strategy),
    APPS + "ReplicaSetSpec": ({"replicas": 1}, None),
    APPS + "StatefulSetSpec": (
        {
            "podManagementPolicy": "OrderedReady",
            "replicas": 1,
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": {},
        },
        _stateful_set_spec,
    ),
    APPS + "StatefulSetUpdateStrategy": ({}, _stateful_set_strategy),
    "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec": ({"minReplicas": 1}, None),
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec": ({"minReplicas": 1}, _autoscaler_spec),
    "io.k8s.api.batch.v1.CronJobSpec": (
        {
            "concurrencyPolicy": "Allow",
            "suspend": False,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
        None,
    ),
    "io.k8s.api.batch.v1.Job": ({}, _job),
    "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern": ({"status": "True"}, None),
    "io.k8s.api.discovery.v1.EndpointPort": ({"name": "", "protocol": "TCP"}, None),
    "io.k8s.api.networking.v1.NetworkPolicyPort": _TCP,
    "io.k8s.api.networking.v1.NetworkPolicySpec": ({}, _network_policy_spec),
    "io.k8s.api.networking.v1.IngressClassParametersReference": ({"scope": "Cluster"}, None),
    RBAC + "RoleRef": ({}, _role_ref),
    RBAC + "Subject": ({}, _subject),
    "io.k8s.api.scheduling.v1.PriorityClass": ({"preemptionPolicy": "PreemptLowerPriority"}, None),
    "io.k8s.api.storage.v1.CSIDriverSpec": (
        {
            "attachRequired": True,
            "podInfoOnMount": False,
            "storageCapacity": False,
            "fsGroupPolicy": "ReadWriteOnceWithFSType",
            "volumeLifecycleModes": ["Persistent"],
            "requiresRepublish": False,
            "seLinuxMount": False,
        },
        None,
    ),
    "io.k8s.api.storage.v1.StorageClass": ({"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}, None),
    ADMISSION + "MutatingWebhook": ({**_WEBHOOK, "reinvocationPolicy": "Never"}, None),
    ADMISSION + "ValidatingWebhook": (_WEBHOOK, None),
    ADMISSION + "RuleWithOperations": ({"scope": "*"}, None),
    ADMISSION + "NamedRuleWithOperations": ({"scope": "*"}, None),
    ADMISSION + "ServiceReference": _HTTPS_PORT,
    ADMISSION + "MatchResources": (
        {"matchPolicy": "Equivalent", "namespaceSelector": {}, "objectSelector": {}},
        None,
    ),
    ADMISSION + "ValidatingAdmissionPolicySpec": ({"failurePolicy": "Fail"}, None),
    EXTENSIONS + "CustomResourceDefinitionNames": ({}, _crd_names),
    EXTENSIONS + "CustomResourceDefinitionSpec": ({}, _crd_spec),
    EXTENSIONS + "ServiceReference": _HTTPS_PORT,
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.ServiceReference": _HTTPS_PORT,
    "io.k8s.api.flowcontrol.v1.FlowSchemaSpec": ({"matchingPrecedence": 1000}, None),
    "io.k8s.api.flowcontrol.v1.ExemptPriorityLevelConfiguration": (
        {"nominalConcurrencyShares": 0, "lendablePercent": 0},
        None,
    ),
    "io.k8s.api.flowcontrol.v1.LimitedPriorityLevelConfiguration": (
        {"nominalConcurrencyShares": 30, "lendablePercent": 0},
        None,
    ),
    "io.k8s.api.flowcontrol.v1.QueuingConfiguration": ({"queues": 64, "handSize": 8, "queueLengthLimit": 50}, None),
}
