"""What every resource type does: plan, create, read, update, delete, import, in terms of a few class attributes.

A type whose API is plain REST states its paths and tables; one with quirks overrides the step that is quirky.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.provider.api import Api, Json
from sandbox.provider.bodies import from_body, to_body
from sandbox.provider.errors import ApiFailure, Gone, ProviderError
from sandbox.provider.labels import observe_labels, plan_labels
from sandbox.provider.links import format_path, last, parse_path
from sandbox.provider.operations import PATIENCE_SECONDS, wait
from sandbox.provider.plan import changes, plan_values, says_at, value_at
from sandbox.provider.rules import Rules
from sandbox.provider.schema import Block, fill
from sandbox.provider.settings import Settings, seconds
from sandbox.provider.settle import settle
from sandbox.provider.wire import UNKNOWN, Values, without_unknown

Paths = list[tuple[str | int, ...]]


class Resource:
    """One resource type bound to a configured API.

    Attributes:
        type_name: Terraform's name of the type.
        label: the noun in "Error creating Network".
        service: the API.
        collection, item: paths relative to the custom endpoint, with attributes in braces.
        identity: the template of Terraform's id, `item` unless the provider differs.
        imports: further spellings of an import id.
        create_query: query parameters of the creating POST, with attributes in braces.
        query: query parameters of every call for the object.
        masks_updates: whether a PATCH names the changed keys in updateMask and carries the whole object.
        location_from: the provider's default for an unset `location`: "region" or "zone".
    """

    type_name: ClassVar[str]
    label: ClassVar[str]
    service: ClassVar[str]
    collection: ClassVar[str]
    item: ClassVar[str]
    identity: ClassVar[str] = ""
    imports: ClassVar[tuple[str, ...]] = ()
    create_query: ClassVar[Mapping[str, str]] = {}
    query: ClassVar[Mapping[str, str]] = {}
    masks_updates: ClassVar[bool] = False
    location_from: ClassVar[str] = ""
    rules: ClassVar[Rules] = Rules()

    def __init__(self, api: Api, block: Block) -> None:
        self.api = api
        self.block = block
        self.half_made: Values | None = None
        """What a creation that fails from here on leaves behind; Terraform keeps it as tainted."""
        self.is_imported = False
        """Whether the next reading completes an import."""

    # --- planning

    def validate(self, config: Values) -> None:
        """Check conditions beyond the schema's; raises ProviderError."""

    def plan(self, settings: Settings, prior: Values | None, proposed: Values, config: Values) -> tuple[Values, Paths]:
        """The planned object and the paths that force a replacement."""
        planned = plan_values(self.block, self.rules, prior, proposed, config)
        self._plan_place(settings, prior, planned, config)
        if self.rules.labels:
            plan_labels(planned, prior, self.rules.labels, settings)
        if "deletion_policy" in self.block.attributes and planned["deletion_policy"] is UNKNOWN:
            planned["deletion_policy"] = "DELETE"
        self.customize(settings, prior, planned, config)
        if prior is None:
            return planned, []
        found = changes(self.block, prior, planned)
        return planned, [at for path, at in found if self._replaces(path, at, prior, planned)]

    def _replaces(self, path: str, at: tuple[str | int, ...], prior: Values, planned: Values) -> bool:
        """Whether a change needs another object: its own path does, or one in a block that comes or goes."""
        if self.rules.replaces(path):
            return True
        before, after = (value_at(values, at) for values in (prior, planned))
        if not isinstance(before, list) or not isinstance(after, list) or len(before) == len(after):
            return False
        inside = self.rules.below(path)
        return any(says_at(item, name) for item in (*before, *after) for name in inside)

    def customize(self, settings: Settings, prior: Values | None, planned: Values, config: Values) -> None:
        """Adjust a plan where the tables do not reach."""

    def _plan_place(self, settings: Settings, prior: Values | None, planned: Values, config: Values) -> None:
        for name in ("project", "region", "zone"):
            attribute = self.block.attributes.get(name)
            if attribute is None or not attribute.optional or config.get(name) is not None:
                continue
            if prior is None and settings.default(name) and planned.get(name) in (None, UNKNOWN):
                planned[name] = settings.default(name)
        if self.location_from and planned.get("location") is UNKNOWN and config.get("location") is None:
            planned["location"] = settings.default(self.location_from) or UNKNOWN

    # --- the steps of an apply

    def create(self, planned: Values, config: Values) -> Values:
        """Make the object and return its state."""
        state = self._placed(planned)
        body = to_body(self.block, self.rules, state)
        self.prepare(body, state, config)
        query = dict(self.query)
        query |= {name: format_path(template, state) for name, template in self.create_query.items()}
        answer = self.api.call(self.service, "POST", self.path(self.collection, state), body, query)
        self.wait(answer, state, "create")
        self.keep(state)
        self.created(answer, state)
        return self.observed(state)

    def prepare(self, body: Json, state: Values, config: Values) -> None:
        """Complete the body of a creating request."""

    def created(self, answer: Json, state: Values) -> None:
        """Take over what a creating answer says, or do what follows a creation."""

    def read(self, state: Values) -> Values:
        """The state corrected by the cloud; raises Gone."""
        return self.observed(state)

    def fetch(self, state: Values) -> Json:
        """The object's own JSON; raises Gone."""
        return self.api.get(self.service, self.path(self.item, state), self.query)

    def observed(self, state: Values) -> Values:
        """Read the object and settle the state with it."""
        body = self.fetch(state)
        return self.settled(state, body)

    def settled(self, state: Values, body: Json) -> Values:
        """The state after an answer."""
        found = self.observe(from_body(self.block, self.rules, body), body, state)
        new = settle(self.block, self.rules, state, found, is_imported=self.is_imported)
        if self.rules.labels:
            new[self.rules.labels] = state.get(self.rules.labels)
            new["terraform_labels"] = state.get("terraform_labels")
            observe_labels(new, self.rules.labels, found.get("effective_labels") or {})
        for name in ("project", "region", "zone"):
            if name in new and new[name] is not None:
                new[name] = last(new[name])
        new["id"] = self.identify(new)
        return new

    def observe(self, found: Values, body: Json, state: Values) -> Values:
        """Adjust what an answer was understood to say."""
        return found

    def identify(self, state: Values) -> str:
        """Terraform's id of the object."""
        return format_path(self.identity or self.item, state)

    def update(self, prior: Values, planned: Values, config: Values) -> Values:
        """Change the object and return its state."""
        changed = self.changed(prior, planned)
        if changed:
            self.change(prior, planned, config, changed)
        return self.observed(planned)

    def change(self, prior: Values, planned: Values, config: Values, changed: set[str]) -> None:
        """Send what changed; `changed` holds the top-level attributes and blocks that the API knows."""
        body = to_body(self.block, self.rules, planned)
        self.updated(body, prior, planned)
        keys = sorted({self.rules.key(self._told(name)).split(".")[0] for name in changed})
        query = dict(self.query)
        if self.masks_updates:
            query["updateMask"] = ",".join(keys)
            body |= {key: body.get(key) for key in keys}
        else:
            body = {key: body.get(key) for key in keys}
        answer = self.api.call(self.service, "PATCH", self.path(self.item, planned), body, query)
        self.wait(answer, planned, "update")

    def updated(self, body: Json, prior: Values, planned: Values) -> None:
        """Complete the body of an updating request."""

    def _told(self, name: str) -> str:
        """The attribute under whose key the API hears of a change."""
        return self.rules.labels if name == "effective_labels" and self.rules.labels else name

    def changed(self, prior: Values, planned: Values) -> set[str]:
        """Top-level names whose change concerns the API; a change of labels is told as effective_labels."""
        names = {path.split(".")[0] for path, _ in changes(self.block, prior, planned)}
        names = {name for name in names if not self.rules.is_local(name) and planned.get(name) is not UNKNOWN}
        if self.rules.labels:
            names.discard(self.rules.labels)
        return names

    def delete(self, prior: Values) -> None:
        """Remove the object unless its deletion_policy says otherwise; an absent one counts as removed."""
        policy = prior.get("deletion_policy")
        if policy == "ABANDON":
            return
        if policy == "PREVENT":
            raise ProviderError(
                f'cannot destroy {self.label} with deletion_policy = "PREVENT": change it and apply first'
            )
        try:
            self.remove(prior)
        except Gone:
            return
        except ApiFailure as failure:
            if failure.code != 404 or not self.absent_is_removed:
                raise

    absent_is_removed: ClassVar[bool] = True

    def remove(self, prior: Values) -> None:
        """Send the deletion and wait for it."""
        answer = self.api.call(self.service, "DELETE", self.path(self.item, prior), query=self.query)
        self.wait(answer, prior, "delete")

    # --- import

    def import_state(self, identifier: str) -> Values:
        """The state that an import starts from: what the id tells. A read completes it."""
        for template in (self.identity or self.item, self.item, *self.imports):
            values = parse_path(template, identifier)
            if values is not None:
                state = fill(self.block, {**self._defaults(), **values})
                state["id"] = self.identify(state)
                return state
        wanted = ", ".join(self.imports or (self.identity or self.item,))
        raise ProviderError(f"Import id {identifier!r} doesn't match any of the accepted formats: {wanted}")

    def _defaults(self) -> Values:
        values: Values = {
            path: value for path, value in self.rules.defaults.items() if "." not in path and self.rules.is_local(path)
        }
        for name in ("project", "region", "zone"):
            if name in self.block.attributes:
                values[name] = self.api.settings.default(name) or None
        if "deletion_policy" in self.block.attributes:
            values["deletion_policy"] = "DELETE"
        if self.rules.labels:
            values |= {self.rules.labels: {}, "terraform_labels": {}}
        return values

    # --- helpers

    def keep(self, state: Values) -> None:
        """From here on the object exists: a failure leaves it in the state, as tainted."""
        known: Values = without_unknown(state)
        known["id"] = self.identify(known)
        self.half_made = known

    def path(self, template: str, state: Mapping[str, Any]) -> str:
        """A path with the state's values."""
        return format_path(template, state)

    def parent(self, state: Mapping[str, Any]) -> str:
        """What holds the operations of this object."""
        return format_path("projects/{project}", state)

    def wait(self, operation: Json, state: Mapping[str, Any], step: str) -> Json:
        """Wait for an operation within the resource's own timeout; answers that are none pass at once."""
        if not any(key in operation for key in ("done", "operationType", "status")):
            return operation
        return wait(self.api, self.service, operation, self.parent(state), self.timeout(state, step))

    def timeout(self, state: Mapping[str, Any], step: str) -> float:
        """Seconds that a step may take."""
        given = (state.get("timeouts") or {}).get(step)
        return seconds(given) if isinstance(given, str) else PATIENCE_SECONDS

    def _placed(self, planned: Values) -> Values:
        """The planned values with the provider's project, region and zone where none was given."""
        state = dict(planned)
        for name in ("project", "region", "zone"):
            if name not in self.block.attributes or state.get(name) not in (None, UNKNOWN, ""):
                continue
            default = self.api.settings.default(name)
            if not default and re.search(rf"\{{{name}\b", self.item):
                raise ProviderError(f"{name}: required field is not set, in the resource or in the provider")
            state[name] = default or None
        if self.location_from and state.get("location") in (None, UNKNOWN, ""):
            state["location"] = self.api.settings.default(self.location_from)
            if not state["location"]:
                raise ProviderError(f"location: required field is not set, nor a {self.location_from} in the provider")
        return state
