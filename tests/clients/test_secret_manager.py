from __future__ import annotations

import pytest

from clients.addresses import Addresses
from clients.secret_manager import SecretManager
from clients.service_usage import ServiceUsage

PROJECT = "acme-secret-manager"
VERSIONS = f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets/password/versions"


@pytest.fixture(scope="module")
def secret_manager(sandbox) -> SecretManager:
    addresses = Addresses.from_environment(sandbox.variables)
    ServiceUsage(addresses, PROJECT).enable(("secretmanager.googleapis.com",))
    return SecretManager(addresses, PROJECT)


def test_the_newest_version_that_is_enabled_is_read(sandbox, secret_manager) -> None:
    assert secret_manager.read("password") is None
    assert secret_manager.read_labels("password") is None
    secret_manager.create("password", {"managed-by": "mlops-env"})
    assert secret_manager.read_labels("password") == {"managed-by": "mlops-env"}
    assert secret_manager.read("password") is None
    for value in ("one", "two", "three"):
        secret_manager.add_version("password", value)
    assert secret_manager.read("password") == ("3", "three")
    sandbox.call("POST", f"{VERSIONS}/3:disable", {}).raise_for_status()
    assert secret_manager.read("password") == ("2", "two")
    sandbox.call("POST", f"{VERSIONS}/2:destroy", {}).raise_for_status()
    assert secret_manager.read("password") == ("1", "one")
    sandbox.call("POST", f"{VERSIONS}/1:disable", {}).raise_for_status()
    assert secret_manager.read("password") is None
