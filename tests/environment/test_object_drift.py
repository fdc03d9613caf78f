from __future__ import annotations

from typing import Any

import pytest

from environment.changes import Change, FieldChange
from environment.drift import OUTSIDE, PENDING
from environment.object_changes import OWNERSHIP
from environment.object_drift import editors_of, object_drift

UI = "Deployment kubeflow/ml-pipeline-ui"


def update(*fields: tuple[str, Any, Any, str], address: str = UI) -> Change:
    changed = tuple(FieldChange(path=p, before=b, after=a, owner=o) for p, b, a, o in fields)
    return Change(layer="pipelines", action="update", address=address, fields=changed)


ADDED = FieldChange(path='.spec.containers[name="mine"]', before="{}", owner="kubectl-edit")
IMAGE = (".spec.image", "mine", "ours", "kubectl-edit")
ARGS = (".spec.args", "old", "new", "")
NOTE = (".spec.template.metadata.annotations.mlops-env/version-of-mysql-secret", "1", "2", "")


@pytest.mark.parametrize(
    ("change", "switches", "found"),
    [
        pytest.param(update(IMAGE), {"same_manifests": True}, [(OUTSIDE, [IMAGE[0]])], id="edited"),
        pytest.param(update(ARGS), {"same_manifests": True}, [(OUTSIDE, [ARGS[0]])], id="nobody owns it any more"),
        pytest.param(update(ARGS), {"same_manifests": False}, [(PENDING, [ARGS[0]])], id="rendered anew"),
        pytest.param(
            update(IMAGE, ARGS),
            {"same_manifests": False},
            [(OUTSIDE, [IMAGE[0]]), (PENDING, [ARGS[0]])],
            id="edited and rendered anew",
        ),
        pytest.param(
            update((OWNERSHIP, None, "mlops-env", "")),
            {"same_manifests": True},
            [(OUTSIDE, [OWNERSHIP])],
            id="taken over with the same values",
        ),
        pytest.param(
            Change(layer="pipelines", action="noop", address=UI, added=(ADDED,)),
            {"same_manifests": True},
            [(OUTSIDE, [ADDED.path])],
            id="added",
        ),
        pytest.param(
            update(ARGS).model_copy(update={"added": (ADDED,)}),
            {"same_manifests": False},
            [(OUTSIDE, [ADDED.path]), (PENDING, [ARGS[0]])],
            id="added, and rendered anew",
        ),
        pytest.param(update(NOTE), {"same_manifests": True, "secrets_drifted": True}, [], id="follows from a secret"),
        pytest.param(update(NOTE), {"same_manifests": True}, [(OUTSIDE, [NOTE[0]])], id="follows from nothing"),
        pytest.param(
            Change(layer="pipelines", action="create", address=UI), {"same_manifests": True}, [(OUTSIDE, [])], id="gone"
        ),
        pytest.param(
            Change(layer="pipelines", action="create", address=UI), {"same_manifests": False}, [(PENDING, [])], id="new"
        ),
        pytest.param(
            Change(layer="pipelines", action="create", address="secret keys of Secret Manager"),
            {"same_manifests": True},
            [],
            id="said elsewhere",
        ),
    ],
)
def test_objects_are_told_apart(change, switches, found):
    drifts = object_drift([change], {UI: ("kubectl-edit at T",)}, **switches)
    assert [(one.kind, [field.path for field in one.fields]) for one in drifts] == found
    assert all(one.by == ("kubectl-edit at T",) for one in drifts if one.kind == OUTSIDE)


def entry(manager: str, time: str, **more: str) -> dict[str, str]:
    return {"manager": manager, "operation": "Update", "time": time, **more}


@pytest.mark.parametrize(
    ("owners", "editors"),
    [
        (["kubectl-edit"], ("kubectl-edit at 2026-01-03",)),
        ([], ("kubectl-edit at 2026-01-03", "kubectl-patch at 2026-01-04")),
    ],
)
def test_editors_are_the_owners_or_who_came_after_us(owners, editors):
    entries = [
        entry("before-us", "2026-01-01"),
        entry("mlops-env", "2026-01-02"),
        entry("kubectl-edit", "2026-01-03"),
        entry("kubectl-patch", "2026-01-04"),
        entry("kube-controller-manager", "2026-01-05"),
        entry("status-writer", "2026-01-05", subresource="status"),
    ]
    assert editors_of({"metadata": {"managedFields": entries}}, owners) == editors
