class NotFound(LookupError):
    def __init__(self, key, hint=None):
        super().__init__(f"no {key!r}")
        self.key, self.hint = key, hint


class Worse(NotFound):
    pass


def find(table, key):
    try:
        return table[key]
    except KeyError as error:
        raise NotFound(key, hint=len(table)) from error


def fail(key):
    raise Worse(key)
