"""Request by request: the sandbox's API server against a real one. Status codes, bodies and warnings have to agree."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.kubernetes.app import create_app

SEQUENCES = yaml.load((Path(__file__).parent / "kubernetes_requests.yaml").read_text(), yaml.CSafeLoader)
TYPES = {
    "apply": "application/apply-patch+yaml",
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
FORMS = {
    "table": "application/json;as=Table;v=v1;g=meta.k8s.io",
    "partial": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
}
# What no two servers have in common.
VARIES = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"10\.96\.\d+\.\d+"), "ADDRESS"),
    (re.compile(r'"resourceVersion": "\d*"'), '"resourceVersion": "N"'),
    (re.compile(r'"nodePort": \d+'), '"nodePort": 0'),
    (re.compile(r"(\d+):\d{5}/TCP"), r"\1:0/TCP"),
    (re.compile(r'"gen-[a-z0-9]{5}"'), '"gen-x"'),
    # The real program may have another file name here.
    (re.compile(r"kube-apiserver[-.\w]*"), "kube-apiserver"),
    (re.compile(r'"\d+[smh]"'), '"AGE"'),
]
Call = Callable[[str, str, Any, dict[str, str]], httpx.Response]


@pytest.fixture
def own_call(tmp_path: Path) -> Iterator[Call]:
    app = create_app(tmp_path / "objects.db", "token")
    with asyncio.Runner() as runner:
        transport = httpx.ASGITransport(app=app)
        client = httpx.AsyncClient(
            transport=transport, base_url="https://sandbox", headers={"Authorization": "Bearer token"}
        )
        yield lambda method, path, content, headers: runner.run(
            client.request(method, path, content=content, headers=headers)
        )
        runner.run(client.aclose())
    app.state.close()


def comparable(answer: httpx.Response, *, with_messages: bool) -> Any:
    is_json = answer.headers["content-type"].startswith("application/json")
    text = json.dumps(answer.json() if is_json else answer.text, sort_keys=True)
    for pattern, replacement in VARIES:
        text = pattern.sub(replacement, text)
    body = json.loads(text)
    return answer.status_code, stripped(body, with_messages), answer.headers.get_list("warning")


def stripped(value: Any, with_messages: bool) -> Any:
    if isinstance(value, list):
        return [stripped(item, with_messages) for item in value]
    if not isinstance(value, dict):
        return value
    # The published types come without prose.
    dropped = {"description"} | (set() if with_messages else {"message"})
    kept = {key: stripped(item, with_messages) for key, item in value.items() if key not in dropped}
    if "managedFields" in kept:
        # Their order follows their times, which are whole seconds.
        kept["managedFields"] = sorted(kept["managedFields"], key=json.dumps)
    if value.get("reason") == "Conflict" and "causes" in (kept.get("details") or {}):
        # The real server lists the managers of a conflict in any order.
        kept["details"]["causes"].sort(key=json.dumps)
    return kept


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: str(sequence["name"]).replace(" ", "-"))
def test_requests_are_answered_alike(sequence: dict[str, Any], own_call: Call, real_kubernetes: httpx.Client) -> None:
    unique = f"t{uuid.uuid4().hex[:8]}"
    for step in sequence["steps"]:
        text = json.dumps(step).replace("{unique}", unique).replace("{group}", f"{unique}.example.com")
        request = json.loads(text)
        method, _, path = request["call"].partition(" ")
        headers = {"User-Agent": "tester/1", "Accept": FORMS.get(request.get("accept", ""), "application/json")}
        content = None
        if "body" in request:
            body = request["body"]
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            kind = request.get("type", "application/json")
            headers["Content-Type"] = TYPES.get(kind, kind)
        with_messages = request.get("apart") != "wording"
        own = comparable(own_call(method, path, content, headers), with_messages=with_messages)
        # The real server's own controllers follow a definition up a moment later.
        deadline = time.monotonic() + (10 if request.get("settles") else 0)
        while True:
            answer = real_kubernetes.request(method, path, content=content, headers=headers)
            real = comparable(answer, with_messages=with_messages)
            if own == real or time.monotonic() > deadline:
                break
        assert own == real, f"{method} {path}"
