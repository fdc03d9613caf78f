from __future__ import annotations

import pytest

from environment.errors import TerraformError, TerraformServiceDisabledError, TransientTerraformError
from environment.terraform_failures import failure_type

REGISTRY = (
    "Failed to query available provider packages: Could not retrieve the list of available versions for provider "
    "hashicorp/google: could not connect to registry.terraform.io: failed to request discovery document: "
)
WELL_KNOWN = 'Get "https://registry.terraform.io/.well-known/terraform.json"'
OFF = "Error creating Network: googleapi: Error 403: Compute Engine API has not been used in project 1 before"


@pytest.mark.parametrize(
    ("command", "text", "expected"),
    [
        ("init", f"{REGISTRY}{WELL_KNOWN}: net/http: TLS handshake timeout", TransientTerraformError),
        ("init", f"{REGISTRY}{WELL_KNOWN}: context deadline exceeded", TransientTerraformError),
        ("init", f"{REGISTRY}503 Service Unavailable", TransientTerraformError),
        ("init", f"{REGISTRY}{WELL_KNOWN}: dial tcp: lookup registry.terraform.io: no such host", TerraformError),
        ("init", "querying Cloud Storage failed: googleapi: Error 503: Backend Error", TransientTerraformError),
        ("init", "Failed to get existing workspaces: googleapi: Error 403: Forbidden", TerraformError),
        ("init", "Inconsistent dependency lock file: provider 5.0.3 is required", TerraformError),
        ("output", "read tcp 10.0.0.2:443: connection reset by peer", TransientTerraformError),
        ("plan", "Error when reading the project: googleapi: Error 429: Slow down", TransientTerraformError),
        ("plan", OFF, TerraformServiceDisabledError),
        ("apply", OFF, TerraformServiceDisabledError),
        ("apply", '"reason": "SERVICE_DISABLED"', TerraformServiceDisabledError),
        ("apply", "requires a quota project, which is not set by default SERVICE_DISABLED", TerraformError),
        ("apply", "Error waiting for Create Instance: googleapi: Error 503: later", TerraformError),
    ],
)
def test_what_heals_is_told_from_what_does_not(command: str, text: str, expected: type[TerraformError]) -> None:
    assert failure_type(command, text) is expected
