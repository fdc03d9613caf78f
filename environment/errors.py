"""The error tree. Third-party exceptions stop at the client that met them; what travels further is one of these.

    MlopsEnvError
    ├── SpecError (also ValueError)       a spec, an override or a flag is wrong: exit code 64, nothing was changed
    ├── ApprovalError                     a person said no, nobody could be asked, or this is not what was approved
    ├── ReplacementRefusedError           data or a cluster would be lost, and nobody allowed it; nothing was changed
    ├── PreflightError                    what is there does not fit what is asked for; nothing was changed
    ├── FleetError                        environments of a fleet failed; the others are done
    ├── CredentialsError                  no credentials, or they were refused
    │   └── ImpersonationRefusedError     they may not act as the account that the spec names
    ├── UnreachableError                  an endpoint does not answer
    ├── GoogleApiError                    an API answered with an error
    │   ├── PermissionDeniedError
    │   ├── ServiceDisabledError          the API is off, or its enabling has not spread yet  (transient)
    │   └── TransientGoogleApiError       408, 429, 5xx, lost connections, operation in progress  (transient)
    ├── TerraformError                    Terraform's own diagnostic: address and message
    │   ├── StateLockedError              another run holds the state lock
    │   ├── TransientTerraformError       the registry or the state did not answer  (transient)
    │   └── TerraformServiceDisabledError an API is off, or its enabling has not spread yet  (transient)
    ├── RenderError                       Kustomize, or the manifests it reads
    ├── MissingReferenceError            a manifest names something that nothing makes
    └── KubernetesError                   the API server refused, or could not be reached
        ├── ApplyConflictError            another field manager owns the field
        ├── ImmutableFieldError           the field cannot change: the object would have to be made anew
        ├── TransientKubernetesError      429, 5xx, lost connections  (transient)
        └── RolloutError                  a workload never became ready

`TransientError` marks what may heal: retry conditions test that class, never a text.
"""

from __future__ import annotations


class MlopsEnvError(Exception):
    """Anything that we report: `message` is one line that says what, `hint` one that says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message, hint)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling, as Prefect does with a failed task's exception."""
        return (_restore, (type(self), self.args, self.__dict__))


def _restore(cls: type[MlopsEnvError], args: tuple[object, ...], state: dict[str, object]) -> MlopsEnvError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class TransientError(MlopsEnvError):
    """What may heal by itself: tried again with exponential backoff."""


class SpecError(MlopsEnvError, ValueError):
    """The spec, an override or a flag is wrong; nothing was changed."""


class ApprovalError(MlopsEnvError):
    """A change that needs approval has none, or is not the one that was approved; it was not made."""


class ReplacementRefusedError(MlopsEnvError):
    """A change would take away what cannot be had back, and nobody allowed it; nothing was changed."""


class PreflightError(MlopsEnvError):
    """What is there, or what the project allows, does not fit what is asked for; nothing was changed."""


class FleetError(MlopsEnvError):
    """Some environments of a fleet failed: `report` is environment.fleet's FleetReport, of all of them."""

    def __init__(self, message: str, hint: str = "", *, report: object = None) -> None:
        super().__init__(message, hint)
        self.report = report


class CredentialsError(MlopsEnvError):
    """There are no credentials, or they were refused."""


class ImpersonationRefusedError(CredentialsError):
    """The credentials may not act as the service account that the spec names."""


class UnreachableError(TransientError):
    """An endpoint does not answer."""


class GoogleApiError(MlopsEnvError):
    """A Google API answered with an error: `status` is the HTTP code, `reason` Google's, `resource` its name."""

    def __init__(self, message: str, hint: str = "", *, status: int = 0, reason: str = "", resource: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.reason = reason
        self.resource = resource


class PermissionDeniedError(GoogleApiError):
    """The principal lacks a permission."""


class ServiceDisabledError(GoogleApiError, TransientError):
    """The API is off, or was enabled so recently that this part of Google does not know yet."""


class TransientGoogleApiError(GoogleApiError, TransientError):
    """408, 429, 5xx, a lost connection, or an operation already in progress."""


class TerraformError(MlopsEnvError):
    """Terraform stopped: `address` is the resource's, where Terraform named one."""

    def __init__(self, message: str, hint: str = "", *, address: str = "") -> None:
        super().__init__(message, hint)
        self.address = address


class StateLockedError(TerraformError):
    """Another run holds the state lock, or died without releasing it: the message names holder and age."""


class TransientTerraformError(TerraformError, TransientError):
    """The registry or the state's backend did not answer, or with an error that passes; nothing was changed."""


class TerraformServiceDisabledError(TerraformError, TransientError):
    """A resource met an API that is off, or was just enabled: what does not need it may be there already."""


class RenderError(MlopsEnvError):
    """Kustomize could not build the manifests, or they could not be fetched."""


class MissingReferenceError(MlopsEnvError):
    """A manifest names a Secret, ConfigMap, ServiceAccount or Service that nothing makes."""


class KubernetesError(MlopsEnvError):
    """The API server refused: `status` is the HTTP code, `reason` Kubernetes', `resource` "Kind namespace/name"."""

    def __init__(self, message: str, hint: str = "", *, status: int = 0, reason: str = "", resource: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.reason = reason
        self.resource = resource


class TransientKubernetesError(KubernetesError, TransientError):
    """429, 5xx or a lost connection."""


class ApplyConflictError(KubernetesError):
    """Another field manager owns a field that we would set: `conflicts` are pairs of field and owner."""

    conflicts: tuple[tuple[str, str], ...] = ()


class ImmutableFieldError(KubernetesError):
    """A field of an object that exists cannot change: `fields` are paths such as ".spec.selector"."""

    fields: tuple[str, ...] = ()


class RolloutError(KubernetesError):
    """A workload did not become ready in time: the message says which and why."""
