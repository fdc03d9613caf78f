import base64
import json

ACCOUNTS = "/v1/projects/acme-dev/serviceAccounts"
EMAIL = "runner-x@acme-dev.iam.gserviceaccount.com"


def create(services, account_id="runner-x"):
    return services("POST", "iam", ACCOUNTS, {"accountId": account_id, "serviceAccount": {"displayName": "Runner"}})


def test_an_account_is_read_by_email_id_and_wildcard(services) -> None:
    made = create(services)
    assert made["email"] == EMAIL
    for path in (f"{ACCOUNTS}/{EMAIL}", f"{ACCOUNTS}/{made['uniqueId']}", f"/v1/projects/-/serviceAccounts/{EMAIL}"):
        assert services("GET", "iam", path) == made


def test_a_taken_id_is_a_conflict_and_a_bad_one_invalid(services) -> None:
    create(services)
    body = {"accountId": "runner-x"}
    assert services.error("POST", "iam", ACCOUNTS, body).code == 409
    assert services.error("POST", "iam", ACCOUNTS, {"accountId": "x"}).code == 400
    assert services.error("GET", "iam", f"{ACCOUNTS}/nobody@acme-dev.iam.gserviceaccount.com").code == 404


def test_a_stale_etag_is_refused(services) -> None:
    made = create(services)
    body = {"serviceAccount": {"displayName": "New", "etag": made["etag"]}, "updateMask": "display_name"}
    assert services("PATCH", "iam", f"{ACCOUNTS}/{EMAIL}", body)["displayName"] == "New"
    assert services.error("PATCH", "iam", f"{ACCOUNTS}/{EMAIL}", body).code == 409


def test_a_policy_names_only_who_exists(services) -> None:
    create(services)
    path = f"{ACCOUNTS}/{EMAIL}:setIamPolicy"

    def policy(member: str) -> dict:
        return {"policy": {"bindings": [{"role": "roles/iam.workloadIdentityUser", "members": [member]}]}}

    missing = services.error("POST", "iam", path, policy("serviceAccount:x-y-z-a@acme-dev.iam.gserviceaccount.com"))
    assert "does not exist" in missing.message
    workload = policy("serviceAccount:acme-dev.svc.id.goog[kubeflow/runner]")
    assert "Identity Pool does not exist" in services.error("POST", "iam", path, workload).message
    services.cloud.store.put("identity-pools", "acme-dev", {})
    assert services("POST", "iam", path, workload)["bindings"]
    assert services("POST", "iam", f"{ACCOUNTS}/{EMAIL}:getIamPolicy")["bindings"]


def test_a_policy_with_a_stale_etag_is_refused(services) -> None:
    crm = "/v1/projects/acme-dev"
    first = services("POST", "cloudresourcemanager", f"{crm}:getIamPolicy")
    body = {"policy": {"bindings": [{"role": "roles/viewer", "members": ["user:a@b.c"]}], "etag": first["etag"]}}
    services("POST", "cloudresourcemanager", f"{crm}:setIamPolicy", body)
    assert services.error("POST", "cloudresourcemanager", f"{crm}:setIamPolicy", body).status == "ABORTED"


def test_a_keys_private_half_is_answered_once_and_kept_nowhere(services) -> None:
    create(services)
    key = services("POST", "iam", f"{ACCOUNTS}/{EMAIL}/keys", {})
    secret = json.loads(base64.b64decode(key["privateKeyData"]))["private_key"]
    path = f"/v1/{key['name']}"
    assert "privateKeyData" not in services("GET", "iam", path)
    kept = json.dumps([body for _, body in services.cloud.store.items("service-account-keys")])
    assert secret.splitlines()[1] not in kept
    services("POST", "iam", f"{path}:disable", {})
    assert services("GET", "iam", path)["disabled"] is True
    services("POST", "iam", f"{path}:enable", {})
    assert "disabled" not in services("GET", "iam", path)
    services("DELETE", "iam", path)
    assert services.error("GET", "iam", path).code == 404
    assert services.error("POST", "iam", f"{path}:disable", {}).code == 404
