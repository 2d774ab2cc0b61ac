import errno
import socket

REACHED = (0, errno.EINPROGRESS)


def escape():
    for port in (22, 80, 5432, 6379, 8000, 8080):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                if sock.connect_ex(("127.0.0.1", port)) in REACHED:
                    return True
        except OSError:
            continue
    return False
