"""Write `sandbox/data/kubernetes/encoding.json`: how the API server's Go types write each field as JSON.

The published definitions do not say which fields vanish when they are empty (`omitempty`), which are written even so,
and which are pointers (so that `false` and `0` stay). The API server decodes and encodes every built-in object through
those Go types, and field ownership is compared on the outcome, so the sandbox has to know.

Usage: python scripts/kubernetes_encoding.py MODULES, where MODULES holds `api@VERSION`, `apimachinery@VERSION`,
`apiextensions-apiserver@VERSION` and `kube-aggregator@VERSION` (Go's module cache, `k8s.io`).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "sandbox" / "data" / "kubernetes"
PACKAGES = {
    "io.k8s.api.": "api@*/{}",
    "io.k8s.apimachinery.pkg.apis.meta.": "apimachinery@*/pkg/apis/meta/{}",
    "io.k8s.apiextensions-apiserver.pkg.apis.": "apiextensions-apiserver@*/pkg/apis/{}",
    "io.k8s.kube-aggregator.pkg.apis.": "kube-aggregator@*/pkg/apis/{}",
}
FIELD = re.compile(r'^\s*(?:(\w+)\s+)?(\S+)\s+`[^`]*json:"([^"]*)"[^`]*`')
ZEROS: dict[str, Any] = {"string": "", "boolean": False, "integer": 0, "number": 0}
KNOWN: dict[str, Any] = {
    "Time": None,
    "MicroTime": None,
    "IntOrString": 0,
    "Quantity": "0",
    "RawExtension": None,
    "JSON": None,
}


def read_types(folder: Path) -> dict[str, str]:
    """Return each type's declaration: the body of a struct, or the type that it stands for."""
    source = "\n".join(
        path.read_text() for path in sorted(folder.glob("*types*.go")) + sorted(folder.glob("duration.go"))
    )
    types = dict(re.findall(r"^type (\w+) ([^\s{]+)$", source, re.MULTILINE))
    types.update(re.findall(r"^type (\w+) struct \{\n(.*?)^\}", source, re.MULTILINE | re.DOTALL))
    return types


def zero(go_type: str, declared: dict[str, Any]) -> Any:
    """Return the JSON of a Go type's zero value; a struct's is {} and left to its own definition."""
    if go_type.startswith(("*", "[]", "map[")) or declared.get("type") in ("array", "object"):
        return None
    return ZEROS[declared["type"]] if "type" in declared else KNOWN.get(go_type.rsplit(".", 1)[-1], {})


def describe(body: str, types: dict[str, str], properties: dict[str, Any]) -> dict[str, Any]:
    """Return `always` (field: zero value) and `pointers` of one struct's body, embedded structs included."""
    always: dict[str, Any] = {}
    pointers: list[str] = []
    for line in body.splitlines():
        match = FIELD.match(line)
        if not match:
            continue
        go_type, (name, *options) = match[2], match[3].split(",")
        inner = types.get(go_type.rsplit(".", 1)[-1], "")
        if "inline" in options or not name:
            described = describe(inner, types, properties) if "\n" in inner else {}
            always.update(described.get("always", {}))
            pointers += described.get("pointers", [])
        elif name in properties:
            is_struct = "$ref" in properties[name] and not go_type.startswith(("*", "[]", "map["))
            if "omitempty" not in options or is_struct:
                always[name] = zero(go_type, properties[name])
            elif go_type.startswith("*"):
                pointers.append(name)
    return {key: value for key, value in (("always", always), ("pointers", sorted(pointers))) if value}


def main(modules: Path) -> None:
    """Describe every definition whose Go type is found."""
    definitions = json.loads((DATA / "definitions.json").read_text())
    encoding: dict[str, Any] = {}
    for definition in definitions:
        prefix = next((prefix for prefix in PACKAGES if definition.startswith(prefix)), None)
        if prefix is None:
            continue
        package, name = definition.removeprefix(prefix).rsplit(".", 1)
        if prefix.endswith("meta."):
            package = package.removeprefix("meta.")
        folder = next(iter(sorted(modules.glob(PACKAGES[prefix].format(package.replace(".", "/"))))))
        types = read_types(folder)
        if "\n" in types.get(name, ""):
            encoding[definition] = describe(types[name], types, definitions[definition].get("properties", {}))
    lines = [f"{json.dumps(name)}: {json.dumps(encoding[name], sort_keys=True)}" for name in sorted(encoding)]
    (DATA / "encoding.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
