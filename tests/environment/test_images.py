from __future__ import annotations

import pytest

from environment.images import Image, images_of, parse_image

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ghcr.io/kubeflow/kfp-api-server:2.14.4", Image("ghcr.io", "kubeflow/kfp-api-server", "2.14.4")),
        (f"gcr.io/a/b@{DIGEST}", Image("gcr.io", "a/b", DIGEST)),
        (f"gcr.io/a/b:1@{DIGEST}", Image("gcr.io", "a/b", DIGEST)),
        ("localhost:5000/a:1", Image("localhost:5000", "a", "1")),
        ("mysql:8.4", Image("registry-1.docker.io", "library/mysql", "8.4")),
        ("bitnami/mysql", Image("registry-1.docker.io", "bitnami/mysql", "latest")),
        ("docker.io/library/mysql:8", Image("registry-1.docker.io", "library/mysql", "8")),
    ],
)
def test_a_name_is_read_as_kubernetes_does(name: str, expected: Image) -> None:
    assert parse_image(name) == expected


def test_the_images_of_all_pods_are_found_once() -> None:
    pod = {"initContainers": [{"image": "gcr.io/a/init:1"}], "containers": [{"image": "gcr.io/a/b:1"}, {"name": "x"}]}
    deployment = {"kind": "Deployment", "spec": {"template": {"spec": pod}}}
    cron = {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}}
    other = {"kind": "ConfigMap", "data": {"image": "gcr.io/not/this:1"}}
    assert [str(image) for image in images_of([deployment, cron, other])] == ["gcr.io/a/b:1", "gcr.io/a/init:1"]
