import socket

from solution import escape


def test_escapes():
    assert escape() is True
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect("\0fractal-attack")
