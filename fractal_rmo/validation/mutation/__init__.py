"""Level 6: the tests would notice."""
