"""Cloud Storage's own errors, with the reasons that its clients branch on."""

from __future__ import annotations

from sandbox.kernel.errors import ApiError


def no_bucket() -> ApiError:
    """404 for a bucket."""
    return ApiError(404, "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> ApiError:
    """404 for an object."""
    return ApiError(404, f"No such object: {bucket}/{name}")


def precondition_failed() -> ApiError:
    """412: a generation or metageneration is another."""
    return ApiError(412, "At least one of the pre-conditions you specified did not hold.", reason="conditionNotMet")


def not_modified() -> ApiError:
    """304: what the client holds is current."""
    return ApiError(304, "", reason="notModified")


def conflict(message: str) -> ApiError:
    """409 with the reason of Cloud Storage."""
    return ApiError(409, message, reason="conflict", status="ABORTED")
