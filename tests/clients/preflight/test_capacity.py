"""In which zones a machine type has to be, from what Compute Engine answers."""

from __future__ import annotations

from typing import Any

import pytest

from clients.addresses import Addresses
from clients.google_rest import GoogleRest
from clients.preflight.capacity import look_at_quotas
from environment.errors import GoogleApiError

REGION = "us-central1"


def test_a_notebook_needs_its_machine_type_in_its_own_zone(monkeypatch: pytest.MonkeyPatch, dev: Any) -> None:
    def get(self: GoogleRest, host: str, path: str, what: str, **parameters: str) -> dict[str, Any]:
        if "/machineTypes/" not in path:
            return {"zones": [f"zones/{REGION}-{letter}" for letter in "abc"], "quotas": []}
        if path.endswith("n2-standard-4") and f"{REGION}-b" in path:
            raise GoogleApiError("not found", status=404)
        return {"guestCpus": 4}

    monkeypatch.setattr(GoogleRest, "get", get)
    types = {"cluster": {"machine_type": "n2-standard-4"}, "notebook": {"machine_type": "n2-standard-4"}}
    environment = dev(**types, components={"notebooks": True})
    (finding,) = look_at_quotas(environment, Addresses(), []).findings
    assert finding.problem == f"there is none in {REGION}-b"
