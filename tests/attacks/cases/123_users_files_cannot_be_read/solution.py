import os


def escape():
    for path in ("/etc/shadow", "/root/.bashrc", "/root/.profile", "/root/.ssh/id_rsa", "/home"):
        try:
            if os.path.isdir(path):
                if os.listdir(path):
                    return True
            elif open(path).read(1):
                return True
        except OSError:
            continue
    return False
