"""What exists and does not fit is found, all at once, each with a command; what fits is no finding."""

from __future__ import annotations

import string
from typing import Any

import pytest

from environment.existing import existing_findings
from environment.existing_facts import (
    BucketFacts,
    ClusterFacts,
    DatabaseFacts,
    ExistingFacts,
    InstallationFacts,
    NetworkFacts,
    PoolFacts,
    RoomFacts,
    SubnetworkFacts,
)
from environment.existing_requirements import OLDEST_KUBERNETES, REQUIREMENTS, SCOPE
from environment.findings import Finding
from environment.spec import SUPPORTED_PIPELINES, Environment
from environment.spec_file import load_environment

ALL = (
    "network.existing={network: vpc, subnetwork: subnet, project: a-host-project}",
    "cluster.existing={name: gke, location: us-central1-a}",
    "database.existing={instance: mysql}",
    "artifact_store.existing={bucket: objects}",
)
VPC = "projects/a-host-project/global/networks/vpc"
SUBNETWORK = SubnetworkFacts(
    primary="10.0.0.0/22", secondary={"pods": "10.4.0.0/14", "services": "10.8.0.0/20"}, has_private_google_access=True
)
NETWORK = NetworkFacts(
    subnetwork=SUBNETWORK,
    taken=("10.0.0.0/22", "10.4.0.0/14", "10.8.0.0/20"),
    private_services=("10.9.0.0/20",),
    host="a-host-project",
)
POOL = PoolFacts(name="pool", scopes=(SCOPE,), metadata="GKE_METADATA")
FULL = POOL.model_copy(update={"most_nodes": 3})
CLUSTER = ClusterFacts(
    status="RUNNING", version="1.33.2-gke.1", workload_pool="acme-mlops-dev.svc.id.goog", network=VPC, pools=(POOL,)
)
DATABASE = DatabaseFacts(
    state="RUNNABLE",
    version="MYSQL_8_0",
    region="us-central1",
    flags={"default_authentication_plugin": "mysql_native_password", "long_query_time": "5"},
    network=VPC,
    has_public_address=False,
    databases=("mysql", "shop"),
    users=("root",),
)
BUCKET = BucketFacts(location="US-CENTRAL1", kind="region", locations=(), is_uniform=True)
OWNER = "dev of acme-mlops-dev"


def spec(*overrides: str) -> Environment:
    return load_environment("dev", overrides)


def facts(**changes: Any) -> ExistingFacts:
    fit: dict[str, Any] = {"network": NETWORK, "cluster": CLUSTER, "installation": InstallationFacts()}
    return ExistingFacts(**{**fit, "database": DATABASE, "artifact_store": BUCKET, **changes})


def network(**changes: Any) -> NetworkFacts:
    return NETWORK.model_copy(update=changes)


def subnetwork(**changes: Any) -> NetworkFacts:
    return network(subnetwork=SUBNETWORK.model_copy(update=changes))


def pool(**changes: Any) -> ClusterFacts:
    return CLUSTER.model_copy(update={"pools": (POOL, POOL.model_copy(update={"name": "other", **changes}))})


def cluster(**changes: Any) -> dict[str, ClusterFacts]:
    return {"cluster": CLUSTER.model_copy(update=changes)}


def database(**changes: Any) -> dict[str, DatabaseFacts]:
    return {"database": DATABASE.model_copy(update=changes)}


def bucket(**changes: Any) -> dict[str, BucketFacts]:
    return {"artifact_store": BUCKET.model_copy(update=changes)}


def installation(**changes: Any) -> dict[str, InstallationFacts]:
    return {"installation": InstallationFacts(**changes)}


def room(millicores: int, mebibytes: int, **changes: Any) -> dict[str, Any]:
    return {"room": RoomFacts(millicores=millicores, mebibytes=mebibytes, nodes={"pool": 3}), **changes}


def find(found: ExistingFacts, *overrides: str) -> list[Finding]:
    return list(existing_findings(spec(*overrides), found))


def test_what_fits_is_no_finding() -> None:
    assert find(facts(), *ALL) == []
    assert find(ExistingFacts()) == []


NEW_CLUSTER = (ALL[0],)
NEW_IN_SHARED: ExistingFacts = ExistingFacts(network=NETWORK)


@pytest.mark.parametrize(
    ("found", "check", "problem", "fix"),
    [
        (network(host=None), "shared-vpc", "is not a service project", "associated-projects add acme-mlops-dev"),
        (network(subnetwork=None), "subnetwork", "no subnetwork subnet in us-central1", "--network=vpc"),
        (subnetwork(primary="10.0.0.0/29"), "node-range", "holds 4 nodes, cluster.max_nodes asks for 5", "length=28"),
        (subnetwork(secondary={"pods": "10.4.0.0/14"}), "secondary-ranges", "range services", "services=CIDR"),
        (
            subnetwork(secondary={"pods": "10.4.0.0/22", "services": "10.8.0.0/20"}),
            "range-sizes",
            "needs a /21 or larger for pods",
            "set network.existing.pods_range",
        ),
        (
            subnetwork(secondary={"pods": "10.4.0.0/14", "services": "10.8.0.0/28"}),
            "range-sizes",
            "needs a /27 or larger for Services",
            "set network.existing.services_range",
        ),
        (network(taken=("172.16.0.0/12",)), "control-plane-range", "172.16.0.0/12 overlaps", "network.master_cidr"),
        (subnetwork(has_private_google_access=False), "private-google-access", "is off", "--enable-private-ip-google"),
        (network(private_services=None), "private-services", "no private services access", "vpc-peerings connect"),
        (network(private_services=("10.9.0.0/28",)), "private-services-range", "have 10.9.0.0/28", "peerings update"),
    ],
)
def test_a_network_that_does_not_fit(found: NetworkFacts, check: str, problem: str, fix: str) -> None:
    (finding,) = find(ExistingFacts(network=found), *NEW_CLUSTER)
    assert finding.check == check
    assert finding.subject == "network vpc of project a-host-project"
    assert problem in finding.problem
    assert fix in finding.fix
    assert "a-host-project" in finding.fix or not finding.fix.startswith("gcloud")


def test_the_pods_of_all_nodes_have_room() -> None:
    small = subnetwork(secondary={"pods": "10.4.0.0/21", "services": "10.8.0.0/20"})
    assert find(ExistingFacts(network=small), ALL[0], "cluster.max_nodes=8") == []
    (finding,) = find(ExistingFacts(network=small), ALL[0], "cluster.max_nodes=9")
    assert "holds the pods of 8 nodes, cluster.max_nodes asks for 9" in finding.problem


@pytest.mark.parametrize(
    "found",
    [
        room(630, 2115),
        room(0, 0, cluster=pool(most_nodes=1)),
        room(0, 0, **installation(has_namespace=True, is_ours=True, owners={"kubeflow": OWNER})),
    ],
)
def test_pods_find_their_nodes(found: dict[str, Any]) -> None:
    assert find(facts(**found), *ALL) == []


def test_a_cluster_that_was_made_in_it_has_its_range() -> None:
    """GKE makes a subnetwork of it."""
    found = ExistingFacts(network=network(taken=("172.16.0.0/28",)), made=frozenset({"acme-dev-cluster"}))
    assert find(found, *NEW_CLUSTER) == []


def test_only_what_is_made_in_it_asks_for_its_ranges() -> None:
    bare = network(subnetwork=SUBNETWORK.model_copy(update={"secondary": {}}), private_services=None)
    assert find(facts(network=bare), *ALL) == []
    assert [one.check for one in find(ExistingFacts(network=bare), ALL[0])] == [
        *("secondary-ranges", "secondary-ranges", "private-services")
    ]
    public = ("network.private_cluster=false",)
    assert find(ExistingFacts(network=network(taken=("172.16.0.0/12",))), ALL[0], *public) == []


@pytest.mark.parametrize(
    ("changes", "check", "problem", "fix"),
    [
        (cluster(status="ERROR"), "cluster-running", "it is ERROR", "clusters describe gke"),
        (cluster(network="projects/p/global/networks/n"), "cluster-network", "it is in projects/p/", "projects/p/"),
        (cluster(version="1.28.9-gke.1"), "kubernetes-version", "2.14.4 needs 1.29 or later", "clusters upgrade gke"),
        (cluster(workload_pool=""), "workload-identity", "is off", "--workload-pool=acme-mlops-dev.svc.id.goog"),
        ({"cluster": pool(metadata="")}, "node-metadata", "its pool other", "node-pools update other --cluster=gke"),
        ({"cluster": pool(scopes=())}, "node-scopes", "its pool other lack", "then delete other"),
        (installation(has_namespace=True), "namespace", "a namespace kubeflow that is not ours", "pipelines.namespace"),
        (installation(definitions=("workflows.argoproj.io",)), "other-installation", "workflows.argoproj.io", "remove"),
        (installation(owners={"ml": "dev of lab"}), "other-installation", "ml is of dev of lab", "remove"),
        (
            installation(has_namespace=True, owners={"kubeflow": ""}),
            "other-installation",
            "kubeflow names no owner",
            f"kubectl annotate secret mlops-env --namespace=kubeflow 'mlops-env/owner={OWNER}'",
        ),
        (
            room(629, 9000),
            "capacity",
            "have 629m of processors and 9000 MiB over",
            "--node-pool=pool --total-max-nodes=4",
        ),
        (room(4000, 2114), "capacity", "and 2114 MiB over, and no pool may grow", "--total-max-nodes=4"),
        (room(-20, 9000), "capacity", "have 0m of processors", "--node-pool=pool"),
        (room(0, 0, **cluster(pools=(FULL,))), "capacity", "no pool may grow", "--total-max-nodes=4"),
        (
            room(0, 0, cluster=pool(most_nodes=0)),
            "capacity",
            "asks for 630m and 2115 MiB",
            "update gke --enable-autoscaling",
        ),
        (database(state="SUSPENDED"), "database-running", "it is SUSPENDED", "--activation-policy=ALWAYS"),
        (database(version="MYSQL_8_4"), "mysql-version", "it is MYSQL_8_4", "--database-version=MYSQL_8_0"),
        (database(flags={"a": "1"}), "authentication-plugin", "is not set", "a=1,default_authentication_plugin=mysql_"),
        (database(network=""), "database-address", "no private address", f"mysql --network={VPC}"),
        (database(network="projects/p/global/networks/n"), "database-address", "is in projects/p", f"--network={VPC}"),
        (
            database(users=("acme-dev-pipelines",), has_our_user=None),
            "api",
            "secretmanager.googleapis.com is off",
            "services enable secretmanager.googleapis.com",
        ),
        (database(databases=("metadb", "mlmd")), "database-contents", "it holds metadb", "reuse to true"),
        (
            database(users=("root", "acme-dev-pipelines")),
            "database-user",
            "acme-dev-pipelines, which this environment has not made",
            "users delete acme-dev-pipelines --host=% --instance=mysql",
        ),
        (bucket(location="EUROPE-WEST1"), "bucket-location", "it is in EUROPE-WEST1", "--location=us-central1"),
        (bucket(is_uniform=False), "uniform-access", "is off", "update gs://objects --uniform"),
    ],
)
def test_what_does_not_fit_beside_what_does(changes: Any, check: str, problem: str, fix: str) -> None:
    # The database's address is compared with the cluster's network: that one says it all.
    (finding, *more) = find(facts(**changes), *ALL)
    assert finding.check == check
    assert problem in finding.problem
    assert fix in finding.fix
    assert [one.check for one in more] == (["database-address"] if check == "cluster-network" else [])


@pytest.mark.parametrize(
    ("kind", "location", "locations", "fits"),
    [
        ("region", "us-central1", (), True),
        ("region", "us-east1", (), False),
        ("multi-region", "US", (), True),
        ("multi-region", "EU", (), False),
        ("multi-region", "ASIA", (), False),
        ("dual-region", "NAM4", ("US-CENTRAL1", "US-EAST1"), True),
        ("dual-region", "NAM8", ("US-EAST4", "US-WEST1"), False),
    ],
)
def test_a_bucket_is_where_the_environment_is(kind: str, location: str, locations: Any, fits: bool) -> None:
    found = find(facts(**bucket(kind=kind, location=location, locations=locations)), *ALL)
    assert [one.check for one in found] == ([] if fits else ["bucket-location"])


def test_what_is_ours_in_theirs_is_no_finding_the_second_time() -> None:
    ours = installation(has_namespace=True, is_ours=True, owners={"kubeflow": OWNER})
    filled = database(databases=("metadb", "pipelinedb"), users=("root", "acme-dev-pipelines"), has_our_user=True)
    assert find(facts(**ours, **filled), *ALL) == []
    left_by_destroy = database(databases=("metadb", "pipelinedb"), has_our_user=True)
    assert find(facts(**left_by_destroy), *ALL) == []
    taken_over = find(facts(**database(databases=("metadb",))), *ALL, "database.existing.reuse=true")
    assert taken_over == []


def test_without_a_private_way_a_public_address_is_needed() -> None:
    only = ExistingFacts(database=DATABASE)
    (finding,) = find(only, ALL[2])
    assert (finding.check, "--assign-ip" in finding.fix) == ("database-address", True)
    assert find(ExistingFacts(database=DATABASE.model_copy(update={"has_public_address": True})), ALL[2]) == []


def test_all_that_is_missing_or_unreadable_is_told_at_once() -> None:
    off = Finding(check="api", subject="bucket objects", problem="off", fix="gcloud services enable")
    found = find(ExistingFacts(missing=frozenset({"network", "cluster", "database"}), unreadable=(off,)), *ALL)
    assert [one.check for one in found] == ["api", "network", "cluster", "database"]
    assert "--project=a-host-project" in found[1].fix
    assert "--project=acme-mlops-dev" in found[2].fix


def test_what_the_state_has_made_is_not_somebody_elses() -> None:
    assert find(facts(made=frozenset({"acme-dev-network"})), *ALL) == []
    found = find(facts(made=frozenset({"mysql", "gke"})), *ALL)
    assert [str(one.subject) for one in found if one.check == "made-here"] == ["cluster gke", "database mysql"]
    assert "leave `existing` out of the spec" in found[0].fix


def test_every_requirement_has_a_word_of_its_own_and_a_fix_that_can_be_filled_in() -> None:
    checks = [one.check for one in REQUIREMENTS]
    assert len(set(checks)) == len(checks)
    assert set(OLDEST_KUBERNETES) == set(SUPPORTED_PIPELINES)
    for one in REQUIREMENTS:
        names = {field for _, field, _, _ in string.Formatter().parse(one.fix) if field}
        finding = one.finding("subject", "problem", **dict.fromkeys(names, "filled"))
        assert "{" not in finding.fix
