"""What a cluster keeps on disk: who it is, its port, its certificates and its objects.

clusters/<project>_<location>_<name>/
    cluster.json    key, port, the controller's token
    ca.pem ca.key server.pem server.key
    objects.db      the sandbox's own API server's objects, Secrets encrypted by vault.key, or
    etcd/           those of a real one
"""

import json
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.clusters.certificates import ensure_certificates, write_private

# None of the three parts can contain the underscore that joins them, so no two keys share a folder.
_KEY = re.compile(r"[a-z][a-z0-9:.-]*/[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Identity:
    """What must not change when a cluster is started again."""

    key: str
    port: int
    controller_token: str


@dataclass(frozen=True)
class ClusterFolder:
    """One cluster's folder."""

    path: Path

    @classmethod
    def of(cls, clusters: Path, key: str) -> "ClusterFolder":
        """Return the folder of a cluster, which need not exist.

        Args:
            clusters: The folder that holds all of them.
            key: "PROJECT/LOCATION/NAME".

        Raises:
            ValueError: The key is of another form.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no cluster: want PROJECT/LOCATION/NAME")
        return cls(clusters / re.sub(r"[/:]", "_", key))

    @property
    def authority(self) -> Path:
        """The certificate that clients verify the cluster by."""
        return self.path / "ca.pem"

    @property
    def certificate(self) -> Path:
        """The server's certificate."""
        return self.path / "server.pem"

    @property
    def key(self) -> Path:
        """The server's private key."""
        return self.path / "server.key"

    @property
    def objects(self) -> Path:
        """The database of the sandbox's own API server."""
        return self.path / "objects.db"

    def prepare(self) -> None:
        """Make the folder and its certificates, unless they are there."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        ensure_certificates(self.path)

    def read_identity(self) -> Identity | None:
        """Return what was kept, or None for a cluster that never started."""
        try:
            return Identity(**json.loads((self.path / "cluster.json").read_text()))
        except FileNotFoundError:
            return None

    def keep_identity(self, identity: Identity) -> None:
        """Keep it for the next start."""
        write_private(self.path / "cluster.json", json.dumps(asdict(identity)).encode())

    def delete(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.path, ignore_errors=True)


def new_controller_token() -> str:
    """Return a token for a cluster's controller."""
    return secrets.token_urlsafe(24)
