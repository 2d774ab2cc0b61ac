def greet(name="you", *names, sep=", ", **more):
    words = sep.join([name, *names])
    return f"hi {words}" + "".join(f" {k}={v}" for k, v in sorted(more.items()))


def strict(a, /, b, *, c):
    return a - b * c


def remember(x, seen=[]):
    seen.append(x)
    return list(seen)
