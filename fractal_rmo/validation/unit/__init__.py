"""Level 3: the given tests hold."""
