import os
import socket

FOLDERS = ("/run", "/var/run", "/tmp", "/var/run/postgresql", "/run/redis", "/run/dbus")


def escape():
    for folder in FOLDERS:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            try:
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.connect(os.path.join(folder, name))
                    return True
            except OSError:
                continue
    return False
