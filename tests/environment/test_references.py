from typing import Any

import pytest

from environment.errors import MissingReferenceError, RenderError
from environment.made_elsewhere import MADE_BY_KUBERNETES, MADE_ELSEWHERE
from environment.references import check_references, missing_references


def _object(kind: str, name: str, namespace: str | None = "ml", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def _deployment(**pod: Any) -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [{"name": "main", "image": "x"}], **pod}}}
    return _object("Deployment", "web", spec=spec)


def _container(**fields: Any) -> dict[str, Any]:
    return _deployment(containers=[{"name": "main", "image": "x", **fields}])


def _env(**source: Any) -> dict[str, Any]:
    return _container(env=[{"name": "A", "valueFrom": source}])


def _webhook(namespace: str, name: str) -> dict[str, Any]:
    service = {"clientConfig": {"service": {"namespace": namespace, "name": name}}}
    return _object("MutatingWebhookConfiguration", "hook", None, webhooks=[{"name": "a.b.c", **service}])


CONFIG = _object("ConfigMap", "settings", data={"host": "mysql.example.com", "empty": ""})
SECRET = _object("Secret", "credential", stringData={"user": "root"})
ACCOUNT = _object("ServiceAccount", "worker")
SERVICE = _object("Service", "store")
CLAIM = _object("PersistentVolumeClaim", "disk")
ROLE = _object("Role", "reader")
MADE = [CONFIG, SECRET, ACCOUNT, SERVICE, CLAIM, ROLE]


def _binding(kind: str = "RoleBinding", role: tuple[str, str] = ("Role", "reader"), **subject: str) -> dict[str, Any]:
    subjects = [{"kind": "ServiceAccount", **subject}]
    namespace = None if kind == "ClusterRoleBinding" else "ml"
    return _object(kind, "grant", namespace, roleRef={"kind": role[0], "name": role[1]}, subjects=subjects)


CASES = {
    "config map of a variable": (_env(configMapKeyRef={"name": "none", "key": "a"}), "ConfigMap ml/none"),
    "key of a variable": (
        _env(configMapKeyRef={"name": "settings", "key": "port"}),
        "key port of ConfigMap ml/settings, which has no such key",
    ),
    "empty entry": (_env(configMapKeyRef={"name": "settings", "key": "empty"}), None),
    "optional variable": (_env(configMapKeyRef={"name": "none", "key": "a", "optional": True}), None),
    "secret of a variable": (_env(secretKeyRef={"name": "none", "key": "a"}), "Secret ml/none"),
    "key of a secret": (_env(secretKeyRef={"name": "credential", "key": "password"}), "key password of Secret"),
    "known secret": (_env(secretKeyRef={"name": "credential", "key": "user"}), None),
    "all of a config map": (_container(envFrom=[{"configMapRef": {"name": "none"}}]), "ConfigMap ml/none"),
    "all of a secret": (_container(envFrom=[{"secretRef": {"name": "none"}}]), "Secret ml/none"),
    "all, optional": (_container(envFrom=[{"secretRef": {"name": "none", "optional": True}}]), None),
    "volume": (_deployment(volumes=[{"name": "v", "configMap": {"name": "none"}}]), "ConfigMap ml/none"),
    "key of a volume": (
        _deployment(volumes=[{"name": "v", "configMap": {"name": "settings", "items": [{"key": "x", "path": "x"}]}}]),
        "key x of ConfigMap ml/settings",
    ),
    "secret volume": (_deployment(volumes=[{"name": "v", "secret": {"secretName": "none"}}]), "Secret ml/none"),
    "optional volume": (
        _deployment(volumes=[{"name": "v", "secret": {"secretName": "none", "optional": True}}]),
        None,
    ),
    "projected secret": (
        _deployment(volumes=[{"name": "v", "projected": {"sources": [{"secret": {"name": "none"}}]}}]),
        "Secret ml/none",
    ),
    "projected token": (
        _deployment(volumes=[{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]),
        None,
    ),
    "claim": (
        _deployment(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "none"}}]),
        "PersistentVolumeClaim ml/none",
    ),
    "known claim": (_deployment(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "disk"}}]), None),
    "init container": (
        _deployment(initContainers=[{"name": "i", "image": "x", "envFrom": [{"secretRef": {"name": "none"}}]}]),
        "Secret ml/none",
    ),
    "account": (_deployment(serviceAccountName="none"), "ServiceAccount ml/none"),
    "known account": (_deployment(serviceAccountName="worker"), None),
    "no account": (_deployment(), None),
    "priority": (_deployment(priorityClassName="high"), "PriorityClass high"),
    "pull secret": (_deployment(imagePullSecrets=[{"name": "none"}]), "Secret ml/none"),
    "binding": (_binding(name="none", namespace="ml"), "RoleBinding ml/grant names ServiceAccount ml/none"),
    "binding in its own namespace": (_binding(name="none"), "ServiceAccount ml/none"),
    "binding of a known account": (_binding(name="worker"), None),
    "binding of another's account": (_binding(name="none", namespace="kube-system"), None),
    "binding of upstream's namespace": (
        _binding(name="worker", namespace="kubeflow"),
        "ServiceAccount kubeflow/worker",
    ),
    "binding of a role": (_binding(role=("Role", "none"), name="worker"), "Role ml/none"),
    "cluster binding": (
        _binding("ClusterRoleBinding", ("ClusterRole", "none"), name="worker", namespace="ml"),
        "ClusterRoleBinding grant names ClusterRole none",
    ),
    "built-in role": (_binding(role=("ClusterRole", "view"), name="worker"), None),
    "webhook": (_webhook("ml", "none"), "MutatingWebhookConfiguration hook names Service ml/none"),
    "known webhook": (_webhook("ml", "store"), None),
    "webhook of others": (_webhook("elsewhere", "none"), None),
}


@pytest.mark.parametrize(("manifest", "expected"), CASES.values(), ids=CASES.keys())
def test_what_a_manifest_names_must_be_made(manifest: dict[str, Any], expected: str | None) -> None:
    missing = missing_references([*MADE, manifest], MADE_BY_KUBERNETES)
    if expected is None:
        assert missing == []
    else:
        assert len(missing) == 1
        assert expected in missing[0]


def test_an_object_of_another_namespace_does_not_count() -> None:
    elsewhere = _object("Secret", "credential", "other", data={"user": "cm9vdA=="})
    named = _env(secretKeyRef={"name": "credential", "key": "user"})
    assert missing_references([elsewhere, named], MADE_BY_KUBERNETES)


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        ("secret", "mysql-secret", "password"),
        ("secret", "mlpipeline-minio-artifact", "accesskey"),
        ("secret", "webhook-server-tls", "cert.pem"),
        ("configMap", "kube-root-ca.crt", "ca.crt"),
    ],
)
def test_what_is_made_elsewhere_counts_with_its_keys(kind: str, name: str, key: str) -> None:
    known, unknown = (_env(**{f"{kind}KeyRef": {"name": name, "key": asked}}) for asked in (key, "other"))
    assert missing_references([known], MADE_ELSEWHERE) == []
    assert "no such key" in missing_references([unknown], MADE_ELSEWHERE)[0]


def test_the_error_names_objects_and_what_is_missing_and_stays_short() -> None:
    many = _container(envFrom=[{"secretRef": {"name": f"none-{number}"}} for number in range(8)])
    with pytest.raises(MissingReferenceError, match="Deployment ml/web names Secret ml/none-0") as caught:
        check_references([many])
    assert "(and 3 more)" in caught.value.message
    assert "nothing was applied" in caught.value.hint


def test_a_malformed_manifest_is_an_error_of_ours() -> None:
    with pytest.raises(RenderError, match="Deployment ml/web is malformed"):
        check_references([_container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "no-key"}}}])])
