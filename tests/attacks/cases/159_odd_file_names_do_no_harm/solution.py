import os


def escape():
    for name in (b"\xff\xfe", b"-rf", b"a\nb", b"$(reboot)", b" ", b"\x1b[2J", b"..."):
        try:
            os.mkdir(name)
            open(os.path.join(name, b"\xff"), "w").close()
            os.chmod(name, 0)
        except OSError:
            continue
    return False
