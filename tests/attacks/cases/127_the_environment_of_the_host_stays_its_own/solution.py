import os


def escape():
    for process in [p for p in os.listdir("/proc") if p.isdigit()] + [str(os.getppid())]:
        try:
            text = open(f"/proc/{process}/environ", "rb").read()
        except OSError:
            continue
        if b"PATH=" in text:
            return True
    return "PATH" in os.environ
