from __future__ import annotations

from typing import Any

import pytest

DATASETS = "/bigquery/v2/projects/acme/datasets"
LAKE = f"{DATASETS}/lake"
BODY = {"datasetReference": {"datasetId": "lake"}, "friendlyName": "one", "labels": {"team": "ml"}, "location": "US"}


def test_a_dataset_has_what_the_server_fills_in(services: Any) -> None:
    made = services("POST", "bigquery", DATASETS, BODY)
    assert made["id"] == "acme:lake"
    assert made["datasetReference"] == {"datasetId": "lake", "projectId": "acme"}
    assert {"role": "READER", "specialGroup": "projectReaders"} in made["access"]
    assert made["creationTime"].isdigit()
    assert services("GET", "bigquery", LAKE) == made


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        (BODY, 409, "Already Exists: Dataset acme:lake"),
        ({"datasetReference": {"datasetId": "data-lake"}}, 400, 'Invalid dataset ID "data-lake"'),
        ({"datasetReference": {"datasetId": "more"}, "location": "Mars"}, 400, "Mars"),
        ({"datasetReference": {"datasetId": "more"}, "labels": "x"}, 400, "TYPE_MESSAGE"),
    ],
)
def test_insert_refuses(services: Any, body: dict[str, Any], code: int, text: str) -> None:
    services("POST", "bigquery", DATASETS, BODY)
    error = services.error("POST", "bigquery", DATASETS, body)
    assert error.code == code
    assert text in error.message


def test_put_replaces_and_patch_merges(services: Any) -> None:
    services("POST", "bigquery", DATASETS, BODY)
    services("PATCH", "bigquery", LAKE, {"labels": {"env": "dev"}})
    assert services("GET", "bigquery", LAKE)["labels"] == {"team": "ml", "env": "dev"}
    services("PUT", "bigquery", LAKE, {"datasetReference": {"datasetId": "lake"}, "labels": {"env": "dev"}})
    found = services("GET", "bigquery", LAKE)
    assert found["labels"] == {"env": "dev"}
    assert "friendlyName" not in found
    assert found["access"]


def test_a_stale_etag_is_refused(services: Any) -> None:
    stale = services("POST", "bigquery", DATASETS, BODY)["etag"]
    services("PATCH", "bigquery", LAKE, {"friendlyName": "two"})
    fresh = services("GET", "bigquery", LAKE)["etag"]
    services("PATCH", "bigquery", LAKE, {"friendlyName": "three"}, headers={"if-match": fresh})
    with pytest.raises(Exception, match="Precondition check failed"):
        services("PATCH", "bigquery", LAKE, {"friendlyName": "four"}, headers={"if-match": stale})


def test_datasets_are_listed_by_label_and_deleted(services: Any) -> None:
    services("POST", "bigquery", DATASETS, BODY)
    services("POST", "bigquery", DATASETS, {"datasetReference": {"datasetId": "plain"}})
    found = services("GET", "bigquery", f"{DATASETS}?filter=labels.team:ml")["datasets"]
    assert [one["id"] for one in found] == ["acme:lake"]
    assert services.answer("DELETE", "bigquery", f"{LAKE}?deleteContents=true").status == 204
    assert services.error("GET", "bigquery", LAKE).message == "Not found: Dataset acme:lake"
