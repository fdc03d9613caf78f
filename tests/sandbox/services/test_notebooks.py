from __future__ import annotations

from typing import Any

import pytest

ZONE = "/v2/projects/acme/locations/us-central1-a"
LAB = f"{ZONE}/instances/lab"
COMPUTE = "/compute/v1/projects/acme"
NETWORK = {"network": "projects/acme/global/networks/vpc", "subnet": "projects/acme/regions/us-central1/subnetworks/n"}
BODY = {
    "labels": {"team": "ml"},
    "gceSetup": {"machineType": "e2-standard-4", "networkInterfaces": [NETWORK], "metadata": {"terraform": "true"}},
}


@pytest.fixture
def lab(services: Any) -> Any:
    services("POST", "compute", f"{COMPUTE}/global/networks", {"name": "vpc", "autoCreateSubnetworks": False})
    body = {"name": "n", "network": "global/networks/vpc", "ipCidrRange": "10.10.0.0/20"}
    services("POST", "compute", f"{COMPUTE}/regions/us-central1/subnetworks", body)
    return services


def create(lab: Any, **setup: Any) -> Any:
    body = {**BODY, "gceSetup": {**BODY["gceSetup"], **setup}}
    return lab("POST", "notebooks", f"{ZONE}/instances?instanceId=lab", body)


def test_an_instance_has_what_the_server_fills_in(lab: Any) -> None:
    begun = create(lab, tags=["own"])
    assert begun["done"] is True
    operation = f"{ZONE}/operations/{begun['name'].rsplit('/', 1)[-1]}"
    assert lab("GET", "notebooks", operation)["response"]["name"] == LAB.removeprefix("/v2/")
    instance = lab("GET", "notebooks", LAB)
    setup = instance["gceSetup"]
    assert (instance["state"], setup["bootDisk"]["diskSizeGb"]) == ("ACTIVE", "150")
    assert setup["tags"] == ["own", "deeplearning-vm", "notebook-instance"]
    assert setup["metadata"]["terraform"] == "true"
    assert "nicType" not in setup["networkInterfaces"][0]
    assert instance["proxyUri"].endswith("-dot-us-central1.notebooks.googleusercontent.com")
    assert instance["labels"]["team"] == "ml"
    assert "placement" not in instance


@pytest.mark.parametrize(
    ("location", "name", "setup", "code", "text"),
    [
        ("us-central1", "lab", {}, 400, "is not a zone"),
        ("us-central1-a", "Lab", {}, 400, "Invalid instance id"),
        ("us-central1-a", "lab", {"machineType": "x"}, 400, "Machine type 'x'"),
        ("us-central1-a", "lab", {"machineType": 4}, 400, "TYPE_STRING"),
        ("us-central1-a", "lab", {"networkInterfaces": []}, 404, "networks/default"),
        ("us-central1-a", "lab", {"networkInterfaces": [{**NETWORK, "subnet": "no"}]}, 404, "subnetworks/no"),
        ("europe-west1-b", "lab", {}, 400, "is not in region 'europe-west1'"),
        ("us-central1-a", "lab", {"serviceAccounts": [{"email": "no@acme.iam.gserviceaccount.com"}]}, 400, "exist"),
        ("us-central1-a", "lab", {"dataDisks": [{"diskSizeGb": "1"}]}, 400, "Disk size"),
    ],
)
def test_create_refuses(lab: Any, location: str, name: str, setup: dict[str, Any], code: int, text: str) -> None:
    path = f"/v2/projects/acme/locations/{location}/instances?instanceId={name}"
    body = {"gceSetup": {**BODY["gceSetup"], **setup}}
    error = lab.error("POST", "notebooks", path, body)
    assert error.code == code
    assert text in error.message


def test_the_machine_type_changes_only_while_stopped(lab: Any) -> None:
    create(lab)
    body = {"gceSetup": {"machineType": "e2-standard-8"}}
    path = f"{LAB}?updateMask=gce_setup.machine_type"
    error = lab.error("PATCH", "notebooks", path, body)
    assert (error.code, error.status) == (400, "FAILED_PRECONDITION")
    lab("POST", "notebooks", f"{LAB}:stop")
    assert lab("GET", "notebooks", LAB)["state"] == "STOPPED"
    lab("PATCH", "notebooks", path, body)
    lab("POST", "notebooks", f"{LAB}:start")
    instance = lab("GET", "notebooks", LAB)
    assert (instance["state"], instance["gceSetup"]["machineType"]) == ("ACTIVE", "e2-standard-8")
    assert instance["gceSetup"]["metadata"]["terraform"] == "true"


def test_labels_and_metadata_change_by_mask(lab: Any) -> None:
    create(lab)
    body = {"labels": {"team": "data"}, "gceSetup": {"metadata": {"idle-timeout-seconds": "60"}}}
    lab("PATCH", "notebooks", f"{LAB}?updateMask=labels,gce_setup.metadata", body)
    instance = lab("GET", "notebooks", LAB)
    assert (instance["labels"]["team"], instance["labels"]["resource-name"]) == ("data", "lab")
    assert instance["gceSetup"]["metadata"]["idle-timeout-seconds"] == "60"
    assert "terraform" not in instance["gceSetup"]["metadata"]
    assert lab.error("PATCH", "notebooks", f"{LAB}?updateMask=gce_setup.network_interfaces", body).code == 400
    assert lab.error("PATCH", "notebooks", LAB, body).code == 400


def test_a_subnetwork_stays_while_an_instance_is_in_it(lab: Any) -> None:
    create(lab)
    path = f"{COMPUTE}/regions/us-central1/subnetworks/n"
    assert lab.error("DELETE", "compute", path).message.endswith("'projects/acme/zones/us-central1-a/instances/lab'")
    lab("DELETE", "notebooks", LAB)
    lab("DELETE", "compute", path)


def test_under_realistic_latency_an_instance_goes_through_its_states(lab: Any) -> None:
    lab.latency.profile = "realistic"
    assert "done" not in create(lab)
    states = [lab("GET", "notebooks", LAB)["state"]]
    assert lab.error("POST", "notebooks", f"{LAB}:stop").code == 409
    lab.clock.seconds += 3
    states.append(lab("GET", "notebooks", LAB)["state"])
    lab("POST", "notebooks", f"{LAB}:stop")
    states.append(lab("GET", "notebooks", LAB)["state"])
    lab.clock.seconds += 2
    states.append(lab("GET", "notebooks", LAB)["state"])
    lab("DELETE", "notebooks", LAB)
    states.append(lab("GET", "notebooks", LAB)["state"])
    assert states == ["PROVISIONING", "ACTIVE", "STOPPING", "STOPPED", "DELETING"]
    lab.clock.seconds += 2
    assert lab.error("GET", "notebooks", LAB).code == 404


def test_instances_are_listed_by_zone_or_everywhere(lab: Any) -> None:
    create(lab)
    assert len(lab("GET", "notebooks", "/v2/projects/acme/locations/-/instances")["instances"]) == 1
    assert lab("GET", "notebooks", "/v2/projects/acme/locations/us-central1-b/instances")["instances"] == []
    assert lab.error("POST", "notebooks", f"{ZONE}/instances?instanceId=lab", BODY).code == 409
