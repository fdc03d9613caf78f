import base64

import pytest

SECRETS = "/v1/projects/acme-dev/secrets"
VALUE = base64.b64encode(b"correct horse").decode()


@pytest.fixture
def secret(services) -> str:
    services("POST", "secretmanager", f"{SECRETS}?secretId=s", {"replication": {"automatic": {}}})
    return f"{SECRETS}/s"


def test_versions_count_up_and_latest_is_the_newest(services, secret) -> None:
    for value in ("b25l", VALUE):
        services("POST", "secretmanager", f"{secret}:addVersion", {"payload": {"data": value}})
    accessed = services("GET", "secretmanager", f"{secret}/versions/latest:access")
    assert accessed["payload"]["data"] == VALUE
    assert accessed["name"].endswith("/versions/2")


def test_a_payload_is_not_readable_in_the_file(services, secret, tmp_path) -> None:
    services("POST", "secretmanager", f"{secret}:addVersion", {"payload": {"data": VALUE}})
    files = b"".join(path.read_bytes() for path in tmp_path.glob("store-*"))
    assert files
    assert b"correct horse" not in files
    assert VALUE.encode() not in files


def test_a_disabled_version_is_not_accessed_and_a_destroyed_one_stays_so(services, secret) -> None:
    services("POST", "secretmanager", f"{secret}:addVersion", {"payload": {"data": VALUE}})
    services("POST", "secretmanager", f"{secret}/versions/1:disable")
    assert "DISABLED" in services.error("GET", "secretmanager", f"{secret}/versions/1:access").message
    services("POST", "secretmanager", f"{secret}/versions/1:destroy")
    assert services.error("POST", "secretmanager", f"{secret}/versions/1:enable").status == "FAILED_PRECONDITION"


def test_a_mask_says_what_changes(services, secret) -> None:
    body = {"labels": {"a": "b"}, "annotations": {"c": "d"}}
    changed = services("PATCH", "secretmanager", f"{secret}?updateMask=annotations", body)
    assert changed["annotations"] == {"c": "d"}
    assert "labels" not in changed
    assert services.error("PATCH", "secretmanager", f"{secret}?updateMask=name", body).code == 400


def test_what_is_missing_or_taken_is_said(services, secret) -> None:
    body = {"replication": {"automatic": {}}}
    assert services.error("POST", "secretmanager", f"{SECRETS}?secretId=s", body).code == 409
    assert services.error("POST", "secretmanager", f"{SECRETS}?secretId=t", {}).code == 400
    assert services.error("GET", "secretmanager", f"{SECRETS}/t").code == 404
    assert services.error("GET", "secretmanager", f"{secret}/versions/latest:access").code == 404


def test_versions_are_listed_by_state_newest_first(services, secret) -> None:
    for _ in range(3):
        services("POST", "secretmanager", f"{secret}:addVersion", {"payload": {"data": VALUE}})
    services("POST", "secretmanager", f"{secret}/versions/3:disable")
    found = services("GET", "secretmanager", f"{secret}/versions?filter=state:ENABLED")["versions"]
    assert [version["name"].rsplit("/", 1)[-1] for version in found] == ["2", "1"]
    assert services.error("GET", "secretmanager", f"{secret}/versions?filter=etag:x").code == 400
