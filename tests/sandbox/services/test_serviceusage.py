import pytest

PROJECT = "/v1/projects/acme-dev/services"


def enabled(services) -> set[str]:
    answer = services("GET", "serviceusage", f"{PROJECT}?filter=state:ENABLED")
    return {service["config"]["name"] for service in answer["services"]}


def test_a_new_project_has_what_google_turns_on(services) -> None:
    assert "storage.googleapis.com" in enabled(services)
    assert "compute.googleapis.com" not in enabled(services)


def test_batch_enable_turns_all_on_and_answers_an_operation(services) -> None:
    wanted = ["compute.googleapis.com", "container.googleapis.com"]
    operation = services("POST", "serviceusage", f"{PROJECT}:batchEnable", {"serviceIds": wanted})
    assert operation["done"]
    assert operation["response"]["services"][0]["state"] == "ENABLED"
    assert set(wanted) <= enabled(services)
    assert services("GET", "serviceusage", f"/v1/{operation['name']}") == operation


@pytest.mark.parametrize(
    ("names", "code", "text"),
    [
        ([], 400, "between 1 and 20"),
        ([f"s{n}.googleapis.com" for n in range(21)], 400, "between 1 and 20"),
        (["compute.googleapis.com", "nothing.googleapis.com"], 403, "nothing.googleapis.com"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_whole(services, names, code, text) -> None:
    error = services.error("POST", "serviceusage", f"{PROJECT}:batchEnable", {"serviceIds": names})
    assert error.code == code
    assert text in error.message
    assert "compute.googleapis.com" not in enabled(services)


def test_one_activation_at_a_time(services) -> None:
    services.latency.profile = "realistic"
    body = {"serviceIds": ["compute.googleapis.com"]}
    operation = services("POST", "serviceusage", f"{PROJECT}:batchEnable", body)
    assert "done" not in operation
    refused = services.error("POST", "serviceusage", f"{PROJECT}:batchEnable", {"serviceIds": ["run.googleapis.com"]})
    assert "Another activation or deactivation is in progress" in refused.message
    services.clock.seconds += 3600
    assert services("GET", "serviceusage", f"/v1/{operation['name']}")["done"]
    assert services("POST", "serviceusage", f"{PROJECT}:batchEnable", {"serviceIds": ["run.googleapis.com"]})


@pytest.mark.parametrize(
    ("method", "body"),
    [("/storage.googleapis.com:enable", {}), (":batchEnable", {"serviceIds": ["storage.googleapis.com"]})],
)
def test_what_is_on_already_needs_no_operation(services, method, body) -> None:
    operation = services("POST", "serviceusage", f"{PROJECT}{method}", body)
    assert operation["name"] == "operations/noop.DONE_OPERATION"
    assert operation["done"]
    assert operation["response"]["@type"].endswith("v1.EnableServiceResponse")


def test_the_list_comes_in_pages(services) -> None:
    first = services("GET", "serviceusage", f"{PROJECT}?pageSize=5")
    assert len(first["services"]) == 5
    second = services("GET", "serviceusage", f"{PROJECT}?pageSize=5&pageToken={first['nextPageToken']}")
    assert {s["name"] for s in first["services"]}.isdisjoint({s["name"] for s in second["services"]})


def test_an_api_that_was_just_enabled_may_take_its_time(services) -> None:
    projects = services.cloud.projects
    projects.spread_seconds = 90
    projects.enable("acme-dev", ["compute.googleapis.com"])
    with pytest.raises(Exception, match="has not been used in project") as caught:
        projects.require("compute.googleapis.com", "acme-dev")
    assert caught.value.details[0]["reason"] == "SERVICE_DISABLED"
    services.clock.seconds += 91
    projects.require("compute.googleapis.com", "acme-dev")
