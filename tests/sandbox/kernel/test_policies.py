from __future__ import annotations

import pytest

from sandbox.kernel.errors import ApiError
from sandbox.kernel.policies import Policies
from sandbox.kernel.store import Store


def test_an_etag_counts_in_either_alphabet_of_base64(tmp_path) -> None:
    policies = Policies(Store(tmp_path / "cloud.db"))
    policy = policies.get("projects/p")
    while "+" not in policy["etag"] and "/" not in policy["etag"]:
        policy = policies.set("projects/p", policy)
    as_gcloud_sends_it = policy["etag"].replace("+", "-").replace("/", "_")
    assert policies.set("projects/p", {**policy, "etag": as_gcloud_sends_it})["etag"] != policy["etag"]
    with pytest.raises(ApiError, match="concurrent policy changes"):
        policies.set("projects/p", {**policy, "etag": as_gcloud_sends_it})
