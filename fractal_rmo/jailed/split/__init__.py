"""Tests and candidate in two jails: calls cross a pipe, and what comes back is plain data."""
