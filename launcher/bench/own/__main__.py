"""``python -m launcher.bench.own``."""

import sys

from launcher.bench.own.program import main

sys.exit(main(sys.argv[1:]))
