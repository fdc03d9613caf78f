"""The controller against the sandbox's API server and a real one: workloads, what they wait for, and how they end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import urllib3

from sandbox.clusters.controller.failures import Failure, FailureKind

Make = Callable[..., dict[str, Any]]
Cluster = Any  # RunningCluster of conftest.py

KEY = "acme-dev/us-central1/pipelines"


def secret_variable(name: str, key: str) -> dict[str, Any]:
    return {"env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}]}


def waiting_reason(pod: Any) -> str:
    statuses = pod.status.container_statuses or []
    return next((each.state.waiting.reason for each in statuses if each.state.waiting), "")


def test_the_cluster_has_nodes_in_its_zones(cluster: Cluster) -> None:
    table = cluster.kubectl("get", "nodes", "--no-headers")
    assert [line.split()[1] for line in table.splitlines()] == ["Ready"] * 3
    zones = {node.metadata.labels["topology.kubernetes.io/zone"] for node in cluster.core.list_node().items}
    assert zones == {"us-central1-a", "us-central1-b", "us-central1-c"}
    assert cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[*].spec.taints}").strip() == ""


def test_a_new_namespace_gets_its_account_and_ca(cluster: Cluster) -> None:
    namespace = cluster.namespace("furnished")
    cluster.wait(cluster.core.list_namespaced_service_account, _is_named("default"), namespace=namespace)
    bundle = cluster.wait(cluster.core.list_namespaced_config_map, _is_named("kube-root-ca.crt"), namespace=namespace)
    assert bundle.data["ca.crt"] == cluster.address.ca_certificate


def test_a_deployment_becomes_ready_by_pods_of_a_replica_set(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("plain")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=2))
    ready = cluster.wait_ready(namespace, "web")
    reasons = {each.type: (each.status, each.reason) for each in ready.status.conditions}
    assert reasons["Available"] == ("True", "MinimumReplicasAvailable")
    assert cluster.kubectl("-n", namespace, "rollout", "status", "deployment/web").strip().endswith("rolled out")
    (replica_set,) = cluster.apps.list_namespaced_replica_set(namespace).items
    assert replica_set.metadata.owner_references[0].uid == ready.metadata.uid
    pods = cluster.core.list_namespaced_pod(namespace).items
    assert len(pods) == 2
    for pod in pods:
        assert pod.metadata.owner_references[0].uid == replica_set.metadata.uid
        assert pod.metadata.labels["pod-template-hash"] == replica_set.metadata.labels["pod-template-hash"]
        assert pod.spec.node_name
        assert pod.status.phase == "Running"


def test_a_pod_waits_for_a_secret_and_then_for_its_key(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("environment")
    made = make_deployment("web", container=secret_variable("login", "password"))
    cluster.apps.create_namespaced_deployment(namespace, made)
    pod = cluster.wait(cluster.core.list_namespaced_pod, waiting_reason, namespace=namespace)
    waiting = pod.status.container_statuses[0].state.waiting
    assert (waiting.reason, waiting.message) == ("CreateContainerConfigError", 'secret "login" not found')
    assert pod.status.phase == "Pending"
    assert cluster.wait_event(namespace, "Failed", "login") == 'Error: secret "login" not found'
    cluster.core.create_namespaced_secret(namespace, {"metadata": {"name": "login"}, "stringData": {"user": "root"}})
    cluster.wait_event(namespace, "Failed", f"couldn't find key password in Secret {namespace}/login")
    cluster.core.patch_namespaced_secret("login", namespace, {"stringData": {"password": "x"}})
    cluster.wait_ready(namespace, "web")


def test_a_pod_waits_for_a_volume(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("volume")
    volumes = [{"name": "certificates", "secret": {"secretName": "tls"}}]
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web", volumes=volumes))
    message = cluster.wait_event(namespace, "FailedMount", "tls")
    assert message == 'MountVolume.SetUp failed for volume "certificates" : secret "tls" not found'
    pod = cluster.wait(cluster.core.list_namespaced_pod, waiting_reason, namespace=namespace)
    assert waiting_reason(pod) == "ContainerCreating"
    cluster.core.create_namespaced_secret(namespace, {"metadata": {"name": "tls"}})
    cluster.wait_ready(namespace, "web")


def test_pods_are_not_made_without_their_account(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("account")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web", serviceAccountName="runner"))
    expected = f'error looking up service account {namespace}/runner: serviceaccount "runner" not found'
    assert cluster.wait_event(namespace, "FailedCreate", "runner").endswith(expected)
    failed = cluster.wait(cluster.apps.list_namespaced_deployment, _condition("ReplicaFailure"), namespace=namespace)
    assert _condition("ReplicaFailure")(failed).message.endswith(expected)
    assert cluster.core.list_namespaced_pod(namespace).items == []
    cluster.core.create_namespaced_service_account(namespace, {"metadata": {"name": "runner"}})
    ready = cluster.wait_ready(namespace, "web")
    assert _condition("ReplicaFailure")(ready) is None


def test_a_claim_is_bound_where_its_first_pod_runs(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("claim")
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("db", volumes=volumes))
    cluster.wait_event(namespace, "FailedScheduling", 'persistentvolumeclaim "data" not found')
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    cluster.core.create_namespaced_persistent_volume_claim(namespace, {"metadata": {"name": "data"}, "spec": spec})
    cluster.wait_ready(namespace, "db")
    claim = cluster.core.read_namespaced_persistent_volume_claim("data", namespace)
    assert (claim.status.phase, claim.spec.storage_class_name) == ("Bound", "standard-rwo")
    cluster.apps.delete_namespaced_deployment("db", namespace)
    cluster.core.delete_namespaced_persistent_volume_claim("data", namespace)
    cluster.wait_gone(cluster.core.list_namespaced_persistent_volume_claim, "data", namespace=namespace)
    cluster.wait_gone(cluster.core.list_persistent_volume, claim.spec.volume_name)


def test_a_changed_template_is_rolled_out_and_back(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("rollout")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=2))
    cluster.wait_ready(namespace, "web")
    first = {pod.metadata.name for pod in cluster.core.list_namespaced_pod(namespace).items}
    cluster.kubectl("-n", namespace, "set", "image", "deployment/web", "main=example.com/web:2")
    cluster.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=20s")
    pods = cluster.core.list_namespaced_pod(namespace).items
    assert {pod.spec.containers[0].image for pod in pods} == {"example.com/web:2"}
    assert first.isdisjoint(pod.metadata.name for pod in pods)
    cluster.kubectl("-n", namespace, "rollout", "undo", "deployment/web")
    cluster.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=20s")
    pods = cluster.core.list_namespaced_pod(namespace).items
    assert {pod.spec.containers[0].image for pod in pods} == {"example.com/web:1"}
    assert len(cluster.apps.list_namespaced_replica_set(namespace).items) == 2


def test_old_pods_stay_until_new_ones_are_ready(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("stuck")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web"))
    cluster.wait_ready(namespace, "web")
    broken = make_deployment("web", container=secret_variable("absent", "key"))
    cluster.apps.replace_namespaced_deployment("web", namespace, broken)
    cluster.wait(cluster.core.list_namespaced_pod, waiting_reason, namespace=namespace)
    states = sorted(pod.status.phase for pod in cluster.core.list_namespaced_pod(namespace).items)
    assert states == ["Pending", "Running"]
    now = cluster.apps.read_namespaced_deployment("web", namespace)
    assert _condition("Available")(now).status == "True"
    assert now.status.available_replicas == 1


def test_recreate_ends_old_pods_first(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("recreate")
    made = make_deployment("web")
    made["spec"]["strategy"] = {"type": "Recreate"}
    cluster.apps.create_namespaced_deployment(namespace, made)
    cluster.wait_ready(namespace, "web")
    made["spec"]["template"]["spec"]["containers"][0] |= {
        "image": "example.com/web:2",
        **secret_variable("absent", "k"),
    }
    cluster.apps.replace_namespaced_deployment("web", namespace, made)
    cluster.wait(cluster.core.list_namespaced_pod, waiting_reason, namespace=namespace)
    (pod,) = cluster.core.list_namespaced_pod(namespace).items
    assert pod.spec.containers[0].image == "example.com/web:2"


def test_scaling_down_takes_pods_and_their_addresses_away(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("scale")
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    cluster.core.create_namespaced_service(namespace, {"metadata": {"name": "web"}, "spec": spec})
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web", replicas=3))
    cluster.wait(cluster.core.list_namespaced_endpoints, _has_addresses(3), namespace=namespace)
    cluster.kubectl("-n", namespace, "scale", "deployment/web", "--replicas=1")
    found = cluster.wait(cluster.core.list_namespaced_endpoints, _has_addresses(1), namespace=namespace)
    assert found.subsets[0].ports[0].port == 8080
    (pod,) = cluster.core.list_namespaced_pod(namespace).items
    assert found.subsets[0].addresses[0].ip == pod.status.pod_ip


def test_deleting_a_deployment_takes_everything_of_it(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("deletion")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web"))
    cluster.wait_ready(namespace, "web")
    (pod,) = cluster.core.list_namespaced_pod(namespace).items
    cluster.apps.delete_namespaced_deployment("web", namespace)
    cluster.wait_gone(cluster.core.list_namespaced_pod, pod.metadata.name, namespace=namespace)
    assert cluster.apps.list_namespaced_replica_set(namespace).items == []


def test_a_deleted_namespace_ends_and_says_what_keeps_it(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("doomed")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web"))
    kept = {"metadata": {"name": "kept", "finalizers": ["example.com/keep"]}}
    cluster.core.create_namespaced_config_map(namespace, kept)
    cluster.wait_ready(namespace, "web")
    cluster.core.delete_namespace(namespace)
    named = {"field_selector": f"metadata.name={namespace}"}
    held = cluster.wait(cluster.core.list_namespace, _condition("NamespaceFinalizersRemaining"), **named)
    assert "example.com/keep" in _condition("NamespaceFinalizersRemaining")(held).message
    cluster.core.patch_namespaced_config_map("kept", namespace, {"metadata": {"finalizers": None}})
    cluster.wait_gone(cluster.core.list_namespace, namespace)


def test_a_crash_is_played_until_it_is_taken_back(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("crash")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web"))
    cluster.wait_ready(namespace, "web")
    cluster.clusters.set_failure(KEY, namespace, "web", Failure(FailureKind.CRASH, "no database at db:3306"))
    pod = cluster.wait(cluster.core.list_namespaced_pod, waiting_reason, namespace=namespace)
    assert waiting_reason(pod) == "CrashLoopBackOff"
    assert pod.status.container_statuses[0].last_state.terminated.exit_code == 1
    assert cluster.kubectl("-n", namespace, "logs", pod.metadata.name).strip() == "no database at db:3306"
    cluster.wait_event(namespace, "BackOff", "Back-off restarting failed container main")
    cluster.clusters.set_failure(KEY, namespace, "web", None)
    assert cluster.wait_ready(namespace, "web").status.ready_replicas == 1


def test_an_image_can_be_missing(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("image")
    made = make_deployment("web")
    made["spec"]["template"]["metadata"]["annotations"] = {"sandbox.mlops-env/missing-image": ""}
    cluster.apps.create_namespaced_deployment(namespace, made)
    pod = cluster.wait(cluster.core.list_namespaced_pod, waiting_reason, namespace=namespace)
    assert waiting_reason(pod) == "ImagePullBackOff"
    assert 'image "example.com/web:1"' in pod.status.container_statuses[0].state.waiting.message


def test_the_proxy_agent_writes_its_address(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("proxy")
    agent = make_deployment("proxy-agent", container={"image": "ghcr.io/kubeflow/kfp-inverse-proxy-agent:2.14.4"})
    cluster.apps.create_namespaced_deployment(namespace, agent)
    cluster.wait_ready(namespace, "proxy-agent")
    cluster.core.create_namespaced_config_map(namespace, {"metadata": {"name": "inverse-proxy-config"}})
    config = cluster.wait(
        cluster.core.list_namespaced_config_map,
        lambda config: config.metadata.name == "inverse-proxy-config" and config.data,
        namespace=namespace,
    )
    assert config.data["Hostname"].endswith("-dot-us-central1.pipelines.googleusercontent.com")


def test_the_cache_server_waits_for_what_the_cache_deployer_makes(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("cache")
    volumes = [{"name": "webhook-tls-certs", "secret": {"secretName": "webhook-server-tls"}}]
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("cache-server", volumes=volumes))
    cluster.wait_event(namespace, "FailedMount", "webhook-server-tls")
    deployer = make_deployment("cache-deployer", container={"image": "ghcr.io/kubeflow/kfp-cache-deployer:2.14.4"})
    cluster.apps.create_namespaced_deployment(namespace, deployer)
    cluster.wait_ready(namespace, "cache-server")
    secret = cluster.core.read_namespaced_secret("webhook-server-tls", namespace)
    assert set(secret.data) == {"cert.pem", "key.pem"}
    webhook = json.loads(
        cluster.kubectl("get", "mutatingwebhookconfiguration", f"cache-webhook-{namespace}", "-o", "json")
    )
    assert webhook["webhooks"][0]["clientConfig"]["service"] == {
        "name": "cache-server",
        "namespace": namespace,
        "path": "/mutate",
        "port": 443,
    }


def test_a_services_proxy_is_as_healthy_as_its_endpoints(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("health")
    health = f"/api/v1/namespaces/{namespace}/services/ml-pipeline:8888/proxy/apis/v2beta1/healthz"
    assert _status_of(cluster, health) == 404
    spec = {"selector": {"app": "ml-pipeline"}, "ports": [{"port": 8888}]}
    cluster.core.create_namespaced_service(namespace, {"metadata": {"name": "ml-pipeline"}, "spec": spec})
    cluster.wait(cluster.core.list_namespaced_endpoints, _is_named("ml-pipeline"), namespace=namespace)
    assert _status_of(cluster, health) == 503
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("ml-pipeline"))
    cluster.wait(cluster.core.list_namespaced_endpoints, _has_addresses(1), namespace=namespace)
    until = time.monotonic() + 10
    while (status := _status_of(cluster, health)) == 503 and time.monotonic() < until:
        time.sleep(0.1)  # the server's proxy learns of them by a watch of its own
    assert status == 200


def test_other_workloads_run_too(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("workloads")
    spec = make_deployment("db", replicas=2)["spec"]
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    stateful = {**spec, "serviceName": "db", "volumeClaimTemplates": [claim]}
    cluster.apps.create_namespaced_stateful_set(namespace, {"metadata": {"name": "db"}, "spec": stateful})
    daemon = {name: value for name, value in make_deployment("agent")["spec"].items() if name != "replicas"}
    cluster.apps.create_namespaced_daemon_set(namespace, {"metadata": {"name": "agent"}, "spec": daemon})
    job = {
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example.com/job"}]}}
    }
    cluster.batch.create_namespaced_job(namespace, {"metadata": {"name": "hello"}, "spec": {**job, "completions": 2}})
    cluster.wait(
        cluster.apps.list_namespaced_stateful_set, lambda each: each.status.ready_replicas == 2, namespace=namespace
    )
    cluster.wait(
        cluster.apps.list_namespaced_daemon_set, lambda each: each.status.number_ready == 3, namespace=namespace
    )
    done = cluster.wait(cluster.batch.list_namespaced_job, _condition("Complete"), namespace=namespace)
    assert done.status.succeeded == 2
    claims = cluster.core.list_namespaced_persistent_volume_claim(namespace).items
    assert {claim.metadata.name: claim.status.phase for claim in claims} == {"data-db-0": "Bound", "data-db-1": "Bound"}


def test_a_load_balancer_gets_an_address(cluster: Cluster) -> None:
    namespace = cluster.namespace("balancer")
    spec = {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]}
    cluster.core.create_namespaced_service(namespace, {"metadata": {"name": "web"}, "spec": spec})
    service = cluster.wait(
        cluster.core.list_namespaced_service, lambda each: each.status.load_balancer.ingress, namespace=namespace
    )
    assert service.status.load_balancer.ingress[0].ip.startswith("34.")


def test_what_the_controller_does_is_no_change_of_the_users(cluster: Cluster, make_deployment: Make) -> None:
    namespace = cluster.namespace("log")
    before = len(cluster.log.calls)
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web"))
    cluster.wait_ready(namespace, "web")
    calls = [call for call in cluster.log.calls[before:] if call["method"] not in ("GET", "HEAD")]
    assert [call["path"] for call in calls if call["mutating"]] == [f"/apis/apps/v1/namespaces/{namespace}/deployments"]
    assert {call["actor"] for call in calls if not call["mutating"]} == {"controller"}


def test_a_quiet_cluster_makes_no_calls(cluster: Cluster, make_deployment: Make) -> None:
    """What is ready stays as it is: nothing is written again and again."""
    namespace = cluster.namespace("quiet")
    cluster.apps.create_namespaced_deployment(namespace, make_deployment("web"))
    version = cluster.wait_ready(namespace, "web").metadata.resource_version
    with pytest.raises(AssertionError, match="not as wanted"):
        cluster.wait(
            cluster.apps.list_namespaced_deployment,
            lambda each: each.metadata.resource_version != version,
            namespace=namespace,
            seconds=1,
        )


def _is_named(name: str) -> Callable[[Any], bool]:
    return lambda obj: bool(obj.metadata.name == name)


def _condition(kind: str) -> Callable[[Any], Any]:
    def find(obj: Any) -> Any:
        found = [each for each in obj.status.conditions or [] if each.type == kind and each.status == "True"]
        return found[0] if found else None

    return find


def _has_addresses(number: int) -> Callable[[Any], bool]:
    return lambda endpoints: sum(len(subset.addresses or []) for subset in endpoints.subsets or []) == number


def _status_of(cluster: Cluster, path: str) -> int:
    pool: urllib3.PoolManager = cluster.api.rest_client.pool_manager
    headers = {"Authorization": cluster.api.configuration.api_key["authorization"]}
    return int(pool.request("GET", f"https://{cluster.address.endpoint}{path}", headers=headers).status)
