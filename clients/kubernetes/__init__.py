"""The Kubernetes API of one cluster, through the official client's connection layer.

Objects are plain mappings, as in the manifests: the client's generated models know built-in kinds only.
"""
