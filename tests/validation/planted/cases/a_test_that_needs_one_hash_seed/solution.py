def letters(word: str) -> list[str]:
    """Every letter once."""
    return list(set(word))
