from environment.upstream import Release, remote_releases

FILES = {
    "manifests/env/kustomization.yaml": "resources: [../base, part.yaml]\ncomponents: [../component]\n",
    "manifests/base/kustomization.yml": """\
resources:
- https://github.com/argoproj/argo-workflows/manifests/base?ref=v3.6.7
- https://github.com/argoproj/argo-workflows//manifests/crds?submodules=false&ref=v3.6.7
- ../env
""",
    "manifests/component/Kustomization": "bases: ['https://github.com/acme/parts.git//a?ref=1.0']\n",
    "manifests/unused/kustomization.yaml": "resources: ['https://github.com/acme/unused//a?ref=2.0']\n",
}


def test_releases_are_found_wherever_the_kustomizations_lead() -> None:
    found = remote_releases(["manifests/env"], FILES.get)
    assert found == {Release("argoproj/argo-workflows", "v3.6.7"), Release("acme/parts", "1.0")}


def test_a_folder_without_a_kustomization_needs_nothing() -> None:
    assert remote_releases(["manifests/nowhere"], FILES.get) == set()
