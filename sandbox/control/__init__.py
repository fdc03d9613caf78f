"""The control routes under `/_sandbox/`, for tests and for people."""
