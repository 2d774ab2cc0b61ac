import errno
import socket


def escape():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            return sock.connect_ex(("2001:db8::1", 9)) in (0, errno.EINPROGRESS)
    except OSError:
        return False
