"""The paths of Kubernetes Engine v1."""

from __future__ import annotations

from sandbox.kernel.request_types import typed
from sandbox.kernel.routes import Route, Service
from sandbox.services.container import handlers, pool_handlers
from sandbox.services.container.store import HOST

_LOCATION = "/v1/projects/{project}/locations/{location}"
_CLUSTERS = _LOCATION + "/clusters"
_CLUSTER = _CLUSTERS + "/{cluster}"
_POOLS = _CLUSTER + "/nodePools"
_POOL = _POOLS + "/{pool}"
_OPERATIONS = _LOCATION + "/operations"

SERVICE = Service(
    HOST,
    [
        Route("GET", _LOCATION + "/serverConfig", handlers.get_server_config),
        Route("GET", _CLUSTERS, handlers.list_),
        Route("POST", _CLUSTERS, typed("container", "CreateClusterRequest", handlers.create)),
        Route("GET", _CLUSTER, handlers.get),
        Route("PUT", _CLUSTER, typed("container", "UpdateClusterRequest", handlers.update)),
        Route("DELETE", _CLUSTER, handlers.delete),
        Route(
            "POST",
            _CLUSTER + ":setResourceLabels",
            typed("container", "SetLabelsRequest", handlers.set_resource_labels),
        ),
        Route(
            "POST",
            _CLUSTER + ":setMaintenancePolicy",
            typed("container", "SetMaintenancePolicyRequest", handlers.set_maintenance_policy),
        ),
        Route("POST", _CLUSTER + ":setLogging", typed("container", "SetLoggingServiceRequest", handlers.set_logging)),
        Route(
            "POST",
            _CLUSTER + ":setMonitoring",
            typed("container", "SetMonitoringServiceRequest", handlers.set_monitoring),
        ),
        Route("POST", _CLUSTER + ":setAddons", typed("container", "SetAddonsConfigRequest", handlers.set_addons)),
        Route(
            "POST", _CLUSTER + ":setLegacyAbac", typed("container", "SetLegacyAbacRequest", handlers.set_legacy_abac)
        ),
        Route("POST", _CLUSTER + ":setLocations", typed("container", "SetLocationsRequest", handlers.set_locations)),
        Route("GET", _POOLS, pool_handlers.list_),
        Route("POST", _POOLS, typed("container", "CreateNodePoolRequest", pool_handlers.create)),
        Route("GET", _POOL, pool_handlers.get),
        Route("PUT", _POOL, typed("container", "UpdateNodePoolRequest", pool_handlers.update)),
        Route("DELETE", _POOL, pool_handlers.delete),
        Route(
            "POST",
            _POOL + ":setAutoscaling",
            typed("container", "SetNodePoolAutoscalingRequest", pool_handlers.set_autoscaling),
        ),
        Route(
            "POST",
            _POOL + ":setManagement",
            typed("container", "SetNodePoolManagementRequest", pool_handlers.set_management),
        ),
        Route("POST", _POOL + ":setSize", typed("container", "SetNodePoolSizeRequest", pool_handlers.set_size)),
        Route("GET", _OPERATIONS, handlers.list_operations),
        Route("GET", _OPERATIONS + "/{operation}", handlers.get_operation),
        Route("POST", _OPERATIONS + "/{operation}:cancel", handlers.cancel_operation),
    ],
)
