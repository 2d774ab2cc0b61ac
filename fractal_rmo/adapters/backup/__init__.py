"""Backup and restore: one file with data, never with SQL."""
