from __future__ import annotations

from typing import Any

import pytest

LOCATION = "/v1/projects/acme/locations/us-central1"
IMAGES = f"{LOCATION}/repositories/images"


def create(services: Any, query: str = "repositoryId=images", **body: Any) -> Any:
    return services("POST", "artifactregistry", f"{LOCATION}/repositories?{query}", {"format": "DOCKER", **body})


@pytest.mark.parametrize("query", ["repositoryId=images", "repository_id=images"])
def test_a_repository_is_made_by_an_operation(services: Any, query: str) -> None:
    begun = create(services, query, description="one", mode="MODE_UNSPECIFIED")
    operation = services("GET", "artifactregistry", f"/v1/{begun['name']}")
    assert operation["response"]["name"] == IMAGES.removeprefix("/v1/")
    found = services("GET", "artifactregistry", IMAGES)
    assert (found["mode"], found["registryUri"]) == ("STANDARD_REPOSITORY", "us-central1-docker.pkg.dev/acme/images")
    assert services("GET", "artifactregistry", f"{LOCATION}/repositories")["repositories"] == [found]


@pytest.mark.parametrize(
    ("location", "name", "body", "code", "text"),
    [
        ("us-central1", "images", {"format": "DOCKER"}, 409, "already exists"),
        ("us-central1", "Images", {"format": "DOCKER"}, 400, "Invalid repository id"),
        ("us-central1", "more", {}, 400, "format of a repository is required"),
        ("us-central1", "more", {"format": "DOCKER", "labels": []}, 400, "TYPE_MESSAGE"),
        ("us-central1-a", "more", {"format": "DOCKER"}, 400, "Invalid location"),
    ],
)
def test_create_refuses(services: Any, location: str, name: str, body: dict[str, Any], code: int, text: str) -> None:
    create(services)
    path = f"/v1/projects/acme/locations/{location}/repositories?repositoryId={name}"
    error = services.error("POST", "artifactregistry", path, body)
    assert error.code == code
    assert text in error.message


def test_patch_changes_what_the_mask_names_and_answers_the_repository(services: Any) -> None:
    create(services, description="one", labels={"team": "ml"})
    body = {"description": "two", "labels": {}}
    assert services("PATCH", "artifactregistry", f"{IMAGES}?updateMask=description", body)["description"] == "two"
    assert services("GET", "artifactregistry", IMAGES)["labels"] == {"team": "ml"}
    error = services.error("PATCH", "artifactregistry", f"{IMAGES}?updateMask=format", {"format": "NPM"})
    assert "cannot be changed" in error.message


def test_a_repository_carries_a_policy_and_goes_with_it(services: Any) -> None:
    create(services)
    policy = {"bindings": [{"role": "roles/artifactregistry.reader", "members": ["user:a@example.com"]}]}
    services("POST", "artifactregistry", f"{IMAGES}:setIamPolicy", {"policy": policy})
    assert services("GET", "artifactregistry", f"{IMAGES}:getIamPolicy")["bindings"] == policy["bindings"]
    services("DELETE", "artifactregistry", IMAGES)
    assert services.error("GET", "artifactregistry", IMAGES).code == 404
    create(services)
    assert "bindings" not in services("GET", "artifactregistry", f"{IMAGES}:getIamPolicy")
