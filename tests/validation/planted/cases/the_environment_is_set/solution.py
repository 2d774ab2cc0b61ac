import os


def place() -> str:
    return os.environ.get("PLACE", "nowhere")
