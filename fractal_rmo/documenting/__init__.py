"""Docstrings that claim only what was seen: calls of passing tests, with what the code answers."""
