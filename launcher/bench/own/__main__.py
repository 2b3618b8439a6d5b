"""``python -m launcher.bench.own``."""

import sys

from launcher.bench.own.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
