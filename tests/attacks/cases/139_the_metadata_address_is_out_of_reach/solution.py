import errno
import socket


def escape():
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            return sock.connect_ex(("169.254.169.254", 80)) in (0, errno.EINPROGRESS)
    except OSError:
        return False
