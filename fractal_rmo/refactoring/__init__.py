"""Refactoring by small safe rules: find, rewrite, check with the tests.  Runs nothing itself."""
