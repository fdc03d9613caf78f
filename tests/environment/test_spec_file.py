from pathlib import Path

import pytest

from environment.errors import SpecError
from environment.spec_file import find_specs, load_environment

MINIMAL = """\
name: dev
role: dev
project_id: acme-mlops-dev
region: us-central1
zone: us-central1-a
name_prefix: acme-dev
state: {bucket: acme-mlops-dev-tfstate}
"""


def test_names_paths_and_folders_stand_for_specs(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / "specs" / name).write_text(MINIMAL)
    folder = f"{tmp_path}/specs/"
    assert find_specs(["dev", folder]) == ("dev", f"{tmp_path}/specs/a.yml", f"{tmp_path}/specs/b.yaml")
    assert find_specs() == ("dev", "prod", "staging")
    with pytest.raises(SpecError, match="no spec in this folder"):
        find_specs([f"{tmp_path}/"])


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "sandbox"])
def test_shipped_specs_are_valid(name: str) -> None:
    assert load_environment(name).name == name


def test_what_is_left_out_follows_from_the_role() -> None:
    dev, staging, prod = (load_environment(name) for name in ("dev", "staging", "prod"))
    assert dev.components.notebooks
    assert not staging.components.notebooks
    assert not prod.components.notebooks
    assert dev.location == "us-central1-a"
    assert prod.location == "us-central1"
    assert prod.database.highly_available
    assert prod.cluster.deletion_protection
    assert prod.approval.required
    assert not dev.approval.required


def test_keys_of_accounts_are_refused_in_prod() -> None:
    by_key = ["identity=service_account_key"]
    assert load_environment("staging", by_key).has_account_keys
    assert not load_environment("staging").has_account_keys
    with pytest.raises(SpecError, match=r"service_account_key is refused in prod.*use workload_identity"):
        load_environment("prod", by_key)


def test_overrides_are_validated_like_the_file() -> None:
    environment = load_environment("dev", ["cluster.max_nodes=8", "labels.team=core", "components.notebooks=false"])
    assert environment.cluster.max_nodes == 8
    assert environment.labels == {"team": "core"}
    assert "notebooks.googleapis.com" not in environment.services


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("region: us-central1\n", "region: us-central1-a\n"),
            "region: 'us-central1-a' is a zone: use region: us-central1",
        ),
        (("zone: us-central1-a", "zone: us-east1-b"), "zone 'us-east1-b' is not in region us-central1"),
        (("zone: us-central1-a", "zone: us-central1"), "zone 'us-central1' is no zone"),
        (("role: dev", "role: test"), "role: 'test' is unknown: use 'dev', 'staging' or 'prod'"),
        (("role: dev", "role: dev\ncluster: {max_node: 3}"), "cluster.max_node: did you mean max_nodes?"),
        (("role: dev", "role: dev\nregoin: x"), "unknown field regoin: did you mean region?"),
        (("role: dev", "role: dev\ncluster: {max_nodes: many}"), "cluster.max_nodes"),
        (
            ("role: dev", "role: dev\nnetwork: {existing: abc}"),
            "network.existing: has the fields network, subnetwork, project, pods_range, services_range, this is 'abc'",
        ),
        (("role: dev", "role: dev\npipelines: {version: 9.9.9}"), "use 2.14.4"),
        (("role: dev", "role: dev\nnetwork: {pods_cidr: 10.10.0.0/16}"), "overlap"),
        (("role: dev", "role: dev\nnetwork: {pods_cidr: 10.10.0.1/16}"), "CIDR"),
        (("role: dev", "role: dev\nnetwork: {private_services_cidr: 10.40.0.0/28}"), "needs a /24"),
        (
            ("role: dev", "role: dev\nnetwork: {subnet_cidr: 192.168.0.0/29}"),
            "holds 4 nodes",
        ),
        (("role: dev", "role: dev\nnetwork: {pods_cidr: 10.20.0.0/21}\ncluster: {max_nodes: 9}"), "holds 8 nodes"),
        (("role: dev", "role: dev\ndatabase: {tier: large}"), "database.tier"),
        (("role: dev", "role: dev\ndatabase: {names: {cache: Metadb}}"), "metadata and cache are both 'metadb'"),
        (("role: dev", "role: dev\ndatabase: {names: {cache: mysql}}"), "cache: 'mysql' is MySQL's own"),
        (("role: dev", "role: dev\ndatabase: {names: {cache: kfp-cache}}"), "database.names.cache"),
        (("acme-mlops-dev-tfstate}", "acme-mlops-dev-tfstate, prefix: /lead}"), "state.prefix"),
        (("acme-mlops-dev-tfstate}", "acme-mlops-dev-tfstate, prefix: a/../b}"), "state.prefix"),
        (("role: dev", "role: dev\nnetwork: {master_cidr: 172.16.0.0/24}"), "must be a /28"),
        (("role: dev", "role: dev\ncluster: {authorized_networks: [office]}"), "'office' is no IPv4 range"),
        (("acme-dev\n", "a-very-long-prefix-that-no-one-needs\n"), "use at most"),
        (("acme-mlops-dev\n", "ACME\n"), "project_id"),
        (("name: dev", "name: [dev"), "not valid YAML"),
    ],
)
def test_bad_input_is_one_line_with_file_and_field(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    path = tmp_path / "spec.yaml"
    text = MINIMAL.replace(*change, 1)
    assert text != MINIMAL
    path.write_text(text)
    with pytest.raises(SpecError) as raised:
        load_environment(str(path))
    assert expected in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ("network.existing={network: n, subnetwork: s}", "network.master_cidr=10.10.0.0/28"),
        ("cluster.existing={name: c, location: us-central1-a}", "network.subnet_cidr=172.16.0.0/20"),
    ],
    ids=["of a network that exists", "of a control plane that exists"],
)
def test_ranges_that_are_not_made_are_not_compared(overrides: tuple[str, str]) -> None:
    load_environment("dev", overrides)
    with pytest.raises(SpecError, match=r"network\.\w+ .* overlap"):
        load_environment("dev", overrides[1:])


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("cluster.max_node=8", "did you mean max_nodes?"),
        ("clutser.max_nodes=8", "did you mean cluster?"),
        ("cluster", "give KEY=VALUE"),
        ("region.x=1", "region has no fields"),
    ],
)
def test_unknown_overrides_are_refused(override: str, expected: str) -> None:
    with pytest.raises(SpecError, match="--set") as raised:
        load_environment("dev", [override])
    assert expected in str(raised.value)


def test_missing_files_and_names_are_refused() -> None:
    with pytest.raises(SpecError, match="no such file"):
        load_environment("nowhere/spec.yaml")
    with pytest.raises(SpecError, match="use one of dev, prod, sandbox, staging"):
        load_environment("nowhere")


def test_an_open_endpoint_of_prod_deserves_a_second_thought() -> None:
    assert load_environment("dev").cautions == ()
    assert "cluster.authorized_networks" in load_environment("prod").cautions[0]
    assert load_environment("prod", ["cluster.authorized_networks=[203.0.113.0/24]"]).cautions == ()
