"""All manifests of one installation, in order: prerequisites, everything else at the same time, prune.

No flow uses it: there each step is a task of its own (`flows/deploy_kfp.py`). It is their order for benchmarks and
tests, which apply manifests to a cluster and need no Prefect.
"""

from __future__ import annotations

from collections.abc import Sequence

from clients.change_control import UNCONTROLLED, ChangeControl
from clients.kubernetes.apply import apply_objects
from clients.kubernetes.apply_sets import prune
from clients.kubernetes.objects import Objects
from clients.kubernetes.prerequisites import apply_prerequisites
from environment.apply_set import ApplySet
from environment.changes import Change
from environment.objects import Manifest, reference_of, split_prerequisites


def install(
    objects: Objects,
    manifests: Sequence[Manifest],
    apply_set: ApplySet,
    *,
    force: bool = False,
    control: ChangeControl = UNCONTROLLED,
) -> tuple[Change, ...]:
    """Make the cluster hold these manifests and no former member of the set; return the changes that were made."""
    wanted = [reference_of(manifest) for manifest in manifests]
    _, others = split_prerequisites(manifests)
    changes = apply_prerequisites(objects, manifests, apply_set, wanted, force=force, control=control)
    changes += apply_objects(objects, others, apply_set, force=force, control=control)
    return changes + prune(objects, apply_set, wanted, control=control)
