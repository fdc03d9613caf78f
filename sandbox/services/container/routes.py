"""The paths of Kubernetes Engine v1."""

from __future__ import annotations

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
        Route("POST", _CLUSTERS, handlers.create),
        Route("GET", _CLUSTER, handlers.get),
        Route("PUT", _CLUSTER, handlers.update),
        Route("DELETE", _CLUSTER, handlers.delete),
        Route("POST", _CLUSTER + ":setResourceLabels", handlers.set_resource_labels),
        Route("POST", _CLUSTER + ":setMaintenancePolicy", handlers.set_maintenance_policy),
        Route("POST", _CLUSTER + ":setLogging", handlers.set_logging),
        Route("POST", _CLUSTER + ":setMonitoring", handlers.set_monitoring),
        Route("POST", _CLUSTER + ":setAddons", handlers.set_addons),
        Route("POST", _CLUSTER + ":setLegacyAbac", handlers.set_legacy_abac),
        Route("POST", _CLUSTER + ":setLocations", handlers.set_locations),
        Route("GET", _POOLS, pool_handlers.list_),
        Route("POST", _POOLS, pool_handlers.create),
        Route("GET", _POOL, pool_handlers.get),
        Route("PUT", _POOL, pool_handlers.update),
        Route("DELETE", _POOL, pool_handlers.delete),
        Route("POST", _POOL + ":setAutoscaling", pool_handlers.set_autoscaling),
        Route("POST", _POOL + ":setManagement", pool_handlers.set_management),
        Route("POST", _POOL + ":setSize", pool_handlers.set_size),
        Route("GET", _OPERATIONS, handlers.list_operations),
        Route("GET", _OPERATIONS + "/{operation}", handlers.get_operation),
        Route("POST", _OPERATIONS + "/{operation}:cancel", handlers.cancel_operation),
    ],
)
