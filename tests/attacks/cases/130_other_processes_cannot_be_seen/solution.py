import os


def escape():
    try:
        seen = [p for p in os.listdir("/proc") if p.isdigit()]
        names = [open(f"/proc/{p}/cmdline", "rb").read() for p in seen if int(p) > 1]
    except OSError:
        return False
    return any(b"zygote" not in n and b"python" not in n and n for n in names)
