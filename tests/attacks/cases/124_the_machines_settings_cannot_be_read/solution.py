def escape():
    for path in ("/etc/hostname", "/etc/resolv.conf", "/etc/machine-id", "/var/lib/dpkg/status"):
        try:
            if open(path).read(1):
                return True
        except OSError:
            continue
    return False
