def plural(word: str) -> str:
    """More than one of something.

    >>> plural("box")
    'boxes'
    """
    return word + "s"
