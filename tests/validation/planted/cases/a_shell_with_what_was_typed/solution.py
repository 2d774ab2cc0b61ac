import subprocess


def size(path):
    return subprocess.call("du -s " + path, shell=True)
