"""Hot copies in Redis: they make reading quicker, and nothing depends on them."""
