"""What would be lost is refused unless it is named; everything else passes."""

from __future__ import annotations

import pytest

from environment.changes import Action, Change, FieldChange, Layer
from environment.errors import MlopsEnvError, ReplacementRefusedError
from environment.guard import TAINTED, check, is_guarded, name_before, refused, still_protected

CLUSTER = "module.cluster.google_container_cluster.this"
POOL = "module.cluster.google_container_node_pool.this"
DATABASE = "module.database.google_sql_database_instance.this"
BUCKET = "module.artifact_store.google_storage_bucket.this"
VPC = "module.network.google_compute_network.this"
NOTEBOOK = "module.notebook[0].google_workbench_instance.this"
MEMBER = "module.service_accounts.google_storage_bucket_iam_member.this"


def change(action: Action, address: str, *paths: str, reason: str = "", layer: Layer = "infrastructure") -> Change:
    return Change(layer=layer, action=action, address=address, replace_paths=paths, reason=reason)


@pytest.mark.parametrize("address", [CLUSTER, POOL, DATABASE, BUCKET, VPC, NOTEBOOK, 'google_storage_bucket.more["a"]'])
@pytest.mark.parametrize(
    ("action", "guards"),
    [("delete", True), ("replace", True), ("create", False), ("update", False), ("forget", False), ("move", False)],
)
def test_deletion_and_replacement_of_what_holds_something(action: Action, guards: bool, address: str) -> None:
    assert is_guarded(change(action, address)) is guards


@pytest.mark.parametrize(
    "address",
    [
        MEMBER,
        "module.network.google_compute_subnetwork.this",
        "module.artifact_store.google_storage_bucket_object.folder",
        "output.google_container_cluster",
    ],
)
def test_what_is_easily_made_again_passes(address: str) -> None:
    assert not is_guarded(change("replace", address))


@pytest.mark.parametrize(
    ("action", "address", "guards"),
    [
        ("delete", "Namespace kubeflow", True),
        ("replace", "Deployment kubeflow/ml-pipeline", True),
        ("delete", "Deployment kubeflow/ml-pipeline", False),
        ("update", "Deployment kubeflow/ml-pipeline", False),
        ("delete", "ConfigMap kubeflow/Namespace", False),
    ],
)
def test_objects(action: Action, address: str, guards: bool) -> None:
    assert is_guarded(change(action, address, layer="pipelines")) is guards


def test_only_what_is_named_is_allowed() -> None:
    changes = (change("replace", CLUSTER), change("replace", POOL), change("replace", MEMBER))
    assert refused(changes, ()) == changes[:2]
    assert refused(changes, (CLUSTER,)) == changes[1:2]
    assert refused(changes, ("module.cluster",)) == changes[:2]
    assert refused(changes, (CLUSTER, POOL, "no.such")) == ()


def test_deposed_object_goes_by_its_address() -> None:
    deposed = change("delete", f"{CLUSTER} (deposed 1234abcd)")
    assert refused((deposed,), ()) == (deposed,)
    assert refused((deposed,), (CLUSTER,)) == ()


@pytest.mark.parametrize(
    ("reason", "never_ready", "is_refused"),
    [(TAINTED, (CLUSTER,), False), (TAINTED, (), True), ("replace_because_cannot_update", (CLUSTER,), True)],
)
def test_tainted_one_passes_only_if_it_never_was_ready(
    reason: str, never_ready: tuple[str, ...], is_refused: bool
) -> None:
    assert bool(refused((change("replace", CLUSTER, reason=reason),), (), never_ready)) is is_refused


def test_one_line_names_all_that_forces_and_all_that_would_allow() -> None:
    bucket = 'google_storage_bucket.more["a"]'
    changes = (
        change("replace", CLUSTER, "subnetwork", "private_cluster_config[0].master"),
        change("delete", bucket, reason="delete_because_no_resource_config"),
    )
    with pytest.raises(ReplacementRefusedError) as caught:
        check(changes, ())
    assert isinstance(caught.value, MlopsEnvError)
    assert str(caught.value) == (
        f"refused: replace {CLUSTER} (forced by subnetwork, private_cluster_config[0].master), "
        f"delete {bucket} (delete because no resource config); what is in them would be lost; to let it happen add "
        f"--allow-replace {CLUSTER} --allow-replace '{bucket}'"
    )


def test_what_is_allowed_and_protected_is_refused_with_the_setting_to_turn_off() -> None:
    protected = [change("replace", one).model_copy(update={"is_protected": True}) for one in (CLUSTER, DATABASE)]
    with pytest.raises(ReplacementRefusedError) as caught:
        check(protected, (CLUSTER, DATABASE))
    assert str(caught.value) == (
        f"refused: replace {CLUSTER}, replace {DATABASE}: deletion protection is on; turn it off with a create of its "
        "own first, which changes nothing else: --set cluster.deletion_protection=false "
        "--set database.deletion_protection=false"
    )
    check(
        [change("replace", CLUSTER), change("update", DATABASE).model_copy(update={"is_protected": True})], (CLUSTER,)
    )


def test_protection_of_what_never_was_ready_is_no_reason_to_refuse() -> None:
    failed = change("replace", CLUSTER, reason=TAINTED).model_copy(update={"is_protected": True})
    check([failed], (), (CLUSTER,))
    assert still_protected([failed], ())
    assert not still_protected([failed], (failed,))
    assert not still_protected([change("replace", CLUSTER, reason=TAINTED)], ())


def test_database_that_never_was_ready_and_is_protected_is_refused_with_the_way_out() -> None:
    failed = change("replace", DATABASE, reason=TAINTED)
    check([failed], (), (DATABASE,))
    with pytest.raises(
        ReplacementRefusedError, match=r"its creation failed, and deletion protection is on; .*--delete-"
    ):
        check([failed.model_copy(update={"is_protected": True})], (), (DATABASE,))


def test_nothing_to_refuse_is_no_error() -> None:
    check((), ())
    check((change("create", CLUSTER), change("replace", CLUSTER, reason=TAINTED)), (), (CLUSTER,))


def test_name_that_a_database_has_until_it_is_replaced() -> None:
    renamed = FieldChange(path="name", before="dev-mysql-abcd", after="dev-mysql-wxyz")
    assert name_before(change("replace", DATABASE).model_copy(update={"fields": (renamed,)})) == "dev-mysql-abcd"
    assert name_before(change("replace", DATABASE, "region")) == ""
