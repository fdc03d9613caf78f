"""The provider's side of plugin protocol 6: each call decoded, handed on, and answered.

Every command of Terraform starts a process for the schemas alone: what only others need is imported when it is used.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from sandbox.provider import protobuf
from sandbox.provider.errors import Gone, ProviderError, Refused
from sandbox.provider.schema import Schemas, fill, load
from sandbox.provider.settings import Settings, read_settings
from sandbox.provider.wire import Values, decode

if TYPE_CHECKING:
    from sandbox.provider.api import Api
    from sandbox.provider.resource import Resource

IMPORTED = b"imported"
"""What Terraform keeps for us between an import and the reading that completes it."""
Method = Callable[["GoogleServicer", Any], Any]


def _diagnosed(response: Any) -> Callable[[Method], Callable[[GoogleServicer, Any, Any], Any]]:
    """Turn what a method raises into diagnostics of its response type."""

    def wrap(method: Method) -> Callable[[GoogleServicer, Any, Any], Any]:
        @functools.wraps(method)
        def call(self: GoogleServicer, request: Any, context: Any) -> Any:
            try:
                return method(self, request)
            except ProviderError as problem:
                return response(diagnostics=[protobuf.error(str(problem))])
            except Exception as problem:
                import traceback

                summary = f"The sandbox's provider failed: {type(problem).__name__}: {problem}"
                return response(diagnostics=[protobuf.error(summary, traceback.format_exc())])

        return call

    return wrap


class GoogleServicer(rpc.ProviderServicer):  # type: ignore[misc]
    """Serves one Terraform run: configured once, then called from many threads."""

    def __init__(self, answer: Path | None = None) -> None:
        """Serve; the file keeps the answer with all schemas, which is what most processes are started for."""
        self._answer = answer

    @functools.cached_property
    def _schemas(self) -> Schemas:
        return load()

    @functools.cached_property
    def _api(self) -> Api:
        from sandbox.provider.api import Api

        return Api(Settings())

    # --- schemas and validation

    @_diagnosed(pb.GetProviderSchema.Response)
    def GetProviderSchema(self, request: Any) -> Any:
        """All schemas, of every type in the data files."""
        if self._answer and self._answer.is_file():
            return pb.GetProviderSchema.Response.FromString(self._answer.read_bytes())
        schemas = self._schemas
        answer = pb.GetProviderSchema.Response(
            provider=protobuf.schema_message(schemas.provider),
            resource_schemas={name: protobuf.schema_message(item) for name, item in schemas.resources.items()},
            data_source_schemas={name: protobuf.schema_message(item) for name, item in schemas.data_sources.items()},
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
        )
        if self._answer:
            _keep(self._answer, answer.SerializeToString(deterministic=True))
        return answer

    @_diagnosed(pb.GetMetadata.Response)
    def GetMetadata(self, request: Any) -> Any:
        """The names of all types."""
        return pb.GetMetadata.Response(
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
            resources=[pb.GetMetadata.ResourceMetadata(type_name=name) for name in self._schemas.resources],
            data_sources=[pb.GetMetadata.DataSourceMetadata(type_name=name) for name in self._schemas.data_sources],
        )

    @_diagnosed(pb.GetFunctions.Response)
    def GetFunctions(self, request: Any) -> Any:
        """The stand-in has no provider functions."""
        return pb.GetFunctions.Response()

    @_diagnosed(pb.ValidateProviderConfig.Response)
    def ValidateProviderConfig(self, request: Any) -> Any:
        """Reject a provider block that could not be configured."""
        read_settings(decode(request.config) or {})
        return pb.ValidateProviderConfig.Response()

    @_diagnosed(pb.ValidateResourceConfig.Response)
    def ValidateResourceConfig(self, request: Any) -> Any:
        """Check the type's own conditions beyond the schema's."""
        kind = self._resource(request.type_name)
        kind.validate(decode(request.config) or {})
        return pb.ValidateResourceConfig.Response()

    @_diagnosed(pb.ValidateDataResourceConfig.Response)
    def ValidateDataResourceConfig(self, request: Any) -> Any:
        """Nothing beyond the schema."""
        return pb.ValidateDataResourceConfig.Response()

    @_diagnosed(pb.ConfigureProvider.Response)
    def ConfigureProvider(self, request: Any) -> Any:
        """Take the provider block; what is missing is missed at the first call."""
        from sandbox.provider.api import Api

        self._api = Api(read_settings(decode(request.config) or {}))
        return pb.ConfigureProvider.Response()

    # --- resources

    @_diagnosed(pb.UpgradeResourceState.Response)
    def UpgradeResourceState(self, request: Any) -> Any:
        """Fit a stored state, also one of another provider version, to the schema."""
        block = self._schemas.resources[request.type_name].block
        state = fill(block, json.loads(request.raw_state.json or b"{}"))
        return pb.UpgradeResourceState.Response(upgraded_state=protobuf.value(state))

    @_diagnosed(pb.ReadResource.Response)
    def ReadResource(self, request: Any) -> Any:
        """Refresh; an absent object becomes null, which Terraform plans to create."""
        kind = self._resource(request.type_name)
        state: Values = decode(request.current_state)
        kind.is_imported = request.private == IMPORTED
        try:
            new: Values | None = fill(kind.block, kind.read(state))
        except Gone:
            new = None
        except ProviderError as problem:
            raise ProviderError(
                f"Error when reading or editing {kind.label} {state.get('id')!r}: {problem}"
            ) from problem
        return pb.ReadResource.Response(new_state=protobuf.value(new))

    @_diagnosed(pb.PlanResourceChange.Response)
    def PlanResourceChange(self, request: Any) -> Any:
        """Work out the planned state and what forces a replacement."""
        kind = self._resource(request.type_name)
        prior, proposed, config = (
            decode(item) for item in (request.prior_state, request.proposed_new_state, request.config)
        )
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=protobuf.value(None), legacy_type_system=True)
        planned, forced = kind.plan(self._api.settings, prior, proposed, config)
        return pb.PlanResourceChange.Response(
            planned_state=protobuf.value(fill(kind.block, planned)),
            requires_replace=[protobuf.path(steps) for steps in forced],
            legacy_type_system=True,
        )

    @_diagnosed(pb.ApplyResourceChange.Response)
    def ApplyResourceChange(self, request: Any) -> Any:
        """Create, update or delete; after a failure the state says what is there."""
        kind = self._resource(request.type_name)
        prior, planned, config = (decode(item) for item in (request.prior_state, request.planned_state, request.config))
        try:
            new = _apply(kind, prior, planned, config)
        except ProviderError as problem:
            left, verb = _left_behind(kind, prior, planned)
            summary = str(problem) if isinstance(problem, Refused) else f"Error {verb} {kind.label}: {problem}"
            return pb.ApplyResourceChange.Response(
                new_state=protobuf.value(left),
                diagnostics=[protobuf.error(summary)],
                legacy_type_system=True,
            )
        return pb.ApplyResourceChange.Response(new_state=protobuf.value(new), legacy_type_system=True)

    @_diagnosed(pb.ImportResourceState.Response)
    def ImportResourceState(self, request: Any) -> Any:
        """Start a state from an id; Terraform reads it next."""
        kind = self._resource(request.type_name)
        state = fill(kind.block, kind.import_state(request.id))
        imported = pb.ImportResourceState.ImportedResource(
            type_name=request.type_name, state=protobuf.value(state), private=IMPORTED
        )
        return pb.ImportResourceState.Response(imported_resources=[imported])

    @_diagnosed(pb.MoveResourceState.Response)
    def MoveResourceState(self, request: Any) -> Any:
        """Moving between types is not offered, as in the real provider."""
        raise ProviderError(f"a resource cannot be moved to {request.target_type_name}")

    # --- data sources and the end

    @_diagnosed(pb.ReadDataSource.Response)
    def ReadDataSource(self, request: Any) -> Any:
        """Look up a data source."""
        block = self._schemas.data_sources[request.type_name].block
        from sandbox.provider.registry import data_source

        values = data_source(request.type_name)(self._api, decode(request.config))
        return pb.ReadDataSource.Response(state=protobuf.value(fill(block, values)))

    @_diagnosed(pb.StopProvider.Response)
    def StopProvider(self, request: Any) -> Any:
        """Let what is under way finish, so that the state knows it; Terraform starts nothing more."""
        return pb.StopProvider.Response()

    def _resource(self, type_name: str) -> Resource:
        from sandbox.provider.registry import resource_class

        return resource_class(type_name)(self._api, self._schemas.resources[type_name].block)


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; where it cannot be written, the next process does the work again."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)


def _apply(kind: Resource, prior: Values | None, planned: Values | None, config: Values | None) -> Values | None:
    if planned is None:
        if prior is not None:
            kind.delete(prior)
        return None
    new = kind.create(planned, config or {}) if prior is None else kind.update(prior, planned, config or {})
    return fill(kind.block, new)


def _left_behind(kind: Resource, prior: Values | None, planned: Values | None) -> tuple[Values | None, str]:
    """The state to keep after a failed step, and the step's name."""
    if prior is not None:
        return prior, "updating" if planned is not None else "deleting"
    return fill(kind.block, kind.half_made) if kind.half_made else None, "creating"
