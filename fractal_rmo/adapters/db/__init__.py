"""PostgreSQL behind the ports of ``ports.stores``."""
