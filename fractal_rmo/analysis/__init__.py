"""The five analyzers and their coordinator: pure, and warm in their worker."""
