from __future__ import annotations

from typing import Any

import pytest

from environment.changes import FieldChange
from environment.object_changes import changed_fields, decide, owner_of, replaced, without_left_fields
from environment.objects import reference_of


def deployment(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "ui", "namespace": "ml", "labels": {"app": "ui"}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1, **spec}}


def stamped(thing: dict[str, Any], manager: str = "mlops-env", fields: Any = None, **stamps: Any) -> dict[str, Any]:
    """Return the object as a server answers it."""
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields or {"f:spec": {}}}
    metadata = {**thing["metadata"], "resourceVersion": "7", "uid": "u", "managedFields": [entry], **stamps}
    return {**thing, "metadata": metadata}


def test_missing_object_is_created():
    change = decide(stamped(deployment()), None)
    assert str(change) == "create Deployment ml/ui"
    assert not change.is_noop


def test_equal_object_is_unchanged():
    assert decide(stamped(deployment()), stamped(deployment())).is_noop


@pytest.mark.parametrize(
    "stamps",
    [{"resourceVersion": "8"}, {"generation": 3}, {"creationTimestamp": "2026-01-01T00:00:00Z"}, {"uid": "other"}],
)
def test_what_the_server_stamps_is_no_difference(stamps):
    assert decide(stamped(deployment(), **stamps), stamped(deployment())).is_noop


def test_status_is_no_difference():
    assert decide(stamped(deployment()), {**stamped(deployment()), "status": {"replicas": 1}}).is_noop


def test_difference_makes_an_update_that_names_the_field():
    change = decide(stamped(deployment(replicas=2)), stamped(deployment()))
    assert change.action == "update"
    assert change.fields == (FieldChange(path=".spec.replicas", before=1, after=2),)
    assert change.explain() == "update Deployment ml/ui: .spec.replicas"


def test_right_values_by_another_hand_are_applied_once():
    by_kubectl = stamped(deployment(), manager="kubectl")
    change = decide(stamped(deployment()), by_kubectl)
    assert change.action == "update"
    assert [field.path for field in change.fields] == [".metadata.managedFields"]


def test_field_that_we_stop_rendering_is_given_up():
    ours = stamped(deployment(), fields={"f:spec": {"f:replicas": {}, "f:paused": {}}})
    assert decide(stamped(deployment(), fields={"f:spec": {"f:replicas": {}}}), ours).action == "update"


def test_ownership_of_others_is_not_ours_to_change():
    live = stamped(deployment())
    live["metadata"]["managedFields"].append({"manager": "gke", "operation": "Update", "fieldsV1": {"f:x": {}}})
    assert decide(stamped(deployment()), live).is_noop


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": "x"}, [(".spec.b", None, "x")]),
        ({"a": {"b": 1}}, {"a": {}}, [(".spec.a.b", 1, None)]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, [(".spec.a[1]", 2, 3), (".spec.a[2]", None, 4)]),
        (
            {"c": [{"name": "x", "image": "1"}, {"name": "y", "image": "1"}]},
            {"c": [{"name": "y", "image": "1"}, {"name": "x", "image": "2"}]},
            [('.spec.c[name="x"].image', "1", "2")],
        ),
        (
            {"c": [{"name": "x"}, {"name": "y"}]},
            {"c": [{"name": "y"}, {"name": "x"}]},
            [(".spec.c", '["x", "y"]', '["y", "x"]')],
        ),
        ({"c": [{"name": "x"}]}, {"c": []}, [('.spec.c[name="x"]', '{"name": "x"}', None)]),
        ({"a": True}, {"a": None}, [(".spec.a", True, None)]),
        ({"a": "x"}, {"a": {"b": 1}}, [(".spec.a", "x", '{"b": 1}')]),
    ],
)
def test_changed_fields_are_named_by_path(old, new, expected):
    metadata = {"metadata": {"name": "x"}}
    found = changed_fields({**metadata, "spec": old}, {**metadata, "spec": new})
    assert [(one.path, one.before, one.after) for one in found] == expected


def secret(data: Any, annotations: Any = None) -> dict[str, Any]:
    metadata = {"name": "mysql-secret", "namespace": "ml", "annotations": annotations}
    return stamped({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


@pytest.mark.parametrize(
    ("live", "desired"),
    [
        (secret({"password": "b2xk"}), secret({"password": "bmV3"})),
        (secret(None), secret({"password": "bmV3"})),
        (secret({"password": "b2xk"}), secret(None)),
        (secret(None, {"last-applied": "b2xk"}), secret(None, {"last-applied": "bmV3"})),
    ],
)
def test_values_of_secrets_are_masked(live, desired):
    change = decide(desired, live)
    assert change.action == "update"
    assert "b2xk" not in change.model_dump_json()
    assert "bmV3" not in change.model_dump_json()


def test_scaled_replicas_are_left_to_their_owner():
    found = without_left_fields(deployment(paused=True), [(".spec.replicas", '"kubectl" with subresource "scale"')])
    assert found is not None
    remaining, left = found
    assert remaining["spec"] == {"paused": True}
    assert left == ('.spec.replicas ("kubectl" with subresource "scale")',)


@pytest.mark.parametrize("conflicts", [[], [(".spec.paused", "x")], [(".spec.replicas", "x"), (".spec.paused", "x")]])
def test_other_conflicts_are_not_left(conflicts):
    assert without_left_fields(deployment(), conflicts) is None


def test_leaving_a_field_does_not_change_the_manifest():
    given = deployment()
    without_left_fields(given, [(".spec.replicas", "x")])
    assert given == deployment()


@pytest.mark.parametrize(
    ("path", "field", "expected"),
    [
        (".spec.a", ".spec.a", "kubectl-edit"),
        (".spec.a.b", ".spec.a", "kubectl-edit"),
        (".spec.a", ".spec.a.b", "kubectl-edit"),
        ('.spec.c[name="x"].image', '.spec.c[name="x"].image', "kubectl-edit"),
        (".spec.ab", ".spec.a", ""),
    ],
)
def test_owner_of_a_changed_field_is_who_stands_against_it(path, field, expected):
    assert owner_of(path, [(field, '"kubectl-edit" using apps/v1')]) == expected


def test_fields_that_others_own_carry_their_owner():
    live, desired = stamped(deployment(paused=True)), stamped(deployment(replicas=3))
    change = decide(desired, live, conflicts=[(".spec.replicas", '"kubectl-scale" using apps/v1')])
    assert [(field.path, field.owner) for field in change.fields] == [
        (".spec.paused", ""),
        (".spec.replicas", "kubectl-scale"),
    ]


def test_replacement_names_what_forces_it_and_not_what_the_server_filled_in():
    wanted = deployment(selector={"app": "new"}, paused=True)
    live = stamped(deployment(selector={"app": "old"}, strategy={"type": "RollingUpdate"}))
    change = replaced(wanted, live, reference_of(wanted), [".spec.selector"])
    assert (str(change), change.replace_paths) == ("replace Deployment ml/ui", (".spec.selector",))
    assert change.fields == (FieldChange(path=".spec.selector.app", before="old", after="new"),)


def test_replaced_secret_is_masked():
    change = replaced(secret({"password": "bmV3"}), secret({"password": "b2xk"}), reference_of(secret({})), [".data"])
    assert [(field.before, field.after) for field in change.fields] == [("(secret)", "(secret)")]
