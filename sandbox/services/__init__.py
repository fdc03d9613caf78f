"""The Google services of the local cloud, a folder each: routes (the table), handlers, store (state and rules)."""
