"""BigQuery: datasets, without tables."""
