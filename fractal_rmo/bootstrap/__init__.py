"""Wiring: the only place where ports meet their adapters, once per process."""
