"""Service Networking: private connections to service producers."""
