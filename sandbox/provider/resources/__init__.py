"""The resource types, one module per subject; `sandbox.provider.registry` says which type is where."""
