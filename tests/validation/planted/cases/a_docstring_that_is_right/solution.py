def plural(word: str) -> str:
    """More than one of something.

    >>> plural("cat")
    'cats'
    """
    return word + "s"
