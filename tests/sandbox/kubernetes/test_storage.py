from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.kubernetes.storage import Store, read_objects


def config_map(name: str, value: str = "") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "n", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "objects.db"
    program = (
        "import os, signal, sys; from pathlib import Path; from sandbox.kubernetes.storage import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "metadata = {'name': 'a', 'namespace': 'n', 'uid': 'u'}\n"
        "store.put('', 'configmaps', {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': metadata})\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    store = Store(path)
    record = store.get("", "configmaps", "n", "a")
    store.close()
    assert record is not None
    assert record.view["metadata"]["resourceVersion"] == "1"
    assert store.revision == 1


def test_versions_go_on_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "objects.db")
    gone = store.put("", "configmaps", config_map("a"))
    store.remove(gone)
    store.close()
    again = Store(tmp_path / "objects.db")
    assert again.put("", "configmaps", config_map("b")).version == 3
    assert again.get_uid("uid-a") is None
    again.close()


def test_what_was_is_known_for_a_while(tmp_path: Path) -> None:
    store = Store(tmp_path / "objects.db")
    store.put("", "configmaps", config_map("a", "old"))
    store.put("", "configmaps", config_map("b"))
    moment = store.revision
    store.put("", "configmaps", config_map("a", "new"))
    record = store.get("", "configmaps", "n", "b")
    assert record is not None
    store.remove(record)
    store.put("", "configmaps", config_map("c"))
    then = store.select_at("", "configmaps", "n", moment)
    assert then is not None
    assert [(each.name, each.view["data"]["value"]) for each in then] == [("a", "old"), ("b", "")]
    assert [each.name for each in store.select("", "configmaps")] == ["a", "c"]
    store.close()


def test_a_copy_is_the_readers_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "objects.db")
    record = store.put("", "configmaps", config_map("a"))
    record.copy()["data"]["value"] = "changed"
    assert record.view["data"]["value"] == ""
    store.close()


def test_a_database_in_use_can_be_read(tmp_path: Path) -> None:
    store = Store(tmp_path / "objects.db")
    store.put("", "configmaps", config_map("a"))
    assert [record.name for record in read_objects(tmp_path / "objects.db")] == ["a"]
    store.close()


def test_secrets_rest_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "objects.db"
    store = Store(path)
    metadata = {"name": "s", "namespace": "n", "uid": "u"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "VmVyeSBzZWNyZXQ="}}
    store.put("", "secrets", secret)
    store.put("", "configmaps", config_map("a", "readable"))
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"readable" in files
    assert b"VmVyeSBzZWNyZXQ=" not in files
    store.close()
    again = Store(path)
    record = again.get("", "secrets", "n", "s")
    again.close()
    assert record is not None
    assert record.view["data"] == {"password": "VmVyeSBzZWNyZXQ="}
    assert [one.view["data"] for one in read_objects(path) if one.resource == "secrets"] == [secret["data"]]


def test_only_the_owner_reads_the_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "objects.db")
    store.put("", "configmaps", config_map("a"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}
