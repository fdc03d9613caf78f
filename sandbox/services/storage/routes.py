"""The methods of Cloud Storage."""

from __future__ import annotations

from sandbox.kernel.routes import Route, Service
from sandbox.services.storage import handlers, uploads
from sandbox.services.storage.buckets import HOST

_BUCKETS = "/storage/v1/b"
_BUCKET = f"{_BUCKETS}/{{bucket}}"
_OBJECT = f"{_BUCKET}/o/{{object*}}"
SERVICE = Service(
    HOST,
    (
        Route("GET", _BUCKETS, handlers.list_buckets),
        Route("POST", _BUCKETS, handlers.create_bucket),
        Route("GET", _BUCKET, handlers.get_bucket),
        Route("PATCH", _BUCKET, handlers.change_bucket),
        Route("PUT", _BUCKET, handlers.change_bucket),
        Route("DELETE", _BUCKET, handlers.delete_bucket),
        Route("GET", f"{_BUCKET}/iam", handlers.get_policy),
        Route("PUT", f"{_BUCKET}/iam", handlers.set_policy),
        Route("GET", f"{_BUCKET}/iam/testPermissions", handlers.test_permissions),
        Route("GET", f"{_BUCKET}/anywhereCaches", handlers.list_caches),
        Route("GET", f"{_BUCKET}/anywhereCaches/", handlers.list_caches),
        Route("GET", f"{_BUCKET}/o", handlers.list_objects),
        Route("POST", f"/upload{_BUCKET}/o", uploads.upload),
        Route("PUT", f"/upload{_BUCKET}/o", uploads.continue_upload),
        Route("POST", f"/resumable/upload{_BUCKET}/o", uploads.upload),
        Route("PUT", f"/resumable/upload{_BUCKET}/o", uploads.continue_upload),
        Route("GET", f"/download{_OBJECT}", handlers.download_object),
        Route("POST", f"{_BUCKET}/o/{{object*}}/rewriteTo/b/{{targetBucket}}/o/{{target*}}", handlers.rewrite_object),
        Route("GET", _OBJECT, handlers.get_object),
        Route("PATCH", _OBJECT, handlers.change_object),
        Route("PUT", _OBJECT, handlers.change_object),
        Route("DELETE", _OBJECT, handlers.delete_object),
    ),
    root_routes=(
        Route("POST", f"/upload{_BUCKET}/o", uploads.upload),
        Route("PUT", f"/upload{_BUCKET}/o", uploads.continue_upload),
        Route("GET", "/{bucket}/{object*}", handlers.download_object),
        Route("HEAD", "/{bucket}/{object*}", handlers.download_object),
    ),
)
