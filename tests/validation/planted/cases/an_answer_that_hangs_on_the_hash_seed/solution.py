def bucket(word: str) -> int:
    """The drawer for a word."""
    return hash(word) % 1000
