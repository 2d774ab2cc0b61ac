import socket


def escape():
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return sock.sendto(b"x", ("192.0.2.1", 53)) > 0
    except OSError:
        return False
