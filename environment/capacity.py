"""How much an environment takes: nodes, processors and disks, and whether a project's quotas suffice.

Source: https://cloud.google.com/compute/resource-usage for what counts towards which quota
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from environment.findings import Finding
from environment.spec import Environment

CHECK = "quota"
NOTEBOOK_DISKS_GIB = 250  # boot and data disk: terraform/modules/notebook/main.tf
NOTES = {
    "CPUS": "processors",
    "CPUS_ALL_REGIONS": "processors",
    "IN_USE_ADDRESSES": "external addresses in use",
    "SSD_TOTAL_GB": "SSD storage, in GB",
    "NETWORKS": "VPC networks",
}
OF_THE_PROJECT = frozenset({"CPUS_ALL_REGIONS", "NETWORKS"})
COUNTED_FAMILIES = ("custom", "e2", "f1", "g1", "n1")
"""Families of machine types whose processors count towards CPUS; others have quotas of their own, such as N2_CPUS."""


class Capacity(BaseModel):
    """Nodes and disks of an environment in total, at its start and at most.

    Attributes:
        nodes: Of the cluster, when it is made.
        most_nodes: Up to which the autoscaler goes.
        disks: Of nodes and notebook, at the start.
        most_disks: At most.
        disk_gib: Their size in GiB, at the start.
        most_disk_gib: At most.
    """

    model_config = ConfigDict(frozen=True)

    nodes: int
    most_nodes: int
    disks: int
    most_disks: int
    disk_gib: int
    most_disk_gib: int

    def describe(self) -> str:
        """Return "1 to 5 nodes, 3 to 7 disks with 350 to 750 GiB"."""
        nodes, disks = _span(self.nodes, self.most_nodes), _span(self.disks, self.most_disks)
        return (
            f"{_counted(nodes, 'node')}, {_counted(disks, 'disk')} with {_span(self.disk_gib, self.most_disk_gib)} GiB"
        )


class QuotaRow(BaseModel):
    """One quota: what is needed of it for what is yet to be made, what is in use, and its limit.

    Attributes:
        metric: As Compute Engine names it, such as "CPUS".
        place: The region, or "all regions".
        at_most: What would be needed with as many nodes as the autoscaler may make.
    """

    model_config = ConfigDict(frozen=True)

    metric: str
    place: str
    needed: int
    at_most: int
    in_use: int
    limit: int

    @property
    def is_short(self) -> bool:
        """Whether what is needed does not fit."""
        return self.needed > 0 and self.needed > self.limit - self.in_use


def capacity_of(environment: Environment) -> Capacity:
    """Return how many nodes and disks an environment has in total; counts in the spec are for each zone.

    The nodes of a cluster that is somebody else's are not the environment's.
    """
    cluster = environment.cluster
    nodes, most = max(1, cluster.min_nodes) * environment.zone_count, environment.most_nodes
    if cluster.existing:
        nodes = most = 0
    notebook_disks, notebook_gib = (2, NOTEBOOK_DISKS_GIB) if environment.components.notebooks else (0, 0)
    return Capacity(
        nodes=nodes,
        most_nodes=most,
        disks=nodes + notebook_disks,
        most_disks=most + notebook_disks,
        disk_gib=nodes * cluster.disk_size_gib + notebook_gib,
        most_disk_gib=most * cluster.disk_size_gib + notebook_gib,
    )


def quota_rows(
    environment: Environment,
    cpus: Mapping[str, int],
    present: Collection[str],
    region: Iterable[Mapping[str, float]],
    project: Iterable[Mapping[str, float]],
) -> tuple[QuotaRow, ...]:
    """Compare what is yet to be made with the quotas.

    Args:
        environment: The spec.
        cpus: Processors by machine type, as Compute Engine says.
        present: What is there already: "cluster", "notebook", "network".
        region: `quotas` of the region: {"metric", "limit", "usage"}.
        project: `quotas` over all regions.
    """
    needed, most = _needs(environment, cpus, present, at_most=False), _needs(environment, cpus, present, at_most=True)
    rows = []
    for place, quotas in ((environment.region, region), ("all regions", project)):
        for quota in quotas:
            metric = str(quota["metric"])
            if metric in needed and (metric in OF_THE_PROJECT) == (place == "all regions"):
                rows.append(
                    QuotaRow(
                        metric=metric,
                        place=place,
                        needed=needed[metric],
                        at_most=most[metric],
                        in_use=round(quota.get("usage", 0.0)),
                        limit=round(quota["limit"]),
                    )
                )
    return tuple(rows)


def quota_findings(environment: Environment, rows: Iterable[QuotaRow]) -> tuple[Finding, ...]:
    """Return a finding for each quota that does not suffice."""
    return tuple(
        Finding(
            check=CHECK,
            subject=f"quota {row.metric} of {row.place}",
            problem=f"needed {row.needed}, in use {row.in_use}, limit {row.limit} ({NOTES[row.metric]})",
            fix=f"ask for more at https://console.cloud.google.com/iam-admin/quotas?project={environment.project_id}, "
            "or choose a smaller cluster, such as size: trial in the spec",
        )
        for row in rows
        if row.is_short
    )


def is_counted(machine_type: str) -> bool:
    """Tell whether a machine type's processors count towards the quotas that are compared."""
    return machine_type.partition("-")[0] in COUNTED_FAMILIES


def _needs(
    environment: Environment, cpus: Mapping[str, int], present: Collection[str], *, at_most: bool
) -> dict[str, int]:
    capacity, has_notebook = capacity_of(environment), environment.components.notebooks
    nodes = 0 if "cluster" in present else capacity.most_nodes if at_most else capacity.nodes
    notebooks = 1 if has_notebook and "notebook" not in present else 0
    counted = {machine: count for machine, count in cpus.items() if is_counted(machine)}
    processors = nodes * counted.get(environment.cluster.machine_type, 0)
    processors += notebooks * counted.get(environment.notebook.machine_type, 0)
    return {
        "CPUS": processors,
        "CPUS_ALL_REGIONS": processors,
        "IN_USE_ADDRESSES": 0 if environment.network.private_cluster else nodes,
        "SSD_TOTAL_GB": nodes * environment.cluster.disk_size_gib + notebooks * NOTEBOOK_DISKS_GIB,
        "NETWORKS": 0 if "network" in present or environment.network.existing else 1,
    }


def _counted(count: str, thing: str) -> str:
    return f"{count} {thing}" if count == "1" else f"{count} {thing}s"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
