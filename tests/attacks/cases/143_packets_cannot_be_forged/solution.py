import socket


def escape():
    for family, kind in ((socket.AF_INET, socket.SOCK_RAW), (socket.AF_PACKET, socket.SOCK_RAW)):
        try:
            with socket.socket(family, kind, 1) as sock:
                sock.sendto(b"x" * 32, ("192.0.2.1", 0) if family == socket.AF_INET else ("eth0", 0))
                return True
        except (OSError, ValueError):
            continue
    return False
