def apply(function, xs):
    return [function(x) for x in xs]


def group(xs, key):
    found = {}
    for x in xs:
        found.setdefault(key(x), []).append(x)
    return found


def retry(function, times):
    for attempt in range(times):
        try:
            return function()
        except ValueError:
            if attempt == times - 1:
                raise


def traced(function):
    def call(*args, **kwargs):
        return "called", function(*args, **kwargs)

    return call
