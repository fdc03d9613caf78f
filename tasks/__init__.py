"""One Prefect task per step. Retries, timeouts and caching are declared here and nowhere else."""
