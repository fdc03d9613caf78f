from __future__ import annotations

from typing import Any

import pytest

from environment.capacity import capacity_of, quota_findings, quota_rows
from environment.spec import Environment

CPUS = {"e2-standard-4": 4}


def spec(**fields: Any) -> Environment:
    given = {"name": "dev", "role": "dev", "project_id": "acme-project", "region": "us-central1", "name_prefix": "acme"}
    return Environment.model_validate({**given, "state": {"bucket": "acme-state"}, **fields})


THEIR_CLUSTER = {"cluster": {"existing": {"name": "theirs", "location": "us-central1-a"}}}
THEIR_NETWORK = {"network": {"existing": {"network": "theirs", "subnetwork": "theirs"}}}
ZONAL: dict[str, Any] = {"zone": "us-central1-a", "components": {"notebooks": False}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (ZONAL, "1 to 5 nodes, 1 to 5 disks with 100 to 500 GiB"),
        ({**ZONAL, "zone": None}, "3 to 15 nodes, 3 to 15 disks with 300 to 1500 GiB"),
        ({"zone": "us-central1-a"}, "1 to 5 nodes, 3 to 7 disks with 350 to 750 GiB"),
        ({**ZONAL, "cluster": {"min_nodes": 0, "max_nodes": 1}}, "1 node, 1 disk with 100 GiB"),
        ({"zone": "us-central1-a", **THEIR_CLUSTER}, "0 nodes, 2 disks with 250 GiB"),
    ],
)
def test_nodes_and_disks_are_counted_over_all_zones(fields: dict[str, Any], expected: str) -> None:
    assert capacity_of(spec(**fields)).describe() == expected


def rows(fields: dict[str, Any], *present: str, limit: int = 8, usage: int = 4) -> dict[str, tuple[int, int, bool]]:
    quotas = [{"metric": metric, "limit": limit, "usage": usage} for metric in ("CPUS", "IN_USE_ADDRESSES", "GPUS")]
    overall = [{"metric": metric, "limit": 5, "usage": 5} for metric in ("NETWORKS", "CPUS")]
    found = quota_rows(spec(**fields), CPUS, present, quotas, overall)
    return {row.metric: (row.needed, row.at_most, row.is_short) for row in found}


def test_what_is_there_already_is_not_needed_again() -> None:
    assert rows(ZONAL) == {"CPUS": (4, 20, False), "IN_USE_ADDRESSES": (0, 0, False), "NETWORKS": (1, 1, True)}
    assert rows(ZONAL, "cluster", "network")["CPUS"] == (0, 0, False)
    assert rows(ZONAL, "cluster", "network")["NETWORKS"] == (0, 0, False)
    assert rows({**ZONAL, **THEIR_CLUSTER})["CPUS"] == (0, 0, False)
    assert rows({**ZONAL, **THEIR_NETWORK})["NETWORKS"] == (0, 0, False)
    with_notebook = {"zone": "us-central1-a"}
    assert rows(with_notebook)["CPUS"] == (8, 24, True)
    assert rows(with_notebook, "notebook")["CPUS"] == (4, 20, False)


def test_public_nodes_need_addresses() -> None:
    public = {**ZONAL, "zone": None, "network": {"private_cluster": False}}
    assert rows(public, usage=6)["IN_USE_ADDRESSES"] == (3, 15, True)


def test_processors_count_over_all_regions_too() -> None:
    quotas = [{"metric": "CPUS_ALL_REGIONS", "limit": 12, "usage": 9}]
    (row,) = quota_rows(spec(**ZONAL), CPUS, (), (), quotas)
    assert (row.place, row.needed, row.at_most, row.is_short) == ("all regions", 4, 20, True)


@pytest.mark.parametrize(
    ("machine", "expected"), [("e2-standard-4", 4), ("n1-standard-4", 4), ("custom-4-8192", 4), ("n2-standard-4", 0)]
)
def test_families_with_quotas_of_their_own_do_not_count(machine: str, expected: int) -> None:
    environment = spec(**ZONAL, cluster={"machine_type": machine})
    (row,) = quota_rows(environment, {machine: 4}, (), [{"metric": "CPUS", "limit": 2, "usage": 0}], ())
    assert row.needed == expected


def test_a_finding_says_needed_in_use_and_limit() -> None:
    quotas = [{"metric": "CPUS", "limit": 8, "usage": 6}]
    (finding,) = quota_findings(spec(), quota_rows(spec(**ZONAL), CPUS, (), quotas, ()))
    assert finding.subject == "quota CPUS of us-central1"
    assert finding.problem == "needed 4, in use 6, limit 8 (processors)"


def test_a_trial_fits_the_quota_of_a_free_trial() -> None:
    trial = spec(size="trial", zone="us-central1-a")
    quotas = [{"metric": metric, "limit": limit, "usage": 0} for metric, limit in (("CPUS", 8), ("SSD_TOTAL_GB", 250))]
    found = quota_rows(trial, CPUS, (), quotas, ())
    assert {row.metric: (row.needed, row.at_most) for row in found} == {"CPUS": (4, 8), "SSD_TOTAL_GB": (100, 200)}
    with pytest.raises(ValueError, match="size: trial needs a zone, such as us-central1-b"):
        spec(size="trial")
