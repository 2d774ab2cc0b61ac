import hashlib


def digest(data):
    return hashlib.sha256(data).hexdigest()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def patch(buffer, at, data):
    buffer[at : at + len(data)] = data
