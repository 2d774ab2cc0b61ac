"""How the cluster keeps itself going: pure decisions, performed elsewhere."""
