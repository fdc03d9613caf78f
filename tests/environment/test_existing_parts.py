"""What exists takes the place of what would be made: fields that describe the latter are refused, defaults follow."""

from __future__ import annotations

import pytest

from environment.errors import SpecError
from environment.spec import Environment
from environment.spec_file import load_environment

NETWORK = "network.existing={network: their-network, subnetwork: their-subnet}"
CLUSTER = "cluster.existing={name: their-cluster, location: us-central1-a}"
DATABASE = "database.existing={instance: their-database}"
BUCKET = "artifact_store.existing={bucket: theirs}"


def load(*overrides: str) -> Environment:
    return load_environment("dev", overrides)


@pytest.mark.parametrize(
    ("existing", "field"),
    [
        (NETWORK, "network.subnet_cidr=10.0.0.0/20"),
        (NETWORK, "network.private_services_cidr=10.0.0.0/20"),
        (CLUSTER, "network.master_cidr=172.16.1.0/28"),
        (CLUSTER, "network.private_cluster=false"),
        (CLUSTER, "cluster.max_nodes=5"),
        (CLUSTER, "cluster.deletion_protection=false"),
        (DATABASE, "database.tier=db-custom-1-3840"),
        (DATABASE, "database.backups=false"),
        (BUCKET, "artifact_store.location=EU"),
    ],
)
def test_a_field_of_what_would_be_made_is_refused(existing: str, field: str) -> None:
    name, part = field.partition("=")[0], existing.partition("=")[0]
    with pytest.raises(SpecError, match=f"{name} makes no sense with {part}"):
        load(existing, field)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["cluster.existing.name=c"], r"cluster\.existing\.location: is missing"),
        (["cluster.existing.nam=c"], "unknown field cluster.existing.nam: did you mean name"),
        (["cluster.existing={name: c, location: europe-west1}"], "'europe-west1' is not in region us-central1"),
        (["network.existing={network: A, subnetwork: b}"], "'A' does not match"),
        ([CLUSTER, "database.private_ip=true"], "no private way between them"),
        ([DATABASE, "database.private_ip=true"], "no private way between them"),
    ],
)
def test_what_cannot_be_is_one_line(overrides: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        load(*overrides)


@pytest.mark.parametrize(
    ("overrides", "is_private"),
    [
        ((), True),
        ((CLUSTER,), False),
        ((DATABASE,), False),
        ((CLUSTER, DATABASE), True),
        ((CLUSTER, DATABASE, "database.private_ip=false"), False),
        ((NETWORK, CLUSTER), True),
        ((NETWORK, DATABASE), True),
    ],
)
def test_the_database_is_reached_privately_where_there_is_a_way(overrides: tuple[str, ...], is_private: bool) -> None:
    assert load(*overrides).database.private_ip is is_private


def test_everything_is_known_by_the_name_that_it_has() -> None:
    spec = load(
        f"{NETWORK[:-1]}, project: a-host-project}}", CLUSTER, DATABASE, BUCKET, "cluster.existing.location=us-central1"
    )
    assert spec.existing == {"network", "cluster", "database", "artifact_store"}
    assert (spec.network_name, spec.network_project) == ("their-network", "a-host-project")
    assert (spec.cluster_name, spec.location) == ("their-cluster", "us-central1")
    assert (spec.database_name("x"), spec.database_user) == ("their-database", "acme-dev-pipelines")
    assert spec.bucket_name == "theirs"
    own = load()
    assert own.existing == frozenset()
    assert (own.network_name, own.network_project) == (own.names.network, own.project_id)
    assert (own.cluster_name, own.location) == (own.names.cluster, "us-central1-a")
    assert (own.database_name("x"), own.database_user) == (own.names.database("x"), "root")
    assert own.bucket_name == own.names.bucket


def test_ranges_of_what_would_be_made_need_not_hold_the_nodes_of_what_exists() -> None:
    assert load(NETWORK, "cluster.max_nodes=1000").cluster.max_nodes == 1000
    with pytest.raises(SpecError, match="holds 256 nodes"):
        load("cluster.max_nodes=1000")
