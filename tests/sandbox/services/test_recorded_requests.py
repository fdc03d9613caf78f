"""Replays what the real google provider 7.45 was seen to ask, and looks for what it insists on in each answer.

`google-provider-requests.jsonl` has one request a line, in order: phase, service, method, path, query, body, the status
it was answered with, and `needs`: the fields without which the provider fails or plans a change; "*" is any value.
Left out is one request that GKE itself refuses: auto-upgrade off in a release channel.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.kernel.errors import ApiError

RECORDING = Path(__file__).parents[2] / "data" / "google-provider-requests.jsonl"
ACCOUNTS = ("kfp-gke-sa", "kfp-user-sa", "kfp-system-sa")


def recorded(*phases: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    return [line for phase in phases for line in lines if line["phase"] == phase]


def replay(services: Any, request: dict[str, Any]) -> Any:
    query = "?" + urlencode(request["query"]) if "query" in request else ""
    body = dict(request.get("body", {}))
    for key in {"fingerprint", "labelFingerprint"} & set(body):
        resource = re.sub(r"[/:]set(Resource)?Labels$", "", request["path"])
        body[key] = services("GET", request["service"], resource)[key]
    return services(request["method"], request["service"], request["path"] + query, body)


def missing(needed: Any, answer: Any, where: str = "") -> Iterator[str]:
    """Name what of `needed` is not in the answer, or is something else there."""
    if needed == "*":
        return
    if isinstance(needed, dict) and isinstance(answer, dict):
        for key, value in needed.items():
            if key not in answer and value is not None:
                yield f"{where}.{key} is missing"
            elif value is not None:
                yield from missing(value, answer[key], f"{where}.{key}")
    elif isinstance(needed, list) and isinstance(answer, list):
        if len(needed) != len(answer):
            yield f"{where} has {len(answer)} members, not {len(needed)}"
        for index, (one, other) in enumerate(zip(needed, answer, strict=False)):
            yield from missing(one, other, f"{where}[{index}]")
    elif needed != _relative(answer):
        yield f"{where} is {answer!r}, not {needed!r}"


def _relative(value: Any) -> Any:
    return re.sub(r"^http.*?/(projects/.*)$", r"\1", value) if isinstance(value, str) else value


@pytest.mark.parametrize("phases", [("apply", "plan", "destroy"), ("apply", "update1", "update2")], ids=" ".join)
def test_every_answer_has_what_the_real_provider_needs(services: Any, phases: tuple[str, ...]) -> None:
    number = services.cloud.projects.get("acme").number
    services.cloud.projects.enable("acme", ["servicenetworking.googleapis.com"])
    for account in ACCOUNTS:
        name = f"projects/acme/serviceAccounts/{account}@acme.iam.gserviceaccount.com"
        services.cloud.store.put("service-accounts", name, {"name": name})
    problems = []
    for request in recorded(*phases):
        request = json.loads(json.dumps(request).replace("{number}", number))
        try:
            status, answer = 200, replay(services, request)
        except ApiError as error:
            status, answer = error.code, error.body()
        title = f"{request['phase']} {request['method']} {request['service']}{request['path']}"
        if status != request["status"] and (status, request["status"]) != (200, 204):
            problems.append(f"{title}: {status} {answer}")
        problems += [f"{title}: {one}" for one in missing(request.get("needs", {}), answer)]
    assert problems == []
