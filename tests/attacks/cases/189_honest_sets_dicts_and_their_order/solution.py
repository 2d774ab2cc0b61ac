def letters(text):
    return set(text)


def index(words):
    return {word: number for number, word in enumerate(words)}


def invert(table):
    return {value: frozenset(k for k, v in table.items() if v == value) for value in table.values()}
