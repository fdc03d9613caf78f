"""What an export leaves out."""

from __future__ import annotations

from sandbox.clusters.export import HIDDEN, normalise


def test_ids_versions_times_and_secrets_are_left_out() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "login",
            "namespace": "ml",
            "uid": "1",
            "resourceVersion": "2",
            "creationTimestamp": "2024-01-01T00:00:00Z",
            "managedFields": [],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{...}", "kept": "yes"},
            "ownerReferences": [{"kind": "A", "name": "a", "uid": "3"}],
        },
        "data": {"password": "c2VjcmV0"},
    }
    assert normalise(secret) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "login",
            "namespace": "ml",
            "annotations": {"kept": "yes"},
            "ownerReferences": [{"kind": "A", "name": "a"}],
        },
        "data": {"password": HIDDEN},
    }
