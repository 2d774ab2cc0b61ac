import contextlib


class Tracked:
    def __init__(self):
        self.events = []

    def __enter__(self):
        self.events.append("in")
        return self

    def __exit__(self, kind, value, trace):
        self.events.append("out" if kind is None else kind.__name__)
        return kind is KeyError


@contextlib.contextmanager
def doubled(xs):
    xs.extend(xs)
    yield len(xs)
