import argparse


def shout(word: str) -> str:
    return word.upper() + "!"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("word")
    print(shout(parser.parse_args().word))


if __name__ == "__main__":
    main()
