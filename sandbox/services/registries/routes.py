"""Container registries: they have every image, but those that a control takes away. Nothing can be pulled.

As the real ones do, they give anybody a token and want it then.

Sources: https://github.com/opencontainers/distribution-spec/blob/main/spec.md and
https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

from sandbox.kernel.cloud import Cloud
from sandbox.kernel.routes import Answer, Call, Json, Route, Service

HOSTS = ("gcr.io", "ghcr.io", "quay.io", "registry-1.docker.io")
MISSING = "missing-images"
_ANYBODY = "anybody"


def set_image(cloud: Cloud, image: str, *, is_missing: bool) -> None:
    """Take an image away, given as HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST, or put it back."""
    if is_missing:
        cloud.store.put(MISSING, image, {})
    else:
        cloud.store.delete(MISSING, image)


def get_token(call: Call) -> Json:
    """The token that anybody gets."""
    return {"token": _ANYBODY, "expires_in": 300}


def get_manifest(call: Call) -> Answer:
    """Whether there is such an image; the manifest is not played, and so not in the answer."""
    if call.headers.get("authorization") != f"Bearer {_ANYBODY}":
        realm = call.cloud.link(call.service, "/token")
        scope = f"repository:{call.params['name']}:pull"
        challenge = f'Bearer realm="{realm}",service="{call.service}",scope="{scope}"'
        return Answer(_error("UNAUTHORIZED", "authentication required"), 401, {"WWW-Authenticate": challenge})
    reference = call.params["reference"]
    image = f"{call.service}/{call.params['name']}{'@' if ':' in reference else ':'}{reference}"
    if call.cloud.store.get(MISSING, image) is not None:
        return Answer(_error("MANIFEST_UNKNOWN", f"manifest unknown: {reference}"), 404)
    return Answer(None, 200, {"Docker-Content-Digest": f"sha256:{'0' * 64}"})


def _error(code: str, message: str) -> Json:
    return {"errors": [{"code": code, "message": message}]}


SERVICES = tuple(
    Service(
        host,
        (
            Route("GET", "/token", get_token, gated=False),
            Route("HEAD", "/v2/{name*}/manifests/{reference*}", get_manifest, gated=False),
        ),
    )
    for host in HOSTS
)
