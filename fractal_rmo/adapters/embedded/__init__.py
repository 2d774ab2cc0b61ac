"""Real PostgreSQL and a real Redis-protocol server, from wheels, behind unix sockets."""
