"""What `make bench` runs: how long our work takes, as a ratio to a bound that is measured in the same run."""
