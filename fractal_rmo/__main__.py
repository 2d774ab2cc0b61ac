"""``python -m fractal_rmo``: the console script, where it is not on the path."""

from fractal_rmo.cli.main import main

if __name__ == "__main__":
    main()
