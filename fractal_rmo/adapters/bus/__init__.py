"""The broker behind ``ports.doorbell``."""
