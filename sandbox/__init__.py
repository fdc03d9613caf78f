"""The embedded local Google Cloud. It knows nothing of the other rooms: they meet over HTTP, as with the cloud."""
