from __future__ import annotations

import pytest

from sandbox.kubernetes.paths import Target, parse_target


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1/pods", Target("", "v1", "pods")),
        ("/api/v1/namespaces", Target("", "v1", "namespaces")),
        ("/api/v1/namespaces/ml", Target("", "v1", "namespaces", name="ml")),
        ("/api/v1/namespaces/ml/status", Target("", "v1", "namespaces", name="ml", subresource="status")),
        ("/api/v1/namespaces/ml/finalize", Target("", "v1", "namespaces", name="ml", subresource="finalize")),
        ("/api/v1/namespaces/ml/pods", Target("", "v1", "pods", "ml")),
        ("/api/v1/namespaces/ml/pods/p/log", Target("", "v1", "pods", "ml", "p", "log")),
        ("/apis/apps/v1/namespaces/ml/deployments/d/scale", Target("apps", "v1", "deployments", "ml", "d", "scale")),
        (
            "/api/v1/namespaces/ml/services/s:http/proxy/a/b",
            Target("", "v1", "services", "ml", "s:http", "proxy", "a/b"),
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x",
            Target("rbac.authorization.k8s.io", "v1", "clusterroles", name="system:x"),
        ),
        ("/api/v1", None),
        ("/apis/apps/v1", None),
        ("/version", None),
        ("/", None),
    ],
)
def test_a_path_names_a_target(path: str, target: Target | None) -> None:
    assert parse_target(path) == target
