"""What a cluster keeps on disk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sandbox.clusters.folder import ClusterFolder, Identity


@pytest.mark.parametrize("key", ["acme", "acme/us-central1", "../x/y", "acme/us-central1/../x", "Acme/us/x", "a/b/c/d"])
def test_a_key_of_another_form_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="PROJECT/LOCATION/NAME"):
        ClusterFolder.of(tmp_path, key)


def test_keys_and_tokens_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = ClusterFolder.of(tmp_path, "example.com:acme/us-central1/pipelines")
    folder.prepare()
    folder.keep_identity(Identity("example.com:acme/us-central1/pipelines", 1234, "secret"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()}
    assert set(modes) == {"cluster.json", "ca.key", "ca.pem", "server.key", "server.pem"}
    assert set(modes.values()) == {0o600}


def test_certificates_are_made_once(tmp_path: Path) -> None:
    folder = ClusterFolder.of(tmp_path, "acme/us-central1/pipelines")
    folder.prepare()
    before = folder.authority.read_text()
    folder.prepare()
    assert folder.authority.read_text() == before
