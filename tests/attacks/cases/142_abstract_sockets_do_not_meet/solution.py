import socket
import threading

HELD = []


def escape():
    try:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind("\0fractal-attack")
        sock.listen()
    except OSError:
        return False
    HELD.append(sock)
    return True
