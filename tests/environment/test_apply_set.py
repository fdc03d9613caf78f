from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from environment.apply_set import ApplySet, Extent, installations, prunable
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
    owned = ApplySet("mlops-env", "f", "0.1.0", "dev of acme").parent(Extent())
    assert installations("mlops-env", [*made, of_kubectl, copied, owned]) == {"a": "", "b": "", "f": "dev of acme"}


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


OURS = replace(SET, owner="dev of acme")
GUEST = replace(OURS, is_guest=True)


@pytest.mark.parametrize(
    ("reader", "writer", "said"),
    [
        (OURS, OURS, ""),
        (OURS, SET, ""),
        (OURS, replace(SET, owner="dev of acme-lab"), "belongs to dev of acme-lab, not to dev of acme$"),
        (GUEST, OURS, ""),
        (GUEST, SET, "belongs to an installation that does not say .*; say whose it is; .* kubectl annotate secret"),
        (GUEST, replace(SET, owner="prod of acme"), "belongs to prod of acme, not to dev of acme"),
        (SET, OURS, ""),
    ],
)
def test_a_set_is_its_owners_and_in_a_cluster_of_others_only_if_it_says_so(reader, writer, said):
    parent = writer.parent(Extent())
    if not said:
        assert reader.read_parent(parent) == Extent()
        return
    with pytest.raises(KubernetesError) as caught:
        reader.read_parent(parent)
    assert re.search(said, str(caught.value).replace("; set pipelines.namespace to another one", "", said[-1] == "$"))


def test_a_namespace_in_a_cluster_of_others_says_whose_it_is_before_its_parent_is_there():
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kubeflow", "annotations": {"a": "b"}}}
    assert SET.member(namespace)["metadata"]["annotations"] == {"a": "b"}
    made = GUEST.member(namespace)
    assert made["metadata"]["annotations"] == {"a": "b", "mlops-env/owner": "dev of acme"}
    assert GUEST.has_made(made)
    assert not replace(GUEST, owner="dev of acme-lab").has_made(made)
    assert not GUEST.has_made(SET.member(namespace))
    assert not GUEST.has_made(namespace)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
    assert "annotations" not in GUEST.member(config)["metadata"]


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
