import argparse


def shout(word: str) -> str:
    return word.upper() + "!"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("word", kind=str)
    print(shout(parser.parse_args().word))
