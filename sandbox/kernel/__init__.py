"""What all services of the local Google Cloud share: store, projects, operations, policies, errors, routing."""
