"""The levels of proof: each builds run requests and reads their results into a verdict."""
