"""What an environment is: data and pure functions, no input or output beyond reading the spec's own file."""
