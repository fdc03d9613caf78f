"""An installation is taken off a cluster from every step at which its making may have stopped.

The cluster is the sandbox's, for what matters most a real API server too, where there is one. That has no controllers,
so the sandbox's empty the namespaces there as well. What the API server itself does is real: finalizers, preconditions,
watches, discovery, and namespaces that take nothing new while they end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.addresses import Addresses
from clients.kubernetes.connection import Cluster, ClusterAccess
from clients.kubernetes.objects import Objects
from clients.kubernetes.removal import remove_installation, remove_members, remove_namespace
from environment.apply_set import ApplySet
from environment.errors import KubernetesError
from sandbox.clusters.manager import Clusters

TOKEN = "token-of-the-users"
SET = ApplySet("kubeflow-pipelines", "kubeflow", "0.1.0")
GUEST = replace(SET, owner="dev of acme", is_guest=True)
PART_OF = {"applyset.kubernetes.io/part-of": SET.id}
CORE, NAMESPACE = "/api/v1/namespaces", "/api/v1/namespaces/kubeflow"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
RUNS = "/apis/example.com/v1/namespaces/kubeflow/runs"
SCHEMA = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def named(kind: str, version: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, **more.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def hook(name: str, namespace: str) -> dict[str, Any]:
    service = {"name": "webhook", "namespace": namespace}
    rule = {
        "name": "a.example.com",
        "clientConfig": {"service": service},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    return named("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", name, webhooks=[rule])


def balancer(namespace: str) -> dict[str, Any]:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "a"}}
    return named("Service", "v1", "balancer", metadata={"namespace": namespace}, spec=spec)


DEFINITION = named(
    "CustomResourceDefinition",
    "apiextensions.k8s.io/v1",
    "runs.example.com",
    metadata={"labels": PART_OF},
    spec={
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Run", "plural": "runs", "singular": "run", "listKind": "RunList"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}],
    },
)
API_SERVICE = named(
    "APIService",
    "apiregistration.k8s.io/v1",
    "v1.metrics.example.com",
    spec={
        "group": "metrics.example.com",
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
        "service": {"name": "metrics", "namespace": "kubeflow"},
    },
)
RUN = named("Run", "example.com/v1", "run", metadata={"finalizers": ["example.com/controller"]})
STEPS: list[tuple[str, dict[str, Any]]] = [
    (CORE, named("Namespace", "v1", "kubeflow")),
    (DEFINITIONS, DEFINITION),
    (f"{NAMESPACE}/secrets", named("Secret", "v1", "mysql-secret")),
    (f"{NAMESPACE}/services", balancer("kubeflow")),
    (HOOKS, hook("ours", "kubeflow")),
    (API_SERVICES, API_SERVICE),
    (RUNS, RUN),
]


class NoLog:
    """A call log that nobody reads."""

    def record(self, **call: Any) -> None: ...


@contextmanager
def running_cluster(folder: Path, programs: Path | None = None) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBEBUILDER_ASSETS", str(programs or ""))
        clusters = Clusters(folder, TOKEN, NoLog())
        address = clusters.create("acme-removal/us-central1-a/removal")
        access = ClusterAccess(f"https://{address.endpoint}", address.ca_certificate)
        cluster = Cluster(access, Addresses(token=TOKEN))
        yield cluster
        cluster.close()
        clusters.stop_all()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def real_cluster(real_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("real"), real_programs) as cluster:
        yield cluster


@pytest.fixture(params=["cluster", "real_cluster"])
def either(request: pytest.FixtureRequest) -> Cluster:
    """Each of the two."""
    found: Cluster = request.getfixturevalue(request.param)
    return found


def kinds_of(removed: list[str]) -> list[str]:
    return [one.split()[0] for one in removed]


def remove_guest(cluster: Cluster, guest: ApplySet = GUEST) -> list[str]:
    removed: list[str] = []
    remove_members(Objects(cluster), guest, timeout_seconds=20.0, on_removed=lambda one: removed.append(str(one)))
    return removed


def remove(cluster: Cluster, how: Callable[..., None] = remove_installation, seconds: float = 20.0) -> list[str]:
    removed: list[str] = []
    how(Objects(cluster), SET, timeout_seconds=seconds, on_removed=lambda one: removed.append(str(one)))
    return removed


def names(cluster: Cluster, path: str) -> list[str]:
    return [one["metadata"]["name"] for one in cluster.request("GET", path).body["items"]]


def make(cluster: Cluster, steps: list[tuple[str, dict[str, Any]]]) -> None:
    for path, body in steps:
        if path == DEFINITIONS and body["metadata"]["name"] in names(cluster, DEFINITIONS):
            continue
        for left in range(50, -1, -1):  # a definition is served a moment later
            try:
                cluster.request("POST", path, body=body)
                break
            except KubernetesError as error:
                if error.status != 404 or not left:
                    raise
                time.sleep(0.05)


def free_runs(cluster: Cluster) -> None:
    """Be the controller: take the finalizer off a run that is deleted."""
    for _ in range(200):
        runs = cluster.request("GET", RUNS).body["items"]
        if runs and runs[0]["metadata"].get("deletionTimestamp"):
            free = [{"op": "remove", "path": "/metadata/finalizers"}]
            cluster.request("PATCH", f"{RUNS}/run", body=free, content_type="application/json-patch+json")
            return
        time.sleep(0.02)


@pytest.mark.parametrize("count", range(len(STEPS)))
def test_what_stopped_after_any_step_is_taken_off(cluster, count) -> None:
    make(cluster, STEPS[:count])
    removed = remove(cluster)
    assert len(removed) == sum(path not in (DEFINITIONS, f"{NAMESPACE}/secrets") for path, _ in STEPS[:count])
    assert "kubeflow" not in names(cluster, CORE)
    assert "ours" not in names(cluster, HOOKS)
    assert "v1.metrics.example.com" not in names(cluster, API_SERVICES)
    assert remove(cluster) == []


def test_custom_resources_go_while_their_controller_runs_then_what_would_refuse_deletions(either) -> None:
    make(either, STEPS)
    controller = threading.Thread(target=free_runs, args=(either,))
    controller.start()
    removed = remove(either)
    controller.join()
    kinds = kinds_of(removed)
    assert (kinds[0], kinds[3:]) == ("Run", ["Service", "Namespace"])
    assert {*kinds[1:3]} == {"ValidatingWebhookConfiguration", "APIService"}, "at the same time"


def test_a_custom_resource_without_a_controller_is_named_at_the_deadline(either) -> None:
    make(either, STEPS)
    began = time.monotonic()
    with pytest.raises(KubernetesError, match=r"Run kubeflow/run \(finalizer example.com/controller\)"):
        remove(either, seconds=1.0)
    assert time.monotonic() - began < 10
    assert "ours" in names(either, HOOKS), "nothing else goes before its custom resources"
    free = [{"op": "remove", "path": "/metadata/finalizers"}]
    either.request("PATCH", f"{RUNS}/run", body=free, content_type="application/json-patch+json")
    remove(either)


def wait_until(happens: Callable[[], bool]) -> None:
    """Fail where it has not happened within 90 seconds: a busy API server may look again after 30."""
    deadline = time.monotonic() + 90
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def role(name: str, **labels: str) -> dict[str, Any]:
    return named("ClusterRole", "rbac.authorization.k8s.io/v1", name, metadata={"labels": labels}, rules=[])


def test_from_a_cluster_of_others_all_members_go_and_no_definition_that_others_use(either) -> None:
    kinds = "ClusterRole.rbac.authorization.k8s.io,CustomResourceDefinition.apiextensions.k8s.io,Namespace"
    parent = GUEST.parent(GUEST.extent_of(()))
    parent["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"] = kinds
    roles, other_runs = "/apis/rbac.authorization.k8s.io/v1/clusterroles", RUNS.replace("kubeflow", "other")
    steps = [
        (CORE, named("Namespace", "v1", "kubeflow", metadata={"labels": PART_OF})),
        (CORE, named("Namespace", "v1", "other")),
        (DEFINITIONS, DEFINITION),
        (roles, role("ours", **PART_OF)),
        (roles, role("theirs")),
        (RUNS, named("Run", "example.com/v1", "run")),
        (other_runs, named("Run", "example.com/v1", "run")),
    ]
    make(either, steps)
    assert remove_guest(either) == [], "without its parent, nothing is known to be ours"
    assert "kubeflow" in names(either, CORE)
    make(either, [(f"{NAMESPACE}/secrets", parent)])
    removed = remove_guest(either)
    assert {"ClusterRole ours", "Namespace kubeflow"} <= set(removed)
    assert not {"theirs"} - set(names(either, roles))
    assert "ours" not in names(either, roles)
    assert names(either, DEFINITIONS) == ["runs.example.com"], "it would take the runs of others along"
    assert names(either, other_runs) == ["run"]
    either.request("DELETE", f"{CORE}/other")
    make(either, [(CORE, named("Namespace", "v1", "kubeflow", metadata={"labels": PART_OF}))])
    make(either, [(f"{NAMESPACE}/secrets", parent)])
    wait_until(lambda: not either.request("GET", RUNS.replace("/namespaces/kubeflow", "")).body["items"])
    remove_guest(either)
    wait_until(lambda: not names(either, DEFINITIONS))  # a real API server first looks whether any Run is left


def test_a_definition_without_namespaces_stays_for_others_too(cluster) -> None:
    kinds = "Plan.example.com,CustomResourceDefinition.apiextensions.k8s.io,Namespace"
    parent = GUEST.parent(GUEST.extent_of(()))
    parent["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"] = kinds
    kind = {"kind": "Plan", "plural": "plans", "singular": "plan", "listKind": "PlanList"}
    definition = {
        **DEFINITION,
        "metadata": {"name": "plans.example.com", "labels": PART_OF},
        "spec": {**DEFINITION["spec"], "scope": "Cluster", "names": kind},
    }
    plans = "/apis/example.com/v1/plans"
    steps = [
        (CORE, named("Namespace", "v1", "kubeflow")),
        (f"{NAMESPACE}/secrets", parent),
        (DEFINITIONS, definition),
        (plans, named("Plan", "example.com/v1", "theirs")),
        (plans, named("Plan", "example.com/v1", "ours", metadata={"labels": PART_OF})),
    ]
    make(cluster, steps)
    assert {"Plan ours", "Namespace kubeflow"} <= set(remove_guest(cluster))
    assert (names(cluster, DEFINITIONS), names(cluster, plans)) == (["plans.example.com"], ["theirs"])
    cluster.request("DELETE", f"{DEFINITIONS}/plans.example.com")


def test_a_namespace_of_a_run_that_died_before_the_parent_goes_with_its_owner(cluster) -> None:
    make(cluster, [(CORE, GUEST.member(named("Namespace", "v1", "kubeflow")))])
    assert remove_guest(cluster, replace(GUEST, owner="dev of lab")) == []
    assert remove_guest(cluster) == ["Namespace kubeflow"]
    assert "kubeflow" not in names(cluster, CORE)


def test_a_namespace_alone_leaves_others_untouched(cluster) -> None:
    others = [
        (CORE, named("Namespace", "v1", "other")),
        (f"{CORE}/other/services", balancer("other")),
        (HOOKS, hook("others", "other")),
    ]
    make(cluster, [*STEPS[:-1], *others])
    remove(cluster, remove_namespace)
    assert "kubeflow" not in names(cluster, CORE)
    assert names(cluster, f"{CORE}/other/services") == ["balancer"]
    assert "others" in names(cluster, HOOKS)
    remove(cluster)
    assert names(cluster, f"{CORE}/other/services") == [], "the cluster goes: so does what it made outside of it"
