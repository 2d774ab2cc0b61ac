def by_length(word):
    return (len(word), word)


def ranked(words):
    return sorted(words, key=by_length)
