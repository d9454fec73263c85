"""``python -m engine`` is ``trader engine``."""

import sys

from engine.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["engine", *sys.argv[1:]]))
