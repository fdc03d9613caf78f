"""google_workbench_instance: https://cloud.google.com/vertex-ai/docs/workbench/reference/rest/v2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.provider.api import Json
from sandbox.provider.bodies import to_body
from sandbox.provider.links import last, same_link
from sandbox.provider.operations import wait_for
from sandbox.provider.plan import changes
from sandbox.provider.resource import Resource
from sandbox.provider.rules import Rules
from sandbox.provider.wire import Values

SERVER_TAGS = frozenset({"deeplearning-vm", "notebook-instance"})
SERVER_METADATA = frozenset(
    {
        "agent-health-check-interval-seconds",
        "agent-health-check-path",
        "container",
        "custom-container-image",
        "data-disk-uri",
        "dataproc-allow-custom-clusters",
        "dataproc-service-account",
        "disable-check-xsrf",
        "disable-mixer",
        "disable-swap-binaries",
        "enable-euc",
        "enable-guest-attributes",
        "enable-jupyterlab4",
        "enable-oslogin",
        "framework",
        "generate-diagnostics-bucket",
        "generate-diagnostics-file",
        "generate-diagnostics-options",
        "gcs-data-bucket",
        "image-url",
        "install-monitoring-agent",
        "install-nvidia-driver",
        "installed-extensions",
        "last_updated_diagnostics",
        "notebooks-api",
        "notebooks-api-version",
        "notebooks-examples-location",
        "notebooks-location",
        "proxy-backend-id",
        "proxy-byoid-url",
        "proxy-mode",
        "proxy-status",
        "proxy-url",
        "proxy-user-mail",
        "report-container-health",
        "report-event-url",
        "report-notebook-metrics",
        "report-system-health",
        "report-system-status",
        "resource-url",
        "restriction",
        "serial-port-logging-enable",
        "service-account-mode",
        "shutdown-script",
        "title",
        "use-collaborative",
        "user-data",
        "version",
        "warmup-libraries",
    }
)
"""What the service adds by itself; it counts as no difference."""


def _same_metadata(one: Any, other: Any) -> bool:
    def own(metadata: Any) -> Any:
        return {key: value for key, value in dict(metadata).items() if key not in SERVER_METADATA}

    return bool(own(one) == own(other))


def _same_tags(one: Any, other: Any) -> bool:
    return [tag for tag in one if tag not in SERVER_TAGS] == [tag for tag in other if tag not in SERVER_TAGS]


_SETUP = "gce_setup."
_BLOCKS = (
    "boot_disk",
    "container_image",
    "data_disks",
    "network_interfaces",
    "service_accounts",
    "shielded_instance_config",
    "vm_image",
)
_FIXED = (
    "boot_disk.disk_encryption",
    "boot_disk.disk_type",
    "boot_disk.kms_key",
    "confidential_instance_config",
    "data_disks.disk_encryption",
    "data_disks.disk_type",
    "data_disks.kms_key",
    "disable_public_ip",
    "enable_ip_forwarding",
    "min_cpu_platform",
    "network_interfaces",
    "service_accounts",
    "tags",
    "vm_image",
)
_STOPPED = {"accelerator_configs": "accelerator_configs", "machine_type": "machine_type"} | {
    "shielded_instance_config": "shielded_instance_config",
    "container_image": "container_image",
}
"""What changes only while the machine is stopped, with the mask's name."""


class Instance(Resource):
    """A notebook machine."""

    type_name = "google_workbench_instance"
    label = "Instance"
    service = "notebooks"
    collection = "projects/{project}/locations/{location}/instances"
    item = "projects/{project}/locations/{location}/instances/{name}"
    imports = ("{project}/{location}/{name}", "{location}/{name}")
    create_query: ClassVar[Mapping[str, str]] = {"instanceId": "{name}"}
    rules = Rules(
        labels="labels",
        local=frozenset({"desired_state", "instance_id"}),
        sent_only=frozenset({"instance_owners"}),
        read_only=frozenset({"name"}),
        defaults={"desired_state": "ACTIVE", f"{_SETUP}network_interfaces.nic_type": None},
        replace=frozenset(
            {"disable_proxy_access", "instance_id", "instance_owners", "location", "name", "project"}
            | {_SETUP + name for name in _FIXED}
        ),
        computed_blocks=frozenset({"gce_setup"} | {_SETUP + name for name in _BLOCKS}),
        same={
            f"{_SETUP}metadata": _same_metadata,
            f"{_SETUP}tags": _same_tags,
            f"{_SETUP}network_interfaces.network": same_link,
            f"{_SETUP}network_interfaces.subnet": same_link,
        },
        arrays=frozenset({f"{_SETUP}data_disks", f"{_SETUP}service_accounts"}),
        decode={"name": last},
    )

    def prepare(self, body: Json, state: Values, config: Values) -> None:
        """A machine without shielding says so; accounts carry the scopes that Google gave them."""
        setup = body.setdefault("gceSetup", {})
        setup.setdefault("shieldedInstanceConfig", None)
        for block in _setup(state):
            held = block.get("service_accounts")
            known_accounts = held if isinstance(held, list) else []
            for account, known in zip(setup.get("serviceAccounts") or [], known_accounts, strict=False):
                if known.get("scopes"):
                    account["scopes"] = known["scopes"]

    def settled(self, state: Values, body: Json) -> Values:
        """What the service added is in the state too; a plan does not count it as a difference."""
        new = super().settled(state, body)
        found = body.get("gceSetup") or {}
        for block in _setup(new):
            block |= {name: found[name] for name in ("metadata", "tags") if found.get(name)}
        return new

    def created(self, answer: Json, state: Values) -> None:
        """Wait until it runs, and stop it where that is wanted."""
        self._wait(state, "ACTIVE", "create")
        if state.get("desired_state") == "STOPPED":
            self._switch(state, "stop", "STOPPED", "create")

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Change it, stopped if need be, and leave it in the state that is wanted."""
        changed = self._changed_setup(prior, planned)
        stopped = prior.get("desired_state") == "STOPPED"
        needs_stop = not stopped and any(name in _STOPPED for name in changed)
        if needs_stop:
            self._post(planned, "stop", None)
        for name in sorted(changed & {"boot_disk", "data_disks"}):
            self._resize(planned, name)
        mask = [f"gce_setup.{name}" for name in sorted(changed - {"boot_disk", "data_disks"})]
        if prior.get("effective_labels") != planned.get("effective_labels"):
            mask.append("labels")
        mask += [
            key
            for name, key in (("enable_deletion_protection", "enableDeletionProtection"),)
            if prior.get(name) != planned.get(name)
        ]
        if mask:
            body = to_body(self.block, self.rules, planned)
            self.prepare(body, planned, config)
            answer = self.api.call(
                self.service, "PATCH", self.path(self.item, planned), body, {"updateMask": ",".join(mask)}
            )
            self.wait(answer, planned, "update")
        wanted = str(planned.get("desired_state") or "ACTIVE")
        if wanted == "STOPPED" and not stopped and not needs_stop:
            self._post(planned, "stop", None)
        elif wanted == "ACTIVE" and (stopped or needs_stop):
            self._post(planned, "start", None)
        if needs_stop or (wanted == "STOPPED") != stopped:
            self._wait(planned, wanted, "update")
        return self.observed(planned)

    def _changed_setup(self, prior: Values, planned: Values) -> set[str]:
        paths = (path for path, _ in changes(self.block, prior, planned))
        return {path.split(".")[1] for path in paths if path.startswith(_SETUP)}

    def _resize(self, state: Values, name: str) -> None:
        setup = to_body(self.block, self.rules, state).get("gceSetup", {})
        disk = setup.get("bootDisk") if name == "boot_disk" else (setup.get("dataDisks") or [{}])[0]
        key = "bootDisk" if name == "boot_disk" else "dataDisk"
        self._post(state, "resizeDisk", {key: {"diskSizeGb": (disk or {}).get("diskSizeGb")}})

    def _switch(self, state: Values, verb: str, wanted: str, step: str) -> None:
        self._post(state, verb, None, step)
        self._wait(state, wanted, step)

    def _post(self, state: Values, verb: str, body: Json | None, step: str = "update") -> None:
        answer = self.api.call(self.service, "POST", f"{self.path(self.item, state)}:{verb}", body)
        self.wait(answer, state, step)

    def _wait(self, state: Values, wanted: str, step: str) -> None:
        wait_for(lambda: self.fetch(state), "state", (wanted,), self.timeout(state, step), ("FAILED", "DELETED"))


def _setup(state: Values) -> list[Values]:
    held = state.get("gce_setup")
    return [block for block in held if isinstance(block, dict)] if isinstance(held, list) else []
