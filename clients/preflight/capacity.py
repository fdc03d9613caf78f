"""Machine types and quotas. Sources: machineTypes.get, regions.get and projects.get of Compute Engine v1."""

from __future__ import annotations

from collections.abc import Collection

from clients.addresses import Addresses
from clients.google_rest import GoogleRest
from environment.capacity import is_counted, quota_findings, quota_rows
from environment.destruction import CLUSTER, NETWORK, NOTEBOOK, Found
from environment.doctor import Looked
from environment.errors import GoogleApiError
from environment.findings import Finding
from environment.spec import Environment

COMPUTE = "compute.googleapis.com"
_PRESENT = {CLUSTER: "cluster", NOTEBOOK: "notebook", NETWORK: "network"}


def look_at_quotas(environment: Environment, addresses: Addresses, found: Collection[Found]) -> Looked:
    """Compare what is yet to be made with the quotas; `found` is what is there of the environment."""
    rest, project = GoogleRest(addresses, environment.project_id), environment.project_id
    root = f"/compute/v1/projects/{project}"
    region = rest.get(COMPUTE, f"{root}/regions/{environment.region}", f"read the quotas of {environment.region}")
    overall = rest.get(COMPUTE, root, f"read the quotas of {project}")
    zones = [environment.zone] if environment.zone else [str(one).rsplit("/", 1)[-1] for one in region["zones"]]
    wanted = [] if environment.cluster.existing else [(environment.cluster.machine_type, zones)]
    if environment.components.notebooks:
        wanted.append((environment.notebook.machine_type, [environment.notebook_zone]))
    cpus: dict[str, int] = {}
    findings: list[Finding] = []
    notes: list[str] = []
    for machine, places in wanted:
        looks = (_processors(rest, f"{root}/zones/{zone}/machineTypes/{machine}", machine) for zone in places)
        processors = next((one for one in looks if one is not None), None)
        if processors is None:
            problem = f"there is none in {' or '.join(places)}"
            fix = f"choose one of `gcloud compute machine-types list --zones={','.join(places)} --project={project}`"
            findings.append(Finding(check="machine-type", subject=f"machine type {machine}", problem=problem, fix=fix))
            continue
        if not is_counted(machine) and machine not in cpus:
            notes.append(f"quotas: processors of {machine} have a quota of their own, which is not compared")
        cpus[machine] = processors
    present = {_PRESENT[one.kind] for one in found if one.kind in _PRESENT}
    rows = quota_rows(environment, cpus, present, region.get("quotas") or (), overall.get("quotas") or ())
    return Looked(findings=(*findings, *quota_findings(environment, rows)), quotas=rows, notes=tuple(notes))


def _processors(rest: GoogleRest, path: str, machine: str) -> int | None:
    try:
        return int(rest.get(COMPUTE, path, f"read the machine type {machine}")["guestCpus"])
    except GoogleApiError as error:
        if error.status == 404:
            return None
        raise
