from __future__ import annotations

from typing import Any

import pytest

from environment.apply_set import ApplySet, Extent, installed_namespaces, prunable
from environment.errors import KubernetesError
from environment.objects import GroupKind, ObjectReference

SET = ApplySet("mlops-env", "kubeflow", "0.1.0")
DEPLOYMENT = ObjectReference("apps", "v1", "Deployment", "kubeflow", "ui")
CONFIG = ObjectReference("", "v1", "ConfigMap", "kubeflow", "config")
ROLE = ObjectReference("rbac.authorization.k8s.io", "v1", "ClusterRole", "", "role")


def test_installations_are_the_parents_that_this_tool_made_under_that_name():
    made = [ApplySet(name, namespace, "0.1.0").parent(Extent()) for name in ("mlops-env", "x") for namespace in "ba"]
    of_kubectl = ApplySet("mlops-env", "c", "0.1.0").parent(Extent())
    of_kubectl["metadata"]["annotations"]["applyset.kubernetes.io/tooling"] = "kubectl/v1.33"
    copied = ApplySet("mlops-env", "d", "0.1.0").parent(Extent())
    copied["metadata"]["namespace"] = "e"
    assert installed_namespaces("mlops-env", [*made, of_kubectl, copied]) == ("a", "b")


def test_id_is_the_one_that_the_kubernetes_documentation_shows():
    # https://kubernetes.io/docs/reference/labels-annotations-taints/#applyset-kubernetes-io-id
    assert ApplySet("my-set", "test", "1").id == "applyset-0eFHV8ySqp7XoShsGvyWFQD3s96yqwHmzc4e0HR1dsY-v1"


def test_member_carries_the_label_and_keeps_its_own():
    given = {"kind": "ConfigMap", "metadata": {"name": "x", "labels": {"app": "y"}}}
    member = SET.member(given)
    assert member["metadata"]["labels"] == {"app": "y", "applyset.kubernetes.io/part-of": SET.id}
    assert given["metadata"]["labels"] == {"app": "y"}


def test_parent_names_kinds_and_other_namespaces_sorted():
    extent = SET.extent_of([DEPLOYMENT, CONFIG, ROLE, CONFIG._replace(namespace="zoo"), CONFIG._replace(namespace="a")])
    assert SET.parent(extent)["metadata"] == {
        "name": "mlops-env",
        "namespace": "kubeflow",
        "labels": {"applyset.kubernetes.io/id": SET.id},
        "annotations": {
            "applyset.kubernetes.io/tooling": "mlops-env/0.1.0",
            "applyset.kubernetes.io/contains-group-kinds": "ClusterRole.rbac.authorization.k8s.io,ConfigMap,"
            "Deployment.apps",
            "applyset.kubernetes.io/additional-namespaces": "a,zoo",
        },
    }


@pytest.mark.parametrize(
    "extent", [Extent(), SET.extent_of([DEPLOYMENT, ROLE]), SET.extent_of([CONFIG._replace(namespace="other")])]
)
def test_parent_is_read_as_it_was_written(extent):
    assert SET.read_parent(SET.parent(extent)) == extent


def test_extents_unite():
    one, other = SET.extent_of([CONFIG._replace(namespace="a")]), SET.extent_of([DEPLOYMENT])
    assert one | other == Extent(
        frozenset({GroupKind("", "ConfigMap"), GroupKind("apps", "Deployment")}), frozenset({"a"})
    )


def parent(labels: Any, annotations: Any) -> dict[str, Any]:
    return {"metadata": {"labels": labels, "annotations": annotations}}


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (
            parent({"applyset.kubernetes.io/id": SET.id}, {"applyset.kubernetes.io/tooling": "kubectl/v1.33.1"}),
            "kubectl",
        ),
        (parent(None, None), "is not the parent"),
        (
            parent({"applyset.kubernetes.io/id": "applyset-x-v1"}, {"applyset.kubernetes.io/tooling": "mlops-env/1"}),
            "is not",
        ),
    ],
)
def test_parent_of_another_is_refused(live, said):
    with pytest.raises(KubernetesError, match=said):
        SET.read_parent(live)


def test_parent_of_another_version_of_ours_is_taken():
    extent = SET.extent_of([CONFIG])
    assert SET.read_parent(ApplySet("mlops-env", "kubeflow", "0.0.9").parent(extent)) == extent


@pytest.mark.parametrize(
    ("members", "wanted", "expected"),
    [
        ([CONFIG, DEPLOYMENT], [CONFIG, DEPLOYMENT], ()),
        ([CONFIG, DEPLOYMENT, ROLE], [CONFIG], (DEPLOYMENT, ROLE)),
        ([DEPLOYMENT._replace(version="v1beta1")], [DEPLOYMENT], ()),
        ([CONFIG._replace(namespace="old")], [CONFIG], (CONFIG._replace(namespace="old"),)),
        ([ObjectReference("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "", "x")], [], ()),
        ([ObjectReference("", "v1", "Namespace", "", "x")], [], ()),
        ([ObjectReference("", "v1", "PersistentVolumeClaim", "kubeflow", "x")], [], ()),
    ],
)
def test_what_is_no_longer_wanted_is_pruned_but_never_what_holds_more(members, wanted, expected):
    assert prunable(members, wanted) == expected
