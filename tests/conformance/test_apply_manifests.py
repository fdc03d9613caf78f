"""Kubeflow Pipelines' manifests, applied by our code to a real API server and to a cluster of the sandbox."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from clients.addresses import Addresses
from clients.change_control import ChangeControl
from clients.kubernetes.apply import apply_objects, plan_objects
from clients.kubernetes.apply_sets import check_alone, list_installations, list_members
from clients.kubernetes.connection import Cluster, ClusterAccess
from clients.kubernetes.installation import install
from clients.kubernetes.objects import Objects
from clients.kubernetes.plan import plan_changes
from clients.kubernetes.prerequisites import DEFINITIONS
from environment.apply_set import ApplySet
from environment.changes import ordered
from environment.errors import (
    ApplyConflictError,
    ApprovalError,
    ImmutableFieldError,
    KubernetesError,
    ReplacementRefusedError,
)
from environment.objects import ObjectReference, reference_of
from environment.pipelines_ui import PROXY_CONFIG

SET = ApplySet("mlops-env", "kubeflow", "0.1.0")
UI = ObjectReference("apps", "v1", "Deployment", "kubeflow", "ml-pipeline-ui")
GRPC = UI._replace(name="metadata-grpc-deployment")
MEMBER_KINDS = (
    ("", "v1", "Secret"),
    ("", "v1", "ConfigMap"),
    ("", "v1", "Service"),
    ("", "v1", "ServiceAccount"),
    ("apps", "v1", "Deployment"),
    ("rbac.authorization.k8s.io", "v1", "Role"),
    ("scheduling.k8s.io", "v1", "PriorityClass"),
    ("app.k8s.io", "v1beta1", "Application"),
)


@pytest.fixture(scope="module")
def few(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Enough of them to see every behaviour."""
    wanted = {
        *((kind, "ml-pipeline-ui") for kind in ("Deployment", "Service", "ServiceAccount", "RoleBinding")),
        ("Namespace", "kubeflow"),
        ("Deployment", "metadata-grpc-deployment"),
        ("CustomResourceDefinition", "viewers.kubeflow.org"),
        ("CustomResourceDefinition", "applications.app.k8s.io"),
        ("Application", "pipeline"),
        ("PriorityClass", "workflow-controller"),
        ("Secret", "mysql-secret"),
    }
    found = [one for one in manifests if (one["kind"], one["metadata"]["name"]) in wanted]
    assert len(found) == len(wanted)
    return found


@dataclass
class Recorded:
    """A cluster and what was asked of it; a call that could change something is (method, path)."""

    objects: Objects
    changing: list[tuple[str, str]] = field(default_factory=list)
    is_touched: bool = False

    def __post_init__(self) -> None:
        send = self.objects.cluster.request

        def request(method: str, path: str, query: Any = None, body: Any = None, **more: Any) -> Any:
            if method != "GET" and "dryRun" not in (query or {}):
                self.changing.append((method, path))
                self.is_touched = True
            return send(method, path, query, body, **more)

        self.objects.cluster.request = request  # type: ignore[method-assign]

    def update(self, reference: ObjectReference, body: Any, manager: str, subresource: str = "") -> None:
        """Change an object as somebody else does."""
        resource = self.objects.discovery.resource(*reference[:3])
        path = resource.path(reference.namespace, reference.name) + subresource
        content_type = "application/merge-patch+json"
        self.objects.cluster.request("PATCH", path, {"fieldManager": manager}, body, content_type=content_type)
        self.changing.clear()


def recorded(access: ClusterAccess, token: str, few: list[dict[str, Any]]) -> Iterator[Recorded]:
    """Apply the manifests once."""
    found = Recorded(Objects(Cluster(access, Addresses(token=token))))
    install(found.objects, few, SET)
    yield found
    found.objects.cluster.close()


@pytest.fixture(scope="module")
def real_cluster(real_access: tuple[ClusterAccess, str], few: list[dict[str, Any]]) -> Iterator[Recorded]:
    """A real API server with these manifests applied."""
    yield from recorded(*real_access, few)


@pytest.fixture(scope="module")
def sandbox_cluster(sandbox: Any, few: list[dict[str, Any]]) -> Iterator[Recorded]:
    """A cluster of the sandbox with these manifests applied."""
    yield from recorded(ClusterAccess(*sandbox.make_cluster("acme-apply-project", "apply")), sandbox.token, few)


@pytest.fixture(scope="module", params=["real", "sandbox"])
def cluster(request: pytest.FixtureRequest) -> Recorded:
    """Each of the two."""
    found: Recorded = request.getfixturevalue(f"{request.param}_cluster")
    return found


@pytest.fixture
def calm(cluster: Recorded, few: list[dict[str, Any]]) -> Iterator[Recorded]:
    """The cluster as the manifests want it, and so again afterwards."""
    cluster.changing.clear()
    cluster.is_touched = False
    yield cluster
    if cluster.is_touched:
        install(cluster.objects, few, SET, force=True)


def normalised(thing: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs between equal objects."""
    kept = ("name", "namespace", "labels", "annotations")
    metadata = {key: value for key, value in thing["metadata"].items() if key in kept}
    rest = {key: value for key, value in thing.items() if key not in ("metadata", "status")}
    # Given out by the cluster, or written by its controllers.
    spec = {key: value for key, value in (thing.get("spec") or {}).items() if key not in ("clusterIP", "clusterIPs")}
    annotations = dict(metadata.get("annotations") or {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    return {**rest, "spec": spec, "metadata": {**metadata, "annotations": annotations}}


def test_second_time_changes_nothing(calm, few):
    assert install(calm.objects, few, SET) == ()
    assert calm.changing == []


def test_second_installation_is_seen_across_namespaces(calm):
    assert list_installations(calm.objects, SET.name) == {"kubeflow": ""}
    check_alone(calm.objects, SET)
    with pytest.raises(ReplacementRefusedError, match="already installed in namespace kubeflow"):
        check_alone(calm.objects, ApplySet(SET.name, "elsewhere", "0.1.0", "dev of acme"))
    guest = ApplySet(SET.name, "elsewhere", "0.1.0", "dev of acme", is_guest=True)
    with pytest.raises(KubernetesError, match="belongs to an environment that is not named, not to dev of acme"):
        check_alone(calm.objects, guest, ("Namespace kubeflow",))
    assert calm.changing == []


def test_deleted_object_is_made_again_and_nothing_else(calm, few):
    calm.objects.delete(UI._replace(group="", kind="Service"))
    calm.changing.clear()
    assert [str(one) for one in install(calm.objects, few, SET)] == ["create Service kubeflow/ml-pipeline-ui"]
    assert [method for method, _ in calm.changing] == ["PATCH"]


def test_field_of_another_stays_and_is_no_change(calm, few):
    calm.update(UI, {"metadata": {"annotations": {"team": "ml"}}}, "kubectl-annotate")
    assert install(calm.objects, few, SET) == ()
    assert calm.objects.get(UI)["metadata"]["annotations"]["team"] == "ml"


def with_image(few: list[dict[str, Any]], image: str) -> list[dict[str, Any]]:
    changed = copy.deepcopy(few)
    (deployment,) = (one for one in changed if reference_of(one) == UI)
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return changed


def test_changed_field_is_one_update_that_names_it(calm, few):
    (change,) = install(calm.objects, with_image(few, "example.com/ui:2"), SET)
    assert str(change) == "update Deployment kubeflow/ml-pipeline-ui"
    assert [(one.path, one.after) for one in change.fields] == [
        ('.spec.template.spec.containers[name="ml-pipeline-ui"].image', "example.com/ui:2")
    ]
    assert len(calm.changing) == 1


def edited(image: str) -> list[dict[str, Any]]:
    path = "/spec/template/spec/containers/0/image"
    return [{"op": "replace", "path": path, "value": image}]


def edit(cluster: Recorded, reference: ObjectReference, operations: list[dict[str, Any]]) -> None:
    resource = cluster.objects.discovery.resource(*reference[:3])
    cluster.objects.cluster.request(
        "PATCH",
        resource.path(reference.namespace, reference.name),
        {"fieldManager": "kubectl-edit"},
        operations,
        content_type="application/json-patch+json",
    )
    cluster.changing.clear()


def edit_image(cluster: Recorded, image: str) -> None:
    edit(cluster, UI, edited(image))


def test_conflict_names_field_and_owner_before_anything_changes(calm, few):
    edit_image(calm, "example.com/by-hand:1")
    with pytest.raises(ApplyConflictError) as caught:
        install(calm.objects, few, SET)
    assert "Deployment kubeflow/ml-pipeline-ui" in caught.value.message
    assert '.spec.template.spec.containers[name="ml-pipeline-ui"].image' in caught.value.message
    assert "kubectl-edit" in caught.value.message
    assert calm.changing == []


def test_conflict_is_taken_over_when_told_to(calm, few):
    edit_image(calm, "example.com/by-hand:1")
    (change,) = install(calm.objects, few, SET, force=True)
    assert [one.before for one in change.fields] == ["example.com/by-hand:1"]
    assert install(calm.objects, few, SET) == ()


def test_scaled_replicas_stay_scaled(calm, few):
    wanted = copy.deepcopy(few)
    (deployment,) = (one for one in wanted if reference_of(one) == GRPC)
    deployment["spec"]["replicas"] = 1
    install(calm.objects, wanted, SET)
    calm.update(GRPC, {"spec": {"replicas": 3}}, "kubectl", "/scale")
    assert install(calm.objects, wanted, SET) == ()
    assert calm.objects.get(GRPC)["spec"]["replicas"] == 3
    (planned,) = plan_objects(calm.objects, [deployment], SET)
    assert ".spec.replicas" in planned.change.left[0]


def test_what_is_no_longer_rendered_is_pruned_and_nothing_else(calm, few):
    fewer = [one for one in few if reference_of(one) != UI and one["kind"] != "PriorityClass"]
    changes = [str(one) for one in install(calm.objects, fewer, SET)]
    assert changes == ["delete Deployment kubeflow/ml-pipeline-ui", "delete PriorityClass workflow-controller"]
    assert calm.objects.get(UI) is None
    parent = calm.objects.get(SET.reference)
    assert "PriorityClass" not in parent["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"]
    assert len(calm.changing) == 3


def test_definitions_and_namespaces_are_never_pruned(calm, few):
    fewer = [one for one in few if one["metadata"]["name"] != "viewers.kubeflow.org"]
    assert install(calm.objects, fewer, SET) == ()
    names = [one["metadata"]["name"] for one in calm.objects.list(DEFINITIONS).items]
    assert "viewers.kubeflow.org" in names


def test_object_of_somebody_else_is_not_pruned(calm, few):
    stranger = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stranger", "namespace": "kubeflow"}}
    calm.objects.apply(stranger, field_manager="somebody")
    assert install(calm.objects, few, SET) == ()
    assert calm.objects.delete(reference_of(stranger))


def test_object_of_somebody_else_is_adopted_once(calm, few):
    calm.objects.delete(UI._replace(group="", kind="Service"))
    (service,) = (one for one in few if one["kind"] == "Service" and one["metadata"]["name"] == UI.name)
    calm.objects.apply(service, field_manager="somebody")
    assert [str(one) for one in install(calm.objects, few, SET)] == ["update Service kubeflow/ml-pipeline-ui"]
    assert install(calm.objects, few, SET) == ()


def test_immutable_field_names_object_and_field(calm, few):
    changed = copy.deepcopy(few)
    (deployment,) = (one for one in changed if reference_of(one) == UI)
    deployment["spec"]["selector"]["matchLabels"]["x"] = "y"
    deployment["spec"]["template"]["metadata"]["labels"]["x"] = "y"
    with pytest.raises(
        ReplacementRefusedError, match=r"Deployment kubeflow/ml-pipeline-ui \(forced by \.spec\.selector"
    ):
        install(calm.objects, changed, SET)
    assert calm.changing == []


def test_immutable_field_is_planned_as_a_replacement(calm, few):
    (deployment,) = (copy.deepcopy(one) for one in few if reference_of(one) == UI)
    deployment["spec"]["selector"]["matchLabels"]["x"] = "y"
    deployment["spec"]["template"]["metadata"]["labels"]["x"] = "y"
    (planned,) = plan_objects(calm.objects, [deployment], SET)
    assert (planned.change.action, planned.change.replace_paths) == ("replace", (".spec.selector",))
    assert [(field.path, field.after) for field in planned.change.fields] == [(".spec.selector.matchLabels.x", "y")]
    assert isinstance(planned.refusal, ImmutableFieldError)


def test_field_of_somebody_else_is_planned_with_its_owner(calm, few):
    (deployment,) = (copy.deepcopy(one) for one in few if reference_of(one) == UI)
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/by-hand:1"
    calm.objects.apply(deployment, force=True, field_manager="kubectl-edit")
    (deployment,) = (one for one in few if reference_of(one) == UI)
    (planned,) = plan_objects(calm.objects, [deployment], SET)
    assert planned.change.owners == ("kubectl-edit",)
    assert [field.before for field in planned.change.fields if field.owner] == ["example.com/by-hand:1"]
    assert isinstance(planned.refusal, ApplyConflictError)
    install(calm.objects, few, SET, force=True)


def test_what_others_added_stays_until_their_fields_are_taken_over(calm, few):
    containers = "/spec/template/spec/containers"
    edit(calm, UI, [{"op": "add", "path": f"{containers}/-", "value": {"name": "mine", "image": "mine"}}])
    (deployment,) = (one for one in few if reference_of(one) == UI)
    (planned,) = plan_objects(calm.objects, [deployment], SET)
    assert planned.change.is_noop
    mine = '.spec.template.spec.containers[name="mine"]'
    assert [(field.path, field.owner) for field in planned.change.added] == [(mine, "kubectl-edit")]
    assert install(calm.objects, few, SET) == ()
    with pytest.raises(ApprovalError, match="not approved: update Deployment kubeflow/ml-pipeline-ui"):
        apply_objects(calm.objects, [deployment], SET, force=True, control=ChangeControl(approved=()))
    assert calm.changing == []
    shown = plan_changes(calm.objects, few, SET, force=True)
    (change,) = install(calm.objects, few, SET, force=True)
    assert [field.path for field in change.fields] == [mine]
    assert ordered(shown) == (change,)
    assert [one["name"] for one in calm.objects.get(UI)["spec"]["template"]["spec"]["containers"]] == [UI.name]
    assert install(calm.objects, few, SET) == ()


def test_what_is_invalid_together_with_what_others_added_is_planned_and_put_back_when_told_to(calm, few):
    service = UI._replace(group="", kind="Service")
    edit(calm, service, [{"op": "replace", "path": "/spec/ports/0/port", "value": 81}])
    with pytest.raises(KubernetesError, match="Duplicate value"):
        install(calm.objects, few, SET)
    assert calm.changing == []
    (change,) = install(calm.objects, few, SET, force=True)
    assert (str(change), change.owners) == ("update Service kubeflow/ml-pipeline-ui", ("kubectl-edit",))
    assert [one["port"] for one in calm.objects.get(service)["spec"]["ports"]] == [80]
    assert install(calm.objects, few, SET) == ()


def test_plan_of_what_is_not_there_yet_is_all_new_and_changes_nothing(calm, few):
    elsewhere = ApplySet("mlops-env", "elsewhere", "0")
    moved = [copy.deepcopy(one) for one in few if one["kind"] not in ("Namespace", "CustomResourceDefinition")]
    for one in moved:
        if one["metadata"].get("namespace"):
            one["metadata"]["namespace"] = elsewhere.namespace
    namespaced = [one for one in moved if one["metadata"].get("namespace")]
    assert namespaced
    changes = plan_changes(calm.objects, namespaced, elsewhere)
    assert {change.action for change in changes} == {"create"}
    assert len(changes) == len(namespaced)
    assert calm.changing == []


def test_unknown_field_names_object_and_field(calm, few):
    changed = copy.deepcopy(few)
    (deployment,) = (one for one in changed if reference_of(one) == UI)
    deployment["spec"]["replicaz"] = 2
    with pytest.raises(KubernetesError, match=r"Deployment kubeflow/ml-pipeline-ui.*replicaz") as caught:
        install(calm.objects, changed, SET)
    assert type(caught.value) is KubernetesError
    assert calm.changing == []


def test_kind_that_is_not_served_is_named_before_anything_changes(calm, few):
    gone = {"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"name": "x"}, "spec": {}}
    with pytest.raises(KubernetesError, match="does not serve PodSecurityPolicy of policy/v1beta1"):
        install(calm.objects, [*few, gone], SET)
    assert calm.changing == []


def test_parent_of_another_tool_is_left_alone(calm, few):
    other = ApplySet("of-kubectl", "kubeflow", "0")
    parent = other.parent(SET.extent_of([UI]))
    parent["metadata"]["annotations"]["applyset.kubernetes.io/tooling"] = "kubectl/v1.33.1"
    calm.objects.apply(parent, field_manager="kubectl-applyset")
    with pytest.raises(KubernetesError, match="belongs to kubectl"):
        install(calm.objects, few[-1:], other)
    calm.objects.delete(other.reference)


def test_all_are_applied_once(cluster, manifests, few):
    changes = install(cluster.objects, manifests, SET)
    assert {str(one) for one in changes} == {f"create {reference_of(one)}" for one in manifests if one not in few}
    cluster.changing.clear()
    assert install(cluster.objects, manifests, SET) == ()
    assert cluster.changing == []


def test_every_manifest_is_there(cluster, manifests):
    references = [reference_of(one) for one in manifests]
    members = list_members(cluster.objects, SET, SET.extent_of(references))
    assert sorted(map(str, members)) == sorted(map(str, references))


def test_fields_that_were_rendered_are_as_rendered(cluster, manifests):
    resource = cluster.objects.discovery.resource(*UI[:3])
    found = {reference_of(one): one for one in cluster.objects.list(resource, "kubeflow").items}
    for manifest in manifests:
        if manifest["kind"] != "Deployment":
            continue
        live = found[reference_of(manifest)]
        images = {one["name"]: one["image"] for one in live["spec"]["template"]["spec"]["containers"]}
        assert images == {one["name"]: one["image"] for one in manifest["spec"]["template"]["spec"]["containers"]}


@pytest.mark.parametrize("kind", MEMBER_KINDS, ids=lambda kind: kind[2])
def test_both_hold_the_same(sandbox_cluster, real_cluster, kind):
    """Every member, as a real API server answers it and as the sandbox does."""
    found, expected = (members(one.objects, kind) for one in (sandbox_cluster, real_cluster))
    assert expected
    assert found == expected


def members(objects: Objects, kind: tuple[str, str, str]) -> dict[str, dict[str, Any]]:
    listing = objects.list(objects.discovery.resource(*kind), query={"labelSelector": SET.selector})
    things = {str(reference_of(item)): normalised(item) for item in listing.items}
    things.pop(f"ConfigMap kubeflow/{PROXY_CONFIG}", None)  # the proxy agent writes into it
    return things
