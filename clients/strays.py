"""Remove what is ours and in no state of Terraform's: a create was killed between a call and the write of the state.

Each kind goes through its own API, and is waited for. What is gone already is fine.

Sources: the delete methods of container v1, notebooks v2, iam v1, compute v1 and storage v1, and getIamPolicy and
setIamPolicy of cloudresourcemanager v1.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from clients.addresses import Addresses
from clients.discovery_api import open_api, unless_gone
from clients.google_errors import google_errors
from clients.network_leftovers import KINDS, open_leftovers
from clients.storage import Storage
from environment.destruction import ACCOUNT, BUCKET, CLUSTER, NOTEBOOK, ROLE, Found
from environment.errors import UnreachableError
from environment.spec import Environment

PATIENCE_SECONDS = 2700.0
AT_WORK = ("PROVISIONING", "RECONCILING")


def remove_stray(environment: Environment, addresses: Addresses, stray: Found) -> None:
    """Remove one thing."""
    with google_errors(f"delete {stray}", stray.name):
        if stray.kind in KINDS.values():
            with open_leftovers(addresses, environment) as network:
                network.delete(stray)
        else:
            _REMOVERS[stray.kind](environment, addresses, stray)


def _remove_cluster(environment: Environment, addresses: Addresses, stray: Found) -> None:
    name = f"projects/{environment.project_id}/locations/{stray.place}/clusters/{stray.name}"
    with open_api(addresses, environment.project_id, "container", "v1") as api:
        clusters = api.projects().locations().clusters()

        def status() -> str | None:
            found = unless_gone(clusters.get(name=name))
            return None if found is None else str(found["status"])

        # GKE refuses to delete a cluster that it is at work on, as one whose creation nobody waits for any more.
        _wait_while(lambda: status() in AT_WORK, stray)
        if status() not in (None, "STOPPING"):
            unless_gone(clusters.delete(name=name))
        _wait_while(lambda: status() == "STOPPING", stray)


def _remove_notebook(environment: Environment, addresses: Addresses, stray: Found) -> None:
    name = f"projects/{environment.project_id}/locations/{stray.place}/instances/{stray.name}"
    with open_api(addresses, environment.project_id, "notebooks", "v2") as api:
        instances = api.projects().locations().instances()
        unless_gone(instances.delete(name=name))
        _wait_while(lambda: unless_gone(instances.get(name=name)) is not None, stray)


def _remove_account(environment: Environment, addresses: Addresses, stray: Found) -> None:
    with open_api(addresses, environment.project_id, "iam", "v1") as api:
        name = f"projects/{environment.project_id}/serviceAccounts/{stray.name}"
        unless_gone(api.projects().serviceAccounts().delete(name=name))


def _remove_role(environment: Environment, addresses: Addresses, stray: Found) -> None:
    """Take a member out of the policy as it is now; its etag refuses the change where somebody else was faster."""
    role, _, member = stray.name.partition(" of ")
    with open_api(addresses, environment.project_id, "cloudresourcemanager", "v1") as api:
        asked = {"options": {"requestedPolicyVersion": 3}}
        policy = api.projects().getIamPolicy(resource=environment.project_id, body=asked).execute()
        for binding in policy.get("bindings") or ():
            if binding["role"] == role:
                binding["members"] = [one for one in binding["members"] if one != member]
        policy["bindings"] = [binding for binding in policy.get("bindings") or () if binding["members"]]
        api.projects().setIamPolicy(resource=environment.project_id, body={"policy": policy}).execute()


def _remove_bucket(environment: Environment, addresses: Addresses, stray: Found) -> None:
    Storage(addresses, environment.project_id).delete_bucket(stray.name)


def _wait_while(is_at_work: Callable[[], bool], stray: Found) -> None:
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.2
    while is_at_work():
        if time.monotonic() > deadline:
            raise UnreachableError(f"{stray} is still there after {PATIENCE_SECONDS:.0f} s", "run destroy again")
        time.sleep(pause)
        pause = min(2 * pause, 10.0)


_REMOVERS: dict[str, Callable[[Environment, Addresses, Found], None]] = {
    ACCOUNT: _remove_account,
    BUCKET: _remove_bucket,
    CLUSTER: _remove_cluster,
    NOTEBOOK: _remove_notebook,
    ROLE: _remove_role,
}
