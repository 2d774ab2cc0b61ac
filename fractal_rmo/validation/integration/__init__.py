"""Level 4: the code works from outside."""
