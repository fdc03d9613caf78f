"""What a pod waits for, in a kubelet's words."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.clusters.controller.references import (
    claims_of,
    missing_account,
    missing_environment,
    unmountable_volumes,
)
from sandbox.clusters.controller.resources import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, Resource

PRESENT = {
    (CONFIG_MAPS, "settings"): {"data": {"host": "db"}},
    (SECRETS, "login"): {"data": {"username": "cm9vdA=="}},
    (SERVICE_ACCOUNTS, "runner"): {},
}


def lookup(resource: Resource, name: str) -> dict[str, Any] | None:
    return PRESENT.get((resource, name))


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "ml", "uid": "1"}, "spec": spec}


def config_key(name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": name, "key": key, **more}}}]}


def secret_key(name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": key, **more}}}]}


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"env": [{"name": "A", "value": "b"}]}, None),
        (config_key("settings", "host"), None),
        (config_key("absent", "host"), 'configmap "absent" not found'),
        (config_key("settings", "port"), "couldn't find key port in ConfigMap ml/settings"),
        (config_key("settings", "port", optional=True), None),
        (config_key("absent", "host", optional=True), None),
        (secret_key("login", "username"), None),
        (secret_key("absent", "username"), 'secret "absent" not found'),
        (secret_key("login", "password"), "couldn't find key password in Secret ml/login"),
        ({"envFrom": [{"configMapRef": {"name": "absent"}}]}, 'configmap "absent" not found'),
        ({"envFrom": [{"secretRef": {"name": "absent"}}]}, 'secret "absent" not found'),
        ({"envFrom": [{"secretRef": {"name": "absent", "optional": True}}]}, None),
        ({"env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}, None),
    ],
)
def test_environment(container: dict[str, Any], expected: str | None) -> None:
    assert missing_environment({"name": "main", **container}, pod(), lookup) == expected


MOUNT = 'MountVolume.SetUp failed for volume "v" : '


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ({"emptyDir": None}, []),
        ({"secret": {"secretName": "login"}}, []),
        ({"secret": {"secretName": "tls"}}, [f'{MOUNT}secret "tls" not found']),
        ({"secret": {"secretName": "tls", "optional": True}}, []),
        ({"configMap": {"name": "absent"}}, [f'{MOUNT}configmap "absent" not found']),
        ({"configMap": {"name": "settings", "items": [{"key": "host", "path": "h"}]}}, []),
        (
            {"configMap": {"name": "settings", "items": [{"key": "port", "path": "p"}]}},
            [f"{MOUNT}references non-existent config key: port"],
        ),
        (
            {"projected": {"sources": [{"secret": {"name": "a"}}, {"configMap": {"name": "b"}}]}},
            [f'{MOUNT}[secret "a" not found, configmap "b" not found]'],
        ),
        ({"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}, []),
    ],
)
def test_volumes(volume: dict[str, Any], expected: list[str]) -> None:
    assert unmountable_volumes(pod(volumes=[{"name": "v", **volume}]), lookup) == expected


def test_an_account() -> None:
    assert missing_account(pod(serviceAccountName="runner"), lookup) is None
    problem = missing_account(pod(serviceAccountName="absent"), lookup)
    assert problem is not None
    assert problem.endswith('failed to fetch token: serviceaccounts "absent" not found')


def test_claims() -> None:
    volumes = [{"name": "a", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "b", "emptyDir": {}}]
    assert claims_of(pod(volumes=volumes)) == ["data"]
