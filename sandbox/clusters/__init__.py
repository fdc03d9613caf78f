"""The clusters of the local Google Cloud: each a TLS port, an API server and its controller."""
