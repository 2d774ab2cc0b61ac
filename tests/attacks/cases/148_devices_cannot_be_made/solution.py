import os
import stat


def escape():
    try:
        os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
        with open("disk", "rb") as disk:
            return bool(disk.read(1))
    except OSError:
        return False
