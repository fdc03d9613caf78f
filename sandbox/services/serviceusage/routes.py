"""The methods of Service Usage v1."""

from __future__ import annotations

from sandbox.kernel.routes import Route, Service
from sandbox.services.serviceusage import handlers

_SERVICES = "/v1/projects/{project}/services"
SERVICE = Service(
    handlers.HOST,
    (
        Route("GET", _SERVICES, handlers.list_services, gated=False),
        Route("GET", f"{_SERVICES}:batchGet", handlers.batch_get_services, gated=False),
        Route("POST", f"{_SERVICES}:batchEnable", handlers.batch_enable_services, gated=False),
        Route("GET", f"{_SERVICES}/{{name}}", handlers.get_service, gated=False),
        Route("POST", f"{_SERVICES}/{{name}}:enable", handlers.enable_service, gated=False),
        Route("POST", f"{_SERVICES}/{{name}}:disable", handlers.disable_service, gated=False),
        Route("GET", "/v1/operations/{operation}", handlers.get_operation),
    ),
)
