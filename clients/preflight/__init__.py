"""Reads before anything is made: one module for each subject, each check a function that returns what it found."""
