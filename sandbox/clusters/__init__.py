"""The clusters of the local Google Cloud: a TLS port each, with a Kubernetes API server and its controller behind it."""
