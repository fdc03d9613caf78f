"""The release of Kubeflow Pipelines: that its overlay is whole, and its images are in their registries."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from clients.addresses import Addresses
from clients.kustomize import render
from clients.manifest_mirrors import Mirror
from clients.registries import Registries
from environment.doctor import Looked, found_one
from environment.errors import MlopsEnvError
from environment.images import Image, images_of, missing_image
from environment.paths import project_root
from environment.pipeline_parameters import release_parameters
from environment.pipelines import Rendered
from environment.placeholders import check_placeholders
from environment.references import check_references
from environment.spec import Environment

AT_ONCE = 8


def look_at_manifests(environment: Environment, addresses: Addresses, fetch: Callable[[str], Mirror]) -> Looked:
    """Render the release, then ask the registries for its images."""
    try:
        rendered = _render(environment, fetch)
    except MlopsEnvError as error:
        subject = f"Kubeflow Pipelines {environment.pipelines.version}"
        fix = error.hint or "choose another pipelines.version"
        return found_one("manifests", subject, error.message, fix)
    return _look_at_images(addresses, images_of(rendered.manifests))


def _render(environment: Environment, fetch: Callable[[str], Mirror]) -> Rendered:
    parameters = release_parameters(environment)
    rendered = render(parameters, project_root() / "kustomize", fetch(environment.pipelines.version))
    check_placeholders(rendered.manifests)
    check_references(rendered.manifests)
    return rendered


def _look_at_images(addresses: Addresses, images: tuple[Image, ...]) -> Looked:
    """Ask for one image of each registry first: one that does not answer is not asked for the others."""
    firsts = {image.registry: image for image in reversed(images)}
    with closing(Registries(addresses)) as registries, ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(firsts.values(), pool.map(registries.has_image, firsts.values()), strict=True))
        silent = {image.registry for image, answer in answers.items() if answer is None}
        others = [image for image in images if image not in answers and image.registry not in silent]
        answers |= dict(zip(others, pool.map(registries.has_image, others), strict=True))
    notes = (f"images were not looked at in {', '.join(sorted(silent))}: no answer",) if silent else ()
    return Looked(findings=tuple(missing_image(one) for one in images if answers.get(one) is False), notes=notes)
