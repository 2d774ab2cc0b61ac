"""Settings: the one reader of the environment."""
