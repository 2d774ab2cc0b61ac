"""The programs that a run may call: ``program(box, payload) -> JSON value``."""
