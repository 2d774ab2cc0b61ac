"""Level 5: invariants hold on inputs that nobody chose."""
