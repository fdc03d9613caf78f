"""What goes and what stays, decided on a state and on what was found."""

from __future__ import annotations

import json

import pytest

from environment.destruction import (
    STRAYS_FIRST,
    STRAYS_LAST,
    DestroyReport,
    Found,
    ManagedState,
    check_neighbours,
    check_owners,
    check_project,
    check_state_fits,
    destroy_table,
    existing_things,
    first_targets,
    is_existing,
    is_foreign,
    is_made,
    is_ours,
    kinds_to_keep,
    labelled,
    last_targets,
    may_sweep,
    needed_services,
    parse_managed,
    removal_command,
    split_kept,
    strays,
    takes_database,
    without_database,
    without_neighbours,
    without_protection,
)
from environment.errors import SpecError
from environment.spec import Environment

STATE = {
    "resources": [
        {
            "mode": "managed",
            "module": "module.cluster",
            "type": "google_container_cluster",
            "name": "this",
            "instances": [{"attributes": {"name": "a-cluster", "deletion_protection": True}}],
        },
        {
            "mode": "managed",
            "module": "module.database",
            "type": "google_sql_database_instance",
            "name": "this",
            "instances": [{"attributes": {"name": "a-mysql-abc123", "project": "acme-dev"}}],
        },
        {
            "mode": "managed",
            "module": "module.notebook[0]",
            "type": "google_workbench_instance",
            "name": "this",
            "instances": [{"attributes": {}}],
        },
        {
            "mode": "managed",
            "module": "module.network",
            "type": "google_compute_network",
            "name": "this",
            "instances": [{"attributes": {}}],
        },
        {
            "mode": "managed",
            "module": "module.network",
            "type": "google_compute_router",
            "name": "this",
            "instances": [{"attributes": {}}],
        },
        {"mode": "data", "type": "google_project", "name": "this", "instances": [{"attributes": {}}]},
    ]
}
CLUSTER = "module.cluster.google_container_cluster.this"
DATABASE = "module.database.google_sql_database_instance.this"
NETWORK = "module.network.google_compute_network.this"
NOTEBOOK = "module.notebook.google_workbench_instance.this"
ROUTER = "module.network.google_compute_router.this"


@pytest.fixture
def managed() -> ManagedState:
    return parse_managed(json.dumps(STATE))


def test_a_state_tells_addresses_protection_and_the_name_of_the_database(managed) -> None:
    assert managed.addresses == (CLUSTER, DATABASE, NETWORK, ROUTER, NOTEBOOK)
    assert managed.is_cluster_protected
    assert managed.database == "a-mysql-abc123"
    assert managed.projects == {"acme-dev"}


def environment(**fields: object) -> Environment:
    given = {"name": "dev", "cloud": "google", "role": "dev", "project_id": "acme-dev", "region": "us-central1"}
    given |= {"name_prefix": "acme", "state": {"bucket": "acme-tfstate"}}
    return Environment.model_validate({**given, **fields})


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, ""),
        ({"name_prefix": "other"}, "the state holds acme-mysql-abc123.*name_prefix or project_id of dev.*set it back"),
        ({"name_prefix": "acme-mysql"}, "the state holds acme-mysql-abc123"),
        ({"project_id": "acme-new"}, "the state holds things of project acme-dev, not acme-new"),
    ],
)
def test_a_spec_that_names_other_things_than_its_state_is_refused(fields, problem) -> None:
    managed = ManagedState(database="acme-mysql-abc123", projects=frozenset({"acme-dev"}))
    check_state_fits(ManagedState(), environment(**fields))
    if not problem:
        check_state_fits(managed, environment(**fields))
        return
    with pytest.raises(SpecError, match=problem):
        check_state_fits(managed, environment(**fields))


@pytest.mark.parametrize(
    ("project", "names", "problem"),
    [
        (
            "acme-dev",
            {"acme-network", "acme-router"},
            "acme-network, acme-router of project acme-dev .* environment lab",
        ),
        ("acme-dev", {"other-network"}, ""),
        ("acme-lab", {"acme-network"}, ""),
        ("acme-dev", set(), ""),
    ],
)
def test_names_in_the_state_of_another_environment_are_refused(project, names, problem) -> None:
    others = {"lab": ManagedState(projects=frozenset({project}), names=frozenset(names))}
    if not problem:
        check_neighbours(others, environment())
        return
    with pytest.raises(SpecError, match=f"{problem}, not of dev; dev and lab share a project: their name_prefix must"):
        check_neighbours(others, environment())


def test_state_of_another_project_is_another_environment_s() -> None:
    check_project(ManagedState(), environment())
    check_project(ManagedState(projects=frozenset({"acme-dev"})), environment())
    with pytest.raises(SpecError, match=r"gs://.*/dev holds the state of dev in project acme-lab, not acme-dev; give"):
        check_project(ManagedState(projects=frozenset({"acme-lab"})), environment())


OURS = {"managed-by": "mlops-env", "environment": "dev"}


@pytest.mark.parametrize(
    ("labels", "given", "is_marked", "other"),
    [
        (OURS, {}, True, ""),
        (OURS | {"environment": "dev2"}, {}, False, "dev2"),
        (OURS | {"environment": "lab"}, {"environment": "lab"}, True, ""),
        (OURS | {"managed-by": "ml"}, {"managed-by": "ml"}, True, ""),
        ({"managed-by": "mlops-env"}, {}, False, ""),
        ({"managed-by": "terraform", "environment": "prod"}, {}, False, ""),
        ({}, {}, False, ""),
        (None, {}, False, ""),
    ],
)
def test_labels_tell_whose_a_thing_is(labels, given, is_marked, other) -> None:
    spec = environment(labels=given)
    found = labelled(spec, "cluster", "acme-cluster", "z", labels=labels)
    assert found[:4] == ("cluster", "acme-cluster", "z", is_marked)
    if not other:
        check_owners([found], spec)
        return
    with pytest.raises(SpecError, match=f"cluster acme-cluster .* environment {other}, not dev.*name_prefix must diff"):
        check_owners([found], spec)


def test_without_a_state_nothing_is_managed() -> None:
    assert parse_managed(None) == ManagedState()


def test_the_names_of_all_that_is_managed_are_known() -> None:
    account = {"email": "a-gke-node@p.iam.gserviceaccount.com", "name": "projects/p/serviceAccounts/1"}
    role = {"role": "roles/viewer", "member": f"serviceAccount:{account['email']}", "name": None}
    text = json.dumps({"resources": [resource("google_service_account", account), resource("google_x", role)]})
    assert parse_managed(text).names == {
        account["email"],
        account["name"],
        f"roles/viewer of serviceAccount:{account['email']}",
    }


def resource(kind: str, attributes: dict[str, object]) -> dict[str, object]:
    return {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": attributes}]}


def test_protection_is_taken_off_the_cluster_and_nothing_else() -> None:
    before = {"version": 4, "serial": 7, "lineage": "x", **STATE}
    after = json.loads(without_protection(json.dumps(before)))
    cluster = after["resources"][0]["instances"][0]["attributes"]
    assert cluster == {"name": "a-cluster", "deletion_protection": False}
    assert (after["serial"], after["lineage"]) == (8, "x")
    assert after["resources"][1:] == before["resources"][1:]
    assert not parse_managed(json.dumps(after)).is_cluster_protected


def test_database_that_is_gone_is_taken_out_of_the_state_and_nothing_else() -> None:
    theirs = {**resource("google_sql_database_instance", {"name": "theirs"}), "mode": "data"}
    database = resource("google_sql_database_instance", {"name": "a-mysql-x1y2z3"})
    others = [theirs, resource("google_container_cluster", {"name": "a-cluster"})]
    before = {"version": 4, "serial": 7, "lineage": "x", "resources": [database, *others]}
    after = json.loads(without_database(json.dumps(before)))
    assert after == {"version": 4, "serial": 8, "lineage": "x", "resources": others}
    assert takes_database(["module.cluster.x", "module.database.google_sql_database_instance.this"])
    assert not takes_database(["module.cluster.x"])


def test_what_is_managed_tells_which_services_must_be_on(managed) -> None:
    assert needed_services(managed) == (
        "compute.googleapis.com",
        "container.googleapis.com",
        "notebooks.googleapis.com",
        "sqladmin.googleapis.com",
    )
    assert needed_services(ManagedState()) == ()


KEPT = kinds_to_keep([Found("database", "a-mysql-abc123")], delete_data=False)
NO_DATABASE = kinds_to_keep([], delete_data=False)
NOTHING = kinds_to_keep([Found("database", "a-mysql-abc123")], delete_data=True)


def test_the_network_goes_last_and_data_with_what_it_needs_stays(managed) -> None:
    assert first_targets(managed, KEPT) == (CLUSTER, NOTEBOOK)
    assert last_targets(managed, KEPT) == (CLUSTER, ROUTER, NOTEBOOK)


def test_data_that_is_given_up_goes_before_the_network(managed) -> None:
    assert first_targets(managed, NOTHING) == (CLUSTER, DATABASE, NOTEBOOK)
    assert last_targets(managed, NOTHING) == managed.addresses


def test_a_network_without_a_database_goes_and_the_bucket_stays(managed) -> None:
    bucket = "module.artifact_store.google_storage_bucket.this"
    managed = managed.model_copy(update={"addresses": (bucket, *managed.addresses)})
    assert last_targets(managed, NO_DATABASE) == managed.addresses[1:]


# A create that is stopped leaves a beginning of this order, more or less of each: all of it goes, whatever there is.
ORDER = (
    NETWORK,
    "module.network.google_compute_subnetwork.this",
    "module.network.google_service_networking_connection.private_services",
    "module.artifact_store.google_storage_bucket.this",
    "module.service_accounts.google_service_account.this",
    DATABASE,
    CLUSTER,
    "module.service_accounts.google_service_account_iam_member.workload_identity",
    "module.cluster.google_container_node_pool.this",
    NOTEBOOK,
)


@pytest.mark.parametrize("count", range(len(ORDER) + 1))
def test_all_that_a_stopped_create_left_goes_in_two_steps(count: int) -> None:
    managed = ManagedState(addresses=ORDER[:count])
    first = first_targets(managed, NOTHING)
    assert set(last_targets(managed, NOTHING)) == set(ORDER[:count])
    assert [one for one in ORDER[:count] if one not in first] == [one for one in ORDER[:count] if ".network." in one]


@pytest.mark.parametrize(
    ("kind", "kept_kinds", "is_kept"),
    [
        ("bucket", KEPT, True),
        ("database", KEPT, True),
        ("secret", KEPT, True),
        ("network", KEPT, True),
        ("network", NO_DATABASE, False),
        ("bucket", NO_DATABASE, True),
        ("bucket", NOTHING, False),
        ("network", NOTHING, False),
        ("cluster", KEPT, False),
        ("role", KEPT, False),
    ],
)
def test_what_stays_is_the_data_and_what_it_needs(kind, kept_kinds, is_kept) -> None:
    found = Found(kind, "a-thing")
    assert split_kept([found], kept_kinds) == (((found,), ()) if is_kept else ((), (found,)))


ROLE = "roles/viewer of serviceAccount:a-kfp-user@p.iam.gserviceaccount.com"
FOUND = (
    Found("role", ROLE),
    Found("network", "a-network", "global"),
    Found("subnetwork", "a-subnetwork", "regions/us-central1"),
    Found("cluster", "a-cluster", "us-central1-a"),
    Found("service account", "a-kfp-user@p.iam.gserviceaccount.com"),
    Found("notebook", "a-notebook", "us-central1-a", is_marked=False),
)


def test_what_terraform_does_not_know_and_carries_our_marks_is_a_stray() -> None:
    managed = ManagedState(names=frozenset({"a-network"}))
    assert [str(one) for one in strays(FOUND, managed, STRAYS_FIRST)] == [
        "cluster a-cluster",
        f"role {ROLE}",
        "service account a-kfp-user@p.iam.gserviceaccount.com",
    ]
    assert [str(one) for one in strays(FOUND, managed, STRAYS_LAST)] == ["subnetwork a-subnetwork"]


def test_what_has_our_name_and_no_mark_is_ours_only_if_terraform_knows_it() -> None:
    known = ManagedState(names=frozenset({"a-notebook"}))
    assert (is_ours("notebook", FOUND, known), is_foreign("notebook", FOUND, known)) == (True, False)
    assert (is_ours("notebook", FOUND, ManagedState()), is_foreign("notebook", FOUND, ManagedState())) == (False, True)
    assert (is_ours("cluster", FOUND, ManagedState()), is_foreign("cluster", FOUND, ManagedState())) == (True, False)
    assert (is_ours("cluster", (), known), is_foreign("cluster", (), known)) == (False, False)


@pytest.mark.parametrize(
    ("found", "names", "is_swept"),
    [
        ((), (), True),
        ((Found("network", "a-network"), Found("cluster", "a-cluster")), (), True),
        ((Found("network", "a-network"), Found("cluster", "a-cluster", is_marked=False)), (), False),
        ((Found("network", "a-network", is_marked=False),), (), False),
        ((Found("network", "a-network", is_marked=False),), ("a-network",), True),
        ((Found("service account", "a", is_marked=False),), (), True),
    ],
)
def test_nothing_is_swept_around_a_cluster_or_network_of_others(found, names, is_swept) -> None:
    assert may_sweep(found, ManagedState(names=frozenset(names))) is is_swept


def test_roles_of_somebody_elses_account_are_left_alone() -> None:
    account = Found("service account", "a-kfp-user@p.iam.gserviceaccount.com", is_marked=False)
    assert strays((Found("role", ROLE), account), ManagedState(), STRAYS_FIRST) == ()


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (
            FOUND[0],
            "gcloud projects remove-iam-policy-binding p --role=roles/viewer --member=serviceAccount:a-kfp-user@",
        ),
        (FOUND[1], "gcloud compute networks delete a-network --project=p"),
        (FOUND[2], "gcloud compute networks subnets delete a-subnetwork --region=us-central1 --project=p"),
        (FOUND[3], "gcloud container clusters delete a-cluster --location=us-central1-a --project=p"),
        (Found("address", "a", "global"), "gcloud compute addresses delete a --global --project=p"),
        (Found("target pool", "a1", "regions/r"), "gcloud compute target-pools delete a1 --region=r --project=p"),
        (Found("disk", "pvc-1", "zones/z"), "gcloud compute disks delete pvc-1 --zone=z --project=p"),
        (Found("bucket", "p-a"), "gcloud storage rm --recursive gs://p-a --project=p"),
    ],
)
def test_what_is_left_to_people_comes_with_the_command(found: Found, command: str) -> None:
    assert removal_command(found, "p").startswith(command)


EXISTING = {
    "network": {"existing": {"network": "vpc", "subnetwork": "subnet"}},
    "cluster": {"existing": {"name": "a-cluster", "location": "us-central1-a"}},
    "database": {"existing": {"instance": "db"}},
    "artifact_store": {"existing": {"bucket": "bucket"}},
}


def test_what_exists_is_known_by_kind_and_name() -> None:
    spec = environment(**EXISTING)
    assert [str(one) for one in existing_things(spec)] == [
        *("network vpc", "subnetwork subnet", "cluster a-cluster", "database db", "bucket bucket")
    ]
    assert is_existing(Found("cluster", "a-cluster", "us-central1-a"), spec)
    assert not is_existing(Found("notebook", "a-cluster"), spec)
    assert not is_existing(Found("cluster", "a-cluster", "us-central1-a"), environment())


def test_a_state_of_accounts_alone_is_of_their_project() -> None:
    account = {"email": "a@acme-lab.iam.gserviceaccount.com", "project": "acme-lab"}
    managed = parse_managed(json.dumps({"resources": [resource("google_service_account", account)]}))
    with pytest.raises(SpecError, match=r"in project acme-lab, not acme-dev"):
        check_project(managed, environment())


NODES = "acme-gke-node@acme-dev.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("kind", "name", "existing"),
    [
        ("network", "acme-network", "network"),
        ("subnetwork", "acme-subnetwork", "network"),
        ("router", "acme-router", "network"),
        ("address", "acme-private-services", "network"),
        ("cluster", "acme-cluster", "cluster"),
        ("service account", NODES, "cluster"),
        ("role", f"roles/viewer of serviceAccount:{NODES}", "cluster"),
        ("bucket", "acme-dev-acme-artifacts", "artifact_store"),
    ],
)
def test_beside_what_exists_only_what_the_state_knows_is_of_our_making(kind: str, name: str, existing: str) -> None:
    thing, others = Found(kind, name), {key: value for key, value in EXISTING.items() if key != existing}
    assert is_made(thing, environment(), ManagedState())
    assert is_made(thing, environment(**others), ManagedState())
    assert not is_made(thing, environment(**{existing: EXISTING[existing]}), ManagedState())
    assert is_made(thing, environment(**{existing: EXISTING[existing]}), ManagedState(names=frozenset({name})))


@pytest.mark.parametrize(("kind", "name"), [("firewall rule", "acme-control-plane"), ("secret", "acme-artifact-keys")])
def test_what_is_made_in_what_exists_is_ours(kind: str, name: str) -> None:
    assert is_made(Found(kind, name), environment(**EXISTING), ManagedState())


def test_a_rule_of_another_project_in_a_shared_network_does_not_hold_up_the_end() -> None:
    found = tuple(Found("firewall rule", name, is_marked=name == "ours") for name in ("ours", "known", "theirs"))
    managed = ManagedState(names=frozenset({"known"}))
    assert without_neighbours(found, environment(**EXISTING), managed) == found[:2]
    assert without_neighbours(found, environment(), managed) == found


def test_what_the_state_has_made_cannot_be_somebody_elses() -> None:
    spec = environment(**EXISTING)
    check_state_fits(ManagedState(names=frozenset({"another"})), spec)
    with pytest.raises(SpecError, match="cluster a-cluster: the spec calls it existing, and dev has made it"):
        check_state_fits(ManagedState(names=frozenset({"a-cluster"})), spec)


def test_the_table_says_of_each_thing_what_came_of_it_in_the_same_columns() -> None:
    report = DestroyReport(environment="dev", project_id="acme-dev", removed=("cluster a",), kept=("bucket b",))
    report = report.model_copy(update={"warnings": ("disks were not looked at",)})
    assert destroy_table(report) == [
        {"outcome": "warning", "what": "disks were not looked at"},
        {"outcome": "kept", "what": "bucket b"},
        {"outcome": "removed", "what": "cluster a"},
    ]
